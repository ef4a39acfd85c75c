"""What was granted to the application, in either form: revoked before one that we made goes.

Of one that stays it stays too: it may have been granted before us.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, blocked
from provisioner.resources.removal.fate import Fate

Entry = TypeVar("Entry", covariant=True)


@dataclass(frozen=True)
class Granted(Generic[Entry]):
    """goes: with the application. revocable: the runner's token allows it. command: with which a person does it."""

    entry: Entry
    goes: bool
    revocable: bool
    command: str


@dataclass(frozen=True)
class Found(Generic[Entry]):
    """key: of its address. path: under which Graph has it."""

    key: str
    path: str
    entry: Entry


async def look_at_granted(
    wanted: Mapping[Address, Address],
    known: Known,
    read: Reader,
    right: Right,
    find: Callable[[str], Awaitable[Sequence[Found[Entry]]]],
) -> Mapping[Address, Observation[Granted[Entry]]]:
    """wanted: the application's address, at one of the kind's own. find: what Graph has for an appId."""
    ((address, application),) = wanted.items()
    if (unknown := blocked(known, application)) is not None:
        return {address: unknown}
    standing = known.fact(application)
    seen: dict[Address, Observation[Granted[Entry]]] = {address: Absent()}
    if standing is None or standing.fate is Fate.STAYS:
        return seen
    revocable = not (read.runner.roles or read.runner.scopes) or read.runner.may(*right.names)
    for found in await find(standing.application.app_id):
        command = f'az rest --method DELETE --url "{read.clients.cloud.graph}/v1.0/{found.path}"'
        here = Address(address.name, address.kind, found.key)
        seen[here] = Present(Granted(found.entry, standing.fate is Fate.GOES, revocable, command))
    return seen


def granted_step(
    address: Address, granted: Granted[Entry], what: Sequence[str], path: str, *, kind: str, seen: str
) -> Step:
    """what: the names of the permissions. path: in the spec's names. kind: what each is called where it stays."""
    if not granted.goes:
        one = len(what) == 1
        stays, revoke = ("stays granted: it may", "it") if one else ("stay granted: they may", "them")
        reason = f"{', '.join(what)} {stays} have been before us. To revoke {revoke}:\n  {granted.command}"
        return Step(address, Action.NONE, kept=tuple(f"{kind} {each}" for each in what), reason=reason)
    if not granted.revocable:
        reason = "the runner may not revoke it: it goes with the application's service principal"
        return Step(address, Action.NONE, reason=reason)
    return Step(
        address,
        Action.DELETE,
        "revoke",
        tuple(Change(path, each, None) for each in what),
        target=str(address),
        removal=True,
        seen=seen,
    )
