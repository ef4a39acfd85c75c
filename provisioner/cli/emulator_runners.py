"""Who applies a spec on the emulator: only identities it knows (design section 8).

What the spec's `auth` or AZURE_* names, where the emulator knows that client id, else the seeded runner of the spec's
tenant. Never az, a managed identity or another machine's metadata: nothing may leave the loopback.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from provisioner.clients.platforms.environment import PlatformMissingError
from provisioner.clients.runner_identities import ClientSecretIdentity, RunnerIdentity
from provisioner.core.clock import Clock
from provisioner.core.errors import ProvisionerError
from provisioner.core.secret import Secret
from provisioner.operations.identities import environment_identity, runner_identity
from provisioner.operations.tenant import machine_of
from provisioner.spec.model import Spec

_ELSEWHERE = frozenset({"managedIdentity", "azureCli"})


@dataclass(frozen=True)
class Runner:
    """passed_over: what to tell the person of an identity that is not taken; "" otherwise."""

    identity: RunnerIdentity
    passed_over: str = ""


@dataclass(frozen=True)
class _Seeded:
    """The runner that a tenant of the emulator was planted with."""

    tenant_id: str
    identity: ClientSecretIdentity


@dataclass(frozen=True)
class EmulatorRunners:
    """seeded: by tenant id and by domain. tenants_of: asks the emulator where a client id can sign in."""

    seeded: Mapping[str, _Seeded]
    session: aiohttp.ClientSession = field(repr=False)
    clock: Clock = field(repr=False)
    tenants_of: Callable[[str], Awaitable[frozenset[str]]] = field(repr=False)
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    async def learn(self, spec: Spec) -> None:
        """Ask the emulator about the identity that this spec or the environment names. Raises ProvisionerError."""
        named, _ = self._named(spec)
        if named is not None and named.client_id not in self._known:
            self._known[named.client_id] = await self.tenants_of(named.client_id)

    def of(self, spec: Spec) -> Runner:
        """After `learn`. Raises ProvisionerError when the emulator has no such tenant."""
        if (seeded := self.seeded.get(spec.tenant.lower())) is None:
            raise ProvisionerError(
                f"the emulator has no tenant {spec.tenant}",
                where=spec.name,
                next_step="`provisioner emulator status` lists the tenants it has",
            )
        named, missing = self._named(spec)
        if named is not None and seeded.tenant_id in self._known[named.client_id]:
            return Runner(named)
        if named is not None:
            whose = "AZURE_CLIENT_ID" if spec.auth is None or spec.auth.client_id is None else "auth.clientId"
            missing = f"{whose} {named.client_id} is not known to the emulator in tenant {spec.tenant}"
        instead = f"{missing}: its own runner {seeded.identity.client_id} is used" if missing else ""
        return Runner(seeded.identity, instead)

    def _named(self, spec: Spec) -> tuple[RunnerIdentity | None, str]:
        """The identity that is named and could be taken; else why a named one is not ("" when none is)."""
        machine = machine_of(spec, self.session, self.clock)
        if spec.auth is None:
            return environment_identity(machine), ""
        if spec.auth.type in _ELSEWHERE:
            return None, f"auth: {spec.auth.type} is not asked on the emulator"
        try:
            return runner_identity(spec.auth, machine), ""
        except PlatformMissingError as missing:
            return None, missing.what


def emulator_runners(
    tenants: list[dict[str, Any]],
    session: aiohttp.ClientSession,
    clock: Clock,
    tenants_of: Callable[[str], Awaitable[frozenset[str]]],
) -> EmulatorRunners:
    """tenants: as `emulator start --json` prints them."""
    seeded: dict[str, _Seeded] = {}
    for tenant in tenants:
        runner = ClientSecretIdentity(tenant["runner"]["clientId"], Secret(tenant["runner"]["clientSecret"]))
        planted = _Seeded(tenant["id"], runner)
        seeded |= {tenant["id"].lower(): planted, tenant["domain"].lower(): planted}
    return EmulatorRunners(seeded, session, clock, tenants_of)
