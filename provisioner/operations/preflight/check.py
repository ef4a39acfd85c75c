"""A check of the preflight as data, and how a read that failed becomes one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from provisioner.core.errors import ApiError, ForbiddenError
from provisioner.core.exit_codes import COULD_NOT_TELL, DONE, FAILED, combine
from provisioner.core.observation import Known, Unknown
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Step
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.access_policies import DELETE_POLICY, SET_POLICY
from provisioner.resources.contract import Reader, Right
from provisioner.resources.elsewhere import left_to_others
from provisioner.spec.model import Spec
from provisioner.verify.checks import Status

# ARM names client, object and scope in its sentence: all of them known to whoever reads the checks.
_REFUSED = re.compile(
    r"Azure Resource Manager answered 403 AuthorizationFailed: .*?perform action '([^']+)' over scope.*", re.DOTALL
)


@dataclass(frozen=True)
class Check:
    """name: of the list in README. text: one sentence. next_step: what to do, as a command where there is one.

    advisory: good to know, but not to know it stops nothing.
    """

    name: str
    status: Status
    text: str
    next_step: str = ""
    advisory: bool = False


class Need(Enum):
    """Whether something that is missing is needed as things stand. UNTOLD: what would tell could not be read."""

    NOW = "now"
    NO = "no"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Scene:
    """What all checks look at. plan: None when none can be made, because of which there is a check of its own."""

    tenant: OpenTenant
    spec: Spec
    reader: Reader
    known: Known = field(default_factory=Known)
    plan: Plan | None = None

    def need(self, *kinds: str) -> Need:
        """Whether the plan has something to do for one of these kinds, be it by a person."""
        ours = set(kinds) - left_to_others(self.spec)
        if not ours:
            return Need.NO
        if self.plan is None:
            return Need.UNTOLD
        steps = [step for step in self.plan.steps if step.address.kind in ours]
        if any(step.action.writes or (step.action is Action.PERSON and not _of_policies(step)) for step in steps):
            return Need.NOW
        return Need.UNTOLD if any(step.action is Action.UNKNOWN for step in steps) else Need.NO


def _of_policies(step: Step) -> bool:
    """What the vault's manager does in its access policies: no right of the runner's is missing for it."""
    return step.operation in (SET_POLICY, DELETE_POLICY)


def passed(name: str, text: str) -> Check:
    return Check(name, Status.PASS, text)


def failed(name: str, text: str, next_step: str) -> Check:
    return Check(name, Status.FAIL, text, next_step)


def unknown(name: str, text: str, next_step: str, *, advisory: bool = False) -> Check:
    return Check(name, Status.UNKNOWN, text, next_step, advisory)


def lacking(name: str, need: Need, text: str, next_step: str) -> Check:
    """What the runner lacks: a failure while it is needed, and nothing to mend when it is not."""
    if need is Need.NOW:
        return failed(name, text, next_step)
    if need is Need.UNTOLD:
        return unknown(name, f"{text}; whether it is needed now could not be told", next_step)
    return passed(name, f"{text}; nothing needs it now")


def unread(name: str, error: ApiError, right: Right | None = None, *, advisory: bool = False) -> Check:
    """Could not look: the right that is missing, if that is what it was."""
    by_right = isinstance(error, ForbiddenError) and right is not None
    told = right.told() if by_right and right is not None else ""
    return untold(name, Unknown(error.what, told, "" if told else error.next_step), advisory=advisory)


def untold(name: str, seen: Unknown, *, advisory: bool = False) -> Check:
    """What observing could not see."""
    next_step = seen.next_step or (f"give the runner one of: {seen.right}" if seen.right else "")
    return unknown(name, _REFUSED.sub(r"Azure refuses the runner \1", seen.why), next_step, advisory=advisory)


def exit_code(checks: Iterable[Check]) -> int:
    """1 a check failed, 4 something that matters could not be told, 0 (design section 3)."""
    return combine(_code(check) for check in checks)


def _code(check: Check) -> int:
    if check.status is Status.FAIL:
        return FAILED
    return COULD_NOT_TELL if check.status is Status.UNKNOWN and not check.advisory else DONE
