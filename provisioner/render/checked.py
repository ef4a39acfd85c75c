"""One tenant in a report over many: its plan, or the error that kept it from having one. It is never just missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Plan
from provisioner.render.layout import ANY_FILE


@dataclass(frozen=True)
class Checked:
    """plan: None when none could be made. at: when it was looked at, UTC. error: why there is no plan.

    file: where the spec is, for commands that can be copied. emulator: it was looked at there, a rehearsal.
    """

    name: str
    tenant: str
    plan: Plan | None
    at: datetime
    error: ProvisionerError | None = None
    file: str = ANY_FILE
    emulator: bool = False

    @property
    def code(self) -> int:
        """What the process would answer for this tenant alone."""
        if self.plan is not None:
            return self.plan.exit_code()
        return ProvisionerError.exit_code if self.error is None else self.error.exit_code


def rehearsed(tenants: Sequence[Checked]) -> str:
    """For the head of a report, after when: nobody must take a rehearsal for the real thing."""
    number = sum(tenant.emulator for tenant in tenants)
    if not number:
        return ""
    return ", on the emulator" if number == len(tenants) else f", {number} of {len(tenants)} on the emulator"
