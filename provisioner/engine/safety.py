"""What must hold before anything is written."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from provisioner.clients.clouds import endpoints
from provisioner.core.address import Address
from provisioner.core.errors import LockedError, ProtectedError, UnsafePlanError
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Step
from provisioner.resources.application_steps import REPLY_URLS
from provisioner.resources.removal.application import RELEASE
from provisioner.resources.removal.fate import VaultStanding
from provisioner.spec.model import ReplyUrl, Spec


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


def check_protection(plan: Plan, spec: Spec) -> None:
    """Raises ProtectedError when the plan takes away, replaces or lets go of what `protect: true` stands at.

    The whole plan is refused: what would go beside it stays too.
    """
    protected = {"application": spec.application.protect, "vault": spec.vault.protect}
    for step in plan.pending:
        kind = step.address.kind
        taken = step.action in (Action.DELETE, Action.REPLACE) or step.operation == RELEASE
        if taken and step.address == Address(spec.name, kind) and protected.get(kind):
            operation = step.operation or step.action.value
            raise ProtectedError(f"the {kind} is protected, and the plan would {operation} it", f"{kind}.protect")


def check_locks(plan: Plan, vault: VaultStanding | None) -> None:
    """Raises LockedError when a lock that holds for the vault would refuse a step of a destroy.

    The whole plan is refused: the grants and the application would be gone when the lock is met.
    """
    locks = (vault.locks if vault is not None else None) or ()
    for step in plan.pending:
        for lock in locks if step.address.kind in ("vault", "role_assignment") else ():
            if lock.level == "ReadOnly" or step.operation != RELEASE:  # a tag is written, not deleted
                command = endpoints(plan.cloud).advice(f"az lock delete --ids {lock.id}")
                raise LockedError(
                    f"the lock {lock.name} ({lock.level}) on {lock.scope} refuses to {step.operation} {step.address}",
                    where=plan.name,
                    next_step=f"nothing was removed; if it is really to go: {command}",
                )


def check_sign_in(plan: Plan, spec: Spec, allowed: Collection[str]) -> None:
    """Raises UnsafePlanError when the plan takes away the reply URL that consent listens on, and the spec names none.

    `safety.maxRemovals` does not allow that; naming the application's address does, unless nothing would be left at
    all that a sign-in could come back to.
    """
    urls = spec.application.reply_urls or ()
    if any(url.is_listened_on for url in urls):
        return
    for step in plan.pending:
        removed = [change.before for change in step.fields if change.path == REPLY_URLS and change.before is not None]
        lost = [uri for uri in removed if " " not in uri and ReplyUrl(uri=uri).is_listened_on]  # no other platform's
        none_left = bool(removed) and not any(url.platform == "web" for url in urls)
        if (lost and str(step.address) not in allowed) or none_left:
            way_on = "" if none_left else f"; to do without: --allow-removal {shlex.quote(str(step.address))}"
            raise UnsafePlanError(
                f"the plan removes {', '.join(lost or removed)}, and the spec names no other reply URL that "
                f"{'a sign-in could come back to' if none_left else 'consent could listen on'}",
                where=f"{step.address} {REPLY_URLS}",
                next_step=f"name http://localhost:8400/ in {REPLY_URLS}{way_on}",
            )
