"""Service principals, delegated grants and application permissions, as consent needs them."""

from __future__ import annotations

from provisioner.emulator import kinds
from provisioner.emulator.graph.microsoft_apps import AZURE_SERVICE_MANAGEMENT, GRAPH, PARTNER_CENTER
from provisioner.emulator.store import Store

from ..clock import advance
from .world import OWNED_ONLY, TENANT, Graph, lag, operator

_DIRECTORY_READ_ALL = "7ab1d382-f21e-4acd-a863-ba3e13f7da61"


def test_missing_partner_center_principal_is_created_with_the_ids_of_its_permissions(graph: Graph) -> None:
    assert graph.send("GET", f"/servicePrincipals(appId='{PARTNER_CENTER}')").status == 404
    made = graph.post("/servicePrincipals", {"appId": PARTNER_CENTER})
    [scope] = made["oauth2PermissionScopes"]
    assert (scope["value"], scope["id"]) == ("user_impersonation", "1cebfa2a-fb4d-419e-b5f9-839b4383e05a")
    assert graph.get(f"/servicePrincipals(appId='{PARTNER_CENTER}')")["id"] == made["id"]


def test_service_principal_follows_its_application(graph: Graph) -> None:
    application, principal = graph.create_pair()
    change = {"displayName": "renamed", "web": {"redirectUris": ["https://localhost:44395/"]}}
    graph.send("PATCH", f"/applications/{application['id']}", change)
    read = graph.get(f"/servicePrincipals/{principal['id']}")
    assert (read["displayName"], read["replyUrls"]) == ("renamed", ["https://localhost:44395/"])


def test_service_principal_upsert_creates_then_updates(graph: Graph) -> None:
    application = graph.create_application()
    path, prefer = f"/servicePrincipals(appId='{application['appId']}')", {"Prefer": "create-if-missing"}
    assert graph.send("PATCH", path, {"tags": ["ours"]}, prefer).status == 201
    assert graph.send("PATCH", path, {"accountEnabled": False}, prefer).status == 204
    read = graph.get(path)
    assert (read["tags"], read["accountEnabled"]) == (["ours"], False)


def test_service_principal_is_found_as_the_azure_cli_looks_for_it(graph: Graph) -> None:
    lookup = f"servicePrincipalNames/any(c:c eq '{GRAPH}')"
    [found] = graph.get("/servicePrincipals", filter=lookup)["value"]
    assert found["appId"] == GRAPH


def test_grant_is_made_found_widened_and_taken_back(graph: Graph) -> None:
    _, client = graph.create_pair()
    wanted = {
        "clientId": client["id"],
        "consentType": "AllPrincipals",
        "resourceId": graph.principal_id(AZURE_SERVICE_MANAGEMENT),
        "scope": "user_impersonation",
    }
    made = graph.post("/oauth2PermissionGrants", wanted)
    assert made["principalId"] is None
    own = f"clientId eq '{client['id']}' and consentType eq 'AllPrincipals'"
    [found] = graph.get("/oauth2PermissionGrants", filter=own)["value"]
    assert found["id"] == made["id"]
    path = f"/oauth2PermissionGrants/{made['id']}"
    assert graph.send("PATCH", path, {"scope": "user_impersonation openid"}).status == 204
    assert graph.get(path)["scope"] == "user_impersonation openid"
    [of_client] = graph.get(f"/servicePrincipals/{client['id']}/oauth2PermissionGrants")["value"]
    assert of_client == found | {"scope": "user_impersonation openid"}
    assert graph.send("DELETE", path).status == 204
    assert graph.get("/oauth2PermissionGrants", filter=own)["value"] == []


def test_a_users_own_grant_stands_beside_the_tenant_wide_one(graph: Graph) -> None:
    _, client = graph.create_pair()
    pair = {"clientId": client["id"], "resourceId": graph.principal_id(GRAPH), "scope": "User.Read"}
    graph.post("/oauth2PermissionGrants", pair | {"consentType": "AllPrincipals"})
    graph.post("/oauth2PermissionGrants", pair | {"consentType": "Principal", "principalId": TENANT.operator_id})
    assert len(graph.get("/oauth2PermissionGrants", filter=f"clientId eq '{client['id']}'")["value"]) == 2


def test_grants_of_a_deleted_service_principal_are_gone_until_it_is_restored(graph: Graph) -> None:
    _, client = graph.create_pair()
    wanted = {"clientId": client["id"], "resourceId": graph.principal_id(GRAPH), "consentType": "AllPrincipals"}
    made = graph.post("/oauth2PermissionGrants", wanted | {"scope": "User.Read"})
    graph.send("DELETE", f"/servicePrincipals/{client['id']}")
    assert graph.send("GET", f"/oauth2PermissionGrants/{made['id']}").status == 404
    graph.send("POST", f"/directory/deletedItems/{client['id']}/restore")
    assert graph.get(f"/oauth2PermissionGrants/{made['id']}")["scope"] == "User.Read"


