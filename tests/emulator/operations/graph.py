"""A directory with one of everything, and what Graph's operations want of it."""

from __future__ import annotations

from typing import Any

from provisioner.emulator import kinds
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

from ..graph.world import HOST, Graph, certificate_with_key, make_certificate, operator, proof
from .asks import Ask, Asks

_GROUP = "7a0d8a0d-1c61-4a50-9df8-4a0a0c6c7c11"
_KEY = {"type": "AsymmetricX509Cert", "usage": "Verify"}
_FEDERATED = {
    "name": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/sam:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}
_POLICY = {"displayName": "policy", "isEnabled": True, "restrictions": {"passwordCredentials": []}}
_EVERYBODY = "00000000-0000-0000-0000-000000000000"
_MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"


def asks(store: Store) -> Asks:
    """Fills the directory and tells what is where."""
    graph = Graph(store, roles=_every_role(store))
    certificate, key = certificate_with_key()
    keys = [_KEY | {"key": certificate}]
    application, principal = graph.create_pair(keyCredentials=keys)
    app, sp = (f"/applications/{application['id']}", f"/servicePrincipals/{principal['id']}")
    with store.transaction() as tx:
        members = [CONTOSO.colleague_id, CONTOSO.operator_id]
        tx.put(kinds.GROUP, CONTOSO.id, _GROUP, {"id": _GROUP, "displayName": "Team", "_members": members})
    assert graph.send("PATCH", sp, {"keyCredentials": keys}).status == 204
    for path in (app, sp):
        link = {"@odata.id": f"{HOST}/v1.0/directoryObjects/{CONTOSO.colleague_id}"}
        assert graph.send("POST", f"{path}/owners/$ref", link).status == 204
    gone = graph.create_application("gone")["id"]
    assert graph.send("DELETE", f"/applications/{gone}").status == 204
    policies = [graph.post("/policies/appManagementPolicies", _POLICY)["id"] for _ in range(2)]
    links = [{"@odata.id": f"{HOST}/v1.0/policies/appManagementPolicies/{policy}"} for policy in policies]
    for path in (app, sp):
        assert graph.send("POST", f"{path}/appManagementPolicies/$ref", links[0]).status == 204
    resource = graph.principal_id(_MICROSOFT_GRAPH)
    parameters = {
        "applications": application["id"],
        "servicePrincipals": principal["id"],
        "app_id": application["appId"],
        "unique_name": application["uniqueName"],
        "credential": graph.post(f"{app}/federatedIdentityCredentials", _FEDERATED)["id"],
        "credential_name": _FEDERATED["name"],
        "owner": CONTOSO.colleague_id,
        "policy": policies[0],
        "appManagementPolicies": policies[1],
        "users": CONTOSO.operator_id,
        "groups": _GROUP,
        "directoryObjects": principal["id"],
        "deletedItems": gone,
        "organization": CONTOSO.id,
        "directoryRoles": graph.get("/directoryRoles")["value"][0]["id"],
        "roleDefinitions": graph.get("/roleManagement/directory/roleDefinitions")["value"][0]["id"],
        "delegatedAdminRelationships": _relationship(store),
        "oauth2PermissionGrants": graph.post("/oauth2PermissionGrants", _grant(principal["id"], resource))["id"],
        "type_name": "group",
        "path": "v1.0/nothing",
    }
    rows = (
        _of_holder("applications", store, graph, app, application["id"], key)
        | _of_holder("servicePrincipals", store, graph, sp, principal["id"], key)
        | _of_assignments(graph, application, principal["id"], resource)
        | _of_the_rest(graph, principal["id"], resource, links[1], policies[1])
    )
    beyond = {"graph.unknown": "a path nobody knows"}
    return Asks(parameters, rows, beyond)


def _every_role(store: Store) -> tuple[str, ...]:
    with store.transaction() as tx:
        [graph] = tx.find(kinds.SERVICE_PRINCIPAL, CONTOSO.id, "appId", _MICROSOFT_GRAPH)
    return tuple(role["value"] for role in graph["appRoles"])


def _relationship(store: Store) -> str:
    """Those relationships are read by people."""
    reader = operator(store, "DelegatedAdminRelationship.Read.All")
    found: str = reader.get("/tenantRelationships/delegatedAdminRelationships")["value"][0]["id"]
    return found


def _grant(client: str, resource: str) -> dict[str, Any]:
    return {"clientId": client, "resourceId": resource, "consentType": "AllPrincipals", "scope": "User.Read"}


