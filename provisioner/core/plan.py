"""A plan: the steps of one tenant, in an order in which they can be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from provisioner.core.exit_codes import CHANGES_PENDING, COULD_NOT_TELL, DONE, PERSON_MUST_ACT, combine
from provisioner.core.step import Action, Step


class Cause(StrEnum):
    """Why there is something to do: the world moved, the spec moved, or both since the last complete apply."""

    FIRST = "first"
    NONE = "none"
    DRIFT = "drift"
    CHANGE = "change"
    BOTH = "both"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Notice:
    """Something the reader should know that no step does anything about. severity: `info` or `warning`."""

    severity: str
    text: str
    next_step: str = ""


@dataclass(frozen=True)
class Plan:
    """name, tenant, cloud: of the spec. runner: who looked. digest: of the spec. made_at: UTC."""

    name: str
    tenant: str
    cloud: str
    runner: str
    digest: str
    made_at: datetime
    steps: tuple[Step, ...]
    cause: Cause = Cause.UNKNOWN
    notices: tuple[Notice, ...] = field(default=())

    @property
    def pending(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.pending(self.made_at))

    @property
    def for_a_person(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is Action.PERSON)

    @property
    def unknown(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is Action.UNKNOWN)

    @property
    def removals(self) -> tuple[Step, ...]:
        return tuple(step for step in self.pending if step.removal)

    def exit_code(self) -> int:
        """What is to be said of it (design section 3); 2 and 3 only reach the shell with --detailed-exitcode."""
        return combine(
            (
                COULD_NOT_TELL if self.unknown else DONE,
                CHANGES_PENDING if any(not step.quiet(self.made_at) for step in self.pending) else DONE,
                PERSON_MUST_ACT if self.for_a_person else DONE,
            )
        )
