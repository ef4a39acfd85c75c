"""Users, groups, roles, owners and GDAP relationships, as clients look them up."""

from __future__ import annotations

import pytest

from provisioner.emulator.directory_roles import GLOBAL_ADMINISTRATOR
from provisioner.emulator.kinds import APPLICATION, GROUP
from provisioner.emulator.kinds import TENANT as TENANT_KIND
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.store import Store

from .world import HOST, OWNED_ONLY, TENANT, Graph, operator

_GROUP = "7a0d8a0d-1c61-4a50-9df8-4a0a0c6c7c11"
_OUTER = "0b9b6f10-2d7e-4d0f-8a1c-7a1f5a3f9e22"


def _add_groups(store: Store) -> None:
    """The colleague is in a group, which is in another."""
    with store.transaction() as tx:
        tx.put(GROUP, TENANT.id, _GROUP, {"id": _GROUP, "displayName": "Team", "_members": [TENANT.colleague_id]})
        tx.put(GROUP, TENANT.id, _OUTER, {"id": _OUTER, "displayName": "All", "_members": [_GROUP]})


def test_people_are_found_as_az_looks_for_an_assignee(graph: Graph) -> None:
    [found] = graph.get("/users", filter=f"userPrincipalName eq '{TENANT.operator}'")["value"]
    assert (found["id"], "accountEnabled" in found) == (TENANT.operator_id, False)
    assert graph.get(f"/users/{TENANT.operator}", select="accountEnabled")["accountEnabled"] is True
    assert graph.get(f"/users('{TENANT.operator_id}')")["userPrincipalName"] == TENANT.operator


def test_membership_is_direct_or_through_other_groups(store: Store, graph: Graph) -> None:
    _add_groups(store)
    path = f"/users/{TENANT.colleague_id}"
    assert [each["id"] for each in graph.get(f"{path}/memberOf")["value"]] == [_GROUP]
    assert {each["id"] for each in graph.get(f"{path}/transitiveMemberOf")["value"]} == {_GROUP, _OUTER}
    ids = graph.post(f"{path}/getMemberGroups", {"securityEnabledOnly": False})["value"]
    assert set(ids) == {_GROUP, _OUTER}
    assert graph.post(f"{path}/checkMemberGroups", {"groupIds": [_OUTER]})["value"] == [_OUTER]
    reader = Graph(store, roles=("Group.Read.All",))
    assert [each["displayName"] for each in reader.get("/groups", filter="displayName eq 'Team'")["value"]] == ["Team"]
    assert [each["id"] for each in reader.get(f"/groups/{_GROUP}/members")["value"]] == [TENANT.colleague_id]


def test_administrator_shows_among_the_roles(store: Store, graph: Graph) -> None:
    [role] = graph.get("/directoryRoles")["value"]
    assert (role["displayName"], role["roleTemplateId"]) == ("Global Administrator", GLOBAL_ADMINISTRATOR)
    assert [each["id"] for each in graph.get(f"/directoryRoles/{role['id']}/members")["value"]] == [TENANT.operator_id]
    [held] = operator(store, "Directory.Read.All").get("/me/memberOf")["value"]
    assert held["@odata.type"] == "#microsoft.graph.directoryRole"
    query = f"principalId eq '{TENANT.operator_id}'"
    [assigned] = graph.get("/roleManagement/directory/roleAssignments", filter=query)["value"]
    assert assigned["roleDefinitionId"] == GLOBAL_ADMINISTRATOR


def test_every_path_below_me_is_for_people(graph: Graph) -> None:
    reply = graph.send("GET", "/me/calendars")
    assert (reply.status, "delegated authentication flow" in reply.body["error"]["message"]) == (400, True)


