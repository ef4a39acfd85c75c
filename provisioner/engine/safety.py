"""What must hold before anything is written."""

from __future__ import annotations

from collections.abc import Collection

from provisioner.core.errors import UnsafePlanError
from provisioner.core.plan import Plan


def check_removals(plan: Plan, max_removals: int, allowed: Collection[str]) -> None:
    """Raises UnsafePlanError when more goes than `safety.maxRemovals`; addresses allowed by name do not count."""
    removals = [str(step.address) for step in plan.removals if str(step.address) not in allowed]
    if len(removals) > max_removals:
        raise UnsafePlanError(
            f"the plan removes {len(removals)}, safety.maxRemovals is {max_removals}: {', '.join(removals)}",
            where=plan.name,
            next_step=f"look at the plan; to go on, add --allow-removal {removals[0]}",
        )
