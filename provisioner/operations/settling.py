"""The looks after a write: replicas, and roles in the vault, lag behind (sam-facts 5.6, 6.2)."""

from __future__ import annotations

from provisioner.core.errors import ProvisionerError, VerificationError
from provisioner.core.report import Outcome, StepResult
from provisioner.core.step import Step
from provisioner.operations.plan import Seen, look
from provisioner.operations.tenant import OpenTenant
from provisioner.spec.model import Spec

DEADLINE_S = 900.0
WAIT_S = 3.0


async def last_look(tenant: OpenTenant, spec: Spec, seen: Seen) -> Seen:
    """What is left after a failure; what was seen before it, when even looking fails: the report matters more."""
    try:
        return await look(tenant, spec)
    except ProvisionerError:
        return seen


def still_differs(step: Step) -> StepResult:
    """A row for a step that was done, and is planned again after the deadline."""
    error = VerificationError(
        f"{step.address} was written, and still differs",
        where=str(step.address),
        next_step="run provisioner plan SPEC; if the rows are the same, somebody else changes them back",
    )
    return StepResult(step, Outcome.FAILED, error)