@pytest.mark.parametrize("collection", ["applications", "servicePrincipals"])
def test_owner_added_by_reference_may_change_and_is_removed_again(store: Store, graph: Graph, collection: str) -> None:
    pair = graph.create_pair()
    path = f"/{collection}/{pair[collection == 'servicePrincipals']['id']}"
    colleague = Graph(store, person=TENANT.colleague_id, scopes=("Application.ReadWrite.All",))
    assert colleague.send("PATCH", path, {"notes": "mine"}).status == 403
    link = {"@odata.id": f"{HOST}/v1.0/directoryObjects/{TENANT.colleague_id}"}
    assert graph.send("POST", f"{path}/owners/$ref", link).status == 204
    assert colleague.send("PATCH", path, {"notes": "mine"}).status == 204
    assert [each["id"] for each in graph.get(f"{path}/owners/microsoft.graph.user")["value"]] == [TENANT.colleague_id]
    assert graph.send("DELETE", f"{path}/owners/{TENANT.colleague_id}/$ref").status == 204
    assert colleague.send("PATCH", path, {"notes": "mine"}).status == 403


def test_owners_can_be_bound_at_creation_and_own_what_they_list(store: Store, graph: Graph) -> None:
    link = f"{HOST}/v1.0/users/{TENANT.operator_id}"
    made = graph.create_application(**{"owners@odata.bind": [link]})
    ids = {each["id"] for each in graph.get(f"/applications/{made['id']}/owners")["value"]}
    assert ids == {TENANT.operator_id, TENANT.runner.object_id}
    owned = operator(store, "Directory.Read.All").get("/me/ownedObjects/microsoft.graph.application")["value"]
    assert made["id"] in {each["id"] for each in owned}


def test_users_register_applications_unless_their_tenant_forbids_it(store: Store) -> None:
    person = operator(store, "Application.ReadWrite.All", directory_roles=())
    person.create_application("first")
    with store.transaction() as tx:
        tenant = tx.get(TENANT_KIND, "", TENANT.id)
        assert tenant is not None
        tx.put(TENANT_KIND, "", TENANT.id, tenant | {"_policies": {"allowedToCreateApps": False}})
    assert person.send("POST", "/applications", {"displayName": "second"}).status == 403


def test_multitenant_application_of_another_tenant_gets_its_service_principal_here(store: Store, graph: Graph) -> None:
    with store.transaction() as tx:
        [foreign] = tx.list(APPLICATION, FABRIKAM.id)
    wanted = {"appId": foreign["appId"]}
    assert graph.send("POST", "/servicePrincipals", wanted).status == 400
    with store.transaction() as tx:
        shared = foreign | {"signInAudience": "AzureADMultipleOrgs"}
        tx.put(APPLICATION, FABRIKAM.id, foreign["id"], shared)
    assert Graph(store, roles=OWNED_ONLY).send("POST", "/servicePrincipals", wanted).status == 403
    assert graph.post("/servicePrincipals", wanted)["appOwnerOrganizationId"] == FABRIKAM.id


def test_relationships_name_each_customer_and_the_roles_held_there(store: Store) -> None:
    partner = Graph(store, roles=("DelegatedAdminRelationship.Read.All",))
    found = partner.get("/tenantRelationships/delegatedAdminRelationships")["value"]
    assert {each["customer"]["tenantId"] for each in found} == {customer.id for customer in TENANT.customers}
    assert {len(each["accessDetails"]["unifiedRoles"]) for each in found} == {2}


def test_person_is_assigned_to_an_application_and_shows_on_both_ends(graph: Graph) -> None:
    role = {"id": _GROUP, "allowedMemberTypes": ["User"], "displayName": "Reader", "value": "Reader", "isEnabled": True}
    _, principal = graph.create_pair(appRoles=[role | {"description": "Reads"}])
    wanted = {"principalId": TENANT.colleague_id, "resourceId": principal["id"], "appRoleId": _GROUP}
    made = graph.post(f"/users/{TENANT.colleague_id}/appRoleAssignments", wanted)
    assert made["principalType"] == "User"
    for path in (
        f"/users/{TENANT.colleague_id}/appRoleAssignments",
        f"/servicePrincipals/{principal['id']}/appRoleAssignedTo",
    ):
        assert [each["id"] for each in graph.get(path)["value"]] == [made["id"]]
    path = f"/servicePrincipals/{principal['id']}/appRoleAssignedTo/{made['id']}"
    assert graph.get(path)["principalDisplayName"] == "Colleague"
    assert graph.send("DELETE", path).status == 204
