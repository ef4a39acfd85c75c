"""destroy: what carries our mark goes, in reverse order of how it was made, and can be recovered.

The application and the vault are soft-deleted; only `purge` deletes for good. What was there before us, and what
others have, stays. As with apply, whoever runs it shows the plan and asks between the look and the writes.
"""

from __future__ import annotations

from dataclasses import replace

from provisioner.core.address import Address
from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Plan
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.core.step import Action
from provisioner.engine.executor import Watcher, execute
from provisioner.engine.observer import observe
from provisioner.engine.safety import check_locks, check_protection
from provisioner.engine.unplanner import make_removal_plan
from provisioner.operations import settling
from provisioner.operations.apply import ApplyOptions, ApplyResult
from provisioner.operations.destroy_notices import destruction_notices, marked_elsewhere
from provisioner.operations.plan import Seen
from provisioner.operations.settling import still_differs
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.resources.contract import Reader, Writer
from provisioner.resources.removal.credential import CredentialRemoval
from provisioner.resources.removal.kinds import removals
from provisioner.resources.removal.refresh_token import RefreshTokenRemoval
from provisioner.resources.removal.vault import VaultRemoval
from provisioner.spec.model import Spec


async def look_to_destroy(tenant: OpenTenant, spec: Spec, *, purge: bool = False) -> Seen:
    """What is ours, and the plan that takes it away. What could not be read is in the plan as unknown."""
    kinds = removals(purge=purge)
    known = await observe(spec, kinds, Reader(tenant.clients, tenant.runner))
    now = tenant.clients.clock.now()
    plan = make_removal_plan(spec, kinds, known, tenant.runner, tenant.clients, now)
    notices = (*plan.notices, *destruction_notices(plan, spec, known, tenant.clients.cloud))
    notices += await marked_elsewhere(spec, tenant.clients.arm)
    return Seen(replace(plan, notices=notices, emulator=tenant.emulator), known)


async def carry_out_destruction(
    tenant: OpenTenant,
    spec: Spec,
    seen: Seen,
    ui: Ui,
    options: ApplyOptions | None = None,
    earlier: ApplyResult | None = None,
    *,
    purge: bool = False,
) -> ApplyResult:
    """Remove what the plan shows and nothing else, then look until it is gone.

    options and earlier are apply's, of which nothing is needed here.
    Raises: UnsafePlanError before anything is written. A failed step is in the report, not raised.
    """
    check_destruction(seen, spec, options)
    report, after = await _write(tenant, spec, seen, ui, purge=purge)
    return ApplyResult(seen.plan, after.plan, report, consent=None, checks=(), outputs={})


def check_destruction(
    seen: Seen, spec: Spec, options: ApplyOptions | None = None, earlier: ApplyResult | None = None
) -> None:
    """Raises ProtectedError, LockedError. That things go is what was asked for: `safety.maxRemovals` is apply's."""
    check_protection(seen.plan, spec)
    check_locks(seen.plan, seen.known.fact(Address(spec.name, VaultRemoval.name)))


async def _write(tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui, *, purge: bool) -> tuple[Report | None, Seen]:
    """All but the last steps, a look whether they are done, then the last: they take the right to look away."""
    if not seen.plan.pending:
        return None, seen
    last = tuple(step for step in seen.plan.pending if step.last)
    first = replace(seen.plan, steps=tuple(step for step in seen.plan.steps if not step.last))
    results = (await _execute(tenant, spec, Seen(first, seen.known), ui, purge=purge)).results
    if unmet := next((result for result in results if result.outcome is not Outcome.DONE), None):
        because = unmet.because or str(unmet.step.address)
        skipped = (StepResult(step, Outcome.SKIPPED, because=because, unread=unmet.unread) for step in last)
        return Report((*results, *skipped)), await _last_look(tenant, spec, seen, purge=purge)
    after, left = await _settled(tenant, spec, first, ui, purge=purge)
    if left or after.plan.unknown or not last:
        return Report((*results, *left)), after
    shown = {step.address for step in last}
    final = replace(after.plan, steps=tuple(step for step in after.plan.steps if step.last and step.address in shown))
    results += (await _execute(tenant, spec, Seen(final, after.known), ui, purge=purge)).results
    after, left = await _settled(tenant, spec, final, ui, purge=purge)
    return Report((*results, *left)), Seen(_as_seen_before(after.plan), after.known)


async def _execute(tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui, *, purge: bool) -> Report:
    write = Writer(tenant.clients, tenant.runner, tenant.clients.clock, ui.progress)
    by_name = {kind.name: kind for kind in removals(purge=purge)}
    return await execute(seen.plan, spec, by_name, seen.known, write, Watcher(ui.step_started, ui.step_done))


def _as_seen_before(plan: Plan) -> Plan:
    """Without the runner's role nobody sees what is in the vault; the look before it went showed nothing of ours."""
    hidden = (CredentialRemoval.name, RefreshTokenRemoval.name)
    return replace(
        plan,
        steps=tuple(
            step for step in plan.steps if step.action is not Action.UNKNOWN or step.address.kind not in hidden
        ),
    )


async def _last_look(tenant: OpenTenant, spec: Spec, seen: Seen, *, purge: bool) -> Seen:
    """What is left after a failure; what was seen before it, when even looking fails: the report matters more."""
    try:
        return await look_to_destroy(tenant, spec, purge=purge)
    except ProvisionerError:
        return seen


async def _settled(
    tenant: OpenTenant, spec: Spec, shown: Plan, ui: Ui, *, purge: bool
) -> tuple[Seen, tuple[StepResult, ...]]:
    """Look until no replica shows what is gone (sam-facts 5.6); a failed row for what is still there at the end."""
    clock = tenant.clients.clock
    ends = clock.monotonic_s() + settling.DEADLINE_S
    gone = {(step.address, step.operation) for step in shown.pending}
    while True:
        ui.progress("looking again")
        seen = await look_to_destroy(tenant, spec, purge=purge)
        left = [step for step in seen.plan.pending if (step.address, step.operation) in gone]
        if not left:
            return seen, ()
        if clock.monotonic_s() > ends:
            return seen, tuple(still_differs(step) for step in left)
        ui.progress(f"waiting until no replica shows {left[0].address}")
        await clock.sleep(settling.WAIT_S)
