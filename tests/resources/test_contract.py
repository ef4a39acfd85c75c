"""What every kind of resource keeps to (design section 10), each proven on the emulator, none left out."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from provisioner.core.address import Address
from provisioner.core.errors import ConflictError, ForeignResourceError
from provisioner.core.observation import Known, Present, Unknown
from provisioner.core.plan import Cause
from provisioner.core.step import Action
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.engine.observer import observe
from provisioner.resources.contract import Reader
from provisioner.resources.kinds import BY_NAME, KINDS
from tests.resources.cases import CASES
from tests.trial import CREDENTIAL, NAME, Trial, failures

Document = dict[str, Any]
each_kind = pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
drifting = pytest.mark.parametrize("kind", [name for name, case in CASES.items() if case.drifts])
shared = pytest.mark.parametrize("kind", [name for name, case in CASES.items() if case.others])
MARK = f"provisioner:{NAME}"


def test_every_kind_has_a_case() -> None:
    assert set(CASES) == set(BY_NAME)
    assert all(bool(case.drifts) != bool(case.no_drift) for case in CASES.values())


def _observed(trial: Trial) -> Known:
    async def run() -> Known:
        async with trial.opened() as tenant:
            return await observe(trial.spec(), KINDS, Reader(tenant.clients, tenant.runner))

    return asyncio.run(run())


def _in_place(trial: Trial) -> None:
    """Nothing is left but the person's sign-in."""
    plan = trial.plan()
    assert [(step.address.kind, step.action) for step in plan.steps] == [("refresh_token", Action.PERSON)]
    assert plan.cause is Cause.NONE


def test_on_an_empty_tenant_everything_is_absent_and_nothing_below_it_is_asked_for(trial: Trial) -> None:
    known = _observed(trial)
    assert not [address for address, seen in known.items() if isinstance(seen, Unknown)]
    there = {address: seen.fact for address, seen in known.items() if isinstance(seen, Present)}
    registration = there.pop(Address(NAME, "resource_provider", "Microsoft.KeyVault"))
    assert registration.state == "NotRegistered"
    assert list(there) == [Address(NAME, "api_service_principal", "Microsoft Graph")]  # every tenant has it
    assert {address.kind for address, _ in known.items()} == set(BY_NAME)
    operations = Counter(each["operation"] for each in trial.requests())
    assert operations == {
        "entra.token.v2": 3,
        "graph.batch": 1,
        "graph.policies.defaultAppManagementPolicy": 1,  # a credential is to be added
        "graph.applications.get": 1,
        "graph.deletedItems.applications": 1,
        "graph.servicePrincipals.get": 2,  # the two APIs; not ours, whose application is absent
        "arm.vaults.get": 1,
        "arm.deleted_vaults.get": 1,
        "arm.providers.get": 1,
        "arm.resource_groups.get": 1,
    }


@each_kind
def test_a_forbidden_read_is_unknown_never_absent(prepared: Trial, kind: str) -> None:
    case = CASES[kind]
    trial = prepared.back_to(case.asked_of)
    trial.fault(case.reads, "deny", count=None)
    known = _observed(trial)
    seen = [observation for address, observation in known.items() if address.kind == kind]
    assert seen
    assert all(isinstance(observation, Unknown) and observation.why for observation in seen)
    plan = trial.plan()
    assert {step.action for step in plan.steps if step.address.kind == kind} == {Action.UNKNOWN}
    assert plan.exit_code() == 4
    trial.apply()
    assert f"PUT {case.writes}" not in trial.writes()
    assert f"POST {case.writes}" not in trial.writes()


@each_kind
def test_after_apply_nothing_is_left_to_do(applied: Trial, kind: str) -> None:
    spec, known = applied.spec(), _observed(applied)
    seen = {address: observation for address, observation in known.items() if address.kind == kind}
    wanted = BY_NAME[kind].wanted(spec)
    assert {address for address, entry in wanted.items() if not getattr(entry, "spare", False)} <= seen.keys()
    assert seen.keys() <= wanted.keys()
    if kind != "refresh_token":  # a person's
        assert all(isinstance(observation, Present) for observation in seen.values())
        assert not [step for step in applied.plan().steps if step.address.kind == kind]