def test_application_permission_shows_on_both_ends_and_is_removed(graph: Graph) -> None:
    _, client = graph.create_pair()
    resource = graph.principal_id(GRAPH)
    wanted = {"principalId": client["id"], "resourceId": resource, "appRoleId": _DIRECTORY_READ_ALL}
    path = f"/servicePrincipals/{client['id']}/appRoleAssignments"
    made = graph.post(path, wanted)
    assert [each["id"] for each in graph.get(path)["value"]] == [made["id"]]
    assert made["id"] in {each["id"] for each in graph.get(f"/servicePrincipals/{resource}/appRoleAssignedTo")["value"]}
    assert graph.send("DELETE", f"{path}/{made['id']}").status == 204
    assert graph.get(path)["value"] == []


def test_references_to_what_is_not_visible_yet_mislead_as_in_life(store: Store, graph: Graph) -> None:
    lag(store, 30)
    application = graph.create_application()
    new_principal = {"appId": application["appId"]}
    refused = graph.send("POST", "/servicePrincipals", new_principal)
    assert "does not reference a valid application object" in refused.body["error"]["message"]
    owned_only = Graph(store, roles=OWNED_ONLY)
    refused = owned_only.send("POST", "/servicePrincipals", new_principal)
    assert (refused.status, "must in the local tenant" in refused.body["error"]["message"]) == (403, True)
    advance(store, 31)
    client = graph.post("/servicePrincipals", new_principal)
    ends = {"clientId": client["id"], "resourceId": graph.principal_id(GRAPH), "consentType": "AllPrincipals"}
    assert graph.send("POST", "/oauth2PermissionGrants", ends | {"scope": "User.Read"}).status == 404
    assert graph.send("GET", f"/servicePrincipals/{client['id']}").status == 404
    advance(store, 31)
    graph.post("/oauth2PermissionGrants", ends | {"scope": "User.Read"})


def test_owned_by_caller_does_its_own_application_end_to_end(store: Store) -> None:
    owned_only = Graph(store, roles=OWNED_ONLY)
    application, principal = owned_only.create_pair()
    owned_only.post(f"/applications/{application['id']}/addPassword", {"passwordCredential": {}})
    assert owned_only.send("PATCH", f"/servicePrincipals/{principal['id']}", {"tags": ["ours"]}).status == 204
    assert owned_only.send("POST", "/servicePrincipals", {"appId": PARTNER_CENTER}).status == 403


def test_a_user_needs_the_delegated_permission_and_the_directory_role(store: Store, graph: Graph) -> None:
    application = graph.create_application()
    path, change = f"/applications/{application['id']}", {"notes": "changed"}
    assert operator(store, "Application.ReadWrite.All").send("PATCH", path, change).status == 204
    assert operator(store, "Application.Read.All").send("PATCH", path, change).status == 403
    no_role = operator(store, "Application.ReadWrite.All", directory_roles=())
    assert no_role.send("PATCH", path, change).status == 403
    own = no_role.create_application("own")
    assert no_role.send("PATCH", f"/applications/{own['id']}", change).status == 204


def test_sign_in_policies_are_shown_as_the_tenant_enforces_them(store: Store, graph: Graph) -> None:
    block = {"users": [TENANT.operator_id], "apps": "all", "result": "block"}
    with store.transaction() as tx:
        tenant = tx.get(kinds.TENANT, "", TENANT.id) or {}
        mfa = {"securityDefaults": True, "requireForApps": [PARTNER_CENTER]}
        tx.put(kinds.TENANT, "", TENANT.id, tenant | {"mfa": mfa, "_conditionalAccess": [block, block]})
    assert graph.get("/policies/identitySecurityDefaultsEnforcementPolicy")["isEnabled"] is True
    path = "/identity/conditionalAccess/policies"
    shown = sorted(graph.get(path)["value"], key=lambda policy: str(policy["displayName"]))
    required, first, second = shown
    assert required["conditions"]["applications"]["includeApplications"] == [PARTNER_CENTER]
    assert required["grantControls"]["builtInControls"] == ["mfa"]
    assert first["conditions"]["users"]["includeUsers"] == [TENANT.operator_id]
    assert first["grantControls"]["builtInControls"] == ["block"]
    assert first["id"] != second["id"]
    assert graph.get(f"{path}/{second['id']}")["displayName"] == "block"
    keeper = Graph(store, roles=("Directory.Read.All", "Policy.ReadWrite.ApplicationConfiguration"))
    assert keeper.send("GET", path).status == 403


def test_the_operator_and_the_tenant_describe_themselves(store: Store, graph: Graph) -> None:
    [organization] = graph.get("/organization")["value"]
    assert organization["id"] == TENANT.id
    assert organization["verifiedDomains"][0]["name"] == TENANT.domain
    assert operator(store, "User.Read").get("/me")["userPrincipalName"] == TENANT.operator
    found = graph.post("/directoryObjects/getByIds", {"ids": [TENANT.operator_id, TENANT.runner.object_id]})["value"]
    assert {each["@odata.type"] for each in found} == {"#microsoft.graph.user", "#microsoft.graph.servicePrincipal"}
    assert graph.get("/policies/defaultAppManagementPolicy")["isEnabled"] is False
