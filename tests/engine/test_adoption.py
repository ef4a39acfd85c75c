"""mode: adopt and mode: use: objects that somebody else made, with entries of theirs in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from provisioner.core.errors import ForeignResourceError, ImmutableFieldError, PlanError
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action
from provisioner.emulator.seed.directory import CONTOSO
from tests.conftest import REPLY_URLS
from tests.engine.endings import CutOff, Killed, Unanswered, Unsent
from tests.inherited import THEIR_URL, USER_READ_ALL, Inherited
from tests.rehearsal import PARTNER_CENTER, served
from tests.trial import CREDENTIAL, NAME, could_write, failures

MARKS = ["provisioner:trial", "provisioner-adopted:trial"]
ON_APPLICATION = ("graph.applications.", "graph.servicePrincipals.", "graph.oauth2PermissionGrants.")
THEIRS = ("graph.appRoleAssignments.", *ON_APPLICATION)


@pytest.fixture(scope="module")
def inherited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inherited]:
    """Three snapshots: `new`, `found` with application and vault of somebody else's, `adopted`."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        tenant = Inherited(cloud, CONTOSO, REPLY_URLS)
        cloud.control("POST", "snapshot", {"name": "new"})
        tenant.make()
        cloud.control("POST", "snapshot", {"name": "found"})
        tenant.put_in_place()
        cloud.control("POST", "snapshot", {"name": "adopted"})
        yield tenant


@pytest.fixture
def found(inherited: Inherited) -> Inherited:
    """Application and vault as somebody else made them."""
    inherited.mode = "adopt"
    inherited.back_to("found")
    return inherited


@pytest.fixture
def adopted(found: Inherited) -> Inherited:
    found.back_to("adopted")
    return found


def test_an_adopted_vault_comes_back_with_its_resource_group(adopted: Inherited) -> None:
    adopted.arm("DELETE", adopted.group_path, version="2022-09-01")
    result = adopted.apply()
    assert result.exit_code() == 3, failures(result)
    assert not adopted.plan().pending


@pytest.fixture
def used(found: Inherited) -> Inherited:
    """As found, and the spec only uses both."""
    found.mode = "use"
    return found


def _left(plan: Plan) -> list[str]:
    return [f"{step.action} {step.address.kind}" for step in plan.steps if step.action is not Action.NONE]


def _rows(plan: Plan, kind: str) -> list[tuple[str, Any, Any]]:
    """The fields of the one step of a kind."""
    (step,) = [step for step in plan.steps if step.address.kind == kind]
    return [(change.path, change.before, change.after) for change in step.fields]


def _applications(tenant: Inherited) -> list[str]:
    return sorted(each["id"] for each in tenant.graph("GET", "applications")["value"])


ONLY_THE_SIGN_IN = ["person refresh_token"]


def test_the_plan_shows_the_marking_as_rows_of_an_update(found: Inherited) -> None:
    plan = found.plan()
    assert _rows(plan, "application")[:3] == [*(("tags", None, mark) for mark in MARKS), ("uniqueName", None, NAME)]
    assert _rows(plan, "vault")[:2] == [
        ("vault.tags.provisioner", None, NAME),
        ("vault.tags.provisioner-adopted", None, NAME),
    ]
    assert not [step for step in plan.steps if step.address.kind == "resource_group"]
    assert not plan.removals


def test_adopting_marks_once_and_keeps_what_others_put_there(found: Inherited) -> None:
    before, vault_before = found.application(), found.the_vault()
    result = found.apply()
    assert result.exit_code() == 3, failures(result)
    application, vault = found.application(), found.the_vault()
    assert (application["id"], application["uniqueName"]) == (before["id"], NAME)
    assert application["tags"] == ["HideApp", *MARKS]
    assert set(application["web"]["redirectUris"]) == {THEIR_URL, *REPLY_URLS}
    asked = [each["id"] for api in application["requiredResourceAccess"] for each in api["resourceAccess"]]
    assert USER_READ_ALL in asked
    assert "theirs" in [each["displayName"] for each in application["passwordCredentials"]]
    ours = {"provisioner": NAME, "provisioner-adopted": NAME, "team": "partner-platform"}
    assert {**ours, "cost": "42"}.items() <= vault["tags"].items()
    rules = [rule["value"] for rule in vault["properties"]["networkAcls"]["ipRules"]]
    assert set(rules) == {"198.51.100.0/24", "203.0.113.7/32"}
    unchanged = ("enableRbacAuthorization", "sku", "tenantId", "accessPolicies")
    assert [vault["properties"][key] for key in unchanged] == [vault_before["properties"][key] for key in unchanged]
    changes = [each for each in found.writes() if "applications.update" in each or "applications.create" in each]
    assert changes == ["PATCH graph.applications.update"], "the marks come with the fields"
    group = found.arm("GET", found.group_path, version="2022-09-01")
    assert group["tags"] == {"team": "theirs"}


