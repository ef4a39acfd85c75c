"""import: the spec of what others made is valid, says what was left open, and its plan is nothing but our mark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.core.errors import AmbiguousResourceError, PlanError
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Step
from provisioner.emulator.seed.directory import CONTOSO, TENANTS, Tenant
from provisioner.operations.importing import candidates
from provisioner.operations.importing.run import Imported, import_spec
from provisioner.operations.importing.wish import Wish
from provisioner.spec.model import Spec
from provisioner.spec.read import read
from tests.found import GRAPH, LEGACY_GRAPH, SHAPES, USER_READ, USER_READ_ALL, Found, asks
from tests.rehearsal import PARTNER_CENTER, USER_IMPERSONATION, served
from tests.trial import could_write, failures

# made by us alone: the credential, what the runner needs for it, what was applied last, and the sign-in
ONLY_WE_MAKE = ("credential", "role_assignment", "refresh_token", "spec_digest")
MARKS = ("tags", "uniqueName", "vault.tags.provisioner", "vault.tags.provisioner-adopted")
CLIENT_SECRET = "abc8Q~" + "Zx9_kLmN3pQrStUvWxYzAbCdEfGhIjKlMn"  # made up

Shape = Callable[[Found], None]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)


@pytest.fixture(scope="module")
def partner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """A tenant with a snapshot of each shape under its name, and `new` without any."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        partner = Found(cloud, CONTOSO, ())
        cloud.control("POST", "snapshot", {"name": "new"})
        yield partner


@pytest.fixture
def found(partner: Found) -> Found:
    partner.back_to("new")
    return partner


def wish(found: Found, **changed: Any) -> Wish:
    asked = {"app": found.app_id, "tenant": found.tenant.id, "subscription": found.tenant.subscription}
    return Wish(**{**asked, "cloud": found.tenant.cloud, "vault": found.vault, **changed})


def imported(found: Found, **changed: Any) -> Imported:
    asked = wish(found, **changed)

    async def run() -> Imported:
        async with found.opened(spec=asked.spec()) as tenant:
            return await import_spec(tenant, asked, "imported.yaml")

    return asyncio.run(run())


def changes(plan: Plan) -> list[Step]:
    """What apply would write that others have too."""
    return [step for step in plan.steps if step.action.writes and step.address.kind not in ONLY_WE_MAKE]


@each_shape
def test_the_plan_of_what_was_imported_is_our_mark_and_nothing_else(found: Found, shape: Shape) -> None:
    shape(found)
    done = imported(found)
    assert (done.unread, done.exit_code()) == ((), 0)
    plan = found.plan(done.spec.spec)
    for step in changes(plan):
        assert (step.address.kind, step.action) in (("application", Action.UPDATE), ("vault", Action.UPDATE))
        assert {change.path for change in step.fields} <= set(MARKS), step
    assert not plan.removals


@each_shape
def test_applying_it_adopts_what_is_there_and_ends_clean(found: Found, shape: Shape) -> None:
    shape(found)
    before, vault = found.application(), found.the_vault()
    spec = imported(found).spec.spec
    result = found.apply(spec)
    assert not failures(result)
    after = found.application()
    assert [each["id"] for each in found.graph("GET", "applications")["value"]].count(before["id"]) == 1
    ours = ("tags", "uniqueName", "passwordCredentials", "keyCredentials")
    assert {key: after[key] for key in after if key not in ours} == {
        key: before[key] for key in before if key not in ours
    }
    assert found.the_vault()["properties"] == vault["properties"]
    left = found.plan(spec)
    assert [step for step in left.steps if step.action.writes] == []


@each_shape
def test_importing_sends_nothing_that_could_write_and_reads_no_secret(found: Found, shape: Shape) -> None:
    shape(found)
    found.forget()
    imported(found)
    sent = found.requests()
    assert [each["operation"] for each in sent if could_write(each)] == []
    assert not [each["operation"] for each in sent if each["operation"] == "key_vault.secrets.get"]


