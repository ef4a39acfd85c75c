"""What `verify` found, as text and as JSON. Knows of a check only what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from rich.text import Text

from provisioner.render.layout import ANY_FILE, Lines, labelled, paragraph, ready
from provisioner.render.values import words
from provisioner.spec.model import Spec

_STYLES = {"pass": "green", "fail": "bold red", "unknown": "cyan"}
_PLURALS = {"pass": "passed", "fail": "failed", "unknown": "unknown"}


class Shown(Protocol):
    """A check: `status` is pass, fail or unknown."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def next_step(self) -> str: ...


def checks_lines(name: str, checks: Sequence[Shown], width: int = 80, file: str = ANY_FILE) -> Lines:
    """The checks of one tenant in their order, what to do about each that does not hold, and the counts."""
    lines: Lines = [Text(f"Checks of {name}", "bold")]
    label_width = max((len(words(check.name)) for check in checks), default=0) + 2
    indent = 2 + len("unknown") + 2
    room = max(width - indent - label_width, 30)
    advised = ""
    for check in checks:
        block = paragraph(check.text, room)
        if check.next_step and check.next_step != advised:
            block += paragraph(ready(check.next_step, file), room, first="next: ")
        advised = check.next_step
        shown = labelled(words(check.name), block, label_width, " " * indent, label_style="")
        head = Text("  ").append(check.status.ljust(indent - 2), _STYLES[check.status])
        lines += [head.append_text(shown[0][indent:]), *shown[1:]]
    return [*lines, Text("  ").append_text(checks_summary(checks))]


def checks_summary(checks: Sequence[Shown]) -> Text:
    """`5 passed, 1 failed`."""
    counts = Counter(check.status for check in checks)
    parts = [Text(f"{counts[status]} {word}", _STYLES[status]) for status, word in _PLURALS.items() if counts[status]]
    return Text(", ").join(parts)


def checks_json(spec: Spec, checks: Sequence[Shown]) -> dict[str, Any]:
    """One tenant in `verify --format json`."""
    return {"name": spec.name, "tenant": spec.tenant, "cloud": spec.cloud, "checks": check_rows(checks)}


def check_rows(checks: Sequence[Shown]) -> list[dict[str, str]]:
    """The checks as JSON: `name`, `status` and, for the reader, `text` and `next`."""
    return [
        {"name": check.name, "status": str(check.status), "text": check.text, "next": check.next_step}
        for check in checks
    ]
