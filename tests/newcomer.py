"""An identity that somebody's administrator has just made, with exactly the rights named, over raw HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from provisioner.clients.clouds import endpoints
from provisioner.emulator.arm.roles import ROLES
from provisioner.emulator.graph.microsoft_apps import GRAPH
from tests.rehearsal import Rehearsal

ROLE_IDS = {role.name: role_id for role_id, role in ROLES.items()}


@dataclass
class Newcomer:
    """A service principal with a secret; `object_id` is the principal's."""

    rehearsal: Rehearsal
    client_id: str
    object_id: str
    secret: str

    def may(self, role: str, scope: str) -> None:
        """Give it a role at an ARM scope."""
        give_role(self.rehearsal, role, scope, self.object_id, "ServicePrincipal")

    def graph(self, method: str, path: str, body: Any = None) -> None:
        """A request to Graph as this identity, which must succeed."""
        cloud = endpoints(self.rehearsal.tenant.cloud)
        http = self.rehearsal.cloud.http
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": f"{cloud.graph}/.default",
        }
        token = http.post(f"{cloud.authority}/{self.rehearsal.tenant.id}/oauth2/v2.0/token", data=form).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = http.request(method, f"{cloud.graph}/v1.0/{path}", json=body, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"


def newcomer(rehearsal: Rehearsal, *permissions: str, name: str = "Newcomer") -> Newcomer:
    """Registered, with these application permissions of Graph and nothing else."""
    application = rehearsal._graph("POST", "applications", {"displayName": name})
    principal = rehearsal._graph("POST", "servicePrincipals", {"appId": application["appId"]})
    secret = rehearsal._graph("POST", f"applications/{application['id']}/addPassword", {"passwordCredential": {}})
    api = rehearsal._graph("GET", f"servicePrincipals(appId='{GRAPH}')")
    roles = {role["value"]: role["id"] for role in api["appRoles"]}
    for permission in permissions:
        body = {"principalId": principal["id"], "resourceId": api["id"], "appRoleId": roles[permission]}
        rehearsal._graph("POST", f"servicePrincipals/{principal['id']}/appRoleAssignments", body)
    return Newcomer(rehearsal, application["appId"], principal["id"], secret["secretText"])


def give_role(rehearsal: Rehearsal, role: str, scope: str, principal: str, kind: str) -> None:
    """As somebody who may assign roles."""
    definition = f"/subscriptions/{rehearsal.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definition}/{ROLE_IDS[role]}",
        "principalId": principal,
        "principalType": kind,
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    rehearsal._arm("PUT", path, {"properties": properties}, "2022-04-01")


def take_roles(rehearsal: Rehearsal, scope: str, principal: str) -> Iterable[str]:
    """Take away what the principal holds at the scope itself; the names of what it held."""
    listed = rehearsal._arm("GET", f"{scope}/providers/Microsoft.Authorization/roleAssignments", None, "2022-04-01")
    held = []
    for entry in listed["value"]:
        properties = entry["properties"]
        if properties["principalId"] == principal and properties["scope"].lower() == scope.lower():
            rehearsal._arm("DELETE", entry["id"], None, "2022-04-01")
            held.append(ROLES[properties["roleDefinitionId"].rsplit("/", 1)[-1].lower()].name)
    return held
