"""Opening one tenant: the runner's tokens for every audience at once, then the clients."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import aiohttp

from provisioner.clients.clouds import endpoints
from provisioner.clients.entra import tenant_id_of
from provisioner.clients.identity import RunnerCredential, RunnerFacts
from provisioner.clients.platform_tokens import Machine
from provisioner.clients.runner_identities import Asking, RunnerIdentity
from provisioner.clients.tenant import TenantClients, connect, load_sdks
from provisioner.core.clock import Clock
from provisioner.core.errors import WrongTenantError
from provisioner.operations.identities import runner_identity, trust_of
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class OpenTenant:
    """A tenant the runner has signed in to. emulator: it is one of the emulator's."""

    clients: TenantClients
    runner: RunnerFacts
    emulator: bool = False


def machine_of(spec: Spec, session: aiohttp.ClientSession, clock: Clock) -> Machine:
    """This machine, with what the spec's `auth` says of it."""
    auth = spec.auth
    if auth is None:
        return Machine(session, clock, os.environ)
    managed_identity = auth.client_id if auth.type == "managedIdentity" else None
    return Machine(session, clock, os.environ, auth.service_connection, auth.token_file, managed_identity)


@asynccontextmanager
async def open_tenant(
    spec: Spec,
    session: aiohttp.ClientSession,
    clock: Clock,
    identity: RunnerIdentity | None,
    then: str | None = None,
    *,
    emulator: bool = False,
) -> AsyncIterator[OpenTenant]:
    """Signs the runner in. identity None: the spec's `auth`, or what the environment says. emulator: of session.

    then: the module of what comes next, imported while the tokens are on their way.

    Raises SignInError with the remedy; WrongTenantError before anything but token requests is sent; ProvisionerError
    when the environment lacks what `auth` names.
    """
    cloud = endpoints(spec.cloud)
    machine = machine_of(spec, session, clock)
    credential = RunnerCredential(
        Asking(session, cloud, spec.tenant, clock), identity or runner_identity(spec.auth, machine)
    )
    platform = machine.trusted_tokens(trust_of(spec.application.credential))
    try:
        runner, tenant_id, *_ = await _all_ended(
            credential.facts(cloud.graph),
            tenant_id_of(session, cloud, spec.tenant),
            credential.bearer(cloud.arm),
            credential.bearer(cloud.vault_audience),
            asyncio.to_thread(_load, then, certificates=spec.application.credential.type == "certificate"),
        )
        _check_tenant(runner, tenant_id, spec)
        clients = connect(session, cloud, credential, clock, spec.tenant, spec.subscription, platform)
        yield OpenTenant(clients, runner, emulator)
    finally:
        await credential.close()


def _load(module: str | None, *, certificates: bool) -> None:
    load_sdks(certificates=certificates)
    if module is not None:
        import_module(module)


async def _all_ended(*calls: Awaitable[Any]) -> list[Any]:
    """As gather; but when the first error is raised none is left running: a process of az would outlive the loop."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    for result in ended:
        if isinstance(result, BaseException):
            raise result
    return ended


def _check_tenant(runner: RunnerFacts, tenant_id: str, spec: Spec) -> None:
    """A managed identity, or a chain told to stay in its tenant, gives its own tenant's token whatever is asked."""
    if runner.tenant_id != tenant_id:
        raise WrongTenantError(
            f"the runner ({runner.label}) is signed in to tenant {runner.tenant_id or 'unknown'}, not to {spec.tenant}",
            where=f"{spec.name}: tenant",
            next_step=f"run `az login --tenant {spec.tenant}`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET of an identity of this tenant; a managed identity works in its own tenant only",
        )