@each_shape
def test_used_it_is_written_by_nobody_but_its_manager(found: Found, shape: Shape) -> None:
    shape(found)
    spec = imported(found, mode="use").spec.spec
    assert (spec.application.mode, spec.vault.mode) == ("use", "use")
    assert changes(found.plan(spec)) == []


def test_a_portal_s_set_up_is_described_whole(found: Found) -> None:
    found.by_hand_in_the_portal()
    done = imported(found).spec
    application, vault = done.spec.application, done.spec.vault
    assert application.reply_urls is not None
    assert [url.uri for url in application.reply_urls] == ["https://localhost:44395/", "http://localhost:8400/"]
    assert (application.home_page_url, application.enable_id_token_issuance) == (
        "https://partners.contoso.example/",
        True,
    )
    asked = {api.api: (set(api.delegated), set(api.application)) for api in application.permissions or ()}
    assert asked == {
        "Microsoft Partner Center": ({"user_impersonation"}, set()),
        "Microsoft Graph": ({"User.Read", "Directory.AccessAsUser.All"}, {"User.Read.All"}),
    }
    assert application.admin_consent is True
    assert (vault.resource_group, vault.location, vault.sku) == ("rg-by-hand", "westeurope", "standard")
    assert (vault.soft_delete_retention_days, vault.purge_protection) == (30, None)
    assert vault.tags == {"team": "partner-platform"}
    assert [(each.principal, each.type, each.role) for each in vault.access or ()] == [
        (found.tenant.colleague_id, "User", "Key Vault Secrets User")
    ]
    assert done.spec.consent.secret_name == "PartnerCenterRefreshToken"
    comments = said(done.text)
    assert "a client secret, portal secret, until" in comments
    assert "of unknown origin: written" in comments
    assert "account: sam-service@" in comments
    assert "b24988ac-6180-42a0-ab88-20f7382dd24c" in comments, "a role of the vault's management is no access"


def said(text: str) -> str:
    """The comments, unwrapped."""
    return " ".join(line.partition("# ")[2].strip() for line in text.splitlines())


def test_what_is_asked_for_and_not_granted_is_ready_to_be_written(found: Found) -> None:
    found.by_terraform()
    text = imported(found).spec.text
    assert "#   - {api: Microsoft Graph, delegated: [Directory.AccessAsUser.All]}" in text
    assert "#   - {api: Microsoft Graph, application: [Organization.Read.All]}" in text
    assert "granted and not asked for; it stays: Microsoft Graph, delegated: offline_access" in said(text)
    assert "network.bypass is None; it stays" in said(text)
    assert imported(found).spec.spec.application.display_name == "sam terraform (prod) ${env}"


def test_what_no_spec_can_say_of_another_tool_s_is_told(found: Found) -> None:
    found.by_another_tool()
    done = imported(found).spec
    comments = said(done.text)
    assert "SPA reply URL https://cipp.contoso.example/spa" in comments
    assert "http://localhost and http://localhost:8400 differ only in port" in comments
    assert "Windows Azure Active Directory" in comments
    assert [url.uri for url in done.spec.application.reply_urls or ()] == [
        "https://cipp.contoso.example/authredirect",
        "urn:ietf:wg:oauth:2.0:oob",
    ]
    assert done.spec.consent.secret_name == "RefreshToken"


def test_where_people_consent_themselves_nothing_is_granted(found: Found) -> None:
    found.with_access_policies()
    done = imported(found).spec
    assert done.spec.application.admin_consent is False
    assert "an access policy gives" in said(done.text)
    assert "it has access policies, not roles, and they stay: `plan` prints" in said(done.text)
    assert "missing; it stays" not in said(done.text)


def test_a_name_of_its_own_is_kept(found: Found) -> None:
    found.with_application_permissions_only()
    assert imported(found).spec.spec.name == "nightly-export"


def test_a_name_that_another_application_has_is_not_proposed(found: Found) -> None:
    found.by_another_tool()
    found.graph("POST", "applications", {"displayName": "First come", "uniqueName": "cipp-sam"})
    done = imported(found).spec
    assert done.spec.name == f"cipp-sam-{found.app_id[:8]}"
    assert not [step for step in changes(found.plan(done.spec)) if step.action is Action.CREATE]


