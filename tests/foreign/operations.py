"""Which operations of which clients the stories run: what the table in docs/emulator.md must say."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Story = TypeVar("Story", bound=Callable[..., object])
_HERE = Path(__file__).parent


def shows(client: str, *operations: str) -> Callable[[Story], Story]:
    """Says on a story which operations of a client it runs. It is read from the source: see `of_all_stories`."""
    assert client
    assert operations
    return lambda story: story


def of_all_stories() -> dict[str, set[str]]:
    """Client to operations. Those of az are the commands the stories give it and see succeed."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(_HERE.rglob("test_*.py")):
        if "node_modules" in path.parts:
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            words = [str(each.value) for each in call.args if isinstance(each, ast.Constant)]
            if call.func.id == "shows":
                found[words[0]].update(words[1:])
            elif call.func.id == "az":
                found["az"].add(words[0])
    return dict(found)


def table(operations: dict[str, set[str]]) -> str:
    """The table in Markdown, a line a client."""
    head = "| client | operations |\n| --- | --- |\n"
    return head + "".join(
        f"| {client} | {', '.join(f'`{each}`' for each in sorted(operations[client]))} |\n"
        for client in sorted(operations)
    )


if __name__ == "__main__":
    print(table(of_all_stories()), end="")
