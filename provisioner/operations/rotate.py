"""rotate: a new credential of the application now, though it is not due; the dance is apply's (design section 6).

The plan is that of a whole look with everything left out but the credential's own steps and the roles they need: what
else differs from the spec is apply's to mend.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from provisioner.core.address import Address
from provisioner.core.errors import PlanError
from provisioner.core.observation import Absent
from provisioner.core.plan import Cause, Notice, Plan
from provisioner.core.report import Report, StepResult
from provisioner.core.step import Action, Step
from provisioner.engine.executor import Watcher, execute
from provisioner.operations import settling
from provisioner.operations.apply import ApplyOptions, ApplyResult
from provisioner.operations.consent_wait import has_token
from provisioner.operations.outputs import outputs_of
from provisioner.operations.plan import Seen, look
from provisioner.operations.settling import last_look, still_differs
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.operations.verify import verify
from provisioner.resources.contract import Writer
from provisioner.resources.credential import Credential
from provisioner.resources.kinds import KINDS
from provisioner.resources.role_assignment import RoleAssignment
from provisioner.spec.model import Spec
from provisioner.verify.checks import Check

_KINDS = tuple(Credential(rotate_now=True) if kind.name == Credential.name else kind for kind in KINDS)
_BY_NAME = {kind.name: kind for kind in _KINDS}
_PREFLIGHT = "preflight"
_APPLY = "provisioner apply SPEC"


async def look_to_rotate(tenant: OpenTenant, spec: Spec) -> Seen:
    """The plan of a rotation; what an earlier run staged is promoted instead of making another.

    Raises: PlanError, also when there is no application or vault yet.
    """
    seen = await look(tenant, spec, _KINDS)
    for kind in ("application", "vault"):
        if isinstance(seen.known.get(Address(spec.name, kind)), Absent):
            raise PlanError(
                f"there is nothing to rotate: the {kind} does not exist yet", where=spec.name, next_step=_APPLY
            )
    return Seen(_with_note(_credential_only(seen.plan), spec), seen.known)


async def carry_out_rotation(
    tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui, options: ApplyOptions, earlier: ApplyResult | None = None
) -> ApplyResult:
    """Write what the plan shows, look until it shows, then verify where there is a token to verify with.

    options and earlier are apply's: a rotation removes nothing, asks nobody to sign in, and has one round.
    A failed step is in the report, not raised.
    """
    report, after = await _write(tenant, spec, seen, ui)
    checks: tuple[Check, ...] = ()
    if report is not None and not report.failed and has_token(after.plan):
        ui.progress("verifying")
        checks = await verify(tenant.clients, spec)
    return ApplyResult(
        plan=seen.plan,
        after=_credential_only(after.plan),
        report=report,
        consent=None,
        checks=checks,
        outputs=await outputs_of(tenant, spec, after.known),
    )


def _credential_only(plan: Plan) -> Plan:
    """The credential's steps and the roles they need; needs that are left out exist, or nothing would be planned."""
    own = [step for step in plan.steps if step.address.kind in (Credential.name, _PREFLIGHT)]
    needed = {need for step in own for need in step.needs}
    roles = [step for step in plan.steps if step.address.kind == RoleAssignment.name and step.address in needed]
    kept = {step.address for step in (*own, *roles)}
    steps = (step for step in plan.steps if step.address in kept)
    life = tuple(each for each in plan.life if each.address.kind == Credential.name)
    cause = Cause.NONE if plan.cause is Cause.DRIFT else plan.cause  # it was asked for; what drifted is left out
    return replace(plan, steps=tuple(_needing(step, kept) for step in steps), life=life, cause=cause)


def _needing(step: Step, kept: Iterable[Address]) -> Step:
    return replace(step, needs=tuple(need for need in step.needs if need in kept))


def _with_note(plan: Plan, spec: Spec) -> Plan:
    """Why there is nothing to do, where rotating is not ours."""
    if any(step.action is not Action.NONE for step in plan.steps if not step.not_before):
        return plan
    reason = (
        "a federated credential is a trust, with nothing in it that ages"
        if spec.application.credential.type == "federated"
        else "the certificate is another's, who renews it"
    )
    return replace(plan, notices=(*plan.notices, Notice("info", f"there is nothing to rotate: {reason}")))


async def _write(tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui) -> tuple[Report | None, Seen]:
    if not seen.plan.pending:
        return None, Seen(seen.plan, seen.known)
    write = Writer(tenant.clients, tenant.runner, tenant.clients.clock, ui.progress)
    report = await execute(seen.plan, spec, _BY_NAME, seen.known, write, Watcher(ui.step_started, ui.step_done))
    if report.failed:
        return report, await last_look(tenant, spec, seen)
    after, differing = await _settled(tenant, spec, ui)
    return Report((*report.results, *differing)), after


async def _settled(tenant: OpenTenant, spec: Spec, ui: Ui) -> tuple[Seen, tuple[StepResult, ...]]:
    """Look until every replica shows the new credential in force; a failed row for what still differs at the end."""
    clock = tenant.clients.clock
    ends = clock.monotonic_s() + settling.DEADLINE_S
    while True:
        ui.progress("looking again")
        seen = await look(tenant, spec)
        left = _credential_only(seen.plan).ready
        if not left:
            return seen, ()
        if clock.monotonic_s() > ends:
            return seen, tuple(still_differs(step) for step in left)
        ui.progress(f"waiting until every replica shows {left[0].address}")
        await clock.sleep(settling.WAIT_S)
