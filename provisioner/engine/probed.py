"""What redeeming the stored refresh token adds to a plan. Pure; the plan is made without it, as apply makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from provisioner.core.address import Address
from provisioner.core.plan import Life, Mortal, Plan
from provisioner.core.step import Action, Step
from provisioner.engine.forecast import FOREIGN, FRESH, UNKNOWN
from provisioner.resources.refresh_token import CONSENT
from provisioner.resources.token_state import TokenState


class Verdict(StrEnum):
    """works: redeemed, and all it must show holds. broken: refused, or of no use. unknown: it could not be tried."""

    WORKS = "works"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ProbeResult:
    """text: a sentence. todo: what to do when it does not work."""

    verdict: Verdict
    text: str
    todo: str = ""


def worth_probing(plan: Plan) -> bool:
    """False where the metadata has settled it: no token, another spec's, one that cannot serve, or none to be seen."""
    settled = (TokenState.BROKEN, "wanted", UNKNOWN)
    return any(life.what is Mortal.REFRESH_TOKEN and life.state not in settled for life in plan.life)


def with_probe(plan: Plan, result: ProbeResult) -> Plan:
    """The plan with the token's step and its state as the probe found them. For a plan that is worth probing."""
    token = next(life for life in plan.life if life.what is Mortal.REFRESH_TOKEN)
    steps = tuple(_judged(step, result) if step.address == token.address else step for step in plan.steps)
    if all(step.address != token.address for step in plan.steps):
        steps = (*steps, _judged(Step(token.address, Action.NONE), result))
    life = tuple(_known(one, result) if one is token else one for one in plan.life)
    return replace(plan, steps=steps, life=life)


def _judged(step: Step, result: ProbeResult) -> Step:
    if result.verdict is Verdict.WORKS:
        return replace(step, reason="; ".join(part for part in (result.text, step.reason) if part))
    if result.verdict is Verdict.UNKNOWN:
        return _instead(step, Action.UNKNOWN, "probe", result)
    return _instead(step, Action.PERSON, CONSENT, result)


def _instead(step: Step, action: Action, operation: str, result: ProbeResult) -> Step:
    address: Address = step.address
    return Step(address, action, operation, target=str(address), reason=result.text, todo=result.todo, seen=step.seen)


def _known(life: Life, result: ProbeResult) -> Life:
    if result.verdict is Verdict.WORKS:
        return replace(life, state=FRESH if life.state == FOREIGN else life.state, mfa=True)
    return replace(life, state=TokenState.BROKEN.value if result.verdict is Verdict.BROKEN else UNKNOWN)
