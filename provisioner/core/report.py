"""What came of carrying out a plan: done, failed, never tried. Written after failure too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.core.errors import DefectError, ProvisionerError
from provisioner.core.step import Step


class Outcome(StrEnum):
    """done: written, or found as planned. failed: see error. stale: the world moved. skipped: what it needs was not."""

    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class StepResult:
    """because: for skipped, the address of what it waited for; unread: as that could not be read."""

    step: Step
    outcome: Outcome
    error: ProvisionerError | None = None
    because: str = ""
    unread: bool = False

    @property
    def ended_badly(self) -> bool:
        """It was tried, and not done."""
        return self.outcome in (Outcome.FAILED, Outcome.STALE)


@dataclass(frozen=True)
class Report:
    """The results in the order in which they ended."""

    results: tuple[StepResult, ...]

    @property
    def failed(self) -> bool:
        """Something was tried and not done; what was skipped only because a person is first is no failure."""
        return any(result.ended_badly for result in self.results)

    @property
    def defects(self) -> tuple[DefectError, ...]:
        """Bugs of ours: their tracebacks are worth showing."""
        return tuple(result.error for result in self.results if isinstance(result.error, DefectError))
