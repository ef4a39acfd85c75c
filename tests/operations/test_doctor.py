"""`doctor` finds what would be in the way, says what to do about it, and writes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from provisioner.core.clock import Clock
from provisioner.core.errors import WrongTenantError
from provisioner.operations.doctor import doctor, without_runner
from provisioner.operations.preflight.check import Check, exit_code
from provisioner.operations.preflight.consent import consent_modes
from provisioner.operations.preflight.identity import pipeline
from provisioner.operations.preflight.network import clock_check
from provisioner.spec.model import Spec
from provisioner.verify.checks import Status
from tests.inherited import Inherited
from tests.newcomer import Newcomer, give_role, newcomer, opened_as
from tests.trial import NAME, Trial, could_write

ADVISORY = {"securityDefaults", "conditionalAccess", "azurePolicies"}


def _doctor(
    trial: Trial, *innermost: ClientMiddlewareType, spec: Spec | None = None, who: Newcomer | None = None
) -> dict[str, Check]:
    """The checks by name; of several of one name (operators, consumers) the first that does not hold."""

    async def run() -> tuple[Check, ...]:
        opened = (
            opened_as(trial, who, *innermost, spec=spec, verb="doctor")
            if who
            else trial.opened(*innermost, spec=spec, verb="doctor")
        )
        async with opened as tenant:
            return await doctor(tenant, spec or trial.spec())

    trial.forget()
    checks = asyncio.run(run())
    assert not [each for each in trial.requests() if could_write(each) and "check_name" not in each["operation"]]
    found: dict[str, Check] = {}
    for check in checks:
        if check.name not in found or check.status is not Status.PASS:
            found[check.name] = check
    return found


def _not_passed(checks: dict[str, Check]) -> set[str]:
    return {check.name for check in checks.values() if check.status is not Status.PASS}


def test_before_the_first_apply_nothing_is_in_the_way(trial: Trial) -> None:
    checks = _doctor(trial)
    assert _not_passed(checks) <= ADVISORY
    assert exit_code(checks.values()) == 0
    assert "yet to be made" in checks["vaultAccess"].text
    assert "apply makes it" in checks["partnerCenter"].text


def test_after_it_the_vault_itself_is_asked(applied: Trial) -> None:
    checks = _doctor(applied)
    assert _not_passed(checks) <= ADVISORY
    assert "can list" in checks["vaultAccess"].text
    assert "answers" in checks["vaultHost"].text
    assert "has Key Vault Secrets Officer" in checks["operatorRoles"].text


def test_an_identity_without_any_right_is_told_of_each(applied: Trial) -> None:
    checks = _doctor(applied, who=newcomer(applied))
    right = {"applications", "grants", "providerRight", "vaultRight", "vaultName", "locks", "resourceProvider"}
    right |= {"uniqueName", "appManagementPolicy", "vaultAccess", "runnerRoles", "roleConditions", "partnerCenter"}
    assert right <= _not_passed(checks)
    assert exit_code(checks.values()) == 4
    for name in right:
        assert checks[name].next_step, name
    assert "Application.ReadWrite.OwnedBy" in checks["applications"].next_step
    assert "Policy.Read.All" in checks["appManagementPolicy"].next_step


def test_a_missing_permission_that_nothing_needs_any_more_is_no_failure(applied: Trial) -> None:
    reader = newcomer(applied, "Directory.Read.All", "Policy.Read.All")
    for role in ("Reader", "Key Vault Secrets Officer"):
        give_role(applied, role, f"/subscriptions/{applied.tenant.subscription}", reader.object_id, "ServicePrincipal")
    checks = _doctor(applied, who=reader)
    assert {name for name in _not_passed(checks) if checks[name].status is Status.FAIL} == set()
    assert "nothing needs it now" in checks["grants"].text


def _lock(trial: Trial) -> None:
    _group(trial)
    owner = newcomer(trial, name="Owner")
    owner.may("Owner", trial.group_path)
    path = f"{trial.group_path}/providers/Microsoft.Authorization/locks/frozen"
    owner.arm("PUT", path, {"properties": {"level": "ReadOnly"}}, "2020-05-01")


def _foreign_application(trial: Trial) -> str:
    made = trial.graph("POST", "applications", {"displayName": "Another", "uniqueName": NAME})
    return str(made["id"])


def _deleted_foreign_application(trial: Trial) -> None:
    trial.graph("DELETE", f"applications/{_foreign_application(trial)}")


def _group(trial: Trial) -> None:
    subscription = f"/subscriptions/{trial.tenant.subscription}"
    trial.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", None, "2022-09-01")
    trial.arm("PUT", trial.group_path, {"location": "westeurope"}, "2022-09-01")
    trial.cloud.control("POST", "clock", {"advanceSeconds": 300})


def _foreign_vault(trial: Trial) -> None:
    _group(trial)
    trial.arm("PUT", trial.vault_path, _vault_body(trial))


def _deleted_foreign_vault(trial: Trial) -> None:
    _foreign_vault(trial)
    trial.arm("DELETE", trial.vault_path)


def _vault_of_another_group(trial: Trial) -> None:
    _group(trial)
    trial.arm("PUT", f"{trial.group_path}-other", {"location": "westeurope"}, "2022-09-01")
    trial.arm("PUT", trial.vault_path.replace("/rg-trial/", "/rg-trial-other/"), _vault_body(trial))


def _vault_body(trial: Trial) -> dict[str, Any]:
    properties = {
        "tenantId": trial.tenant.id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    return {"location": "westeurope", "properties": properties}


@dataclass(frozen=True)
class Case:
    """bring: what somebody did. The check it must fail, and words of its sentence and next step."""

    name: str
    bring: Callable[[Trial], object]
    check: str
    text: str
    next_step: str


@pytest.mark.parametrize(
    "case",
    [
        Case("lock", _lock, "locks", "read-only lock frozen", "az lock delete"),
        Case("application", _foreign_application, "uniqueName", "without our mark", "another name"),
        Case("deleted application", _deleted_foreign_application, "uniqueName", "deleted application", "az rest"),
        Case("vault", _foreign_vault, "vaultName", "without our mark", "another vault.name"),
        Case("deleted vault", _deleted_foreign_vault, "vaultName", "soft-deleted", "az keyvault recover"),
        Case("vault elsewhere", _vault_of_another_group, "vaultName", "already in use", "another vault.name"),
    ],
    ids=lambda case: case.name,
)
def test_what_stands_in_the_way_of_the_first_apply_is_found(trial: Trial, case: Case) -> None:
    case.bring(trial)
    checks = _doctor(trial)
    assert checks[case.check].status is Status.FAIL
    assert case.text in checks[case.check].text
    assert case.next_step in checks[case.check].next_step
    assert exit_code(checks.values()) == 1


def test_a_plan_that_cannot_be_made_is_one_finding_among_the_others(trial: Trial) -> None:
    spec = trial.spec(application__permissions=[{"api": "Microsoft Graph", "delegated": ["No.Such.Permission"]}])
    checks = _doctor(trial, spec=spec)
    assert checks["plan"].status is Status.FAIL
    assert "No.Such.Permission" in checks["plan"].text
    assert checks["locks"].status is Status.PASS


def test_a_policy_against_the_credential_fails_with_rule_and_remedy(trial: Trial) -> None:
    keeper = newcomer(trial, "Policy.ReadWrite.ApplicationConfiguration")
    rule = {"restrictionType": "passwordLifetime", "maxLifetime": "P30D"}
    body = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [rule]}}
    keeper.graph("PATCH", "policies/defaultAppManagementPolicy", body)
    check = _doctor(trial)["appManagementPolicy"]
    assert check.status is Status.FAIL
    assert "passwordLifetime" in check.text
    assert "lifetime: 30d" in check.next_step


def test_an_unread_policy_that_the_spec_accepts_does_not_count(trial: Trial) -> None:
    trial.fault("graph.policies.defaultAppManagementPolicy", "deny", count=None)
    assert exit_code(_doctor(trial).values()) == 4
    spec = trial.spec(safety={"accept": ["preflight/appManagementPolicy"]})
    checks = _doctor(trial, spec=spec)
    assert checks["appManagementPolicy"].status is Status.UNKNOWN
    assert exit_code(checks.values()) == 0


def test_the_vaults_firewall_is_told_apart_from_a_missing_role(applied: Trial) -> None:
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}
    applied.arm("PATCH", applied.vault_path, {"properties": {"networkAcls": acls}})
    checks = _doctor(applied)
    assert checks["vaultFirewall"].status is Status.FAIL
    assert "address" in checks["vaultFirewall"].text
    assert checks["vaultFirewall"].next_step.endswith("--ip-address 127.0.0.1")
    assert checks["vaultAccess"].status is Status.UNKNOWN


def test_a_condition_that_leaves_out_a_role_is_seen(trial: Trial) -> None:
    _group(trial)
    limited = newcomer(trial, "Application.ReadWrite.All", "Directory.Read.All", "Policy.Read.All")
    subscription = f"/subscriptions/{trial.tenant.subscription}"
    give_role(trial, "Contributor", subscription, limited.object_id, "ServicePrincipal")
    condition = (
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR "
        "(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals "
        "{4633458b-17de-408a-b874-0445c86b69e6}))"
    )
    role = "Role Based Access Control Administrator"
    give_role(trial, role, trial.group_path, limited.object_id, "ServicePrincipal", condition=condition)
    check = _doctor(trial, who=limited)["roleConditions"]
    assert check.status is Status.UNKNOWN
    assert "Key Vault Secrets Officer" in check.text
    assert "Key Vault Secrets User" not in check.text


def test_a_least_privilege_runner_is_told_of_the_principal_it_may_not_make(trial: Trial) -> None:
    owner = newcomer(trial, "Application.ReadWrite.OwnedBy", "Directory.Read.All")
    check = _doctor(trial, who=owner)["partnerCenter"]
    assert check.status is Status.FAIL
    assert check.next_step.startswith("az ad sp create --id fa3d9a0c")


def test_a_host_that_does_not_answer_is_named(trial: Trial) -> None:
    async def cut(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.url.host == "api.partnercenter.microsoft.com":
            raise aiohttp.ClientConnectionError
        return await handler(request)

    check = _doctor(trial, cut)["partnerCenterHost"]
    assert check.status is Status.FAIL
    assert "api.partnercenter.microsoft.com does not answer" in check.text


@pytest.mark.parametrize(("off_s", "status"), [(0, "pass"), (299, "pass"), (-301, "fail"), (301, "fail")])
def test_a_clock_more_than_five_minutes_off_fails(off_s: int, status: str) -> None:
    clock = Clock(timedelta(days=400))  # an emulator's, which is ahead on purpose
    assert clock_check(datetime.now(UTC) + timedelta(seconds=off_s), clock).status == status


def test_without_a_runner_hosts_and_clock_are_still_looked_at(trial: Trial) -> None:
    async def run() -> tuple[Check, ...]:
        async with trial.opened() as tenant:
            error = WrongTenantError("signed in to another tenant", next_step="az login --tenant X")
            clients = tenant.clients
            return await without_runner(trial.spec(), clients.session, clients.clock, error)

    checks = {check.name: check for check in asyncio.run(run())}
    assert checks["identity"].status is Status.FAIL
    assert checks["identity"].next_step == "az login --tenant X"
    assert checks["graphHost"].status is Status.PASS
    assert checks["vault"].status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("environment", "status", "told"),
    [  # for nobody signed in
        ({}, "pass", "no pipeline"),
        ({"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, "pass", "afresh"),
        ({"GITHUB_ACTIONS": "true"}, "fail", "id-token: write"),
        ({"TF_BUILD": "True"}, "fail", "System.AccessToken"),
        ({"TF_BUILD": "True", "SYSTEM_ACCESSTOKEN": "x"}, "pass", "afresh"),
        ({"AZURE_FEDERATED_TOKEN_FILE": "/var/run/token"}, "pass", "afresh"),
        ({"AZURE_CLIENT_SECRET": "x"}, "pass", "expires"),
    ],
)
def test_a_pipeline_that_cannot_prove_itself_is_told_the_line_it_lacks(
    trial: Trial, environment: dict[str, str], status: str, told: str
) -> None:
    check = pipeline(trial.spec(), environment, signed_in=False)
    assert pipeline(trial.spec(), environment, signed_in=True).status is Status.PASS
    assert check.status == status
    assert told in check.text + check.next_step


@pytest.mark.parametrize(
    ("urls", "modes"),
    [
        (["http://localhost:{free}/"], "browser or paste or device"),
        (["https://partner.example/answer"], "paste or device"),
        ([{"uri": "http://localhost:{free}/", "platform": "publicClient"}], None),
    ],
)
def test_the_modes_of_consent_that_work_here_are_named(trial: Trial, urls: list[Any], modes: str | None) -> None:
    here = json.loads(json.dumps(urls).replace("{free}", "18473"))
    check = consent_modes(trial.spec(application__replyUrls=here))
    assert (check.status is Status.PASS) == (modes is not None)
    assert modes is None or modes in check.text


@pytest.fixture
def inherited(prepared: Trial) -> Inherited:
    """Application and vault are somebody else's, who made them before any spec."""
    prepared.back_to("new")
    tenant = Inherited(prepared.cloud, prepared.tenant, prepared.reply_urls)
    tenant.make()
    return tenant


