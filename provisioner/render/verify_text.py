"""What `verify` found, as text and as JSON. Knows of a check only what it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Protocol

from rich.text import Text

from provisioner.render.layout import ANY_FILE, Lines, beside, paragraph, ready
from provisioner.render.values import words
from provisioner.spec.model import Spec

_STYLES = {"pass": "green", "fail": "bold red", "unknown": "cyan"}
_PLURALS = {"pass": "passed", "fail": "failed", "unknown": "unknown"}
_INDENT = 2 + len("unknown") + 2


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
    advised: set[str] = set()
    for (_, _, next_step), same in groupby(checks, key=lambda check: (check.status, check.text, check.next_step)):
        advice = "" if next_step in advised else ready(next_step, file)
        advised.add(next_step)
        lines += _rows(list(same), advice, label_width, width)
    return [*lines, Text("  ").append_text(checks_summary(checks))]


def _rows(same: Sequence[Shown], advice: str, label_width: int, width: int) -> Lines:
    """A check; or several with one answer, which then stands once below their names."""
    check = same[0]

    def told(room: int) -> Lines:
        return paragraph(check.text, room) + (paragraph(advice, room, first="next: ") if advice else [])

    room = width - _INDENT
    if len(same) == 1:
        lines = beside(words(check.name), told, label_width, room, "", label_style="")
    else:
        lines = paragraph(", ".join(words(one.name) for one in same), max(room, 30))
        lines += beside("", told, label_width, room, "")
    head = Text("  ").append(check.status.ljust(_INDENT - 2), _STYLES[check.status])
    return [head.append_text(lines[0]), *(Text(" " * _INDENT).append_text(line) for line in lines[1:])]


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
