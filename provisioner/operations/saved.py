"""apply from a saved plan: look again, and go on only if what was shown is what would be done now."""

from __future__ import annotations

from datetime import datetime, timedelta

from provisioner.core.errors import SavedPlanError, StalePlanError
from provisioner.operations.moved import first_difference
from provisioner.operations.plan import Seen, look
from provisioner.operations.plan_file import SavedTenant
from provisioner.operations.tenant import OpenTenant
from provisioner.render.plan_json import tenant_plan

MAX_AGE = timedelta(days=7)
_SKEW = timedelta(minutes=5)  # between two machines' clocks


async def look_as_saved(tenant: OpenTenant, saved: SavedTenant, file: str, again: str) -> Seen:
    """The plan as of now, which is the saved one. file and again (the command that makes a new plan): for errors.

    Raises: SavedPlanError when it is too old, or from the future; StalePlanError, naming what differs; PlanError.
    """
    _check_age(saved, tenant.clients.clock.now(), file, again)
    seen = await look(tenant, saved.spec)
    if moved := first_difference(saved.plan, tenant_plan(seen.plan)):
        done = "" if seen.plan.pending else ", where nothing is pending now: this one may have been applied already"
        raise StalePlanError(
            f"{saved.spec.name} is no longer as the saved plan shows it. {moved}",
            where=f"{file}, made at {saved.plan.made_at}",
            next_step=f"nothing was written; look at a new plan{done}:\n  {again}",
        )
    return seen


def _check_age(saved: SavedTenant, now: datetime, file: str, again: str) -> None:
    where = f"{file}, made at {saved.plan.made_at}"
    if now - saved.made_at > MAX_AGE:
        raise SavedPlanError(
            f"the plan is older than {MAX_AGE.days} days", where=where, next_step=f"make a new one:\n  {again}"
        )
    if saved.made_at - now > _SKEW:
        raise SavedPlanError(
            f"the plan is from the future: it is {now:%Y-%m-%d %H:%M:%S} UTC now",
            where=where,
            next_step="set this machine's clock, or that of the machine which made the plan",
        )
