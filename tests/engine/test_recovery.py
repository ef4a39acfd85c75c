"""What was soft-deleted comes back instead of being made anew, and is shown before it is changed."""

from __future__ import annotations

import pytest

from provisioner.core.errors import ImmutableFieldError, UnsafePlanError
from provisioner.core.plan import Cause
from provisioner.core.step import Action
from provisioner.emulator.seed.directory import FABRIKAM
from tests.resources.cases import CASES
from tests.trial import CREDENTIAL, Trial, failures

ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
SUBSCRIPTION = "/subscriptions/88529ac0-28a1-48e0-98f0-5bcf71a6a6f3"
OFFICER_ROLE = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
BY_ADMINISTRATORS = "DelegatedPermissionGrant.ReadWrite.All"
OUTSIDE_CHANGES = {name: case.drifts for name, case in CASES.items() if case.drifts}


def test_what_was_deleted_comes_back_in_one_apply_however_late_it_shows(applied: Trial) -> None:
    applied.cloud.control("PUT", "lag", {"graph": 30, "rbac": 60, "secret": 18})
    app_id = applied.application()["appId"]
    applied.graph("DELETE", f"applications/{applied.application()['id']}")
    applied.arm("DELETE", applied.vault_path)
    result = applied.apply()
    assert result.exit_code() == 3, failures(result)
    assert applied.application()["appId"] == app_id
    plan = applied.plan()
    assert ([step.address.kind for step in plan.steps], plan.cause) == (["refresh_token"], Cause.NONE)


def test_what_waits_for_a_person_keeps_nothing_else_from_coming_back(applied: Trial) -> None:
    """Somebody disabled our principal, which the role needs; the vault that comes back has nothing to do with it."""
    principal = applied.principal(applied.application()["appId"])
    applied.graph("PATCH", f"servicePrincipals/{principal['id']}", {"accountEnabled": False})
    for each in applied.graph("GET", f"servicePrincipals/{principal['id']}/appRoleAssignments")["value"]:
        applied.graph("DELETE", f"servicePrincipals/{principal['id']}/appRoleAssignments/{each['id']}")
    applied.arm("DELETE", applied.vault_path)
    result = applied.apply(applied.spec(vault__tags={"team": "another"}))
    assert result.exit_code() == 3, failures(result)
    assert [step.address.kind for step in result.after.pending] == ["app_role_assignment", "spec_digest"]
    assert result.after.ready == ()
    assert applied.arm("GET", applied.vault_path)["tags"]["team"] == "another"


def test_a_deleted_credential_comes_back_instead_of_another(applied: Trial) -> None:
    keys = [each["keyId"] for each in applied.application()["passwordCredentials"]]
    applied.secrets("DELETE", f"secrets/{CREDENTIAL}")
    shown = [(step.operation, step.reveals) for step in applied.plan().pending if step.address.kind == "credential"]
    assert shown == [("recover", True)]
    assert applied.apply().exit_code() == 3
    assert [each["keyId"] for each in applied.application()["passwordCredentials"]] == keys
    assert applied.mints_a_token(applied.secrets("GET", f"secrets/{CREDENTIAL}")["value"])
    assert applied.plan().pending == ()


def test_a_deleted_secret_of_somebody_else_holds_the_credential_s_name_and_a_person_decides(applied: Trial) -> None:
    applied.secrets("DELETE", f"secrets/{CREDENTIAL}")
    applied.secrets("DELETE", f"deletedsecrets/{CREDENTIAL}")
    applied.secrets("PUT", f"secrets/{CREDENTIAL}", {"value": "theirs"})
    applied.secrets("DELETE", f"secrets/{CREDENTIAL}")
    [step] = [step for step in applied.plan().for_a_person if step.address.kind == "credential"]
    assert "az keyvault secret recover" in step.todo
    keys = [each["keyId"] for each in applied.application()["passwordCredentials"]]
    applied.apply()
    assert [each["keyId"] for each in applied.application()["passwordCredentials"]] == keys


def test_a_vault_of_ours_deleted_in_another_location_is_told_with_the_way_back(applied: Trial) -> None:
    location = applied.arm("GET", applied.vault_path)["location"]
    applied.arm("DELETE", applied.vault_path)
    moved = applied.spec(vault__location="northeurope" if location != "northeurope" else "westeurope")
    result = applied.apply(moved)
    assert result.exit_code() == 1
    assert result.report is not None
    [advice] = [each.error.next_step for each in result.report.results if each.error is not None]
    assert f"vault.location: {location}" in advice


def test_what_comes_back_and_can_never_be_as_wanted_does_not_hide_what_was_written(applied: Trial) -> None:
    applied.arm("DELETE", applied.vault_path)
    result = applied.apply(applied.spec(vault__softDeleteRetentionDays=7))
    assert result.exit_code() == 1
    assert result.report is not None
    done = [each.step.operation for each in result.report.results if each.error is None]
    assert done == ["recover", "assign", "assign"]
    [error] = [each.error for each in result.report.results if each.error is not None]
    assert isinstance(error, ImmutableFieldError)


def test_an_application_that_the_runner_may_not_restore_is_a_person_s_with_the_command(prepared: Trial) -> None:
    prepared.back_to("new")
    fabrikam = Trial(prepared.cloud, FABRIKAM, prepared.reply_urls)  # its runner may write what it owns, and no more
    assert fabrikam.apply().exit_code() == 3
    application = fabrikam.application()["id"]
    fabrikam.graph("DELETE", f"applications/{application}")
    [step] = [step for step in fabrikam.plan().steps if step.address.kind == "application"]
    assert (step.action, step.operation) == (Action.PERSON, "restore")
    url = f"{GRAPH}/v1.0/directory/deletedItems/{application}/restore"
    assert step.todo == f"az rest --method POST --url {url}"


def test_a_plan_does_not_ask_for_what_comes_back_with_the_vault_or_the_application(applied: Trial) -> None:
    applied.graph("DELETE", f"applications/{applied.application()['id']}")
    assert "credential" not in {step.address.kind for step in applied.plan().pending}
    applied.arm("DELETE", applied.vault_path)
    assert applied.plan().for_a_person == ()


def test_a_spec_is_not_recorded_as_applied_before_what_came_back_was_compared(applied: Trial) -> None:
    applied.arm("PATCH", applied.vault_path, {"tags": {**applied.arm("GET", applied.vault_path)["tags"], "cost": "42"}})
    applied.arm("DELETE", applied.vault_path)
    spec = applied.spec(exact=["tags"])
    with pytest.raises(UnsafePlanError):
        applied.apply(spec)
    assert applied.plan(spec).cause is Cause.CHANGE
    allowed = applied.spec(exact=["tags"], safety={"maxRemovals": 1})
    assert applied.apply(allowed).exit_code() == 3
    assert applied.plan(allowed).cause is Cause.NONE
