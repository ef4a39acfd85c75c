"""Opening one tenant: the runner's tokens for every audience at once, then the clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from provisioner.clients.clouds import endpoints
from provisioner.clients.identity import ClientSecretIdentity, RunnerCredential, RunnerFacts
from provisioner.clients.tenant import TenantClients, connect, load_sdks
from provisioner.core.clock import Clock
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class OpenTenant:
    """A tenant the runner has signed in to."""

    clients: TenantClients
    runner: RunnerFacts


@asynccontextmanager
async def open_tenant(
    spec: Spec, session: aiohttp.ClientSession, clock: Clock, identity: ClientSecretIdentity | None
) -> AsyncIterator[OpenTenant]:
    """Signs the runner in. identity None: azure-identity's chain. Raises SignInError with the remedy."""
    cloud = endpoints(spec.cloud)
    credential = RunnerCredential(session, cloud, spec.tenant, clock, identity)
    try:
        runner, *_ = await asyncio.gather(
            credential.facts(cloud.graph),
            credential.bearer(cloud.arm),
            credential.bearer(cloud.vault_audience),
            asyncio.to_thread(load_sdks),
        )
        yield OpenTenant(connect(session, cloud, credential, clock, spec.tenant, spec.subscription), runner)
    finally:
        await credential.close()
