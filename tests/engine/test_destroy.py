"""destroy: what is ours goes and nothing else; refused where it must be; finished by the next run wherever it ended."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from provisioner.core.address import Address
from provisioner.core.errors import LockedError, ProtectedError
from provisioner.core.report import Outcome, StepResult
from provisioner.core.step import Action
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from provisioner.render.plan_text import plan_text
from provisioner.resources.kinds import BY_NAME
from provisioner.resources.removal.kinds import NO_STEP_OF_ITS_OWN, removals
from tests.engine.endings import CutOff, Killed, Silent, Unanswered, Unsent
from tests.newcomer import give_role
from tests.removal import Lock, Row, changed, cloud_of, destroy, plan_to_destroy
from tests.resources.cases import CASES
from tests.resources.test_contract import _foreign_application, _foreign_vault
from tests.trial import GROUP, NAME, Onlooker, Trial, failures

ALL_REMOVED = {
    "app_role_assignment revoke": 1,
    "grant revoke": 2,
    "application delete": 1,
    "role_assignment withdraw": 2,
    "vault delete": 1,
    "resource_group delete": 1,
}


def _counted(plan: Any) -> dict[str, int]:
    told = [f"{step.address.kind} {step.operation}" for step in plan.pending]
    return {each: told.count(each) for each in told}


def _rows_of_ours(trial: Trial, cloud: dict[Row, str]) -> set[Row]:
    """By what the cloud itself says of them."""
    application = trial.application()
    principal = trial.principal(application["appId"])
    ours = {(kind, key) for kind, key in (("application", application["id"]), ("servicePrincipal", principal["id"]))}
    return {
        (kind, scope, key)
        for (kind, scope, key), body in cloud.items()
        if (kind, key) in ours
        or (kind in ("oauth2PermissionGrant", "appRoleAssignment") and principal["id"] in body)
        or (kind == "vault" and key == trial.vault)
        or (kind == "resourceGroup" and key == GROUP)
        or (kind == "roleAssignment" and trial.vault_path.lower() in key)
    }


def _bystanders(trial: Trial) -> None:
    """Somebody else's of every kind, as near to ours as can be."""
    application = trial.graph("POST", "applications", {"displayName": "Trial", "tags": ["provisioner:another"]})
    trial.graph("POST", f"applications/{application['id']}/addPassword", {"passwordCredential": {"displayName": "x"}})
    principal = trial.graph("POST", "servicePrincipals", {"appId": application["appId"]})
    for grant in trial.grants():
        body = {"clientId": principal["id"], "resourceId": grant["resourceId"], "consentType": "AllPrincipals"}
        trial.graph("POST", "oauth2PermissionGrants", body | {"scope": grant["scope"]})
    group = trial.group_path.replace(GROUP, "rg-theirs")
    trial.arm("PUT", group, {"location": trial.location}, "2022-09-01")
    properties = {
        "tenantId": trial.tenant.id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    theirs = trial.vault_path.replace(GROUP, "rg-theirs").replace(trial.vault, f"{trial.vault}x")
    trial.arm("PUT", theirs, {"location": trial.location, "tags": {"provisioner": "another"}, "properties": properties})
    for scope in (theirs, group):
        _assign_reader(trial, scope)


def _assign_reader(trial: Trial, scope: str) -> None:
    give_role(trial, "Key Vault Reader", scope, trial.tenant.colleague_id, "User")


# what goes


def test_every_kind_is_removed_or_says_why_not() -> None:
    assert {kind.name for kind in removals(purge=False)} | NO_STEP_OF_ITS_OWN.keys() == set(BY_NAME)


def test_only_what_is_ours_goes_and_all_else_stays_byte_for_byte(applied: Trial) -> None:
    _bystanders(applied)
    before = cloud_of(applied)
    ours = _rows_of_ours(applied, before)
    assert _counted(plan_to_destroy(applied)) == ALL_REMOVED
    result = destroy(applied)
    assert result.exit_code() == 0, failures(result)
    after = cloud_of(applied)
    assert not ours & after.keys()
    left = {kind for kind, _, _ in changed(before, after) - ours}
    assert left == {"deletedItem", "deletedVault"}, "what we made is soft-deleted"


def test_the_plan_takes_each_thing_after_all_that_was_made_from_it(applied: Trial) -> None:
    steps = plan_to_destroy(applied).pending
    assert all(step.action is Action.DELETE and step.removal for step in steps)
    order = [step.address.kind for step in steps]
    for first, then in (("grant", "application"), ("role_assignment", "vault"), ("vault", "resource_group")):
        assert max(i for i, kind in enumerate(order) if kind == first) < order.index(then)
    (application,) = [step for step in steps if step.address.kind == "application"]
    assert {need.kind for need in application.needs} == {"grant", "app_role_assignment"}


def test_a_second_destroy_finds_nothing_and_sends_no_write(applied: Trial) -> None:
    destroy(applied)
    applied.forget()
    assert destroy(applied).exit_code() == 0
    assert plan_to_destroy(applied).steps == ()
    assert applied.writes() == []


def test_a_tenant_nobody_applied_to_has_nothing_to_remove(trial: Trial) -> None:
    assert destroy(trial).exit_code() == 0
    assert trial.writes() == []


@pytest.mark.parametrize("occupy", [_foreign_application, _foreign_vault])
def test_what_has_our_name_and_not_our_mark_is_told_and_stays(trial: Trial, occupy: Any) -> None:
    occupy(trial)
    before = cloud_of(trial)
    trial.forget()
    (step,) = plan_to_destroy(trial).steps
    assert step.action is Action.NONE
    assert "it stays" in step.reason
    assert destroy(trial).exit_code() == 0
    assert trial.writes() == []
    assert not changed(before, cloud_of(trial))


def test_a_role_that_somebody_else_assigned_on_our_vault_is_told_to_go_with_it(applied: Trial) -> None:
    _assign_reader(applied, applied.vault_path)
    shown = [step for step in plan_to_destroy(applied).steps if step.action is Action.NONE]
    (theirs,) = [step for step in shown if step.address.key.startswith("Key Vault Reader/")]
    assert "not ours" in theirs.reason
    assert "does not come back" in theirs.reason


def test_what_others_keep_in_our_vault_is_told_before_it_goes_with_it(applied: Trial) -> None:
    for role in ("Key Vault Crypto Officer", "Key Vault Certificates Officer"):
        give_role(applied, role, applied.vault_path, applied.tenant.runner.object_id, "ServicePrincipal")
    applied.secrets("PUT", "secrets/another-teams", {"value": "theirs"})
    applied.secrets("POST", "keys/sealing/create", {"kty": "RSA"})
    policy = {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=theirs"}}
    applied.secrets("POST", "certificates/their-site/create", {"policy": policy})
    applied.secrets("GET", "certificates/their-site/pending")
    (told,) = [notice for notice in plan_to_destroy(applied).notices if "not ours" in notice.text]
    assert told.text.endswith(": another-teams, certificate their-site, key sealing")
    assert told.severity == "warning"


def test_keys_that_the_runner_may_not_list_are_told_by_themselves(applied: Trial) -> None:
    (told,) = [notice for notice in plan_to_destroy(applied).notices if "could not be listed" in notice.text]
    assert told.text.startswith("the keys in vault")
    assert "Key Vault Reader" in told.next_step


def test_a_vault_of_ours_that_the_edited_spec_no_longer_names_is_told(applied: Trial) -> None:
    edited = applied.spec(vault__name=f"{applied.vault}-new", vault__resourceGroup="rg-new")
    (told,) = [notice for notice in plan_to_destroy(applied, edited).notices if "carries our mark" in notice.text]
    assert f"vault {applied.vault} of resource group {GROUP}" in told.text
    assert told.next_step == "provisioner destroy SPEC"
    assert not [notice for notice in plan_to_destroy(applied).notices if "carries our mark" in notice.text]


def test_marks_elsewhere_that_could_not_be_read_are_not_told_as_none(applied: Trial) -> None:
    subscription = f"/subscriptions/{applied.tenant.subscription}"
    applied.fault("arm.resources.list", "status", status=500, count=None, path=f"{subscription}/resources")
    assert any("carries our mark could not be read" in notice.text for notice in plan_to_destroy(applied).notices)


# the resource group


def _roles_of(scope: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments"


def _another_vault(trial: Trial) -> None:
    path = trial.vault_path.replace(trial.vault, f"{trial.vault}x")
    properties = {
        "tenantId": trial.tenant.id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    trial.arm("PUT", path, {"location": trial.location, "properties": properties})


def _unmark_the_group(trial: Trial) -> None:
    trial.arm("PATCH", trial.group_path, {"tags": {}}, "2022-09-01")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_another_vault, "it holds"),
        (lambda trial: _assign_reader(trial, trial.group_path), "it carries 1 role assignment of others: it stays"),
        (lambda trial: trial.fault("*", "deny", count=None, path=_roles_of(trial.group_path)), "could not be seen"),
        (lambda trial: trial.fault("arm.permissions.list", "deny", count=None), "could not be seen"),
        (lambda trial: trial.fault("arm.resources.list", "deny", count=None), "could not be seen"),
        (_unmark_the_group, ""),
    ],
    ids=["another resource", "others' roles", "unknown roles", "unknown rights", "unknown contents", "not ours"],
)
def test_the_group_stays_unless_it_is_ours_and_holds_nothing_else(applied: Trial, change: Any, told: str) -> None:
    change(applied)
    reasons = [step.reason for step in plan_to_destroy(applied).steps if step.address.kind == "resource_group"]
    assert [told in reason for reason in reasons] == [True] * bool(told)
    result = destroy(applied)
    assert result.exit_code() == 0, failures(result)
    applied.cloud.control("DELETE", "faults")
    assert applied.arm("GET", applied.group_path, version="2022-09-01")
    assert "DELETE arm.vaults.delete" in applied.writes()


def test_others_role_on_our_group_is_found_again_right_before_the_group_would_go(applied: Trial) -> None:
    """Given between the look and the last step."""

    class Meanwhile(Onlooker):
        def step_done(self, result: StepResult) -> None:
            if result.step.address.kind == "vault":
                _assign_reader(applied, applied.group_path)

    result = destroy(applied, onlooker=Meanwhile())
    assert result.report is not None
    (stale,) = [each for each in result.report.results if each.outcome is not Outcome.DONE]
    assert (stale.step.address.kind, stale.outcome) == ("resource_group", Outcome.STALE)
    assert applied.arm("GET", applied.group_path, version="2022-09-01")


@pytest.mark.parametrize("operation", ["arm.resources.list", "arm.permissions.list"])
def test_a_look_into_the_group_that_fails_is_no_missing_right(applied: Trial, operation: str) -> None:
    applied.fault(operation, "status", status=500, count=None)
    assert [step.address.kind for step in plan_to_destroy(applied).unknown] == ["resource_group"]
    assert destroy(applied).exit_code() == 4
    assert "DELETE arm.resource_groups.delete" not in applied.writes()


# what could not be read


@dataclass(frozen=True)
class Unread:
    """untouched: the operations that must not be sent while the kind's own read fails."""

    kind: str
    untouched: tuple[str, ...]


@pytest.mark.parametrize(
    "unread",
    [
        Unread(
            "application", ("graph.applications.delete", "arm.vaults.delete", "graph.oauth2PermissionGrants.delete")
        ),
        Unread("grant", ("graph.applications.delete", "graph.oauth2PermissionGrants.delete")),
        Unread("app_role_assignment", ("graph.applications.delete", "graph.appRoleAssignments.delete")),
        Unread("vault", ("arm.vaults.delete", "arm.role_assignments.delete", "arm.resource_groups.delete")),
        Unread("role_assignment", ("arm.vaults.delete", "arm.role_assignments.delete", "arm.resource_groups.delete")),
        Unread("resource_group", ("arm.resource_groups.delete",)),
    ],
    ids=lambda unread: unread.kind,
)
def test_what_could_not_be_read_is_exit_4_and_nothing_that_depends_on_it_is_touched(
    applied: Trial, unread: Unread
) -> None:
    applied.fault(CASES[unread.kind].reads, "deny", count=None)
    plan = plan_to_destroy(applied)
    assert unread.kind in {step.address.kind for step in plan.unknown}
    assert all(step.reason for step in plan.unknown)
    assert destroy(applied).exit_code() == 4
    assert not [write for write in applied.writes() if write.removeprefix("DELETE ") in unread.untouched]
    applied.cloud.control("DELETE", "faults")
    assert destroy(applied).exit_code() == 0
    assert plan_to_destroy(applied).steps == ()


def test_steps_that_will_be_skipped_are_not_counted_as_steps_to_be_done(applied: Trial) -> None:
    applied.fault(CASES["grant"].reads, "deny", count=None)
    plan = plan_to_destroy(applied)
    (application,) = [step for step in plan.pending if step.address.kind == "application"]
    assert application not in plan.ready
    told = " ".join(plan_text(plan, 80).split())
    assert "waits for trial/grant, which could not be read" in told
    assert f"- {len(plan.ready)} to delete" in told
    assert f"· {len(plan.pending) - len(plan.ready)} waiting" in told
    result = destroy(applied)
    assert result.report is not None
    done = [each.step.address for each in result.report.results if each.outcome is Outcome.DONE]
    assert set(done) == {step.address for step in plan.ready}
    assert all(each.unread for each in result.report.results if each.outcome is Outcome.SKIPPED)


def test_a_runner_without_a_right_in_the_vault_may_delete_it_and_whoever_decides_hears_what_nobody_saw(
    applied: Trial,
) -> None:
    applied.fault("key_vault.secrets.list", "deny", count=None)
    texts = [notice.text for notice in plan_to_destroy(applied).notices]
    assert any(text.startswith("the secrets and certificates in vault") for text in texts)
    assert any(text.startswith("a refresh token, if one is stored there, stays valid") for text in texts)
    assert destroy(applied).exit_code() == 0


def test_nobody_deletes_for_good_what_nobody_could_look_at(applied: Trial) -> None:
    applied.fault("key_vault.secrets.list", "deny", count=None)
    (step,) = [step for step in plan_to_destroy(applied, purge=True).unknown if step.address.kind == "vault"]
    assert "Key Vault Reader" in step.todo
    assert destroy(applied, purge=True).exit_code() == 4
    assert not [write for write in applied.writes() if "arm." in write]


@pytest.mark.parametrize("operation", ["key_vault.secrets.list", "key_vault.keys.list"])
@pytest.mark.parametrize("fault", [{"action": "status", "status": 500}, {"action": "truncate"}], ids=json.dumps)
def test_a_look_into_the_vault_that_fails_is_no_missing_right(
    applied: Trial, operation: str, fault: dict[str, Any]
) -> None:
    applied.fault(operation, **fault, count=None)
    assert "vault" in {step.address.kind for step in plan_to_destroy(applied).unknown}
    assert destroy(applied).exit_code() == 4
    assert not [write for write in applied.writes() if "arm." in write]


@pytest.mark.parametrize("fault", [{"action": "deny"}, {"action": "status", "status": 500}], ids=json.dumps)
def test_a_vault_that_was_deleted_is_gone_even_if_nobody_can_see_it_among_the_deleted(
    applied: Trial, fault: dict[str, Any]
) -> None:
    applied.fault("arm.deleted_vaults.get", **fault, count=None)
    result = destroy(applied)
    assert result.exit_code() == 0, failures(result)
    assert "DELETE arm.vaults.delete" in applied.writes()


def test_a_destroy_that_stopped_half_way_leaves_the_next_one_its_sight(applied: Trial) -> None:
    applied.fault("arm.vaults.delete", "deny", count=None, code="AuthorizationFailed")
    applied.secrets("PUT", "secrets/another-teams", {"value": "theirs"})
    assert destroy(applied).exit_code() == 1
    applied.cloud.control("POST", "clock", {"advanceSeconds": 900})
    assert any(notice.text.endswith(": another-teams") for notice in plan_to_destroy(applied).notices)


# rights


def _take_from_the_runner(trial: Trial, permission: str) -> None:
    principal = trial.principal(trial.tenant.runner.client_id)["id"]
    graph = trial.principal("00000003-0000-0000-c000-000000000000")
    (role,) = [each["id"] for each in graph["appRoles"] if each["value"] == permission]
    path = f"servicePrincipals/{principal}/appRoleAssignments"
    for each in trial.graph("GET", path)["value"]:
        if each["appRoleId"] == role:
            trial.graph("DELETE", f"{path}/{each['id']}")


def test_grants_that_the_runner_may_not_revoke_go_with_the_application(applied: Trial) -> None:
    _take_from_the_runner(applied, "DelegatedPermissionGrant.ReadWrite.All")
    shown = [step for step in plan_to_destroy(applied).steps if step.address.kind == "grant"]
    assert [(step.action, "goes with" in step.reason) for step in shown] == [(Action.NONE, True)] * 2
    assert destroy(applied).exit_code() == 0


def test_a_runner_that_may_only_write_what_it_owns_deletes_and_leaves_the_purge_to_a_person(prepared: Trial) -> None:
    prepared.back_to("new")
    fabrikam = Trial(prepared.cloud, FABRIKAM, prepared.reply_urls)
    assert fabrikam.apply().exit_code() == 3
    object_id = fabrikam.application()["id"]
    result = destroy(fabrikam, purge=True)
    assert result.exit_code() == 3, failures(result)
    (step,) = result.after.for_a_person
    assert step.todo.endswith(f"/v1.0/directory/deletedItems/{object_id}")
    (step,) = [step for step in fabrikam.plan().for_a_person if step.address.kind == "application"]
    assert step.todo.endswith(f"/v1.0/directory/deletedItems/{object_id}/restore")


def test_a_refusal_names_the_right_that_the_step_needs(applied: Trial) -> None:
    applied.fault("arm.deleted_vaults.purge", "deny", code="AuthorizationFailed")
    result = destroy(applied, purge=True)
    assert result.exit_code() == 1
    assert result.report is not None
    (error,) = [each.error for each in result.report.results if each.error is not None]
    assert error.next_step.startswith("give the runner one of: Key Vault Purge Operator")


# protect


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("kind", ["application", "vault"])
def test_what_is_protected_keeps_the_whole_run_from_writing(applied: Trial, kind: str, purge: bool) -> None:
    spec = applied.spec(**{f"{kind}__protect": True})
    with pytest.raises(ProtectedError) as refused:
        destroy(applied, spec, purge=purge)
    assert refused.value.path == f"{kind}.protect"
    assert applied.writes() == []


def test_what_is_protected_is_not_purged_by_a_later_run_either(applied: Trial) -> None:
    destroy(applied)
    applied.forget()
    with pytest.raises(ProtectedError):
        destroy(applied, applied.spec(vault__protect=True), purge=True)
    assert applied.writes() == []
    assert destroy(applied, applied.spec(vault__protect=True)).exit_code() == 0, "nothing is left that would go"


# locks


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
@pytest.mark.parametrize("on", ["vault", "group"])
def test_a_lock_that_would_be_met_half_way_keeps_the_whole_run_from_writing(
    applied: Trial, on: str, level: str
) -> None:
    scope = {"vault": applied.vault_path, "group": applied.group_path}[on]
    lock = Lock.put(applied, scope, level)
    with pytest.raises(LockedError, match=f"keep \\({level}\\)") as refused:
        destroy(applied)
    assert refused.value.next_step.endswith(f"az lock delete --ids {lock.id}")
    assert applied.writes() == []
    lock.lift()
    assert destroy(applied).exit_code() == 0


def test_a_locked_group_that_is_left_alone_stays(applied: Trial) -> None:
    applied.fault("arm.resource_groups.delete", "deny", code="AuthorizationFailed")
    assert destroy(applied).exit_code() == 1
    lock = Lock.put(applied, applied.group_path, "CanNotDelete")
    (step,) = plan_to_destroy(applied).steps
    assert (step.action, f"it is locked by {lock.id}: it stays" in step.reason) == (Action.NONE, True)


def test_locks_that_nobody_can_list_are_told_as_that(applied: Trial) -> None:
    applied.fault("arm.locks.list", "deny", count=None)
    assert [notice for notice in plan_to_destroy(applied).notices if "lock" in notice.text]
    assert destroy(applied).exit_code() == 0


# purge


def test_purge_leaves_nothing_and_the_next_apply_makes_everything_anew(applied: Trial) -> None:
    app_id, before = applied.application()["appId"], cloud_of(applied)
    ours = _rows_of_ours(applied, before)
    plan = plan_to_destroy(applied, purge=True)
    assert [step.address.kind for step in plan.pending if step.irreversible] == ["application", "vault"]
    result = destroy(applied, purge=True)
    assert result.exit_code() == 0, failures(result)
    after = cloud_of(applied)
    gone = {row[0] for row in changed(before, after) - ours}
    assert gone == {"credentialValue", "secret"}, "what they held is gone with them"
    assert applied.apply().exit_code() == 3
    assert applied.application()["appId"] != app_id


def test_purge_also_takes_what_an_earlier_destroy_left(applied: Trial) -> None:
    destroy(applied)
    plan = plan_to_destroy(applied, purge=True)
    assert [f"{step.address.kind} {step.operation}" for step in plan.pending] == ["application purge", "vault purge"]
    assert destroy(applied, purge=True).exit_code() == 0
    assert not {row for row in cloud_of(applied) if row[0] in ("deletedItem", "deletedVault")}


def test_a_vault_with_purge_protection_is_held_and_the_plan_says_until_when(applied: Trial) -> None:
    applied.arm("PATCH", applied.vault_path, {"properties": {"enablePurgeProtection": True}})
    until = applied.clock().now() + timedelta(days=90)
    for _ in ("while it is there", "once it is deleted"):
        (told,) = [step for step in plan_to_destroy(applied, purge=True).steps if "cannot be purged" in step.reason]
        assert (told.address, told.action) == (Address(NAME, "vault"), Action.NONE)
        assert f"{until:%Y-%m-%d}" in told.reason
        assert destroy(applied, purge=True).exit_code() == 0
    assert [row for row in cloud_of(applied) if row[0] == "deletedVault"]


# the way back


def test_apply_after_destroy_recovers_instead_of_recreating(applied: Trial) -> None:
    application = applied.application()
    destroy(applied)
    plan = applied.plan()
    recovering = {step.address.kind: step.operation for step in plan.pending if step.reveals}
    assert recovering == {"application": "restore", "vault": "recover"}
    result = applied.apply()
    assert result.exit_code() == 3, failures(result)
    assert applied.application()["appId"] == application["appId"]
    assert [step.address.kind for step in applied.plan().steps] == ["refresh_token"]


# endings


def _is_all_gone(trial: Trial, ours: set[Row], before: dict[Row, str], point: str) -> None:
    after = cloud_of(trial)
    assert not ours & after.keys(), point
    assert {kind for kind, _, _ in changed(before, after) - ours} == {"deletedItem", "deletedVault"}, point
    assert plan_to_destroy(trial).steps == (), point


@pytest.mark.parametrize("ending", [Unsent, Unanswered, CutOff])
def test_killed_anywhere_the_next_destroy_finishes(applied: Trial, ending: type[Silent]) -> None:
    before = cloud_of(applied)
    ours = _rows_of_ours(applied, before)
    finished = set()
    for at in count(1):
        applied.back_to("applied")
        kill = ending(at)
        with suppress(Killed):
            destroy(applied, None, kill)
        if kill.sent < at:
            break
        written = tuple(sorted(f"{each['operation']} {each['url']}" for each in applied.requests() if _wrote(each)))
        if written in finished:
            continue  # the same writes have left the same cloud, from which a run did finish
        point = f"{ending.__name__} at {at}, after {written}"
        assert destroy(applied).exit_code() == 0, point
        _is_all_gone(applied, ours, before, point)
        finished.add(written)
    assert len(finished) >= 3, "what does not wait for each other goes in one wave"
    assert ending is CutOff or at == 9, "each of eight removals"


def _wrote(request: Any) -> bool:
    return request["method"] == "DELETE"


@pytest.mark.parametrize("ending", [Unsent, Unanswered])
def test_killed_anywhere_the_next_purge_finishes(applied: Trial, ending: type[Silent]) -> None:
    """Before it purges it is a destroy, whose kill points are tried above. Two principals are left, of two lives."""
    ours = _rows_of_ours(applied, cloud_of(applied))
    for _ in range(2):
        destroy(applied)
        applied.cloud.control("POST", "snapshot", {"name": "destroyed"})
        applied.apply()
    applied.back_to("destroyed")
    for at in count(1):
        applied.back_to("destroyed")
        kill = ending(at)
        with suppress(Killed):
            destroy(applied, None, kill, purge=True)
        if kill.sent < at:
            break
        result = destroy(applied, purge=True)
        assert result.exit_code() == 0, (at, failures(result))
        left = {row for row in cloud_of(applied) if row[0] in ("deletedItem", "deletedVault")}
        assert not left | (ours & cloud_of(applied).keys()), at
    assert at == 5, "two principals, the application, the vault"


@pytest.mark.parametrize(
    "lag", [{"graph": 40}, {"rbac": 300, "graph": {"min": 5, "max": 25, "flapping": 25}}], ids=json.dumps
)
def test_a_cloud_that_is_slow_to_notice_is_waited_for(applied: Trial, lag: dict[str, Any]) -> None:
    applied.cloud.control("PUT", "lag", lag)
    result = destroy(applied)
    assert result.exit_code() == 0, failures(result)
    assert plan_to_destroy(applied).steps == ()


@pytest.mark.parametrize(
    "operation",
    [
        "graph.applications.delete",
        "graph.oauth2PermissionGrants.delete",
        "arm.vaults.delete",
        "arm.resource_groups.delete",
    ],
)
def test_a_disturbed_removal_ends_well(applied: Trial, operation: str) -> None:
    for fault in ({"action": "status", "status": 503, "count": 1}, {"action": "reset", "count": 1}):
        applied.cloud.control("POST", "faults", {"operation": operation, **fault})
    results = [destroy(applied), destroy(applied)]
    assert results[-1].exit_code() == 0, failures(results[-1])
    assert plan_to_destroy(applied).steps == ()


def test_another_tenant_is_not_touched(applied: Trial) -> None:
    fabrikam = Trial(applied.cloud, FABRIKAM, applied.reply_urls)
    fabrikam.put_in_place()
    before = cloud_of(applied)
    destroy(fabrikam)
    scopes = {scope for _, scope, _ in changed(before, cloud_of(applied))}
    assert scopes == {FABRIKAM.id, FABRIKAM.subscription, ""}
    assert CONTOSO.id not in scopes
