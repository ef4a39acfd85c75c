"""An identity that somebody's administrator has just made, with exactly the rights named, over raw HTTP."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientMiddlewareType

from provisioner.clients.clouds import endpoints
from provisioner.clients.runner_identities import ClientSecretIdentity
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.core.secret import Secret
from provisioner.emulator.arm.roles import ROLES
from provisioner.emulator.graph.microsoft_apps import GRAPH
from provisioner.operations.tenant import OpenTenant, open_tenant
from provisioner.spec.model import Spec
from tests.rehearsal import Rehearsal
from tests.trial import Trial

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

    def graph(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request to Graph as this identity, which must succeed."""
        origin = endpoints(self.rehearsal.tenant.cloud).graph
        return self._send(method, f"{origin}/v1.0/{path}", origin, body)

    def arm(self, method: str, path: str, body: Any, version: str) -> None:
        """The same to Azure."""
        origin = endpoints(self.rehearsal.tenant.cloud).arm
        self._send(method, f"{origin}{path}?api-version={version}", origin, body)

    def _send(self, method: str, url: str, audience: str, body: Any) -> dict[str, Any]:
        authority, http = endpoints(self.rehearsal.tenant.cloud).authority, self.rehearsal.cloud.http
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "scope": f"{audience}/.default",
        }
        token = http.post(f"{authority}/{self.rehearsal.tenant.id}/oauth2/v2.0/token", data=form).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = http.request(method, url, json=body, headers=headers)
        assert answer.ok, f"{method} {url}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


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


def give_role(rehearsal: Rehearsal, role: str, scope: str, principal: str, kind: str, *, condition: str = "") -> None:
    """As somebody who may assign roles."""
    definition = f"/subscriptions/{rehearsal.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    properties = {
        "roleDefinitionId": f"{definition}/{ROLE_IDS[role]}",
        "principalId": principal,
        "principalType": kind,
        **({"condition": condition, "conditionVersion": "2.0"} if condition else {}),
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    rehearsal._arm("PUT", path, {"properties": properties}, "2022-04-01")


@asynccontextmanager
async def opened_as(
    trial: Trial, who: Newcomer, *innermost: ClientMiddlewareType, spec: Spec | None = None, verb: str = ""
) -> AsyncIterator[OpenTenant]:
    """The tenant, with this identity as the runner. verb: the command whose part it plays."""
    host, _, port = trial.cloud.description["address"].partition(":")
    clock = trial.clock()
    endpoint = EmulatorEndpoint(host, int(port), Path(trial.cloud.description["ca"]))
    identity = ClientSecretIdentity(who.client_id, Secret(who.secret))
    async with (
        open_session(clock, emulator=endpoint, verb=verb, innermost=innermost) as session,
        open_tenant(spec or trial.spec(), session, clock, identity) as tenant,
    ):
        yield tenant
