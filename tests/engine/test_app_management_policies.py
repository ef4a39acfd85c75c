"""What the tenant's app-management policies would refuse is a person's item of the plan, not a failure of apply."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from provisioner.clients.policy_facts import AppManagementPolicy, Restriction, duration
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Step
from provisioner.render.plan_json import document, tenant_json
from provisioner.render.plan_schema import plan_schema
from provisioner.resources.credential.policy import Addition, Policies, refusal, whole_months
from provisioner.spec.model import CredentialType
from tests.newcomer import Newcomer, newcomer
from tests.trial import CREDENTIAL, NAME, Onlooker, Trial, failures

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
NONE = AppManagementPolicy("default", "Default policy", enabled=True, passwords=(), keys=())
PREFLIGHT = f"{NAME}/preflight/appManagementPolicy"


def _policy(*rules: Restriction, keys: bool = False, enabled: bool = True, name: str = "Short lives") -> Any:
    return AppManagementPolicy(name, name, enabled, () if keys else rules, rules if keys else ())


def _rule(
    rule: str,
    longest: str | None = None,
    *,
    enabled: bool = True,
    since: datetime | None = None,
    exempts: bool = False,
) -> Restriction:
    return Restriction(rule, enabled, None if longest is None else duration(longest), since, exempts)


@pytest.mark.parametrize(
    ("kind", "days", "default", "own", "refused_by"),
    [
        ("secret", 90, _policy(_rule("passwordAddition")), None, "passwordAddition"),
        ("secret", 90, _policy(_rule("passwordLifetime", "P90D")), None, None),  # the limit itself is allowed
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D")), None, "passwordLifetime"),
        ("secret", 91, _policy(_rule("passwordLifetime", "P3M")), None, "passwordLifetime"),  # a month is 30 days
        ("secret", 366, _policy(_rule("passwordLifetime", "P1Y")), None, "passwordLifetime"),
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D"), enabled=False), None, None),
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D", enabled=False)), None, None),
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D", exempts=True)), None, None),  # nobody can tell
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D", since=NOW)), None, None),  # made before
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D", since=LONG_AGO)), None, "passwordLifetime"),
        ("secret", 91, _policy(_rule("customPasswordAddition")), None, None),  # Graph chooses our values
        ("secret", 91, _policy(_rule("symmetricKeyAddition")), None, None),
        ("secret", 91, _policy(_rule("asymmetricKeyLifetime", "P1D"), keys=True), None, None),
        ("certificate", 91, _policy(_rule("passwordAddition")), None, None),
        ("certificate", 91, _policy(_rule("asymmetricKeyLifetime", "P90D"), keys=True), None, "asymmetricKeyLifetime"),
        ("certificate", 9, _policy(_rule("trustedCertificateAuthority"), keys=True), None, "trustedCertificateAuth"),
        # the application's own policy wins for each rule it has, even one that is off
        ("secret", 91, _policy(_rule("passwordLifetime", "P90D")), _policy(_rule("passwordLifetime", "P1Y")), None),
        ("secret", 91, NONE, _policy(_rule("passwordLifetime", "P90D")), "passwordLifetime"),
        (
            "secret",
            91,
            _policy(_rule("passwordLifetime", "P90D")),
            _policy(_rule("passwordLifetime", enabled=False)),
            None,
        ),
        (
            "secret",
            91,
            _policy(_rule("passwordAddition")),
            _policy(_rule("passwordLifetime", "P1Y")),
            "passwordAddition",
        ),
    ],
)
def test_which_rule_refuses(kind: CredentialType, days: int, default: Any, own: Any, refused_by: str | None) -> None:
    addition = Addition(kind, timedelta(days=days), self_signed=True)
    found = refusal(Policies(default, own, LONG_AGO + timedelta(days=1)), addition)
    assert (found is None) == (refused_by is None)
    assert found is None or str(refused_by) in found.reason


def test_an_application_that_is_yet_to_be_made_is_younger_than_any_rule() -> None:
    policies = Policies(_policy(_rule("passwordAddition", since=NOW)), None, None)
    assert refusal(policies, Addition("secret", timedelta(days=1), self_signed=False)) is not None


def test_a_limit_below_a_month_leaves_no_certificate() -> None:
    policies = Policies(_policy(_rule("asymmetricKeyLifetime", "P30D"), keys=True), None, None)
    refused = refusal(policies, Addition("certificate", timedelta(days=365), self_signed=True))
    assert refused is not None
    assert "lifetime:" not in refused.todo
    assert "federated" in refused.todo


def test_a_certificates_months_are_the_calendars() -> None:
    assert whole_months(datetime(2027, 11, 23, tzinfo=UTC), 12) == timedelta(days=366)
    assert whole_months(datetime(2026, 12, 31, tzinfo=UTC), 2) == timedelta(days=59)


def _restrict(trial: Trial, kind: str, *rules: dict[str, Any]) -> Newcomer:
    """As whoever keeps the tenant's policies decides; they are returned, as nobody new gets a secret now."""
    keeper = newcomer(trial, "Policy.ReadWrite.ApplicationConfiguration", "Application.Read.All", name="Policy keeper")
    body = {"isEnabled": True, "applicationRestrictions": {kind: list(rules)}}
    keeper.graph("PATCH", "policies/defaultAppManagementPolicy", body)
    trial.forget()
    return keeper


