"""The stored refresh token: out of a vault that stays, and with one that goes. At Entra it lives on until revoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Step
from provisioner.resources.contract import Reader, Right, Writer
from provisioner.resources.removal.inside import (
    Inside,
    InsideStanding,
    inside,
    look_inside,
    removal_steps,
    remove,
    seen_inside,
)
from provisioner.resources.rights import LIST_SECRETS, WRITE_SECRETS
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class RefreshTokenRemoval:
    """purge: also delete it for good, and what an earlier run left soft-deleted."""

    purge: bool = False
    name = "refresh_token"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, Inside]:
        return {Address(spec.name, self.name, spec.consent.secret_name): inside(spec, purge=self.purge)}

    async def observe(
        self, wanted: Mapping[Address, Inside], known: Known, read: Reader
    ) -> Mapping[Address, Observation[InsideStanding]]:
        ((address, where),) = wanted.items()
        found = await look_inside(where, known, read)
        if isinstance(found, Unknown):
            return {address: found}
        seen = seen_inside(found, known.fact(where.vault), address.name, self.name, tokens=True)
        return {address: Absent(), **seen}

    def steps(
        self, address: Address, wanted: Inside | None, seen: Observation[InsideStanding], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        return removal_steps(address, seen.fact, now, purge=self.purge)

    async def perform(
        self, step: Step, wanted: Inside | None, known: Known, write: Writer
    ) -> Observation[InsideStanding]:
        return await remove(step, known, write)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (LIST_SECRETS,) if operation == "observe" else (WRITE_SECRETS,)

    def person(self, step: Step, wanted: Inside | None, known: Known, clients: TenantClients) -> str | None:
        return None
