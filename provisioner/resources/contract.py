"""The smallest contract that carries every kind of resource: observe, compare, write, and the inverse for import.

`steps` computes what is left to do from facts alone, which is why a crash needs no memory; `observe` and `perform`
are the only parts that wait on the network. Kinds hold no state: clients come with the Reader or the Writer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from provisioner.clients.identity import RunnerFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.clock import Clock
from provisioner.core.errors import ApiError, ForbiddenError, StaleError
from provisioner.core.observation import Known, Observation, Unknown
from provisioner.core.step import Step
from provisioner.spec.draft import Draft
from provisioner.spec.model import Spec

Wanted = TypeVar("Wanted")
Fact = TypeVar("Fact")
Item = TypeVar("Item")
Result = TypeVar("Result")
SpecFragment = Draft
"""What a kind has to say in a spec that describes what it saw; beside it what it saw and no spec can say."""
_FORBIDDEN_BY_POLICIES = "AccessDenied"  # inside a 403 of a vault with access policies (observed)
_FORBIDDEN_BY_NETWORK = ("ForbiddenByFirewall", "ForbiddenByConnection")


@dataclass(frozen=True, order=True)
class Right:
    """A right the runner needs. names: any one of them does, the least first. service: `graph`, `arm` or `key_vault`.

    For graph the names are permissions, for arm and key_vault they are roles at (or above) `scope`: `subscription`,
    `resource group` or `vault`.
    """

    service: str
    names: tuple[str, ...]
    scope: str = ""
    why: str = ""

    def told(self) -> str:
        """For advice: any one of these, and where."""
        return ", ".join(self.names) + (f" on the {self.scope}" if self.scope else "")


@dataclass(frozen=True)
class Reader:
    """What `observe` gets: the tenant's clients, and a memory of the reads of this run."""

    clients: TenantClients
    runner: RunnerFacts
    _reads: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def once(self, key: str, fetch: Callable[[], Awaitable[Any]]) -> Any:
        """What `fetch` gives, asked for once a run however many kinds look at the same object."""
        if key not in self._reads:
            self._reads[key] = asyncio.ensure_future(fetch())
        return await asyncio.shield(self._reads[key])

    async def all_of(self, look: Callable[[Item], Awaitable[Result]], items: Iterable[Item]) -> list[Result]:
        """Several reads at once, in the order of the items."""
        return list(await asyncio.gather(*(look(item) for item in items)))


@dataclass(frozen=True)
class Writer:
    """What `perform` gets. progress: says what is waited for, to whoever looks on."""

    clients: TenantClients
    runner: RunnerFacts
    clock: Clock
    progress: Callable[[str], None]


class Carried(Protocol[Wanted, Fact]):
    """What the engine looks at, plans and carries out: a kind of resource, or how it is removed again."""

    @property
    def name(self) -> str:
        """The kind's name in addresses."""
        ...

    @property
    def after(self) -> tuple[str, ...]:
        """The kinds whose observations must be known before this one looks."""
        ...

    def wanted(self, spec: Spec) -> Mapping[Address, Wanted]:
        """What the spec asks for. Pure."""
        ...

    async def observe(
        self, wanted: Mapping[Address, Wanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[Fact]]:
        """Every wanted address, and what proves to be ours though the spec no longer names it.

        A forbidden read is Unknown, never Absent. An ApiError that is not caught makes all wanted addresses Unknown.
        """
        ...

    def steps(self, address: Address, wanted: Wanted | None, seen: Observation[Fact], now: datetime) -> Sequence[Step]:
        """What is left to do for one address; nothing when all is well. wanted None: it is to go. Pure."""
        ...

    async def perform(self, step: Step, wanted: Wanted | None, known: Known, write: Writer) -> Observation[Fact]:
        """Look again, then write; what a later `observe` would see.

        Raises: StaleError when it looks neither as planned nor as seen; ApiError.
        """
        ...

    def rights(self, operation: str) -> tuple[Right, ...]:
        """What the runner needs for an operation; `observe` is one of them."""
        ...

    def person(self, step: Step, wanted: Wanted | None, known: Known, clients: TenantClients) -> str | None:
        """What a person can do instead when the runner lacks the right to a step; None when nobody can."""
        ...


class ResourceKind(Carried[Wanted, Fact], Protocol[Wanted, Fact]):
    """One file a kind; an instance holds nothing."""

    def rests_on(self, address: Address, wanted: Wanted | None) -> tuple[Address, ...]:
        """What the thing cannot be without, there or not; wanted None: the spec does not ask for it. Pure."""
        ...

    def to_spec(self, seen: Mapping[Address, Fact]) -> SpecFragment:
        """The part of a spec that asks for what was seen, with a remark where it is not all of it. Pure."""
        ...


AnyCarried = Carried[Any, Any]
AnyKind = ResourceKind[Any, Any]


def left_to_do(planned: Step, fresh: Sequence[Step]) -> bool:
    """Whether a step still has to write: `fresh` is what `steps` says of the latest look.

    False: it is as planned already. Raises StaleError when what is left is not what the plan showed.
    """
    left = [step for step in fresh if step.action.writes]
    if not left:
        return False
    shown = set(planned.fields)
    for change in (change for step in left for change in step.fields):
        if change not in shown:
            raise StaleError(
                f"{change.path} is now {change.before!r}, which the plan did not show",
                where=str(planned.address),
                next_step="somebody changed it since the plan: run the same command again",
            )
    return True


def could_not_look(error: ApiError, right: str = "") -> Unknown:
    """The observation for a read that failed. A vault's firewall forbids as well, and no role helps against it; nor
    does one in a vault with access policies, of which the service's own advice tells.
    """
    by_right = isinstance(error, ForbiddenError) and error.code not in _FORBIDDEN_BY_NETWORK
    told_by_role = by_right and error.code != _FORBIDDEN_BY_POLICIES
    return Unknown(
        why=error.what, right=right if by_right else "", next_step="" if told_by_role else error.next_step or ""
    )


def blocked(known: Known, *parents: Address) -> Unknown | None:
    """Unknown because a parent is; None when all parents are known."""
    for parent in parents:
        if (unknown := known.unknown(parent)) is not None:
            why = f"depends on {parent}, which could not be read: {unknown.why}"
            return Unknown(why, right=unknown.right, next_step=unknown.next_step)
    return None