@pytest.mark.parametrize("told", ["appId", "object id", "display name", "another spelling of its name"])
def test_the_application_is_named_by_any_of_its_names(found: Found, told: str) -> None:
    made = found.an_application("Contoso's SAM & Co")
    names = {"appId": made["appId"], "object id": made["id"], "display name": "Contoso's SAM & Co"}
    done = imported(found, app=names.get(told, "CONTOSO'S sam & co"), vault=None).spec
    assert done.spec.application.app_id == made["appId"]


def test_two_of_one_name_are_refused_with_their_ids_and_commands(found: Found) -> None:
    first = found.an_application("Partner Integration", web={"redirectUris": ["https://a.example/"]})
    second = found.an_application("Partner Integration", publicClient={"redirectUris": ["http://localhost/x"]})
    with pytest.raises(AmbiguousResourceError) as caught:
        imported(found, app="Partner Integration")
    lines = caught.value.next_step.splitlines()
    for made, url in ((first, "https://a.example/"), (second, "http://localhost/x")):
        (named,) = [line for line in lines if line.startswith(f"appId {made['appId']}, created ")]
        assert named.endswith(url)
        assert f"  {wish(found).command(made['appId'])}" in lines
    assert f"--vault {found.vault}" in lines[-1]


def test_the_enterprise_application_s_id_leads_to_the_application(found: Found) -> None:
    found.an_application("Contoso SAM")
    with pytest.raises(PlanError, match="is the enterprise application") as caught:
        imported(found, app=found.principal(found.app_id)["id"])
    assert f"  {wish(found).command(found.app_id)}" in caught.value.next_step
    elsewhere = found.the_api(GRAPH)["id"]
    with pytest.raises(PlanError, match="registered in another tenant"):
        imported(found, app=elsewhere)


@pytest.mark.parametrize("app", ["No such name", "0b7d52c9-e1f4-4836-a05c-6d9e83b1f274"])
def test_what_is_not_there_leads_to_the_list(found: Found, app: str) -> None:
    with pytest.raises(PlanError, match="no application of the tenant") as caught:
        imported(found, app=app)
    assert f"  provisioner import --all --tenant {found.tenant.id}" in caught.value.next_step


def test_a_vault_that_is_not_there_is_an_error_with_those_that_are(found: Found) -> None:
    found.with_application_permissions_only()
    with pytest.raises(PlanError, match="has no vault kv-elsewhere") as caught:
        imported(found, vault="kv-elsewhere")
    assert found.vault in caught.value.next_step


def test_without_a_vault_a_new_one_is_proposed_and_those_that_are_there_are_named(found: Found) -> None:
    found.by_hand_in_the_portal()
    done = imported(found, vault=None).spec
    assert (done.spec.vault.mode, done.spec.vault.name) == ("create", "kv-contoso-partner-cente")
    assert f"In the subscription: {found.vault}" in said(done.text)
    assert "a client secret, portal secret, until" in said(done.text)


UNREADABLE = {
    "graph.servicePrincipals.oauth2PermissionGrants": "grant Microsoft",
    "graph.appRoleAssignments.list": "app role assignment Microsoft Graph",
    "graph.servicePrincipals.get": "the permissions of",
    "key_vault.secrets.list": "credential",
    "arm.role_assignments.list": "role assignment",
    "arm.vaults.list": "the vault kv-",
    "arm.vaults.get": "vault: Azure Resource Manager answered 403",
}
OF_GRANTS = ("graph.servicePrincipals.oauth2PermissionGrants", "graph.appRoleAssignments.list")


@pytest.mark.parametrize("operation", UNREADABLE)
def test_what_could_not_be_read_is_in_the_spec_and_in_the_exit_code(found: Found, operation: str) -> None:
    found.by_hand_in_the_portal()
    found.fault(operation, "status", status=403, count=None)
    done = imported(found)
    assert done.exit_code() == 4
    assert any(UNREADABLE[operation] in reason for reason in done.unread), done.unread
    assert "COULD NOT BE READ, so what it would tell is no key below" in said(done.spec.text)
    assert done.spec.spec.vault.name == found.vault


