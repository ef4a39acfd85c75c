"""A tenant that several specs of one name come and go in, and an administrator who is somebody else than the runner.

The administrator holds every right, speaks raw HTTP and shares no line with our clients.
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from provisioner.clients.clouds import endpoints
from provisioner.emulator.seed.directory import RUNNER_SECRET
from tests.trial import NAME, Trial

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
_GRAPH_ROLES = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
)
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
_ROLES = "providers/Microsoft.Authorization/roleAssignments"
Json = dict[str, Any]


@dataclass
class Estate(Trial):
    """vault_name and group: where the spec that is applied next keeps its things. app_id: of the application, where it
    names one. hand_made: the appId of one that was there before any spec.
    """

    vault_name: str = ""
    group: str = ""
    app_id: str = ""
    hand_made: str = ""
    admin: tuple[str, str] = ("", "")  # client id, secret
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def vault(self) -> str:
        return self.vault_name

    @property
    def group_path(self) -> str:
        return f"/subscriptions/{self.tenant.subscription}/resourceGroups/{self.group}"

    def about(self, document: Mapping[str, Any]) -> None:
        """From here on the administrator deals with what this spec names."""
        self.app_id = document["application"].get("appId", "")
        self.vault_name = document["vault"]["name"]
        self.group = document["vault"]["resourceGroup"]

    def appoint(self) -> None:
        """Make the administrator; the runner does it, once."""
        self.admin = (self.tenant.runner.client_id, RUNNER_SECRET)
        application = self.graph("POST", "applications", {"displayName": "Administrator of everything"})
        principal = self.graph("POST", "servicePrincipals", {"appId": application["appId"]})["id"]
        graph = self.graph("GET", f"servicePrincipals(appId='{MICROSOFT_GRAPH}')")
        for role in graph["appRoles"]:
            if role["value"] in _GRAPH_ROLES:
                body = {"principalId": principal, "resourceId": graph["id"], "appRoleId": role["id"]}
                self.graph("POST", f"servicePrincipals/{principal}/appRoleAssignments", body)
        for role_id in (_OWNER, _VAULT_ADMINISTRATOR):
            self.assign(f"/subscriptions/{self.tenant.subscription}", role_id, principal, "ServicePrincipal")
        secret = self.graph("POST", f"applications/{application['id']}/addPassword", {"passwordCredential": {}})
        self.admin = (application["appId"], secret["secretText"])
        self._tokens.clear()
        by_hand = {"displayName": "Made by hand", "web": {"redirectUris": ["https://by-hand.contoso.com/"]}}
        self.hand_made = self.graph("POST", "applications", by_hand)["appId"]
        self._grant_ownership(self.hand_made)

    def _grant_ownership(self, app_id: str) -> None:
        """A runner that may only write what it owns must own what it is to adopt."""
        link = f"https://graph.microsoft.com/v1.0/directoryObjects/{self.tenant.runner.object_id}"
        self.graph("POST", f"applications(appId='{app_id}')/owners/$ref", {"@odata.id": link})

    def later(self, time: timedelta) -> None:
        self.cloud.control("POST", "clock", {"advanceSeconds": time.total_seconds()})
        self._tokens.clear()

    def run(self, todo: str) -> None:
        """The command that a plan has for an administrator, on the last line or before a remark."""
        words = shlex.split(todo.splitlines()[-1].strip(), comments=True)
        options = {name: values for name, *values in _by_option(words)}
        graph = endpoints(self.tenant.cloud).graph
        match words:
            case ["az", "ad", "sp", "create", *_]:
                url, body = f"{graph}/v1.0/servicePrincipals", {"appId": options["--id"][0]}
                answer = self.send("POST", url, graph, body)
                assert answer.ok or answer.status_code == 409, answer.text  # made by now, the plan did not see it yet
            case ["az", "rest", *_]:
                answer = self.send(options["--method"][0], options["--url"][0], graph)
                assert answer.ok or answer.status_code == 404, answer.text
            case ["az", "keyvault", "update", *_]:
                assert options["--enable-rbac-authorization"] == ["true"]
                self.arm("PATCH", self.vault_path, {"properties": {"enableRbacAuthorization": True}})
            case ["az", "keyvault", "set-policy", *_]:
                self._set_policy(options)
            case _:
                raise AssertionError(f"no command for an administrator: {todo}")

    def _set_policy(self, options: Mapping[str, list[str]]) -> None:
        """As az does: the families it names are replaced, the others stay."""
        (principal,) = options["--object-id"]
        vault = self.vault_resource()
        assert vault is not None
        policies = vault["properties"].get("accessPolicies") or []
        mine = [each for each in policies if each["objectId"] == principal]
        named = {
            "--secret-permissions": "secrets",
            "--certificate-permissions": "certificates",
            "--key-permissions": "keys",
        }
        given = {family: options[option] for option, family in named.items() if option in options}
        before = mine[0]["permissions"] if mine else {}
        policy = {"tenantId": self.tenant.id, "objectId": principal, "permissions": {**before, **given}}
        others = [each for each in policies if each["objectId"] != principal]
        self.arm("PATCH", self.vault_path, {"properties": {"accessPolicies": [*others, policy]}})

    # one request

    def _call(self, method: str, url: str, audience: str, body: Any = None, *, ignore: int = 0) -> Json:
        answer = self.send(method, url, audience, body)
        assert answer.ok or answer.status_code == ignore, f"{method} {url}: {answer.status_code} {answer.text}"
        found: Json = answer.json() if answer.content else {}
        return found

    def send(self, method: str, url: str, audience: str, body: Any = None) -> Any:
        if audience not in self._tokens:
            self._tokens[audience] = self._token(audience)
        headers = {"Authorization": f"Bearer {self._tokens[audience]}"}
        answer = self.cloud.http.request(method, url, json=body, headers=headers)
        if answer.status_code == 401:  # the clock went on
            self._tokens[audience] = self._token(audience)
            headers = {"Authorization": f"Bearer {self._tokens[audience]}"}
            answer = self.cloud.http.request(method, url, json=body, headers=headers)
        return answer

    def _token(self, audience: str) -> str:
        client_id, secret = self.admin
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": f"{audience}/.default",
        }
        url = f"{endpoints(self.tenant.cloud).authority}/{self.tenant.id}/oauth2/v2.0/token"
        token: str = self.cloud.http.post(url, data=form).json()["access_token"]
        return token

    def found(self, service: str, path: str, version: str = "2023-07-01") -> Json | None:
        """A thing of Graph, ARM or the vault; None where it is not (or its vault refuses everybody)."""
        cloud = endpoints(self.tenant.cloud)
        urls = {
            "graph": (f"{cloud.graph}/v1.0/{path}", cloud.graph),
            "arm": (f"{cloud.arm}{path}?api-version={version}", cloud.arm),
            "vault": (f"{cloud.vault_url(self.vault)}/{path}?api-version=7.5", cloud.vault_audience),
        }
        if service == "vault" and not self.has_vault():
            return None
        answer = self.send("GET", *urls[service])
        if answer.status_code in (403, 404):
            return None
        assert answer.ok, f"GET {path}: {answer.status_code} {answer.text}"
        found: Json = answer.json()
        return found

    # what there is

    def app(self) -> Json | None:
        key = f"appId='{self.app_id}'" if self.app_id else f"uniqueName='{NAME}'"
        return self.found("graph", f"applications({key})")

    def app_principal(self, app: Json) -> Json | None:
        return self.found("graph", f"servicePrincipals(appId='{app['appId']}')")

    def has_vault(self) -> bool:
        return self.vault_resource() is not None

    def vault_resource(self) -> Json | None:
        return self.found("arm", self.vault_path)

    def values(self, service: str, path: str, version: str = "2023-07-01") -> list[Json]:
        """A list; empty where what holds it is not there."""
        found = self.found(service, path, version)
        return [] if found is None else found["value"]

    def on_vault(self) -> list[Json]:
        """The role assignments at the vault itself."""
        listed = self.values("arm", f"{self.vault_path}/{_ROLES}", "2022-04-01")
        return [each for each in listed if each["properties"]["scope"].lower() == self.vault_path.lower()]

    def assign(self, scope: str, role_id: str, principal: str, kind: str) -> None:
        """Give a role, unless the very same is given already."""
        definitions = f"/subscriptions/{self.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        properties = {"roleDefinitionId": f"{definitions}/{role_id}", "principalId": principal, "principalType": kind}
        cloud = endpoints(self.tenant.cloud)
        url = f"{cloud.arm}{scope}/{_ROLES}/{uuid.uuid4()}?api-version=2022-04-01"
        answer = self.send("PUT", url, cloud.arm, {"properties": properties})
        assert answer.ok or answer.status_code == 409, answer.text


def _by_option(words: Sequence[str]) -> list[list[str]]:
    """Each option with its values."""
    found: list[list[str]] = []
    for word in words:
        if word.startswith("--"):
            found.append([word])
        elif found:
            found[-1].append(word)
    return found


def pick(entries: Sequence[Any], number: int) -> Any:
    """One of them; None of none."""
    return entries[number % len(entries)] if entries else None
