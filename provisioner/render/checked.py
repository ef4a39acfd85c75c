"""One tenant in a report over many: its plan, or the error that kept it from having one. It is never just missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Plan
from provisioner.render.layout import ANY_FILE


@dataclass(frozen=True)
class Checked:
    """plan: None when none could be made. at: when it was looked at, UTC. error: why there is no plan.

    file: where the spec is, for commands that can be copied.
    """

    name: str
    tenant: str
    plan: Plan | None
    at: datetime
    error: ProvisionerError | None = None
    file: str = ANY_FILE

    @property
    def code(self) -> int:
        """What the process would answer for this tenant alone."""
        if self.plan is not None:
            return self.plan.exit_code()
        return ProvisionerError.exit_code if self.error is None else self.error.exit_code
