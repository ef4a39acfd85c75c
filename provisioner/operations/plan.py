"""plan: look, compare, say. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioner.core.observation import Known
from provisioner.core.plan import Plan
from provisioner.engine.observer import observe
from provisioner.engine.planner import make_plan
from provisioner.engine.probed import with_probe, worth_probing
from provisioner.operations.probe import probe
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.contract import AnyKind, Reader
from provisioner.resources.kinds import KINDS
from provisioner.resources.refresh_token import RefreshToken
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class Seen:
    """A plan and what it rests on."""

    plan: Plan
    known: Known


async def look(tenant: OpenTenant, spec: Spec, kinds: Sequence[AnyKind] = KINDS) -> Seen:
    """One look at everything, and the plan that follows from it. Raises PlanError."""
    known = await observe(spec, kinds, Reader(tenant.clients, tenant.runner))
    now = tenant.clients.clock.now()
    made = make_plan(spec, kinds, known, tenant.runner, tenant.clients, now)
    return Seen(replace(made, emulator=tenant.emulator), known)


async def plan(tenant: OpenTenant, spec: Spec, *, probing: bool = False) -> Plan:
    """The plan of one tenant. Raises PlanError; what could not be read is in the plan as unknown.

    probing: also redeem the stored refresh token, and say what came of it.
    """
    made = (await look(tenant, spec)).plan
    if probing and worth_probing(made):
        result = await probe(tenant.clients, spec)
        return with_probe(made, replace(result, todo=tenant.clients.cloud.advice(result.todo)))
    return made


def awaits_sign_in(plan: Plan) -> bool:
    """The refresh token is missing or broken: only a person's sign-in brings one."""
    return any(step.address.kind == RefreshToken.name for step in plan.for_a_person)