@pytest.mark.parametrize("fault", [("deny", {}), ("status", {"status": 503})], ids=["denied", "unavailable"])
def test_a_vault_that_is_listed_and_not_read_is_described_from_the_list(
    found: Found, fault: tuple[str, dict[str, Any]]
) -> None:
    found.by_hand_in_the_portal()
    read_well = imported(found).spec.spec.vault
    kind, settings = fault
    found.fault("arm.vaults.get", kind, count=None, **settings)
    done = imported(found)
    assert done.exit_code() == 4
    assert msgspec.structs.replace(done.spec.spec.vault, access=read_well.access) == read_well
    assert "none there looks like a token" not in said(done.spec.text), "nobody could look at its secrets"


@pytest.mark.parametrize("operation", [*OF_GRANTS, "graph.servicePrincipals.get"])
def test_what_may_be_granted_is_a_comment_and_importing_grants_nothing(found: Found, operation: str) -> None:
    """Also where it is granted in truth: what is not read is neither granted nor taken for absent."""
    wanted = [asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION]), asks(GRAPH, Scope=[USER_READ], Role=[USER_READ_ALL])]
    retired = asks(LEGACY_GRAPH, Scope=[USER_READ])
    found.an_application("Asks for much", requiredResourceAccess=[*wanted, retired])
    found.grant(PARTNER_CENTER, "user_impersonation")
    found.a_vault()
    found.fault(operation, "status", status=403, count=None)
    done = imported(found).spec
    found.cloud.control("DELETE", "faults")
    granting = ("grant", "app_role_assignment")
    assert [step for step in found.plan(done.spec).steps if step.address.kind in granting and step.action.writes] == []
    assert done.spec.application.admin_consent is True, "whether people consented themselves is not known"
    unread, not_granted = _left_out(done.text)
    if operation != "graph.appRoleAssignments.list":
        assert "{api: Microsoft Partner Center, delegated: [user_impersonation]}" in unread
        assert "{api: Microsoft Graph, delegated: [User.Read]}" in unread
    if operation != "graph.servicePrincipals.oauth2PermissionGrants":
        assert "{api: Microsoft Graph, application: [User.Read.All]}" in unread
    assert not set(unread) & set(not_granted)


def _left_out(text: str) -> tuple[list[str], list[str]]:
    """What stands in comments as it would be written: where it could not be read, and where it is not granted."""
    found: dict[str, list[str]] = {"could not be read": [], "not granted": []}
    why = ""
    for line in text.splitlines():
        told = line.strip().removeprefix("# ")
        why = next((words for words in found if f"{words}, so left out" in told), why)
        if told.startswith("  - {"):
            found[why].append(told.removeprefix("  - "))
    return found["could not be read"], found["not granted"]


def test_no_secret_gets_into_the_spec_whoever_wrote_it_where(found: Found) -> None:
    """Not even one that somebody typed into a tag or a name; a line break in a name ends no comment."""
    found.an_application(f"SAM {CLIENT_SECRET}", web={"redirectUris": [f"https://a.example/?sig={CLIENT_SECRET}"]})
    found.a_vault(tags={"password": "hunter2hunter2", "note": f"secret is {CLIENT_SECRET}"})
    secret = found.secrets("PUT", "secrets/refresh-token", {"value": CLIENT_SECRET, "contentType": CLIENT_SECRET})
    done = imported(found).spec
    assert CLIENT_SECRET not in done.text
    assert "hunter2" not in done.text
    assert done.spec.vault.tags in (None, {})
    assert done.spec.consent.secret_name == "refresh-token"
    assert secret["value"] == CLIENT_SECRET, "so it was there to be found"


def asked_for(spec: Spec) -> set[tuple[str, str]]:
    permissions = spec.application.permissions or ()
    return {(api.app_id, value) for api in permissions for value in (*api.delegated, *api.application)}


