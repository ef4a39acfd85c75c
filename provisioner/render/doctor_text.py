"""What `doctor` found, as text: the checks of `verify` in shape, with a word on what may stay unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from provisioner.render.layout import ANY_FILE, Lines, paragraph
from provisioner.render.verify_text import Shown, checks_lines

_COMMANDS = ("az ", "curl ", "sudo ", "provisioner ")


class Finding(Shown, Protocol):
    """advisory: to leave it unknown stops nothing."""

    @property
    def advisory(self) -> bool: ...


def doctor_lines(name: str, checks: Sequence[Finding], width: int = 80, file: str = ANY_FILE) -> Lines:
    """The checks in their order, each that does not hold with its next step, and the counts."""
    lines = checks_lines(name, [_with_its_command(check) for check in checks], width, file)
    left = [check for check in checks if check.status == "unknown"]
    if left and all(check.advisory for check in left):
        lines += paragraph("what is unknown stops nothing: it is told by the step that meets it", width, first="  ")
    return lines


@dataclass(frozen=True)
class _Row:
    name: str
    status: str
    text: str
    next_step: str


def _with_its_command(check: Finding) -> Shown:
    """A command stands on a line of its own, unwrapped, so that it can be copied."""
    step = check.next_step
    return _Row(check.name, check.status, check.text, f"\n {step}" if step.startswith(_COMMANDS) else step)
