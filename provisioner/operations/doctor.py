"""doctor: everything a spec needs, looked at before the first apply and later. Read-only, side by side.

Works with nothing in place yet, and for an identity without any right: what cannot be read is said to be unknown,
with the right that would tell.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import aiohttp

from provisioner.clients.clouds import endpoints
from provisioner.core.clock import Clock
from provisioner.core.errors import ProvisionerError
from provisioner.core.observation import Known, Unknown
from provisioner.core.plan import Plan
from provisioner.engine.observer import observe
from provisioner.engine.planner import make_plan
from provisioner.operations.preflight.azure import azure
from provisioner.operations.preflight.check import Check, Scene, failed, passed, unknown
from provisioner.operations.preflight.consent import consent_modes
from provisioner.operations.preflight.directory import directory
from provisioner.operations.preflight.identity import not_signed_in, pipeline, signed_in
from provisioner.operations.preflight.network import hosts
from provisioner.operations.preflight.vault import vault
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.contract import Reader
from provisioner.resources.kinds import KINDS
from provisioner.spec.model import Spec

_REST_ON_IDENTITY = ("directory", "azure", "vault")


async def doctor(tenant: OpenTenant, spec: Spec) -> tuple[Check, ...]:
    """All checks, in an order in which one would mend what they find."""
    clients = tenant.clients
    network, (scene, plannable) = await asyncio.gather(
        hosts(clients.session, clients.cloud, spec.tenant, clients.clock), _scene(tenant, spec)
    )
    checks = await asyncio.gather(directory(scene), azure(scene), vault(scene))
    found = (
        *signed_in(spec, tenant.runner),
        pipeline(spec, os.environ, signed_in=True),
        *network,
        *(check for group in checks for check in group),
        *plannable,
        consent_modes(spec),
    )
    return tuple(replace(check, next_step=clients.cloud.advice(check.next_step)) for check in found)


async def without_runner(
    spec: Spec, session: aiohttp.ClientSession, clock: Clock, error: ProvisionerError
) -> tuple[Check, ...]:
    """What can be said when nobody could be signed in: the rest rests on that."""
    network = await hosts(session, endpoints(spec.cloud), spec.tenant, clock)
    rest = (unknown(name, "not tried: it rests on the check identity", "see identity") for name in _REST_ON_IDENTITY)
    return (not_signed_in(error), pipeline(spec, os.environ, signed_in=False), *network, *rest, consent_modes(spec))


async def _scene(tenant: OpenTenant, spec: Spec) -> tuple[Scene, tuple[Check, ...]]:
    """One look at everything; a plan that cannot be made is a finding, and hides nothing else."""
    scene = Scene(tenant, spec, Reader(tenant.clients, tenant.runner))
    try:
        known = await observe(spec, KINDS, scene.reader)
    except ProvisionerError as error:
        untold = Unknown(error.what, next_step=error.next_step)
        known = Known(dict.fromkeys((address for kind in KINDS for address in kind.wanted(spec)), untold))
        return replace(scene, known=known), (failed("plan", error.what, error.next_step),)
    try:
        now = tenant.clients.clock.now()
        plan = make_plan(spec, KINDS, known, tenant.runner, tenant.clients, now)
    except ProvisionerError as error:
        return replace(scene, known=known), (failed("plan", error.what, error.next_step),)
    return replace(scene, known=known, plan=plan), (_plannable(plan),)


def _plannable(plan: Plan) -> Check:
    if plan.unknown:
        told = f"{len(plan.unknown)} of what a plan looks at could not be read"
        return unknown("plan", told, "provisioner plan SPEC")
    return passed("plan", "a plan can be made, and looks at everything")