@pytest.mark.parametrize("mode", ["adopt", "use"])
def test_what_others_made_is_in_nobodys_way(inherited: Inherited, mode: str) -> None:
    inherited.mode = mode
    checks = _doctor(inherited, spec=inherited.spec())
    assert _not_passed(checks) <= ADVISORY | {"plan", "vaultAccess"}, "its own role in the vault is yet to be assigned"
    told = "managed elsewhere" if mode == "use" else "apply marks it as ours"
    assert told in checks["uniqueName"].text and told in checks["vaultName"].text


def test_a_runner_that_may_change_only_what_it_owns_is_told_to_become_an_owner(inherited: Inherited) -> None:
    runner = newcomer(inherited, "Application.ReadWrite.OwnedBy")
    found = _doctor(inherited, spec=inherited.spec(), who=runner)["applicationOwner"]
    command = f"az ad app owner add --id {inherited.app_id} --owner-object-id {runner.object_id}"
    assert (found.status, found.next_step) == (Status.FAIL, command)
    inherited.make_owner(runner.object_id)
    assert _doctor(inherited, spec=inherited.spec(), who=runner)["applicationOwner"].status is Status.PASS


def test_under_use_the_runner_needs_no_right_to_what_is_managed_elsewhere(inherited: Inherited) -> None:
    runner = newcomer(inherited, "Application.ReadWrite.OwnedBy", "Directory.Read.All", "Policy.Read.All")
    runner.may("Reader", inherited.vault_path)
    inherited.mode = "use"
    checks = _doctor(inherited, spec=inherited.spec(), who=runner)
    assert {checks[name].status for name in ("grants", "appRoles", "vaultRight")} == {Status.PASS}
    inherited.mode = "adopt"
    checks = _doctor(inherited, spec=inherited.spec(), who=runner)
    assert {checks[name].status for name in ("grants", "appRoles", "vaultRight")} == {Status.FAIL}


