"""apply: carry out a plan that was shown, then have a person consent if need be, then verify.

In two parts, because whoever runs it decides in between: `look` (operations.plan) gives the plan to show and ask
about, `carry_out` writes exactly what it shows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from provisioner.core.errors import CredentialMissingError, PlanError, ProvisionerError
from provisioner.core.exit_codes import CHANGES_PENDING, COULD_NOT_TELL, DONE, FAILED, PERSON_MUST_ACT, combine
from provisioner.core.plan import Plan
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.core.step import Action, Step
from provisioner.engine.executor import Watcher, execute
from provisioner.engine.safety import check_protection, check_removals, check_sign_in
from provisioner.operations import settling
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.consent_store import ConsentResult
from provisioner.operations.consent_wait import has_token, wait_for_sign_in
from provisioner.operations.hand_over import hand_over
from provisioner.operations.outputs import outputs_of
from provisioner.operations.plan import Seen, awaits_sign_in, look
from provisioner.operations.settling import last_look, still_differs
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.operations.verify import verify
from provisioner.resources.contract import Writer
from provisioner.resources.kinds import BY_NAME
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.role_assignment import RoleAssignment
from provisioner.spec.model import Spec
from provisioner.verify.checks import Check, Status
from provisioner.verify.checks import exit_code as checks_exit_code


@dataclass(frozen=True)
class ApplyOptions:
    """with_consent: have a person sign in when the token is missing or broken. allowed: removals named by address.

    wait_consent_s: wait so long for somebody who signs in elsewhere, instead.
    """

    with_consent: bool = True
    wait_consent_s: float | None = None
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ApplyResult:
    """plan: what was shown. after: what is left. report: None when there was nothing to write and no sign-in failed.

    checks: of verify; empty when there is no token to verify with. outputs: design section 3.
    """

    plan: Plan
    after: Plan
    report: Report | None
    consent: ConsentResult | None
    checks: tuple[Check, ...]
    outputs: dict[str, object]

    @property
    def another_round(self) -> bool:
        """What could not be read before can be done now: show the new plan, ask, and carry it out."""
        return bool(self.after.ready) and (self.report is None or not self.report.failed)

    def after_round(self, earlier: ApplyResult) -> ApplyResult:
        """This result with what an earlier round did before it."""
        results = tuple(one for report in (earlier.report, self.report) if report for one in report.results)
        return replace(self, plan=earlier.plan, report=Report(results) if results else None)

    def exit_code(self) -> int:
        """Design section 3: 1 something failed, 5 a check failed, 4 could not read, 2 still pending, 3 a person, 0.

        What failed because a person must act first (an error's own exit code) is that person's.
        """
        results = self.report.results if self.report else ()
        return combine(
            (
                *(
                    FAILED if result.error is None else result.error.exit_code
                    for result in results
                    if result.ended_badly
                ),
                checks_exit_code(self.checks),
                COULD_NOT_TELL if self.after.unknown else DONE,
                CHANGES_PENDING if self.another_round else DONE,
                PERSON_MUST_ACT if self.after.person_items else DONE,
            )
        )


def check_safety(seen: Seen, spec: Spec, options: ApplyOptions, earlier: ApplyResult | None = None) -> None:
    """Raises UnsafePlanError when the plan takes away what is protected, or with earlier rounds more than it may."""
    plan = seen.plan
    check_protection(plan, spec)
    check_sign_in(plan, spec, options.allowed)
    results = earlier.report.results if earlier is not None and earlier.report is not None else ()
    before = [result.step for result in results if result.outcome is Outcome.DONE]
    check_removals(plan, spec.safety.max_removals, options.allowed, before=before)


async def carry_out(
    tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui, options: ApplyOptions, earlier: ApplyResult | None = None
) -> ApplyResult:
    """Write what the plan shows and nothing else.

    Raises: UnsafePlanError before anything is written. A failed step is in the report, not raised; so is a failed
    sign-in, and a step that still differs after it was done.
    """
    check_safety(seen, spec, options, earlier)
    report, after = await _write(tenant, spec, seen, ui)
    if report is not None and report.failed:
        return ApplyResult(seen.plan, after.plan, report, None, (), await outputs_of(tenant, spec, after.known))
    consented, failed, after = await _sign_in(tenant, spec, ui, options, after)
    if failed is not None:
        report = Report((*(report.results if report else ()), failed))
    checks = await _verified(tenant, spec) if has_token(after.plan) else ()
    outputs = await outputs_of(tenant, spec, after.known)
    return ApplyResult(seen.plan, after.plan, report, consented, checks, outputs)


async def _write(tenant: OpenTenant, spec: Spec, seen: Seen, ui: Ui) -> tuple[Report | None, Seen]:
    if not seen.plan.pending:
        return None, seen
    write = Writer(tenant.clients, tenant.runner, tenant.clients.clock, ui.progress)
    watcher = Watcher(ui.step_started, ui.step_done)
    report = await execute(seen.plan, spec, BY_NAME, seen.known, write, watcher)
    try:
        if report.failed:
            return report, await _looked_again(tenant, spec, seen)
        after, differing = await _settled(tenant, spec, seen.plan, ui)
    except PlanError as error:  # what was written before is told in any case
        return Report((*report.results, _came_back(seen.plan, error))), seen
    return Report((*report.results, *differing)), after


async def _looked_again(tenant: OpenTenant, spec: Spec, seen: Seen) -> Seen:
    """As last_look; but that no plan can be made any more is told. Raises PlanError."""
    try:
        return await look(tenant, spec)
    except PlanError:
        raise
    except ProvisionerError:
        return seen


def _came_back(shown: Plan, error: PlanError) -> StepResult:
    """A row for what a step of the plan brought to light, and no plan can be made of."""
    brought = next((step for step in shown.pending if step.reveals), shown.pending[-1])
    return StepResult(brought, Outcome.FAILED, error)


async def _settled(tenant: OpenTenant, spec: Spec, shown: Plan, ui: Ui) -> tuple[Seen, tuple[StepResult, ...]]:
    """Look until what was written shows: replicas, and roles in the vault, lag behind (sam-facts 5.6, 6.2).

    Gives the last look, and a failed row for each step that still differs at the deadline. What could not be read when
    the plan was shown, or came back only with this round, may be pending now: that is another round's.
    """
    clock = tenant.clients.clock
    ends = clock.monotonic_s() + settling.DEADLINE_S
    unread = {step.address for step in shown.unknown}
    written = {step.key for step in shown.ready}
    put_off = {step.address for step in shown.pending if step.key not in written}
    revealed = any(step.reveals for step in shown.pending)
    role_given = any(step.address.kind == RoleAssignment.name and step.on_demand for step in shown.pending)
    while True:
        ui.progress("looking again")
        seen = await look(tenant, spec)
        left = [
            step
            for step in seen.plan.ready
            if not (step.last or step.address in unread)
            and (step.key in written or not (revealed or step.scheduled or step.on_demand or step.address in put_off))
        ]
        asked = {step.address for step in seen.plan.pending if step.on_demand}
        unread_yet = [step for step in seen.plan.unknown if _is_in_vault(step) and asked.isdisjoint(step.needs)]
        left += unread_yet if role_given else ()
        if not left or (clock.monotonic_s() > ends and all(step.action is Action.UNKNOWN for step in left)):
            return seen, ()
        if clock.monotonic_s() > ends:
            return seen, tuple(still_differs(step) for step in left)
        ui.progress(f"waiting until every replica shows {left[0].address}")
        await clock.sleep(settling.WAIT_S)


def _is_in_vault(step: Step) -> bool:
    """Whether a role on the vault may let it be seen."""
    kind = BY_NAME.get(step.address.kind)
    return kind is not None and any(right.service == "key_vault" for right in kind.rights("observe"))


async def _sign_in(
    tenant: OpenTenant, spec: Spec, ui: Ui, options: ApplyOptions, seen: Seen
) -> tuple[ConsentResult | None, StepResult | None, Seen]:
    """Who signed in, how the token's step failed, and the last look: what was written before is told in any case."""
    wanted = options.with_consent or options.wait_consent_s
    if not wanted or not awaits_sign_in(seen.plan) or seen.plan.ready:  # what is ready is another round's
        return None, None, seen
    person_first = _something_else_is_first(seen.plan)
    if person_first:
        ui.info("The sign-in has to wait: other things are for a person to do first.")
    if person_first or seen.plan.pending:
        return None, None, seen
    try:
        if options.wait_consent_s:
            arrived, after = await wait_for_sign_in(tenant, spec, ui, seen, options.wait_consent_s)
            return arrived, None, after
        consented = await consent(tenant.clients, spec, ui, ConsentOptions())
    except ProvisionerError as error:
        if isinstance(error, CredentialMissingError) and spec.application.credential.type == "federated":
            ui.info(f"{error.what}.\n{hand_over(spec, seen.known)}\n")  # no failure: the sign-in's place is elsewhere
            return None, None, seen
        (step,) = (step for step in seen.plan.for_a_person if step.address.kind == RefreshToken.name)
        error.next_step = tenant.clients.cloud.advice(error.next_step)
        return None, StepResult(step, Outcome.FAILED, error), await last_look(tenant, spec, seen)
    return consented, None, await look(tenant, spec)


async def _verified(tenant: OpenTenant, spec: Spec) -> tuple[Check, ...]:
    """What verify finds; that it could not begin is a finding too, for what was written must be told in any case."""
    try:
        return await verify(tenant.clients, spec)
    except ProvisionerError as error:
        return (Check("verify", Status.UNKNOWN, error.what, error.next_step),)


def _something_else_is_first(plan: Plan) -> bool:
    """A sign-in before a person's other items (grants, a vault's permission model) would be turned down, or in vain.

    What nothing waits for, a setting of an application that is managed elsewhere, is not in its way.
    """
    return any(step.address.kind != RefreshToken.name and not step.in_place for step in plan.for_a_person)