def _in_the_spec(trial: Trial) -> dict[str, Document]:
    """What each kind should find again of what was applied."""
    spec = trial.document()
    application, vault = spec["application"], spec["vault"]
    own = ("displayName", "signInAudience", "homePageUrl", "replyUrls", "enableIdTokenIssuance", "permissions")
    api = {entry["api"]: entry for entry in application["permissions"]}
    delegated = [{"api": name, "delegated": sorted(entry["delegated"])} for name, entry in api.items()]
    app_roles = [{"api": "Microsoft Graph", "application": api["Microsoft Graph"]["application"]}]
    network = {"publicNetworkAccess": "Enabled", **vault["network"]}
    of_its_own = {"sku": "standard", "softDeleteRetentionDays": 90}
    return {
        "application": {"name": NAME, "application": {key: application[key] for key in own}},
        "grant": {"application": {"permissions": delegated}},
        "app_role_assignment": {"application": {"permissions": app_roles}},
        "credential": {"application": {"credential": {"name": CREDENTIAL, "type": "secret"}}},
        "vault": {
            "vault": {
                **{key: value for key, value in vault.items() if key != "access"},
                "network": network,
                **of_its_own,
            }
        },
        "role_assignment": {
            "vault": {"access": vault["access"]},
            "consent": {"operators": spec["consent"]["operators"]},
        },
    }


@each_kind
def test_what_was_applied_reads_back_as_the_spec(applied: Trial, kind: str) -> None:
    seen = {
        address: found.fact
        for address, found in _observed(applied).items()
        if address.kind == kind and isinstance(found, Present)
    }
    found = json.loads(json.dumps(BY_NAME[kind].to_spec(seen).document))
    found.get("application", {}).pop("appId", None)
    assert found == _in_the_spec(applied).get(kind, {})


def test_second_apply_sends_no_write(applied: Trial) -> None:
    assert applied.apply().exit_code() == 3
    assert applied.writes() == []


@drifting
def test_an_outside_change_shows_and_apply_repairs_exactly_it(applied: Trial, kind: str) -> None:
    case = CASES[kind]
    assert case.drifts is not None
    case.drifts(applied)
    plan = applied.plan()
    shown = sorted(f"{step.address.kind} {step.operation}" for step in plan.pending if not step.on_demand)
    assert tuple(shown) == tuple(sorted(case.shows))
    assert plan.exit_code() == 2
    applied.forget()
    assert applied.apply().exit_code() == 3
    assert tuple(sorted(applied.writes())) == case.repairs
    _in_place(applied)


@shared
def test_an_update_keeps_what_others_put_there(applied: Trial, kind: str) -> None:
    case = CASES[kind]
    assert case.adds and case.others and case.drifts
    case.adds(applied)
    theirs = case.others(applied)
    assert theirs
    assert applied.plan().exit_code() == 3, "what others add is no drift"
    case.drifts(applied)
    assert applied.apply().exit_code() == 3
    assert case.others(applied) == theirs


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "status", "status": 429, "retryAfter": 7, "count": 2},
        {"action": "status", "status": 503, "count": 1},
        {"action": "reset", "count": 1},
    ],
    ids=["429", "503", "reset"],
)
@pytest.mark.parametrize("operation", sorted({case.reads for case in CASES.values()}))
def test_a_disturbed_read_is_read_again(prepared: Trial, operation: str, fault: dict[str, object]) -> None:
    asked_of = {case.asked_of for case in CASES.values() if case.reads == operation}
    trial = prepared.back_to(asked_of.pop())
    undisturbed = [(step.address, step.action) for step in trial.plan().steps]
    trial.cloud.control("POST", "faults", {"operation": operation, **fault})
    assert [(step.address, step.action) for step in trial.plan().steps] == undisturbed
    [struck] = trial.cloud.control("GET", "faults")["faults"]
    assert struck["struck"] == fault["count"]


