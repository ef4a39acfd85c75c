"""All a plan rests on: each thing with what it depends on; permissions declared, requested and granted."""

from __future__ import annotations

import uuid
from graphlib import TopologicalSorter

from provisioner.core.overview import PermissionRow, Presence
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action
from provisioner.resources.kinds import KINDS
from tests.resources.cases import GRAPH as GRAPH_APP
from tests.resources.cases import USER_READ_ALL
from tests.trial import Trial

GRAPH = "Microsoft Graph"
LIST_GRANTS = "graph.servicePrincipals.oauth2PermissionGrants"
LIST_ROLES = "graph.appRoleAssignments.list"


def _row(plan: Plan, value: str) -> PermissionRow:
    [row] = [row for row in plan.permissions if row.value == value]
    return row


def _three(plan: Plan, value: str) -> tuple[bool, bool | None, bool | None]:
    row = _row(plan, value)
    return row.declared, row.requested, row.granted


def test_everything_has_a_place_and_what_it_depends_on_is_made_before_it(trial: Trial) -> None:
    plan = trial.plan()
    assert {resource.address.kind for resource in plan.resources} == {kind.name for kind in KINDS}
    addresses = {resource.address for resource in plan.resources}
    assert {step.address for step in plan.steps} <= addresses
    assert all(addresses.issuperset(resource.depends_on) for resource in plan.resources)
    list(TopologicalSorter({resource.address: resource.depends_on for resource in plan.resources}).static_order())
    order = {step.address: position for position, step in enumerate(plan.steps)}
    for resource in plan.resources:
        made_before = [order[one] < order[resource.address] for one in resource.depends_on if one in order]
        assert all(made_before), resource.address


def test_what_is_there_is_present_before_and_after_and_what_is_made_was_absent(prepared: Trial) -> None:
    before = prepared.back_to("new").plan()
    absent = {resource.address for resource in before.resources if resource.state is Presence.ABSENT}
    assert {step.address for step in before.steps if step.action is Action.CREATE} <= absent
    after = prepared.back_to("applied").plan()
    [missing] = [resource.address.kind for resource in after.resources if resource.state is not Presence.PRESENT]
    assert missing == "refresh_token"


def _ask_for_more(trial: Trial, value: str = "Directory.Read.All") -> None:
    """Somebody requests a delegated permission of Graph on our application."""
    scopes = {scope["value"]: scope["id"] for scope in trial.principal(GRAPH_APP)["oauth2PermissionScopes"]}
    required = trial.application()["requiredResourceAccess"]
    of_graph = next(entry for entry in required if entry["resourceAppId"] == GRAPH_APP)
    of_graph["resourceAccess"].append({"id": scopes[value], "type": "Scope"})
    trial.change_application(requiredResourceAccess=required)


def test_what_others_added_is_there_and_not_declared(applied: Trial) -> None:
    principal, api = applied.principal(applied.application()["appId"]), applied.principal(GRAPH_APP)
    path = f"servicePrincipals/{principal['id']}/appRoleAssignments"
    body = {"principalId": principal["id"], "resourceId": api["id"], "appRoleId": USER_READ_ALL}
    applied.graph("POST", path, body)
    plan = applied.plan()
    [added] = [resource for resource in plan.resources if not resource.declared]
    assert (added.address.key, added.state) == (f"{GRAPH}/User.Read.All", Presence.PRESENT)
    assert [address.kind for address in added.depends_on] == ["service_principal", "api_service_principal"]
    assert _three(plan, "User.Read.All") == (False, False, True)


def test_permissions_are_told_three_ways(prepared: Trial) -> None:
    assert _three(prepared.back_to("new").plan(), "User.Read") == (True, False, False)
    trial = prepared.back_to("applied")
    assert _three(trial.plan(), "User.Read") == (True, True, True)
    assert not any(row.differs for row in trial.plan().permissions)
    _ask_for_more(trial)
    plan = trial.plan()
    assert _three(plan, "Directory.Read.All") == (False, True, False)
    assert _row(plan, "Directory.Read.All").differs
    assert _row(plan, "Directory.Read.All").risk != "unknown"


def test_a_grant_that_nobody_could_read_is_not_one_that_is_missing(applied: Trial) -> None:
    _ask_for_more(applied)
    applied.fault(LIST_GRANTS, "deny", count=None)
    plan = applied.plan()
    assert _three(plan, "User.Read") == (True, True, None)
    assert _three(plan, "Directory.Read.All") == (False, True, None)
    assert not _row(plan, "User.Read").differs


def test_a_grant_that_nobody_asked_for_is_not_looked_at_and_so_not_missing(prepared: Trial) -> None:
    trial = prepared.back_to("applied")
    assert _three(trial.plan(trial.spec(application__adminConsent=False)), "User.Read") == (True, True, None)
    trial.back_to("new")
    assert _three(trial.plan(trial.spec(application__adminConsent=False)), "User.Read") == (True, False, False)


def test_a_role_that_was_asked_for_and_not_granted_is_told_so_though_the_spec_names_none(trial: Trial) -> None:
    spec = trial.spec(application__permissions=[{"api": GRAPH, "delegated": ["User.Read"]}])
    trial.apply(spec)
    required = trial.application()["requiredResourceAccess"]
    required[0]["resourceAccess"].append({"id": USER_READ_ALL, "type": "Role"})
    trial.change_application(requiredResourceAccess=required)
    assert _three(trial.plan(spec), "User.Read.All") == (False, True, False)
    trial.fault(LIST_ROLES, "deny", count=None)
    plan = trial.plan(spec)
    assert _three(plan, "User.Read.All") == (False, True, None)
    assert [str(step.address) for step in plan.unknown] == ["trial/app_role_assignment"]
    assert plan.cause is Cause.UNKNOWN


def test_a_grant_is_looked_for_where_it_would_be_taken_away(applied: Trial) -> None:
    spec = applied.spec(application__adminConsent=False, exact=["grants"])
    assert _three(applied.plan(spec), "User.Read") == (True, True, True)


def _publish_an_api(trial: Trial) -> tuple[str, str, str]:
    """One that no catalogue knows, with a scope: its appId, the scope's id, and its principal's object id."""
    scope = {"id": str(uuid.uuid4()), "value": "Read.It", "type": "Admin", "isEnabled": True}
    words = {f"{who}Consent{what}": "Read it" for who in ("admin", "user") for what in ("DisplayName", "Description")}
    made = trial.graph(
        "POST", "applications", {"displayName": "Theirs", "api": {"oauth2PermissionScopes": [scope | words]}}
    )
    return made["appId"], scope["id"], trial.graph("POST", "servicePrincipals", {"appId": made["appId"]})["id"]


def test_a_permission_of_an_api_that_the_spec_does_not_name_is_one_row(applied: Trial) -> None:
    """Requested by id, granted by name: before anything is granted nobody knows the name."""
    app_id, scope_id, api = _publish_an_api(applied)
    required = applied.application()["requiredResourceAccess"]
    required.append({"resourceAppId": app_id, "resourceAccess": [{"id": scope_id, "type": "Scope"}]})
    applied.change_application(requiredResourceAccess=required)
    assert _three(applied.plan(), scope_id) == (False, True, None)
    body = {"clientId": applied.principal(applied.application()["appId"])["id"], "resourceId": api}
    applied.graph("POST", "oauth2PermissionGrants", body | {"consentType": "AllPrincipals", "scope": "Read.It"})
    plan = applied.plan()
    assert _three(plan, "Read.It") == (False, True, True)
    assert [row.value for row in plan.permissions if row.api == app_id] == ["Read.It"]
