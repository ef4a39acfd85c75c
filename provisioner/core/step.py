"""One step of a plan: what will be done to one thing, as data. No client, no callback, no secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from provisioner.core.address import Address


class Action(StrEnum):
    """What a step does, in the reader's words; the order is that of a summary line."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNKNOWN = "unknown"
    PERSON = "person"

    @property
    def writes(self) -> bool:
        return self in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


@dataclass(frozen=True)
class Change:
    """One field that changes. path: in the spec's names. A list of set semantics has one Change an entry.

    before None = added, after None = removed; a Ref stands for a value known only at apply.
    """

    path: str
    before: Any = None
    after: Any = None

    @property
    def removes_entry(self) -> bool:
        return self.after is None and self.before is not None


StepKey = tuple[Address, str]


@dataclass(frozen=True)
class Step:
    """A step of one thing; a thing may need several, in their order.

    operation: the kind's verb (`create`, `recover`, `grant` …), which `perform` branches on.
    kept: entries of others that stay.
    needs: steps or things that must be done first.
    target: what is written; two steps of one target never run at once.
    not_before: shown, but not pending until then.
    quiet_until: apply does it already, but until then it is no news: a plan beside a regular renewal stays quiet.
    reveals: it brings something back that can only be compared afterwards; what differs then is another round's.
    removal: it takes away something that counts for safety.
    on_demand: kept in the plan only while another pending step needs it.
    scheduled: due by the calendar, not because anything moved.
    in_place: the thing is there as it is, and nothing that needs it waits for this step.
    last: done when everything else is, and not at all when something failed.
    todo: what a person is to do, when action is person or unknown.
    seen: what the decision rests on, for the reader of a saved plan.
    """

    address: Address
    action: Action
    operation: str = ""
    fields: tuple[Change, ...] = ()
    kept: tuple[str, ...] = ()
    needs: tuple[Address, ...] = ()
    target: str = ""
    not_before: datetime | None = None
    quiet_until: datetime | None = None
    reveals: bool = False
    irreversible: bool = False
    removal: bool = False
    on_demand: bool = False
    scheduled: bool = False
    in_place: bool = False
    last: bool = False
    reason: str = ""
    todo: str = ""
    seen: str = ""

    @property
    def key(self) -> StepKey:
        """Which of a thing's steps it is."""
        return self.address, self.operation

    @property
    def removed(self) -> int:
        """How much it takes away: a thing that goes is one, and so is each entry taken out of a list."""
        if not self.removal:
            return 0
        return sum(change.removes_entry for change in self.fields) if self.action is Action.UPDATE else 1

    def pending(self, now: datetime) -> bool:
        """True when apply would write for this step now."""
        return self.action.writes and (self.not_before is None or self.not_before <= now)

    def quiet(self, now: datetime) -> bool:
        """True while it does not count as a change that waits to be made."""
        return self.quiet_until is not None and now < self.quiet_until
