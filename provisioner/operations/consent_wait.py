"""Waiting for a sign-in that somebody does elsewhere: only versions of the vault's secret are looked at, never a value.

So the pipeline needs no token of the person, and the person no access to the pipeline: they meet in the vault.
"""

from __future__ import annotations

import math

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.outages import is_outage
from provisioner.core.durations import in_words
from provisioner.core.errors import ApiError, NotFoundError
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Step
from provisioner.operations.consent_store import ConsentResult, result_of
from provisioner.operations.hand_over import hand_over
from provisioner.operations.plan import Seen, look
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.resources.marks import TAG
from provisioner.resources.refresh_token import RefreshToken
from provisioner.spec.model import Spec

_POLL_S = 5.0


async def wait_for_sign_in(
    tenant: OpenTenant, spec: Spec, ui: Ui, seen: Seen, timeout_s: float
) -> tuple[ConsentResult | None, Seen]:
    """Who signed in, and the last look; None when nobody did in time, or nothing says who wrote the token.

    Raises: PlanError, and ApiError when the vault may not be read; an outage is waited out.
    """
    if _is_another_spec_s(seen, spec):  # a sign-in would be refused; the plan says what to do
        return None, seen
    clock = tenant.clients.clock
    ends = clock.monotonic_s() + timeout_s
    ui.info(f"{hand_over(spec, seen.known)}\n")
    judged: frozenset[tuple[str, bool]] | None = None
    while True:
        left = max(ends - clock.monotonic_s(), 0.0)
        ui.progress(f"waiting for the sign-in, {in_words(_rounded(left))} left")
        listed = await _versions(tenant, spec, ui)
        found = judged if listed is None else frozenset((entry.version, entry.enabled) for entry in listed)
        if found != judged:
            seen = await look(tenant, spec)
            if has_token(seen.plan):
                return _who(spec, listed), seen
            if judged is not None:
                ui.info(f"There is a new version of {spec.consent.secret_name}, but it does not serve this spec.")
            judged = None if _is_unread(seen.plan) else found
        if not left:
            ui.info(f"Nobody signed in within {in_words(timeout_s)}.")
            return None, seen
        await clock.sleep(min(_POLL_S, left))


def _rounded(left_s: float) -> float:
    """By the minute, so that a log gets a line a minute; by ten seconds at the end."""
    step = 60 if left_s >= 120 else 10
    return float(math.ceil(left_s / step) * step)


def has_token(plan: Plan) -> bool:
    """A token is there as far as the vault's metadata tell."""
    return not any(step.action in (Action.PERSON, Action.UNKNOWN) for step in plan.steps if _is_token(step))


def _is_another_spec_s(seen: Seen, spec: Spec) -> bool:
    facts = [seen.known.fact(address) for address in RefreshToken().wanted(spec)]
    return any(fact is not None and fact.secret.tags.get(TAG, spec.name) != spec.name for fact in facts)


def _is_unread(plan: Plan) -> bool:
    return any(step.action is Action.UNKNOWN for step in plan.steps if _is_token(step))


def _is_token(step: Step) -> bool:
    return step.address.kind == RefreshToken.name


async def _versions(tenant: OpenTenant, spec: Spec, ui: Ui) -> tuple[SecretFacts, ...] | None:
    """The secret's versions, oldest first; None while the vault does not answer."""
    try:
        return await tenant.clients.vault(spec.vault.name).list_versions(spec.consent.secret_name)
    except NotFoundError:
        return ()
    except ApiError as error:
        if not is_outage(error):
            raise
        ui.progress(f"{error.what}: looking again")
        return None


def _who(spec: Spec, listed: tuple[SecretFacts, ...] | None) -> ConsentResult | None:
    """As noted beside the newest version; None for one without our notes."""
    if not listed or listed[-1].tags.get(TAG) != spec.name:
        return None
    tags = listed[-1].tags
    return result_of(spec, listed[-1], tags.get("account", ""), tags.get("oid", ""))
