"""What `doctor` found, as text: the checks of `verify` in shape, with a word on what may stay unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from provisioner.render.layout import ANY_FILE, Lines, paragraph
from provisioner.render.verify_text import Shown, checks_lines


class Finding(Shown, Protocol):
    """advisory: to leave it unknown stops nothing."""

    @property
    def advisory(self) -> bool: ...


def doctor_lines(name: str, checks: Sequence[Finding], width: int = 80, file: str = ANY_FILE) -> Lines:
    """The checks in their order, each that does not hold with its next step, and the counts."""
    lines = checks_lines(name, checks, width, file)
    left = [check for check in checks if check.status == "unknown"]
    if left and all(check.advisory for check in left):
        lines += paragraph("what is unknown stops nothing: it is told by the step that meets it", width, first="  ")
    return lines
