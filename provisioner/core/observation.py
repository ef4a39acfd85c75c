"""What looking at the world gives: a fact, "not there", or "could not look". Never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from provisioner.core.address import Address, Ref

Fact = TypeVar("Fact", covariant=True)


@dataclass(frozen=True)
class Present(Generic[Fact]):
    """The thing is there, and this is what it looks like."""

    fact: Fact


@dataclass(frozen=True)
class Absent:
    """The service said it is not there, or what would hold it is not there.

    remains: what is left of it, when it was soft-deleted and can be recovered; or what a kind says stands in its place.
    """

    remains: Any = None


@dataclass(frozen=True)
class Unknown:
    """Could not look. why: the service's answer in a sentence. right: the missing right, if that is what it was;
    next_step: what to do when it was not. asks: what of the plan itself would let the next look tell.
    """

    why: str
    right: str = ""
    next_step: str = ""
    asks: tuple[Address, ...] = ()


Observation = Present[Fact] | Absent | Unknown


class Known:
    """All observations of one tenant so far, by address; filled level by level, and by what steps bring about."""

    def __init__(self, seen: Mapping[Address, Observation[Any]] | None = None) -> None:
        self._seen: dict[Address, Observation[Any]] = dict(seen or {})

    def get(self, address: Address) -> Observation[Any]:
        """The observation, or Absent when nobody looked because nothing asked for it."""
        return self._seen.get(address, Absent())

    def record(self, address: Address, observation: Observation[Any]) -> None:
        self._seen[address] = observation

    def fact(self, address: Address) -> Any | None:
        """The fact when present, else None."""
        seen = self._seen.get(address)
        return seen.fact if isinstance(seen, Present) else None

    def resolve(self, value: Any) -> Any:
        """The value a Ref stands for; anything else is itself. None while what it points at is not there."""
        if not isinstance(value, Ref):
            return value
        fact = self.fact(value.address)
        return None if fact is None else getattr(fact, value.field)

    def unknown(self, address: Address) -> Unknown | None:
        """The Unknown at this address, if it is one."""
        seen = self._seen.get(address)
        return seen if isinstance(seen, Unknown) else None

    def items(self) -> list[tuple[Address, Observation[Any]]]:
        return list(self._seen.items())