def test_what_the_vaults_access_policies_lack_is_a_command_and_no_missing_right(inherited: Inherited) -> None:
    inherited.arm("PATCH", inherited.vault_path, {"properties": {"enableRbacAuthorization": False}})
    checks = _doctor(inherited, spec=inherited.spec())
    runner = inherited.tenant.runner.object_id
    permissions = "--secret-permissions get list set recover"
    command = f"az keyvault set-policy --name {inherited.vault} --object-id {runner} {permissions}"
    for name in ("vaultAccess", "runnerRoles"):
        assert (checks[name].status, checks[name].next_step) == (Status.FAIL, command), checks[name]
    assert checks["operatorRoles"].status is checks["consumerRoles"].status is Status.FAIL
    assert checks["assignRight"].status is Status.PASS


@pytest.mark.parametrize("deleted", [False, True])
def test_an_application_that_is_not_there_is_told_with_what_brings_it_back(inherited: Inherited, deleted: bool) -> None:
    application = inherited.application()
    spec = inherited.spec()
    if deleted:
        inherited.graph("DELETE", f"applications/{application['id']}")
    else:
        spec = inherited.spec(application__appId="9d1f5c3a-6e27-4b80-a4d9-3f0c8e5b7126")
    checks = _doctor(inherited, spec=spec)
    assert checks["plan"].status is checks["uniqueName"].status is Status.FAIL
    assert (f"deletedItems/{application['id']}/restore" in checks["uniqueName"].next_step) == deleted
