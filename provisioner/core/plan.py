"""A plan: the steps of one tenant, in an order in which they can be carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from provisioner.core.address import Address
from provisioner.core.exit_codes import CHANGES_PENDING, COULD_NOT_TELL, DONE, PERSON_MUST_ACT, combine
from provisioner.core.overview import PermissionRow, Resource
from provisioner.core.step import Action, Step, StepKey

_DAY = timedelta(days=1)


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


class Mortal(StrEnum):
    """What ends on its own. foreign: on the application, of unknown origin."""

    CREDENTIAL = "credential"
    REFRESH_TOKEN = "refreshToken"  # noqa: S105  # what it is about, not a token
    FOREIGN_CREDENTIAL = "foreignCredential"


@dataclass(frozen=True)
class Life:
    """Something that ends on its own, and when. It is about time only: what is done about it is a step, if anything.

    name and type: of a credential, or the name of the secret that holds the token. expires_at: None where that is not
    known, or there is nothing yet. state: `fresh`, `due` (the next apply renews it), `expired`, `missing`, `unknown`,
    `foreign`; of a refresh token those of design section 4. for_a_person: nothing but a person keeps it alive, and it
    is time. mfa: whether the sign-in behind a refresh token had it, None where that is not known.

    since: from when it counts (made, or last renewed). due_at: from then on the next apply renews it. warn_at: from
    then on it is reported as ending. overlap_until: how long, replaced when due, it still works beside its successor.
    None where nothing of the kind is known. note: whose a refresh token is, as noted beside it.
    """

    address: Address
    what: Mortal
    state: str
    name: str = ""
    type: str = ""
    expires_at: datetime | None = None
    for_a_person: bool = False
    mfa: bool | None = None
    since: datetime | None = None
    due_at: datetime | None = None
    warn_at: datetime | None = None
    overlap_until: datetime | None = None
    note: str = ""

    def days_left(self, now: datetime) -> float | None:
        """To a tenth of a day; negative once it is over; None without an end."""
        return None if self.expires_at is None else round((self.expires_at - now) / _DAY, 1)


@dataclass(frozen=True)
class Plan:
    """name, tenant, cloud: of the spec. runner: who looked. digest: of the spec. made_at: UTC. life: what ends when.

    resources and permissions: all that was looked at, also where nothing is to be done.
    since: when a complete apply was last noted, so that whatever drifted did so after it (with the same spec a later
    apply notes nothing, though it mends what drifted); None where nobody noted.
    destroys: it is a destroy's, to which the spec's wishes say nothing. place: where that one looked.
    emulator: of the cloud there, a rehearsal.
    """

    name: str
    tenant: str
    cloud: str
    runner: str
    digest: str
    made_at: datetime
    steps: tuple[Step, ...]
    cause: Cause = Cause.UNKNOWN
    since: datetime | None = None
    notices: tuple[Notice, ...] = field(default=())
    life: tuple[Life, ...] = field(default=())
    resources: tuple[Resource, ...] = field(default=())
    permissions: tuple[PermissionRow, ...] = field(default=())
    destroys: bool = False
    place: str = ""
    emulator: bool = False

    @property
    def pending(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.pending(self.made_at))

    @property
    def ready(self) -> tuple[Step, ...]:
        """Pending steps that wait for nothing but other pending steps: for no person, and for nothing unread."""
        held = self.obstacles
        return tuple(step for step in self.pending if step.key not in held)

    @property
    def obstacles(self) -> dict[StepKey, Step]:
        """For each pending step that waits for more than other steps: the person's step, or the one that could not be
        read, which is in its way. A thing's later steps wait with the first that does, its earlier ones do not.
        """
        closed = {step.address: step for step in self.steps if step.action in (Action.PERSON, Action.UNKNOWN)}
        found: dict[StepKey, Step] = {}
        held: dict[Address, Step] = {}
        for step in self.pending:  # in the order of execution
            in_the_way = [held[address] for address in (step.address, *step.needs) if address in held]
            in_the_way += [closed[need] for need in step.needs if need in closed]
            in_the_way += [*held.values(), *self.unknown] if step.last else []
            if in_the_way:
                found[step.key] = held[step.address] = in_the_way[0]
        return found

    @property
    def news(self) -> tuple[Step, ...]:
        """Pending steps that count as a change waiting to be made."""
        return tuple(step for step in self.pending if not step.quiet(self.made_at))

    @property
    def for_a_person(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is Action.PERSON)

    @property
    def person_items(self) -> int:
        """How many things wait for a person: steps, and what ends unless somebody else renews it."""
        return len(self.for_a_person) + sum(life.for_a_person for life in self.life)

    @property
    def unknown(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.action is Action.UNKNOWN)

    @property
    def removals(self) -> tuple[Step, ...]:
        return tuple(step for step in self.pending if step.removal)

    @property
    def removed(self) -> int:
        """How much is taken away, as `safety.maxRemovals` counts it."""
        return sum(step.removed for step in self.removals)

    def exit_code(self) -> int:
        """What is to be said of it (design section 3); 2 and 3 only reach the shell with --detailed-exitcode."""
        return combine(
            (
                COULD_NOT_TELL if self.unknown else DONE,
                CHANGES_PENDING if self.news else DONE,
                PERSON_MUST_ACT if self.person_items else DONE,
            )
        )