def _of_credential(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.address.kind == "credential"]


LIFETIME = {"restrictionType": "passwordLifetime", "maxLifetime": "P30D"}


def test_a_secret_that_lives_too_long_is_foreseen_with_rule_limit_and_remedy(trial: Trial) -> None:
    _restrict(trial, "passwordCredentials", LIFETIME)
    (step,) = _of_credential(trial.plan())
    assert step.action is Action.PERSON
    assert "passwordLifetime" in step.reason
    assert "30 days" in step.reason
    assert "lifetime: 30d" in step.todo


def test_apply_does_all_but_what_would_be_refused(trial: Trial) -> None:
    _restrict(trial, "passwordCredentials", LIFETIME)
    result = trial.apply()
    assert result.exit_code() == 3, failures(result)
    assert not [write for write in trial.writes() if "addPassword" in write]
    assert trial.application()["passwordCredentials"] == []


def test_a_shorter_lifetime_is_accepted(trial: Trial) -> None:
    _restrict(trial, "passwordCredentials", LIFETIME)
    spec = trial.spec(application__credential={"type": "secret", "lifetime": "30d", "rotateBefore": "7d"})
    (step,) = _of_credential(trial.plan(spec))
    assert step.action is Action.CREATE


CERTIFICATE = {"type": "certificate", "lifetime": "365d"}


def test_a_certificate_is_measured_by_its_own_rule(trial: Trial) -> None:
    _restrict(trial, "keyCredentials", {"restrictionType": "asymmetricKeyLifetime", "maxLifetime": "P90D"})
    (step,) = _of_credential(trial.plan(trial.spec(application__credential=CERTIFICATE)))
    assert step.action is Action.PERSON
    assert "asymmetricKeyLifetime" in step.reason
    shorter = trial.spec(application__credential={**CERTIFICATE, "lifetime": "90d"})
    (step,) = _of_credential(trial.plan(shorter))
    assert step.action is Action.CREATE
    assert trial.apply(shorter).exit_code() == 3
    assert len(trial.application()["keyCredentials"]) == 1


def test_the_applications_own_policy_wins_for_the_rule_it_has(applied: Trial) -> None:
    keeper = _restrict(applied, "passwordCredentials", LIFETIME)
    rules = {"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P1Y"}]}
    own = keeper.graph(
        "POST",
        "policies/appManagementPolicies",
        {"displayName": "Exempt", "isEnabled": True, "restrictions": rules},
    )
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{own['id']}"}
    keeper.graph("POST", f"applications/{applied.application()['id']}/appManagementPolicies/$ref", reference)
    applied.cloud.control("POST", "clock", {"advanceSeconds": 65 * 86400})
    steps = _of_credential(applied.plan())
    assert [(step.operation, step.action) for step in steps] == [("stage", Action.UPDATE), ("promote", Action.UPDATE)]


def test_a_rotation_that_would_be_refused_leaves_the_one_in_force_alone(applied: Trial) -> None:
    _restrict(applied, "passwordCredentials", {"restrictionType": "passwordAddition"})
    applied.cloud.control("POST", "clock", {"advanceSeconds": 65 * 86400})
    steps = _of_credential(applied.plan())
    assert [(step.operation, step.action) for step in steps] == [("stage", Action.PERSON)]


def test_policies_are_read_only_where_a_credential_is_to_be_added(applied: Trial) -> None:
    applied.plan()
    assert not [each for each in applied.requests() if "olicies" in each["operation"]]


def _without_the_right(trial: Trial) -> None:
    trial.fault("graph.policies.defaultAppManagementPolicy", "deny", count=None)


def test_policies_that_may_not_be_read_are_unknown_and_stop_nothing(trial: Trial) -> None:
    _without_the_right(trial)
    plan = trial.plan()
    (unread,) = plan.unknown
    assert str(unread.address) == PREFLIGHT
    assert "Policy.Read" in unread.todo
    Draft202012Validator(plan_schema()).validate(json.loads(document([tenant_json(plan)])))
    assert plan.exit_code() == 4
    assert trial.apply().exit_code() == 3  # the secret is there now, and nothing is left to foresee


def test_accepted_as_unread_they_are_shown_as_not_checked(trial: Trial) -> None:
    _without_the_right(trial)
    plan = trial.plan(trial.spec(safety={"accept": ["preflight/appManagementPolicy"]}))
    (shown,) = (step for step in plan.steps if str(step.address) == PREFLIGHT)
    assert shown.action is Action.NONE
    assert shown.reason.startswith("not checked")
    assert plan.exit_code() == 2


def test_a_refusal_that_nobody_foresaw_names_the_policy_and_what_to_do(trial: Trial) -> None:
    spec = trial.spec()

    async def run() -> list[str]:
        from provisioner.operations.apply import ApplyOptions, carry_out
        from provisioner.operations.plan import look

        async with trial.opened() as tenant:
            seen = await look(tenant, spec)
            await asyncio.to_thread(_restrict, trial, "passwordCredentials", LIFETIME)
            result = await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))
        assert result.report is not None
        return [
            each.error.next_step
            for each in result.report.results
            if each.error is not None and each.step.address.key == CREDENTIAL
        ]

    (next_step,) = asyncio.run(run())
    assert "application.credential.lifetime" in next_step
