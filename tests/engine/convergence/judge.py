"""What may come of an apply, and what never may.

A refusal is legitimate where going on would harm somebody or cannot work; each has its reason here. Everything else
that is not "all in place, and the next apply has nothing to write" is a bug, of ours or of the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

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
from provisioner.core.plan import Plan
from provisioner.core.report import StepResult


class Outcome(StrEnum):
    CONVERGED = "converged"
    FOR_A_PERSON = "converged but for a person's items"
    SIGNED_IN = "converged, signed in, nothing left"
    REFUSED = "refused"


@dataclass(frozen=True)
class Refusal:
    """Why an apply does not go on. kind: of error. where: what its place ends with; "" for any."""

    kind: type[ProvisionerError]
    why: str
    where: str = ""
    code: str = ""

    def covers(self, error: ProvisionerError) -> bool:
        coded = not self.code or (isinstance(error, ApiError) and error.code == self.code)
        return type(error) is self.kind and error.where.endswith(self.where) and coded


REFUSALS = (
    Refusal(ForeignResourceError, "something of the wanted name does not carry our mark: it is another's"),
    Refusal(ImmutableFieldError, "Azure never changes the field after creation; going on would mean to recreate"),
    Refusal(UnsafePlanError, "it removes more than safety.maxRemovals of the spec"),
    Refusal(PlanError, "Entra would pick one of two localhost URLs by chance", where="application.replyUrls"),
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
}
FOR_AN_ADMINISTRATOR = {("api_service_principal", "create"), ("application", "restore")}
"""What a runner that may only write what it owns cannot do; the plan has the command."""


def refusal(error: ProvisionerError) -> Refusal | None:
    """Why this error is a legitimate answer; None when it is none."""
    return next((each for each in REFUSALS if each.covers(error)), None)


def failure(error: ProvisionerError) -> Refusal | None:
    """The same, of a step."""
    return next((each for each in FAILURES if each.covers(error)), None)


def nobody_s(plan: Plan) -> list[str]:
    """Steps left to a person that are not a person's."""
    return [
        f"{step.address} {step.operation}: {step.reason}"
        for step in plan.for_a_person
        if (step.address.kind, step.operation) not in PERSONAL
    ]


def administrators(plan: Plan) -> list[str]:
    """The commands that the plan has for an administrator, where the runner may not do what others wait for."""
    return [step.todo for step in plan.for_a_person if (step.address.kind, step.operation) in FOR_AN_ADMINISTRATOR]


def unexcused(results: Iterable[StepResult]) -> list[str]:
    """What failed without a reason that is listed here."""
    return [
        f"{each.step.address} {each.step.operation}: {type(each.error).__name__} {each.error} "
        f"[{each.error.where}] {each.error.next_step}"
        for each in results
        if each.error is not None and failure(each.error) is None
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
    closed = {step.address for step in plan.for_a_person}
    for step in plan.pending:  # in the order of execution
        if closed & {step.address, *step.needs} or (step.last and waiting):
            waiting.add(step.address)
            closed.add(step.address)
    return frozenset(waiting)
