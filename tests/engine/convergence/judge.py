"""What may come of an apply, and what never may.

A refusal is legitimate where going on would harm somebody or cannot work; each has its reason here. Everything else
that is not "all in place, and the next apply has nothing to write" is a bug, of ours or of the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioner.core.address import Address
from provisioner.core.errors import (
    ApiError,
    ConflictError,
    ConsentRequiredError,
    ForeignResourceError,
    ImmutableFieldError,
    PlanError,
    ProvisionerError,
    UnsafePlanError,
)
from provisioner.core.plan import Mortal, Plan
from provisioner.core.report import StepResult
from provisioner.spec.model import Spec
from provisioner.verify.checks import Check, Status

CONVERGED = "converged"
FOR_A_PERSON = "converged but for a person's items"
SIGNED_IN = "converged and signed in"


def refused(error: ProvisionerError) -> str:
    """The outcome of a legitimate refusal."""
    return f"refused by {type(error).__name__.removesuffix('Error')}"


@dataclass(frozen=True)
class Refusal:
    """Why an apply does not go on. kind: of error. where: what its place ends with; "" for any.

    taken_over: only where application or vault are another's, of mode adopt or use.
    """

    kind: type[ProvisionerError]
    why: str
    where: str = ""
    code: str = ""
    taken_over: bool = False

    def covers(self, error: ProvisionerError, spec: Spec) -> bool:
        coded = not self.code or (isinstance(error, ApiError) and error.code == self.code)
        modes = {spec.application.mode, spec.vault.mode}
        there = not self.taken_over or modes != {"create"}
        return type(error) is self.kind and error.where.endswith(self.where) and coded and there


REFUSALS = (
    Refusal(ForeignResourceError, "something of the wanted name does not carry our mark: it is another's"),
    Refusal(ImmutableFieldError, "Azure never changes the field after creation; going on would mean to recreate"),
    Refusal(UnsafePlanError, "it removes more than safety.maxRemovals of the spec"),
    Refusal(PlanError, "Entra would pick one of two localhost URLs by chance", where="application.replyUrls"),
    Refusal(PlanError, "adopt and use make no application", where="trial/application", taken_over=True),
    Refusal(PlanError, "adopt and use make no vault", where="trial/vault", taken_over=True),
)
FAILURES = (
    Refusal(ConsentRequiredError, "the stored token, which somebody else wrote, is none: only a sign-in helps"),
    Refusal(
        ConflictError, "our vault lies soft-deleted in another location than the spec's", code="VaultAlreadyExists"
    ),
)
"""What only the write can tell: the step fails, and what needs it is skipped."""

PERSONAL = {
    ("refresh_token", "consent"): "only a person can sign in",
    ("service_principal", "enable"): "somebody disabled it, which is a decision and not drift",
    ("vault", "switch permission model"): "it would cut off whoever reads the vault through access policies",
    ("credential", "enable"): "somebody disabled the version in force, which is a decision and not drift",
    ("credential", "recover"): "what holds the name in the vault is deleted and not ours",
    ("credential", "trust"): "another's trust in the same subject expects another audience",
    ("credential", "retire"): "the trust in force does not say since when, so nobody can tell when consumers followed",
    ("credential", "renew"): "the certificate is another's, who renews it",
    ("role_assignment", "set policy"): "the vault has access policies, which are never switched off nor written by us",
    ("role_assignment", "delete policy"): "the same",
}
OF_ITS_MANAGER = {
    "application": ("application", "service_principal", "grant", "app_role_assignment"),
    "vault": ("vault",),
}
"""Under mode use the whole thing is another's to change."""
FOR_AN_ADMINISTRATOR = {
    ("api_service_principal", "create"),
    ("application", "restore"),
    ("vault", "switch permission model"),
    ("role_assignment", "set policy"),
}
"""What others wait for and the runner may not do, or never does; the plan has the command."""


def refusal(error: ProvisionerError, spec: Spec) -> Refusal | None:
    """Why this error is a legitimate answer; None when it is none."""
    return next((each for each in REFUSALS if each.covers(error, spec)), None)


def failure(error: ProvisionerError, spec: Spec) -> Refusal | None:
    """The same, of a step; what a step brought back may be something that apply refuses."""
    return next((each for each in (*FAILURES, *REFUSALS) if each.covers(error, spec)), None)


def nobody_s(plan: Plan, spec: Spec) -> list[str]:
    """Steps left to a person that are not a person's."""
    modes = {"application": spec.application.mode, "vault": spec.vault.mode}
    managed = {kind for part, mode in modes.items() if mode == "use" for kind in OF_ITS_MANAGER[part]}
    return [
        f"{step.address} {step.operation}: {step.reason}"
        for step in plan.for_a_person
        if (step.address.kind, step.operation) not in PERSONAL and step.address.kind not in managed
    ]


def is_anothers_token(plan: Plan, checks: Sequence[Check]) -> bool:
    """Entra turned down what somebody else stored: a plan reads no value, so only verify can tell that it is none."""
    turned_down = any(check.name == "refreshToken" and check.status == Status.FAIL for check in checks)
    return turned_down and any(life.what is Mortal.REFRESH_TOKEN and life.state == "foreign" for life in plan.life)


def administrators(plan: Plan) -> list[str]:
    """The commands that the plan has for an administrator, where the runner may not do what others wait for."""
    return [step.todo for step in plan.for_a_person if (step.address.kind, step.operation) in FOR_AN_ADMINISTRATOR]


def unexcused(results: Iterable[StepResult], spec: Spec) -> list[str]:
    """What failed without a reason that is listed here."""
    return [
        f"{each.step.address} {each.step.operation}: {type(each.error).__name__} {each.error} "
        f"[{each.error.where}] {each.error.next_step}"
        for each in results
        if each.error is not None and failure(each.error, spec) is None
    ]


def left(plan: Plan) -> list[str]:
    """What keeps a plan from being clean: all but what waits for a person to act first."""
    waiting = _waiting(plan)
    return [
        f"{step.address} {step.operation} {step.action}: {step.reason} {list(step.fields)}"
        for step in (*plan.pending, *plan.unknown)
        if step.address not in waiting
    ]


def _waiting(plan: Plan) -> frozenset[Address]:
    """What a person's item keeps from being done, whatever needs that in turn, and what is done last."""
    waiting: set[Address] = set()
    closed = {step.address for step in plan.for_a_person if not step.in_place}
    for step in plan.pending:  # in the order of execution
        if closed & {step.address, *step.needs} or (step.last and waiting):
            waiting.add(step.address)
            closed.add(step.address)
    return frozenset(waiting)
