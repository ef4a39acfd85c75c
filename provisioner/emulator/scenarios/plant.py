"""Makes an empty cloud as a scenario says.

Objects are made by requests to the emulated services themselves, with the token of the tenant's seeded runner and at
the time the scenario names: so a planted object obeys every rule, and is what an administrator's pipeline would have
left then. Only the refresh token is made here, because nobody sits at a sign-in page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from string import Template
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from .. import faults, kinds, lag, seed
from ..clouds import CLOUDS, Cloud
from ..entra import tokens
from ..kernel import Call, Json
from ..store import Document
from .load import Problem, Where
from .span import seconds

_ARM_VERSION, _VAULT_VERSION, _ROLES_VERSION, _SECRETS_VERSION = "2022-09-01", "2023-07-01", "2022-04-01", "7.5"


class ImpossibleError(Exception):
    """A scenario that holds by its schema and that the cloud refuses; carries the Problem."""

    def __init__(self, where: Where, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(where, text)


def oldest_s(scenario: Json) -> float:
    """How many seconds ago the oldest object was made: when the cloud must begin."""
    ages = scenario.values() if isinstance(scenario, dict) else scenario if isinstance(scenario, list) else ()
    own = seconds(scenario["ago"]) if isinstance(scenario, dict) and "ago" in scenario else 0.0
    return max([own, *map(oldest_s, ages)])


def ahead_s(scenario: dict[str, Any]) -> float:
    """How many seconds the cloud's clock is ahead of the machine's in the end."""
    return seconds(scenario.get("clock", {}).get("ahead", 0))


def plant(call: Call, scenario: dict[str, Any]) -> None:
    """Plant into a cloud as when new, whose clock may stand anywhere. Raises ImpossibleError."""
    now = ahead_s(scenario)
    partners = {name: one for one in seed.describe(call.tx) for name in (one["id"], one["domain"])}
    for place, wanted in enumerate(scenario.get("tenants", ())):
        where: Where = ("tenants", place)
        partner = partners.get(wanted["tenant"].lower())
        if partner is None:
            raise ImpossibleError((*where, "tenant"), "no seeded partner tenant has this id or domain")
        _Tenant(call, partner, CLOUDS[partner["cloud"]], now).plant(wanted, where)
    call.tx.advance_clock(now - call.tx.clock_offset)
    for place, fault in enumerate(scenario.get("faults", ())):
        try:
            faults.add(call.tx, fault | ({"for": seconds(fault["for"])} if "for" in fault else {}))
        except ValueError as error:
            raise ImpossibleError(("faults", place), str(error)) from error
    try:
        lag.change_settings(call.tx, {kind: _lag(value) for kind, value in scenario.get("lag", {}).items()})
    except ValueError as error:
        raise ImpossibleError(("lag",), str(error)) from error


def _lag(wanted: Json) -> Json:
    """A setting as lag.py takes it: its spans in seconds; the seed is a number already."""
    return {name: seconds(span) for name, span in wanted.items()} if isinstance(wanted, dict) else seconds(wanted)


@dataclass
class _Tenant:
    """One tenant being furnished. made: what applications left, by uniqueName and by the credential's name."""

    call: Call
    partner: dict[str, Any]
    cloud: Cloud
    now: float
    where: Where = ()
    applications: dict[str, Document] = field(default_factory=dict)
    credentials: dict[str, Document] = field(default_factory=dict)

    def plant(self, wanted: dict[str, Any], where: Where) -> None:
        self.where = where
        if "policies" in wanted:
            self._control("tenants", self.partner["id"], wanted["policies"])
        for person in self._each(wanted, "users", where):
            self._control("users", person["id"], person["changes"])
        for one in self._each(wanted, "servicePrincipals", where):
            self._graph("POST", "servicePrincipals", {"appId": one["appId"]})
        for one in self._each(wanted, "applications", where):
            self._application(one)
        for one in self._each(wanted, "vaults", where):
            self._vault(one)

    def _each(self, wanted: dict[str, Any], name: str, where: Where) -> Iterable[dict[str, Any]]:
        """The entries of a list, each at its place and its time."""
        for place, one in enumerate(wanted.get(name, ())):
            self.where = (*where, name, place)
            offset = self.now - seconds(one.get("ago", 0))
            self.call.tx.advance_clock(offset - self.call.tx.clock_offset)
            yield one

    def _application(self, wanted: dict[str, Any]) -> None:
        where = self.where
        made = self._graph("POST", "applications", wanted["application"])
        self.applications[made.get("uniqueName") or made["displayName"]] = made
        principal = self._graph("POST", "servicePrincipals", {"appId": made["appId"]})
        for one in self._each(wanted, "grants", where):
            api = self._graph("GET", f"servicePrincipals(appId='{one['api']}')")
            body = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": api["id"]}
            self._graph("POST", "oauth2PermissionGrants", body | {"scope": " ".join(one["scopes"])})
        for one in self._each(wanted, "credentials", where):
            body = {"displayName": one["displayName"], "endDateTime": self._date(self._later(one["lifetime"]))}
            answer = self._graph("POST", f"applications/{made['id']}/addPassword", {"passwordCredential": body})
            self.credentials[one["name"]] = answer

    def _vault(self, wanted: dict[str, Any]) -> None:
        where, subscription = self.where, f"/subscriptions/{self.partner['subscription']}"
        self._arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", None, _ARM_VERSION)
        group = f"{subscription}/resourceGroups/{wanted['resourceGroup']['name']}"
        body = {"location": wanted["location"], "tags": wanted["resourceGroup"].get("tags", {})}
        self._arm("PUT", group, body, _ARM_VERSION)
        properties = {
            "tenantId": self.partner["id"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "accessPolicies": [],
        }
        body = {"location": wanted["location"], "tags": wanted.get("tags", {}), "properties": properties}
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/{wanted['name']}"
        self._arm("PUT", vault, body, _VAULT_VERSION)
        for one in self._each(wanted, "roles", where):
            self._role(vault, one)
        for one in self._each(wanted, "secrets", where):
            self._secret(wanted["name"], one)

    def _role(self, vault: str, wanted: dict[str, Any]) -> None:
        role = f"/subscriptions/{self.partner['subscription']}/providers/Microsoft.Authorization/roleDefinitions/"
        properties = {
            "roleDefinitionId": role + wanted["role"],
            "principalId": wanted["principal"],
            "principalType": wanted["type"],
        }
        if "description" in wanted:
            properties["description"] = wanted["description"]
        name = wanted.get("name") or uuid5(NAMESPACE_URL, f"{vault}/{wanted['principal']}/{wanted['role']}")
        path = f"{vault}/providers/Microsoft.Authorization/roleAssignments/{name}"
        self._arm("PUT", path, {"properties": properties}, _ROLES_VERSION)

    def _secret(self, vault: str, wanted: dict[str, Any]) -> None:
        value, known = self._value(wanted["value"])
        known["issued"] = datetime.fromtimestamp(int(self.call.tx.now), UTC).isoformat()
        body: dict[str, Any] = {"value": value}
        try:
            body["tags"] = {name: Template(text).substitute(known) for name, text in wanted.get("tags", {}).items()}
        except KeyError as error:
            raise ImpossibleError((*self.where, "tags"), f"${{{error.args[0]}}} is not known for this value") from error
        if "contentType" in wanted:
            body["contentType"] = wanted["contentType"]
        if "lifetime" in wanted:
            body["attributes"] = {"exp": int(self._later(wanted["lifetime"]))}
        host = f"{vault}{self.cloud.vault_suffix}"
        self._send("PUT", host, f"/secrets/{wanted['name']}", self.cloud.vault_audience, body, _SECRETS_VERSION)

    def _value(self, wanted: dict[str, Any]) -> tuple[str, dict[str, str]]:
        """A secret's value, and what its tags may name."""
        if "text" in wanted:
            return wanted["text"], {}
        if "credential" in wanted:
            made = self.credentials.get(wanted["credential"])
            if made is None:
                raise ImpossibleError((*self.where, "value", "credential"), "no application has a credential so named")
            return made["secretText"], {"keyId": made["keyId"]}
        return self._refresh_token(wanted["refreshToken"])

    def _refresh_token(self, wanted: dict[str, Any]) -> tuple[str, dict[str, str]]:
        where = (*self.where, "value", "refreshToken")
        application = self.applications.get(wanted["application"])
        if application is None:
            raise ImpossibleError((*where, "application"), "no application of this tenant is so named")
        people = self.call.tx.find(kinds.USER, self.partner["id"], "userPrincipalName", wanted["user"])
        if not people:
            raise ImpossibleError((*where, "user"), "no user of this tenant is so named")
        body = {
            "tenant": self.partner["id"],
            "user": people[0]["id"],
            "clientId": application["appId"],
            "platform": "web",
            "amr": ["pwd", "mfa"] if wanted.get("mfa", True) else ["pwd"],
            "authTime": int(self.call.tx.now),
            "oidc": ["offline_access", "openid", "profile"],
            "audience": wanted["audience"],
        }
        token = tokens.new_refresh_token(self.call.tx, body)
        return token, {"appId": application["appId"], "oid": people[0]["id"]}

    def _later(self, lifetime: str) -> float:
        return self.call.tx.now + seconds(lifetime)

    def _date(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _graph(self, method: str, path: str, body: Json = None) -> Document:
        return self._send(method, self.cloud.graph, f"/v1.0/{path}", f"https://{self.cloud.graph}", body)

    def _arm(self, method: str, path: str, body: Json, version: str) -> Document:
        return self._send(method, self.cloud.arm, path, f"https://{self.cloud.arm}", body, version)

    def _send(self, method: str, host: str, path: str, audience: str, body: Json, version: str = "") -> Document:
        """A request as the tenant's runner."""
        headers = {"authorization": f"Bearer {self._token(audience)}", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        query = {"api-version": version} if version else {}
        return self._answered(
            replace(self.call, method=method, host=host, path=path, query=query, headers=headers, body=sent)
        )

    def _control(self, name: str, key: str, body: Json) -> None:
        """What an administrator decides in a portal: by the control surface."""
        headers = {"authorization": self.call.headers["authorization"]}
        query, sent = {"id": key}, json.dumps(body).encode()
        path, host = f"/control/{name}", self.call.host
        call = replace(self.call, method="PATCH", host=host, path=path, query=query, headers=headers, body=sent)
        self._answered(call)

    def _token(self, audience: str) -> str:
        runner = self.partner["runner"]
        form = {
            "grant_type": "client_credentials",
            "client_id": runner["clientId"],
            "client_secret": runner["clientSecret"],
            "scope": f"{audience}/.default",
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        host, path, body = self.cloud.login[0], f"/{self.partner['id']}/oauth2/v2.0/token", urlencode(form).encode()
        answer = self._answered(
            replace(self.call, method="POST", host=host, path=path, query={}, headers=headers, body=body)
        )
        return str(answer["access_token"])

    def _answered(self, call: Call) -> Document:
        reply = call.inner(call)
        answer: Document = json.loads(reply.encoded()[0] or b"{}")
        if reply.status >= 400:
            raise ImpossibleError(self.where, f"{call.method} {call.path} is refused: {json.dumps(answer)[:500]}")
        return answer
