"""What apply takes away: only what the plan showed, within the limit of safety, from lists the spec owns."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

import pytest

from provisioner.core.address import Address
from provisioner.core.errors import ProtectedError, UnsafePlanError
from provisioner.core.observation import Known
from provisioner.core.step import Action, Change, Step
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out, check_safety
from provisioner.operations.plan import Seen, look
from provisioner.render.plan_json import tenant_json
from provisioner.render.plan_text import plan_text
from provisioner.resources.marks import NOTES
from provisioner.spec.model import Spec
from tests.inherited import Inherited
from tests.resources.cases import CASES, USER_READ_ALL
from tests.resources.cases import GRAPH as GRAPH_APP
from tests.trial import NAME, Onlooker, Trial, failures

ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
SUBSCRIPTION = "/subscriptions/88529ac0-28a1-48e0-98f0-5bcf71a6a6f3"
OFFICER_ROLE = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
BY_ADMINISTRATORS = "DelegatedPermissionGrant.ReadWrite.All"
OUTSIDE_CHANGES = {name: case.drifts for name, case in CASES.items() if case.drifts}


def _applied_with(trial: Trial, spec: Spec, *allowed: str) -> ApplyResult:
    async def run() -> ApplyResult:
        async with trial.opened() as tenant:
            options = ApplyOptions(with_consent=False, allowed=frozenset(allowed))
            return await carry_out(tenant, spec, await look(tenant, spec), Onlooker(), options)

    return asyncio.run(run())


def test_a_removal_needs_a_yes_of_its_own(applied: Trial) -> None:
    spec = applied.spec(application__replyUrls=list(applied.reply_urls[1:]), exact=["replyUrls"])
    [step] = applied.plan(spec).removals
    assert [(change.before, change.after) for change in step.fields] == [(applied.reply_urls[0], None)]
    applied.forget()
    with pytest.raises(UnsafePlanError) as refused:
        _applied_with(applied, spec)
    assert f"--allow-removal {step.address}" in refused.value.next_step
    assert applied.writes() == []
    assert _applied_with(applied, spec, str(step.address)).exit_code() == 3
    assert applied.reply_urls[0] not in applied.application()["web"]["redirectUris"]


def test_access_that_left_the_spec_goes_within_the_limit_of_safety(applied: Trial) -> None:
    spec = applied.spec(vault__access=None, safety={"maxRemovals": 1})
    [step] = applied.plan(spec).removals
    assert (step.address.kind, step.operation) == ("role_assignment", "withdraw")
    assert applied.apply(spec).exit_code() == 3
    assert [step.address.kind for step in applied.plan(spec).steps] == ["refresh_token"]


def test_a_narrower_role_is_given_before_the_wider_one_that_we_gave_goes(trial: Trial) -> None:
    person = {"principal": trial.tenant.colleague_id, "type": "User"}
    wide, narrow = ({**person, "role": f"Key Vault {role}"} for role in ("Administrator", "Secrets Officer"))
    assert trial.apply(trial.spec(vault__access=[wide])).exit_code() == 3
    spec = trial.spec(vault__access=[narrow], safety={"maxRemovals": 1})
    assert [step.operation for step in trial.plan(spec).pending] == ["assign", "withdraw", "record"]
    assert trial.apply(spec).exit_code() == 3
    assert not trial.plan(spec).pending


def test_a_list_that_the_spec_does_not_own_loses_nothing_however_exact_it_is(applied: Trial) -> None:
    def kept() -> tuple[object, object]:
        vault = applied.arm("GET", applied.vault_path)
        tags = {name: tag for name, tag in vault["tags"].items() if name not in NOTES}
        return tags, vault["properties"]["networkAcls"]["ipRules"]

    before = kept()
    network = {"defaultAction": "Allow", "publicNetworkAccess": "Enabled"}
    spec = applied.spec(exact=["tags", "allowedIps"], vault__tags=None, vault__network=network)
    applied.arm("PATCH", applied.vault_path, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert applied.plan(spec).removals == ()
    assert applied.apply(spec).exit_code() == 3
    assert kept() == before


@pytest.mark.parametrize("exact", [[], ["replyUrls"]], ids=["others stay", "exact"])
def test_a_reply_url_that_changes_its_platform_is_moved_and_not_removed(applied: Trial, exact: list[str]) -> None:
    url = "https://app.contoso.com/signed-in"
    applied.change_application(publicClient={"redirectUris": [url]})
    spec = applied.spec(application__replyUrls=[*applied.reply_urls, url], exact=exact)
    [step] = [step for step in applied.plan(spec).pending if step.address.kind == "application"]
    assert step.fields == (Change("application.replyUrls", f"{url} (publicClient)", url),)
    assert not step.removal
    assert applied.apply(spec).exit_code() == 3
    application = applied.application()
    assert url in application["web"]["redirectUris"]
    assert application["publicClient"]["redirectUris"] == []
    assert not applied.plan(spec).pending


def test_an_exact_list_of_reply_urls_removes_those_of_every_platform(applied: Trial) -> None:
    applied.change_application(spa={"redirectUris": ["https://spa.contoso.com/"]})
    spec = applied.spec(exact=["replyUrls"], safety={"maxRemovals": 1})
    assert applied.apply(spec).exit_code() == 3
    assert applied.application()["spa"]["redirectUris"] == []
    assert applied.plan(spec).exit_code() == 3


def test_every_entry_that_is_taken_out_of_a_list_counts(applied: Trial) -> None:
    spec = applied.spec(
        application__replyUrls=list(applied.reply_urls[:1]), exact=["replyUrls"], safety={"maxRemovals": 1}
    )
    with pytest.raises(UnsafePlanError, match=r"removes 2, safety\.maxRemovals is 1"):
        _applied_with(applied, spec)
    assert applied.writes() == []


def test_a_grant_that_grew_since_the_plan_is_not_revoked(applied: Trial) -> None:
    principal = applied.principal(applied.application()["appId"])["id"]
    api = applied.principal(GRAPH_APP)["id"]
    ours = next(grant for grant in applied.grants() if grant["clientId"] == principal and grant["resourceId"] == api)
    spec = applied.spec(
        application__permissions=[{"api": "Microsoft Partner Center", "delegated": ["user_impersonation"]}],
        exact=["grants"],
        safety={"maxRemovals": 9},
    )
    grown = {"scope": f"{ours['scope']} Mail.Read"}

    async def run() -> ApplyResult:
        async with applied.opened() as tenant:
            seen = await look(tenant, spec)
            await asyncio.to_thread(applied.graph, "PATCH", f"oauth2PermissionGrants/{ours['id']}", grown)
            return await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))

    result = asyncio.run(run())
    assert result.exit_code() == 1
    assert any("Mail.Read" in failure for failure in failures(result))
    assert ours["id"] in {grant["id"] for grant in applied.grants()}


def test_rounds_of_one_apply_share_what_may_be_removed(applied: Trial) -> None:
    spec = applied.spec(
        application__replyUrls=list(applied.reply_urls[1:]), exact=["replyUrls"], safety={"maxRemovals": 1}
    )

    async def run() -> None:
        async with applied.opened() as tenant:
            seen = await look(tenant, spec)
            check_safety(seen, spec, ApplyOptions())
            earlier = await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))
            with pytest.raises(UnsafePlanError, match="with what was removed before, the plan removes 2"):
                check_safety(seen, spec, ApplyOptions(), earlier)

    asyncio.run(run())


@pytest.mark.parametrize("kind", ["grant", "app_role_assignment"])
def test_what_somebody_else_revoked_since_the_plan_is_revoked(applied: Trial, kind: str) -> None:
    principal = applied.principal(applied.application()["appId"])["id"]
    if kind == "grant":
        api = applied.principal(SERVICE_MANAGEMENT)
        body = {
            "clientId": principal,
            "resourceId": api["id"],
            "consentType": "AllPrincipals",
            "scope": "user_impersonation",
        }
        there = f"oauth2PermissionGrants/{applied.graph('POST', 'oauth2PermissionGrants', body)['id']}"
    else:
        body = {"principalId": principal, "resourceId": applied.principal(GRAPH_APP)["id"], "appRoleId": USER_READ_ALL}
        path = f"servicePrincipals/{principal}/appRoleAssignments"
        there = f"{path}/{applied.graph('POST', path, body)['id']}"
    spec = applied.spec(exact=["grants"], safety={"maxRemovals": 1})

    async def run() -> ApplyResult:
        async with applied.opened() as tenant:
            seen = await look(tenant, spec)
            assert [step.address.kind for step in seen.plan.removals] == [kind]
            await asyncio.to_thread(applied.graph, "DELETE", there)
            return await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))

    assert asyncio.run(run()).exit_code() == 3


def test_exact_access_takes_a_wider_role_from_a_consumer(applied: Trial) -> None:
    CASES["role_assignment"].drifts(applied)  # type: ignore[misc]  # this case has one
    definitions = f"/subscriptions/{applied.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    administrator = {
        "roleDefinitionId": f"{definitions}/00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "principalId": applied.tenant.colleague_id,
        "principalType": "User",
    }
    path = f"{applied.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    applied.arm("PUT", path, {"properties": administrator}, "2022-04-01")
    assert applied.plan().exit_code() == 3, "without exact, a wider role serves as well"
    spec = applied.spec(exact=["access"], safety={"maxRemovals": 1})
    shown = [(step.operation, step.address.key.partition("/")[0]) for step in applied.plan(spec).pending]
    assert shown[:2] == [("assign", "Key Vault Secrets User"), ("withdraw", "Key Vault Administrator")]
    assert applied.apply(spec).exit_code() == 3
    assert applied.plan(spec).exit_code() == 3


@pytest.mark.parametrize("kind", ["grant", "app_role_assignment"])
def test_exact_grants_go_with_the_last_permission_of_their_kind(applied: Trial, kind: str) -> None:
    graph, center = "Microsoft Graph", "Microsoft Partner Center"
    if kind == "grant":
        changed = {"application__permissions": [{"api": graph, "application": ["Organization.Read.All"]}]}
    else:
        scopes = [(center, ["user_impersonation"]), (graph, ["User.Read", "Directory.AccessAsUser.All"])]
        changed = {"application__permissions": [{"api": api, "delegated": names} for api, names in scopes]}
    spec = applied.spec(**changed, exact=["grants"], safety={"maxRemovals": 9})
    assert {step.address.kind for step in applied.plan(spec).removals} == {kind}
    assert applied.apply(spec).exit_code() == 3
    assert applied.plan(spec).removals == ()


# what never goes


def test_the_reply_url_that_consent_listens_on_goes_only_by_name(applied: Trial) -> None:
    spec = applied.spec(
        application__replyUrls=["urn:ietf:wg:oauth:2.0:oob"], exact=["replyUrls"], safety={"maxRemovals": 9}
    )
    with pytest.raises(UnsafePlanError, match="consent could listen on") as refused:
        _applied_with(applied, spec)
    assert applied.writes() == []
    assert f"--allow-removal {NAME}/application" in refused.value.next_step
    assert _applied_with(applied, spec, f"{NAME}/application").exit_code() == 3


def test_the_last_reply_url_of_all_never_goes(applied: Trial) -> None:
    """Such a spec is refused offline; a plan made from it is refused as well."""
    spec = applied.spec(application__replyUrls=[], exact=["replyUrls"], safety={"maxRemovals": 9})
    with pytest.raises(UnsafePlanError, match="could come back to") as refused:
        _applied_with(applied, spec, f"{NAME}/application")
    assert "--allow-removal" not in refused.value.next_step
    assert applied.writes() == []


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE])
@pytest.mark.parametrize("kind", ["application", "vault"])
def test_apply_neither_removes_nor_replaces_what_is_protected(applied: Trial, kind: str, action: Action) -> None:
    """No plan of apply does today; were there one, no flag would let it through."""
    address = Address(NAME, kind)
    plan = replace(applied.plan(), steps=(Step(address, action, removal=True),))
    generous = {"safety": {"maxRemovals": 9}}
    check_safety(Seen(plan, Known()), applied.spec(**generous), ApplyOptions())
    spec = applied.spec(**{f"{kind}__protect": True}, **generous)
    with pytest.raises(ProtectedError, match=f"the {kind} is protected"):
        check_safety(Seen(plan, Known()), spec, ApplyOptions(allowed=frozenset({str(address)})))


def test_a_replaced_secret_is_not_retired_once_nothing_else_works_any_more(applied: Trial) -> None:
    """Between plan and write somebody takes the one in force off the application: the old one is then the last."""
    spec = applied.spec(application__credential={"type": "secret", "lifetime": "90d", "rotateBefore": "30d"})
    (first,) = [each["keyId"] for each in applied.application()["passwordCredentials"]]
    applied.cloud.control("POST", "clock", {"advanceSeconds": 61 * 86400})
    assert applied.apply(spec).exit_code() == 3, "it was rotated"
    applied.cloud.control("POST", "clock", {"advanceSeconds": 8 * 86400})

    async def run() -> ApplyResult:
        async with applied.opened(spec=spec) as tenant:
            seen = await look(tenant, spec)
            assert [step.operation for step in seen.plan.pending] == ["retire"]
            in_force = next(
                each["keyId"] for each in applied.application()["passwordCredentials"] if each["keyId"] != first
            )
            path = f"applications/{applied.application()['id']}/removePassword"
            await asyncio.to_thread(applied.graph, "POST", path, {"keyId": in_force})
            return await carry_out(tenant, spec, seen, Onlooker(), ApplyOptions(with_consent=False))

    result = asyncio.run(run())
    assert any("would be left that works" in failure for failure in failures(result))
    assert [each["keyId"] for each in applied.application()["passwordCredentials"]] == [first]


# what cannot be undone


def test_what_is_fixed_for_good_is_marked_in_the_plan(trial: Trial) -> None:
    def marked(**changed: object) -> set[str]:
        return {str(step.address) for step in trial.plan(trial.spec(**changed)).pending if step.irreversible}

    assert marked() == set()
    assert marked(vault__softDeleteRetentionDays=7) == {f"{NAME}/vault"}
    assert marked(vault__purgeProtection=True) == {f"{NAME}/vault"}
    shown = trial.plan(trial.spec(vault__softDeleteRetentionDays=7))
    assert "1 cannot be undone" in plan_text(shown)
    (entry,) = [entry for entry in tenant_json(shown)["entries"] if entry["irreversible"]]
    assert entry["address"] == f"{NAME}/vault"


def test_a_unique_name_that_an_adopted_application_gets_is_marked_too(prepared: Trial) -> None:
    prepared.back_to("new")
    tenant = Inherited(prepared.cloud, prepared.tenant, prepared.reply_urls)
    tenant.make()
    assert [step.address.kind for step in tenant.plan().pending if step.irreversible] == ["application"]