@pytest.mark.parametrize("mode", ["adopt", "create"])
def test_after_adoption_both_modes_plan_nothing_and_write_nothing(adopted: Inherited, mode: str) -> None:
    adopted.mode = mode
    spec = adopted.spec()
    assert _left(adopted.plan(spec)) == (
        ONLY_THE_SIGN_IN if mode == "adopt" else [*ONLY_THE_SIGN_IN, "update spec_digest"]
    )
    adopted.forget()
    assert adopted.apply(spec).exit_code() == 3
    assert adopted.writes() == ([] if mode == "adopt" else ["PATCH arm.vaults.patch"]), "nothing but the digest"


def test_what_we_made_ourselves_is_not_marked_as_adopted(inherited: Inherited) -> None:
    """So destroy may still remove it."""
    inherited.back_to("new")
    inherited.mode = "create"
    assert inherited.apply().exit_code() == 3
    found = inherited.app_id
    try:
        inherited.app_id = inherited.graph("GET", f"applications(uniqueName='{NAME}')")["appId"]
        inherited.mode = "adopt"
        assert inherited.apply().exit_code() == 3
        assert inherited.application()["tags"] == MARKS[:1]
        assert "provisioner-adopted" not in inherited.the_vault()["tags"]
    finally:
        inherited.app_id = found


def test_a_unique_name_that_it_has_stays_and_the_app_id_is_the_identity(found: Inherited) -> None:
    found.change_application(uniqueName="their-name")
    assert "uniqueName" not in [path for path, _, _ in _rows(found.plan(), "application")]
    assert found.apply().exit_code() == 3
    assert found.application()["uniqueName"] == "their-name"
    assert _left(found.plan()) == ONLY_THE_SIGN_IN


@pytest.mark.parametrize("deleted", [False, True])
def test_a_unique_name_that_another_has_is_an_error_before_anything_is_lost(found: Inherited, deleted: bool) -> None:
    other = found.graph("POST", "applications", {"displayName": "First come", "uniqueName": NAME})
    before = found.application()
    if not deleted:
        with pytest.raises(ForeignResourceError, match="First come"):
            found.plan()
        return
    found.graph("DELETE", f"applications/{other['id']}")
    errors = failures(found.apply())
    assert any("the uniqueName trial is held by an application we cannot see" in error for error in errors), errors
    assert found.application() == before


def test_what_is_not_there_is_never_made(found: Inherited) -> None:
    application = found.application()
    found.graph("DELETE", f"applications/{application['id']}")
    for mode in ("adopt", "use"):
        found.mode = mode
        with pytest.raises(PlanError, match="Made by hand was deleted") as caught:
            found.plan()
        url = f"https://graph.microsoft.com/v1.0/directory/deletedItems/{application['id']}/restore"
        assert f"  az rest --method POST --url {url}" in caught.value.next_step
    found.graph("DELETE", f"directory/deletedItems/{application['id']}")
    with pytest.raises(PlanError, match=f"no application with appId {found.app_id}"):
        found.plan()
    assert not any("create" in write for write in found.writes() if "applications" in write)


def test_a_vault_that_is_not_there_is_never_made(found: Inherited) -> None:
    found.arm("DELETE", found.vault_path)
    with pytest.raises(ForeignResourceError, match="not this spec's to recover") as caught:
        found.plan()
    assert f"az keyvault recover --name {found.vault}" in caught.value.next_step
    with pytest.raises(PlanError, match="no vault kv-none in the resource group"):
        found.plan(found.spec(vault__name="kv-none"))


def test_an_adopted_vault_that_was_deleted_is_recovered_but_never_under_use(adopted: Inherited) -> None:
    adopted.arm("DELETE", adopted.vault_path)
    adopted.mode = "use"
    with pytest.raises(ForeignResourceError, match="not this spec's to recover"):
        adopted.plan()
    adopted.mode = "adopt"
    result = adopted.apply()
    assert result.exit_code() == 3, failures(result)
    assert adopted.the_vault()["tags"]["provisioner-adopted"] == NAME
    assert _left(adopted.plan()) == ONLY_THE_SIGN_IN


def test_what_belongs_to_another_spec_is_refused_by_its_name(found: Inherited) -> None:
    found.change_application(tags=["provisioner:contoso-east"])
    with pytest.raises(ForeignResourceError, match="belongs to the spec contoso-east"):
        found.plan()
    found.change_application(tags=[])
    found.arm("PATCH", found.vault_path, {"tags": {"provisioner": "contoso-east"}})
    with pytest.raises(ForeignResourceError, match="belongs to the spec contoso-east") as caught:
        found.plan()
    assert "mode: use" in caught.value.next_step


