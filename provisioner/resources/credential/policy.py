"""Whether the tenant's app-management policies would refuse the credential that is to be added (sam-facts 5.2).

Read only when a step adds one. The application's own policy wins over the tenant's default for each rule it has; the
rest of the default stays. `customPasswordAddition` is about values a client chooses, and Graph makes ours: it never
refuses us. A rule with exceptions for some actors is not predicted, as nobody outside can tell whether it binds us.
"""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.policy_facts import AppManagementPolicy, Restriction
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Unknown
from provisioner.core.step import Action, Step
from provisioner.resources.contract import Reader, could_not_look
from provisioner.resources.rights import READ_POLICIES
from provisioner.spec.model import CredentialType

CHECK = "preflight/appManagementPolicy"
"""Its name in `safety.accept`, and behind the spec's name its address."""
_ADDS = ("create", "stage", "register")
_AFTER_ADDING = "promote"
_SHORTEST_CERTIFICATE = timedelta(days=31)  # its life is counted in whole months


@dataclass(frozen=True)
class Policies:
    """Those that bind one application. created_at: None while it does not exist."""

    default: AppManagementPolicy
    own: AppManagementPolicy | None
    created_at: datetime | None

    def in_force(self, kind: CredentialType) -> Iterable[tuple[AppManagementPolicy, Restriction]]:
        """The rules that bind this application for secrets or certificates, each with its policy."""
        own = _rules(self.own, kind)
        defined = {entry.rule for entry in own}
        default = [entry for entry in _rules(self.default, kind) if entry.rule not in defined]
        for policy, rules in ((self.own, own), (self.default, default)):
            for entry in rules:
                covered = entry.since is None or self.created_at is None or self.created_at >= entry.since
                if policy is not None and entry.enabled and covered and not entry.exempts:
                    yield policy, entry


@dataclass(frozen=True)
class Addition:
    """What is to be added. self_signed: made by us in the vault."""

    kind: CredentialType
    lifetime: timedelta
    self_signed: bool


@dataclass(frozen=True)
class Refusal:
    """Why it would be refused, and what to do about it."""

    reason: str
    todo: str


def adds(steps: Iterable[Step], kind: CredentialType) -> bool:
    """Whether a secret or a certificate is about to be added; trusts are not these policies' matter."""
    return kind != "federated" and any(step.operation in _ADDS and step.action.writes for step in steps)


async def read_policies(application: ApplicationFacts | None, read: Reader) -> Policies | Unknown:
    """Both policies at once; Unknown with the missing right when they may not be read."""
    policies = read.clients.graph.policies

    async def own_policy() -> AppManagementPolicy | None:
        return None if application is None else await policies.policy_of(application.id)

    try:
        default, own = await asyncio.gather(policies.default_policy(), own_policy())
    except ApiError as error:
        return could_not_look(error, READ_POLICIES.told())
    return Policies(default, own, None if application is None else application.created_at)


def refusal(policies: Policies, addition: Addition) -> Refusal | None:
    """The first rule that refuses it; None when none does."""
    for policy, rule in policies.in_force(addition.kind):
        told = f"the rule {rule.rule} of the policy {policy.name!r}"
        ask = "or ask whoever keeps the policy (an Application Administrator) to exempt this application"
        other = "federated" if addition.kind == "certificate" else "certificate"
        if rule.rule == "passwordAddition":
            return Refusal(
                f"{told} forbids client secrets", f"write application.credential.type: {other} into the spec, {ask}"
            )
        if rule.rule == "trustedCertificateAuthority" and addition.self_signed:
            reason = f"{told} takes only certificates of named authorities, and the vault signs its own"
            brought = "import a certificate of such an authority into the vault under application.credential.name"
            return Refusal(reason, f"{brought}, write type: federated into the spec, {ask}")
        longest = rule.longest
        by_lifetime = rule.rule in ("passwordLifetime", "asymmetricKeyLifetime")
        if by_lifetime and longest is not None and addition.lifetime > longest:
            reason = f"{told} allows at most {days(longest)}, and this one would live {days(addition.lifetime)}"
            if addition.kind == "certificate" and longest < _SHORTEST_CERTIFICATE:
                todo = f"no certificate of Key Vault's is that short: write type: federated into the spec, {ask}"
                return Refusal(reason, todo)
            return Refusal(reason, f"write application.credential.lifetime: {_fitting(longest)} into the spec, {ask}")
    return None


def judged(
    steps: Sequence[Step], address: Address, seen: Policies | Unknown | None, addition: Addition, *, accepted: bool
) -> list[Step]:
    """The steps with what the policies say of them: what would be refused is a person's, with what hangs on it."""
    if seen is None:
        return list(steps)
    if isinstance(seen, Unknown):
        return [_not_read(address, seen, accepted=accepted), *steps]
    refused = refusal(seen, addition)
    if refused is None:
        return list(steps)
    return [
        replace(step, action=Action.PERSON, reason=refused.reason, todo=refused.todo)
        if step.operation in _ADDS
        else step
        for step in steps
        if step.operation != _AFTER_ADDING
    ]


def _not_read(address: Address, seen: Unknown, *, accepted: bool) -> Step:
    kind, _, key = CHECK.partition("/")
    here = Address(address.name, kind, key)
    if accepted:
        return Step(here, Action.NONE, reason=f"not checked, as safety.accept says: {seen.why}")
    right = f"give the runner one of: {seen.right}" if seen.right else seen.next_step
    todo = f"{right}; or go on without: safety: {{accept: [{CHECK}]}}"
    return Step(here, Action.UNKNOWN, "observe", reason=seen.why, todo=todo)


def _rules(policy: AppManagementPolicy | None, kind: CredentialType) -> tuple[Restriction, ...]:
    if policy is None or not policy.enabled:
        return ()
    return policy.passwords if kind == "secret" else policy.keys


def whole_months(now: datetime, count: int) -> timedelta:
    """How long a certificate of so many months lives from now on, by the calendar."""
    year, month = divmod(now.month - 1 + count, 12)
    day = min(now.day, calendar.monthrange(now.year + year, month + 1)[1])
    return now.replace(year=now.year + year, month=month + 1, day=day) - now


def days(length: timedelta) -> str:
    """A length of time for people."""
    hours = int(length.total_seconds() // 3600)
    return f"{hours} hours" if hours < 48 else f"{length.days} days"


def _fitting(longest: timedelta) -> str:
    """The longest lifetime the spec can write."""
    return f"{longest.days}d" if longest.days else f"{int(longest.total_seconds() // 3600)}h"