@pytest.mark.parametrize(
    ("fault", "runs"),
    [
        ({"action": "status", "status": 429, "retryAfter": 7, "count": 2}, 1),
        ({"action": "status", "status": 503, "count": 1}, 2),
        ({"action": "reset", "count": 1}, 2),
    ],
    ids=["429", "503", "reset"],
)
@pytest.mark.parametrize("operation", sorted({case.writes for case in CASES.values()}))
def test_a_disturbed_write_ends_well(trial: Trial, operation: str, fault: dict[str, object], runs: int) -> None:
    """429 was not carried out, so it is repeated; of the rest a POST is not, and the next run looks first."""
    trial.cloud.control("POST", "faults", {"operation": operation, **fault})
    results = [trial.apply()]
    while results[-1].exit_code() == 1 and len(results) < runs:
        results.append(trial.apply())
    assert results[-1].exit_code() == 3, failures(results[-1])
    _in_place(trial)
    assert len(trial.application()["passwordCredentials"]) == 1


@pytest.mark.parametrize(
    "lag", [{"graph": 40}, {"rbac": 300}, {"secret": 45}, {"graph": 25, "rbac": 200, "secret": 30}], ids=str
)
def test_lag_is_waited_for(trial: Trial, lag: dict[str, int]) -> None:
    trial.cloud.control("PUT", "lag", lag)
    result = trial.apply()
    assert result.exit_code() == 3, failures(result)
    _in_place(trial)
    assert len(trial.application()["passwordCredentials"]) == 1


def _foreign_application(trial: Trial) -> None:
    trial.graph("POST", "applications", {"displayName": "Theirs", "uniqueName": NAME})


def _foreign_vault(trial: Trial) -> None:
    subscription = f"/subscriptions/{trial.tenant.subscription}"
    trial.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", version="2022-09-01")
    trial.arm("PUT", trial.group_path, {"location": "westeurope"}, "2022-09-01")
    properties = {
        "tenantId": trial.tenant.id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    trial.arm("PUT", trial.vault_path, {"location": "westeurope", "properties": properties})


def _deleted_foreign_vault(trial: Trial) -> None:
    _foreign_vault(trial)
    trial.arm("DELETE", trial.vault_path)


@pytest.mark.parametrize("occupy", [_foreign_application, _foreign_vault, _deleted_foreign_vault])
def test_a_foreign_object_of_our_name_is_refused_before_anything_is_written(trial: Trial, occupy: object) -> None:
    assert callable(occupy)
    occupy(trial)
    trial.forget()
    with pytest.raises(ForeignResourceError) as refused:
        trial.apply()
    assert refused.value.next_step
    assert trial.writes() == []


def test_a_vault_name_taken_elsewhere_in_azure_is_told_as_that(trial: Trial) -> None:
    elsewhere = Trial(trial.cloud, FABRIKAM, trial.reply_urls)
    elsewhere.arm(
        "POST", f"/subscriptions/{FABRIKAM.subscription}/providers/Microsoft.KeyVault/register", version="2022-09-01"
    )
    elsewhere.arm("PUT", elsewhere.group_path, {"location": "westeurope"}, "2022-09-01")
    properties = {"tenantId": FABRIKAM.id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    path = elsewhere.vault_path.replace(elsewhere.vault, trial.vault)
    elsewhere.arm("PUT", path, {"location": "westeurope", "properties": properties})
    result = trial.apply()
    assert result.exit_code() == 1
    assert result.report is not None
    [error] = [each.error for each in result.report.results if each.error is not None]
    assert isinstance(error, ConflictError)
    assert "unique in all of Azure" in error.next_step