def test_our_own_set_up_comes_back_as_it_was_applied(found: Found) -> None:
    """A spec that was lost: the marks say its name, who the operators are, and which credential is in force."""
    found.mode = "create"
    spec = found.spec(vault__resourceGroup=found.group, vault__name=found.vault)
    assert not failures(found.apply(spec))
    found.app_id = found.graph("GET", "applications(uniqueName='trial')")["appId"]
    done = imported(found).spec.spec
    assert (done.name, done.application.credential.type) == ("trial", "secret")
    assert done.consent.operators == spec.consent.operators
    assert done.vault.access == spec.vault.access
    assert asked_for(done) == asked_for(spec)
    assert [step for step in found.plan(done).steps if step.action.writes and step.address.kind != "spec_digest"] == []
    without_vault = said(imported(found, vault=None).spec.text)
    assert "made by the spec trial, and it stays: a client secret, provisioner:trial:" in without_vault


@pytest.mark.parametrize(
    "tenant", [each for each in TENANTS if each.cloud != "public"], ids=lambda tenant: tenant.cloud
)
def test_in_the_other_clouds_it_is_the_same(found: Found, tenant: Tenant) -> None:
    there = Found(found.cloud, tenant, ())
    there.by_hand_in_the_portal()
    done = imported(there)
    assert (done.exit_code(), done.spec.spec.cloud) == (0, tenant.cloud)
    assert {change.path for step in changes(there.plan(done.spec.spec)) for change in step.fields} == set(MARKS)


def listed(found: Found) -> candidates.Found:
    async def run() -> candidates.Found:
        async with found.opened(spec=wish(found).spec()) as tenant:
            return await candidates.find(tenant)

    return asyncio.run(run())


def test_the_list_has_those_that_look_like_a_set_up_best_first_with_why(found: Found) -> None:
    found.an_application("Payroll", requiredResourceAccess=[asks(GRAPH, Scope=[USER_READ])])
    found.by_hand_in_the_portal()
    by_hand = found.app_id
    found.an_application("Only asks", requiredResourceAccess=[asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION])])
    asking = found.app_id
    found.an_application("Was granted")
    found.grant(PARTNER_CENTER, "user_impersonation")
    granted = found.app_id
    found.an_application("Ours", tags=["provisioner:ours"])
    ours = found.app_id
    result = listed(found)
    names = [each.application.app_id for each in result.candidates]
    assert names == [ours, by_hand, asking, granted]
    by_id = {each.application.app_id: each.reasons for each in result.candidates}
    assert by_id[ours] == ("the spec ours keeps it already",)
    assert by_id[asking] == ("asks for Microsoft Partner Center: user_impersonation",)
    assert by_id[granted] == ("may use Partner Center for everybody in the tenant",)
    assert "has the reply URL https://localhost:44395/, as such tools register it" in by_id[by_hand]
    assert result.exit_code() == 0
    assert result.looked_at > len(names)


def test_a_list_of_which_a_part_could_not_be_read_says_so(found: Found) -> None:
    found.by_another_tool()
    found.fault("graph.oauth2PermissionGrants.list", "status", status=403, probability=1)
    result = listed(found)
    assert [each.application.display_name for each in result.candidates] == ["CIPP-SAM"]
    assert result.exit_code() == 4
    assert "what is granted to Partner Center" in result.unread[0]


def test_the_spec_is_read_as_it_was_written(found: Found, tmp_path: Path) -> None:
    found.by_terraform()
    done = imported(found).spec
    (tmp_path / "spec.yaml").write_text(done.text, encoding="utf-8")
    assert read([tmp_path / "spec.yaml"]).specs[0].spec == done.spec


def test_every_field_that_is_read_of_an_application_is_told() -> None:
    """A new fact has to be put into the spec, or into this list of what never is."""
    told = {"app_id", "display_name", "sign_in_audience", "home_page_url", "id_token_issuance", "unique_name", "tags"}
    told |= {"web_redirect_uris", "public_redirect_uris", "spa_redirect_uris", "required", "passwords", "keys"}
    assert set(ApplicationFacts.__dataclass_fields__) == told | {"id", "created_at", "deleted_at"}