def test_a_field_that_never_changes_is_an_error_only_where_the_spec_says_otherwise(found: Inherited) -> None:
    found.plan()
    with pytest.raises(ImmutableFieldError, match="softDeleteRetentionDays"):
        found.plan(found.spec(vault__softDeleteRetentionDays=30))


def test_create_tells_how_to_take_over_what_exists(found: Inherited) -> None:
    found.mode = "create"
    with pytest.raises(ForeignResourceError) as caught:
        found.plan()
    assert "  vault:\n    mode: adopt" in caught.value.next_step
    found.change_application(uniqueName=NAME)
    with pytest.raises(ForeignResourceError) as caught:
        found.plan(found.spec(vault__name="kv-of-our-own"))
    assert f"  application:\n    mode: adopt\n    appId: {found.app_id}" in caught.value.next_step


@pytest.mark.parametrize("ending", [Unsent, Unanswered, CutOff])
def test_an_adoption_killed_anywhere_is_finished_by_the_next_run(found: Inherited, ending: type[Unanswered]) -> None:
    before = _applications(found)
    finished = set()
    for at in count(1):
        found.back_to("found")
        kill = ending(at)
        with suppress(Killed):
            found.apply(None, kill)
        if kill.sent < at:
            break  # an apply that nobody cut short sends no more
        written = tuple(sorted(each["operation"] for each in found.requests() if could_write(each)))
        if written in finished:
            continue  # the same writes have left the same cloud, from which a run did finish
        point = f"{ending.__name__} at {at}, after {written}"
        result = found.apply()
        assert result.exit_code() == 3, (point, failures(result))
        assert _left(found.plan()) == ONLY_THE_SIGN_IN, point
        application = found.application()
        assert application["tags"] == ["HideApp", *MARKS], point
        assert _applications(found) == before, f"{point}: a second application"
        stored = found.secrets("GET", f"secrets/{CREDENTIAL}")
        ours = [each["keyId"] for each in application["passwordCredentials"] if each["displayName"] != "theirs"]
        assert ours == [stored["tags"]["keyId"]], point
        finished.add(written)
    assert len(finished) > 5, "a kill between the writes leaves another cloud each time"


def test_use_writes_neither_application_nor_vault(used: Inherited) -> None:
    application, vault = used.application(), used.the_vault()
    used.forget()
    result = used.apply()
    assert result.exit_code() == 3, failures(result)
    writes = used.writes()
    assert "POST graph.applications.addPassword" in writes and "PUT key_vault.secrets.set" in writes
    assert not [each for each in writes if "arm.vaults." in each]
    written = [each for each in used.requests() if could_write(each) and each["operation"].startswith(THEIRS)]
    partner_center = [each for each in written if (each["request"]["body"] or {}).get("appId") == PARTNER_CENTER]
    assert [each["operation"] for each in partner_center] == ["graph.servicePrincipals.create"], "the tenant's own"
    assert [each["operation"] for each in written if each not in partner_center] == ["graph.applications.addPassword"]
    assert used.the_vault() == vault
    after = used.application()
    assert len(after.pop("passwordCredentials")) == len(application.pop("passwordCredentials")) + 1
    assert after == application


def test_what_differs_under_use_is_a_persons_with_the_fields_and_what_to_do(used: Inherited) -> None:
    assert used.apply().exit_code() == 3
    plan = used.plan()
    assert plan.cause is not Cause.DRIFT
    assert not plan.pending
    by_kind = {str(step.address): step for step in plan.for_a_person}
    application, vault = by_kind[f"{NAME}/application"], by_kind[f"{NAME}/vault"]
    assert ("application.replyUrls", None, REPLY_URLS[0]) in _rows(plan, "application")
    assert ("vault.network.allowedIps", None, "203.0.113.7") in _rows(plan, "vault")
    assert "managed elsewhere" in application.reason and "managed elsewhere" in vault.reason
    assert "whoever manages the application" in application.todo
    link = f"/adminconsent?client_id={used.app_id}"
    consents = [step for step in plan.for_a_person if step.address.kind in ("grant", "app_role_assignment")]
    assert len(consents) == 3
    assert all(link in step.todo for step in consents)


def test_under_use_a_missing_principal_is_a_persons(used: Inherited) -> None:
    used.graph("DELETE", f"servicePrincipals/{used.principal(used.app_id)['id']}")
    (step,) = [step for step in used.plan().steps if step.address.kind == "service_principal"]
    assert (step.action, step.todo) == (Action.PERSON, f"az ad sp create --id {used.app_id}")


def test_use_that_agrees_plans_nothing(used: Inherited) -> None:
    """The manager brought it to what the spec says: only the sign-in is left."""
    used.mode = "adopt"
    assert used.apply().exit_code() == 3
    used.mode = "use"
    assert used.apply().exit_code() == 3
    assert _left(used.plan()) == ONLY_THE_SIGN_IN