def _of_holder(name: str, store: Store, graph: Graph, path: str, holder: str, key: Any) -> dict[str, Ask]:
    """Credentials, owners and policies, which applications and service principals both have."""
    secret = graph.post(f"{path}/addPassword", {"passwordCredential": {"displayName": "old"}})["keyId"]
    key_id = graph.get(path)["keyCredentials"][0]["keyId"]
    signed = proof(store, key, holder)
    added = {"keyCredential": _KEY | {"key": make_certificate()}, "passwordCredential": None, "proof": signed}
    operator_link = {"@odata.id": f"{HOST}/v1.0/directoryObjects/{CONTOSO.operator_id}"}
    return {
        f"graph.{name}.addPassword": Ask({"passwordCredential": {"displayName": "new"}}),
        f"graph.{name}.removePassword": Ask({"keyId": secret}),
        f"graph.{name}.addKey": Ask(added),
        f"graph.{name}.removeKey": Ask({"keyId": key_id, "proof": signed}),
        f"graph.{name}.owners.add": Ask(operator_link),
        f"graph.{name}.update": Ask({"tags": ["x"]}),
        f"graph.{name}.upsert": Ask({"tags": ["x"]}),
    }


def _of_assignments(graph: Graph, application: Any, principal: str, resource: str) -> dict[str, Ask]:
    """The service principal and the operator have a role each; another is to be had."""
    roles = [each["id"] for each in graph.get(f"/servicePrincipals/{resource}")["appRoles"]]
    holder = {"id": resource, "app_id": _MICROSOFT_GRAPH}
    rows: dict[str, Ask] = {}
    new = {"principalId": principal, "resourceId": resource, "appRoleId": roles[0]}
    held = graph.post(f"/servicePrincipals/{principal}/appRoleAssignments", new | {"appRoleId": roles[1]})["id"]
    for segment, parameters in (("appRoleAssignments", {}), ("appRoleAssignedTo", holder)):
        rows[f"graph.{segment}.create"] = Ask(new, parameters)
        rows[f"graph.{segment}.get"] = Ask(None, parameters | {"assignment": held})
        rows[f"graph.{segment}.delete"] = Ask(None, parameters | {"assignment": held})
    for collection, person, other in (
        ("users", CONTOSO.operator_id, CONTOSO.colleague_id),
        ("groups", _GROUP, None),
    ):
        body = {"resourceId": principal, "appRoleId": _EVERYBODY}
        if other is None:  # a group can be assigned once only: what is there is what the new one would be
            other = "5b0d8a0d-1c61-4a50-9df8-4a0a0c6c7c12"
            with graph.store.transaction() as tx:
                tx.put(kinds.GROUP, CONTOSO.id, other, {"id": other, "displayName": "Others", "_members": []})
        given = graph.post(f"/{collection}/{person}/appRoleAssignments", body | {"principalId": person})["id"]
        place = f"{collection}/{{id}}"
        rows[f"graph.appRoleAssignments.create {place}"] = Ask(body | {"principalId": other}, {"id": other})
        rows[f"graph.appRoleAssignments.delete {place}"] = Ask(None, {"assignment": given})
    return rows


def _of_the_rest(graph: Graph, principal: str, resource: str, link: Any, policy: str) -> dict[str, Ask]:
    lonely = graph.create_application("lonely")["appId"]
    free, principal_of_free = graph.create_pair("free")
    of_free = {"app_id": free["appId"], "unique_name": free["uniqueName"]}
    personal = {"consentType": "Principal", "principalId": CONTOSO.operator_id}
    member_groups = {"securityEnabledOnly": False}
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/organization"}]}
    return {
        "graph.batch": Ask(batch),
        "graph.applications.create": Ask({"displayName": "new", "uniqueName": "new"}),
        "graph.servicePrincipals.create": Ask({"appId": lonely}),
        "graph.federatedIdentityCredentials.create": Ask(_FEDERATED | {"name": "two", "subject": "repo:contoso/two"}),
        "graph.federatedIdentityCredentials.update": Ask({"description": "x"}),
        "graph.oauth2PermissionGrants.create": Ask(_grant(principal, resource) | personal),
        "graph.oauth2PermissionGrants.update": Ask({"scope": "User.Read Directory.Read.All"}),
        "graph.directoryObjects.getMemberGroups": Ask(member_groups),
        "graph.directoryObjects.checkMemberGroups": Ask({"groupIds": [_GROUP]}),
        "graph.directoryObjects.ownedObjects": Ask(None, {"type_name": "application"}),
        "graph.directoryObjects.getByIds": Ask({"ids": [principal, CONTOSO.operator_id]}),
        "graph.applications.appManagementPolicies.assign": Ask(link, of_free | {"id": free["id"]}),
        "graph.servicePrincipals.appManagementPolicies.assign": Ask(link, of_free | {"id": principal_of_free["id"]}),
        "graph.conditionalAccessPolicies.get": Ask(
            None, {"id": graph.get("/identity/conditionalAccess/policies")["value"][0]["id"]}
        ),
        "graph.policies.defaultAppManagementPolicy.update": Ask({"isEnabled": False}),
        "graph.appManagementPolicies.create": Ask(_POLICY),
        "graph.appManagementPolicies.update": Ask({"displayName": "renamed"}, {"id": policy}),
        "graph.directoryRoles.members (roleTemplateId": Ask(
            None, {"id": graph.get("/directoryRoles")["value"][0]["roleTemplateId"]}
        ),
    }
