"""What must hold before anything is written."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from provisioner.core.errors import UnsafePlanError
from provisioner.core.plan import Plan
from provisioner.core.step import Step


def check_removals(plan: Plan, max_removals: int, allowed: Collection[str], *, before: Iterable[Step] = ()) -> None:
    """Raises UnsafePlanError when more goes than `safety.maxRemovals`; addresses allowed by name do not count.

    before: steps that earlier rounds of the same apply carried out.
    """
    removing = [step for step in plan.removals if str(step.address) not in allowed]
    gone = [step for step in before if step.removal and str(step.address) not in allowed]
    count = sum(step.removed for step in (*gone, *removing))
    if removing and count > max_removals:
        addresses = [str(step.address) for step in removing]
        lead = "with what was removed before, the plan removes" if gone else "the plan removes"
        raise UnsafePlanError(
            f"{lead} {count}, safety.maxRemovals is {max_removals}: {', '.join(addresses)}",
            where=plan.name,
            next_step="look at the plan; to go on, add "
            + " ".join(f"--allow-removal {shlex.quote(address)}" for address in addresses),
        )
