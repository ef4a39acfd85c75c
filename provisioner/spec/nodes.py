"""Values that remember where they were written: what a YAML file is until it proved valid.

A merge of two files keeps, for each value, the file and place it came from; that is why no plain dict will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]
"""Keys and list positions from the top: ("application", "replyUrls", 1)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands. line and column count from 1; both are 0 of what was never written in lines."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


NOWHERE = Place("", 0, 0)
"""Of a document that was never a file."""


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a sequence or a mapping, with its place; for a mapping `keys` says where each key stands."""

    value: Scalar | list[Node] | dict[str, Node]
    place: Place
    keys: Mapping[str, Place] = field(default_factory=dict)

    @property
    def members(self) -> Mapping[str, Node]:
        """The members of a mapping; nothing for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> Sequence[Node]:
        """The items of a sequence; nothing for anything else."""
        return self.value if isinstance(self.value, list) else ()

    def __repr__(self) -> str:
        """Only the place: the value may be a secret somebody wrote where none belongs."""
        return f"Node({self.place})"


def mapping(members: Mapping[str, Node], place: Place, keys: Mapping[str, Place]) -> Node:
    """A mapping node; `keys` may hold more keys than are left in `members`."""
    return Node(dict(members), place, {key: keys[key] for key in members if key in keys})


def plain(node: Node) -> Any:
    """The node as dict, list or scalar, without places."""
    value = node.value
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def node_of(value: Any, place: Place) -> Node:
    """The inverse of `plain`: data that came from no YAML file, all of it at one place."""
    if isinstance(value, dict):
        return Node({key: node_of(member, place) for key, member in value.items()}, place)
    return Node([node_of(item, place) for item in value] if isinstance(value, list) else value, place)


def place_of(node: Node, path: Path, *, at_key: bool = False) -> Place:
    """Where the value at `path` stands (`at_key`: its key); what is not written answers with its nearest parent."""
    for position, step in enumerate(path):
        last = position == len(path) - 1
        if isinstance(step, str) and last and at_key and step in node.keys:
            return node.keys[step]
        if isinstance(step, str) and step in node.members:
            node = node.members[step]
        elif isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.place


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every scalar below the node, in written order."""
    if isinstance(node.value, dict):
        for key, member in node.value.items():
            yield from scalars(member, (*path, key))
    elif isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from scalars(item, (*path, index))
    else:
        yield path, node


_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_$-]+")
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[([0-9]+)\]|\.?([^.\[\]]+)')


def path_text(path: Path) -> str:
    """The path as a person writes it: `application.replyUrls[1]`, `vault.tags["cost centre"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _SIMPLE_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def parse_path(text: str) -> Path:
    """The inverse of `path_text`."""
    steps: list[str | int] = []
    for quoted, index, key in _STEP.findall(text):
        steps.append(int(index) if index else key or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(steps)
