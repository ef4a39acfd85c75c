"""A seeded cloud, and callers of Graph with tokens of our choice; requests go through dispatch, without a socket."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from provisioner.emulator import dispatch
from provisioner.emulator.directory_roles import GLOBAL_ADMINISTRATOR
from provisioner.emulator.identity import signing_key
from provisioner.emulator.kernel import Reply
from provisioner.emulator.kinds import SERVICE_PRINCIPAL
from provisioner.emulator.lag import change_settings
from provisioner.emulator.seed.directory import TENANTS
from provisioner.emulator.store import Store
from tests.emulator.certificates import self_signed

TENANT = TENANTS[0]
HOST = "https://graph.microsoft.com"
EVERYTHING = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
)
OWNED_ONLY = ("Application.ReadWrite.OwnedBy",)


@dataclass(frozen=True)
class Graph:
    """One caller of one cloud's Graph. The default caller is the runner with every permission the product may need."""

    store: Store
    roles: tuple[str, ...] = EVERYTHING
    person: str | None = None
    scopes: tuple[str, ...] = ()
    directory_roles: tuple[str, ...] = ()

    def token(self, **changed: Any) -> str:
        """A signed access token of this caller; `changed` claims replace."""
        with self.store.transaction() as tx:
            now, key = tx.now, signing_key(tx, "public")
        claims: dict[str, Any] = {
            "aud": HOST,
            "tid": TENANT.id,
            "exp": int(now) + 3600,
            "ver": "1.0",
            "oid": self.person or TENANT.runner.object_id,
            "appid": TENANT.runner.client_id,
        }
        if self.person:
            claims |= {"scp": " ".join(self.scopes), "wids": list(self.directory_roles), "upn": "someone"}
        else:
            claims |= {"idtyp": "app", "roles": list(self.roles)}
        return jwt.encode(claims | changed, key.private, algorithm="RS256", headers={"kid": key.key_id})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Reply:
        """A request below /v1.0."""
        url = f"{HOST}/v1.0" + quote(path, safe="/$=()':,")
        if query:
            url += "?" + "&".join(f"{name}={quote(value)}" for name, value in query.items())
        content = {} if body is None else {"Content-Type": "application/json"}
        sent = {"Authorization": f"Bearer {self.token()}"} | content | (headers or {})
        payload = b"" if body is None else json.dumps(body).encode()
        return dispatch.handle(self.store, method, url, sent, payload)

    def get(self, path: str, **query: str) -> Any:
        """The body of a GET that succeeds; `query` names without their $."""
        reply = self.send("GET", path, query={f"${name}": value for name, value in query.items()})
        assert reply.status == 200, reply.body
        return reply.body

    def post(self, path: str, body: Any) -> Any:
        """The body of a POST that succeeds."""
        reply = self.send("POST", path, body)
        assert reply.status < 300, reply.body
        return reply.body

    def follow(self, link: str) -> Reply:
        """GET an @odata.nextLink as it is."""
        return dispatch.handle(self.store, "GET", link, {"Authorization": f"Bearer {self.token()}"})

    def create_application(self, name: str = "contoso-sam", **members: Any) -> Any:
        return self.post("/applications", {"displayName": name, "uniqueName": name} | members)

    def create_pair(self, name: str = "contoso-sam", **members: Any) -> tuple[Any, Any]:
        """An application and its service principal."""
        application = self.create_application(name, **members)
        return application, self.post("/servicePrincipals", {"appId": application["appId"]})

    def principal_id(self, app_id: str) -> str:
        """The object id of a seeded service principal."""
        with self.store.transaction() as tx:
            return str(tx.find(SERVICE_PRINCIPAL, TENANT.id, "appId", app_id)[0]["id"])


def make_certificate(days: int = 365) -> str:
    """The base64 DER of a self-made certificate, valid from now."""
    der = self_signed(ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC), days)
    return base64.b64encode(der).decode()


def certificate_with_key(days: int = 365) -> tuple[str, rsa.RSAPrivateKey]:
    """The base64 DER of a self-made certificate, valid from now, and its RSA key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return base64.b64encode(self_signed(key, datetime.now(UTC), days)).decode(), key


def proof(store: Store, key: rsa.RSAPrivateKey, issuer: str, algorithm: str = "PS256", **changed: Any) -> str:
    """What addKey and removeKey ask for, signed with the key; `changed` claims replace."""
    with store.transaction() as tx:
        now = int(tx.now)
    claims = {"aud": "00000002-0000-0000-c000-000000000000", "iss": issuer, "nbf": now, "exp": now + 600}
    return jwt.encode(claims | changed, key, algorithm=algorithm)


def operator(store: Store, *scopes: str, directory_roles: tuple[str, ...] = (GLOBAL_ADMINISTRATOR,)) -> Graph:
    """The seeded operator, signed in with these delegated permissions."""
    return Graph(store, person=TENANT.operator_id, scopes=scopes, directory_roles=directory_roles)


def lag(store: Store, seconds: float) -> None:
    """New objects stay invisible this long."""
    with store.transaction() as tx:
        change_settings(tx, {"graph": seconds})
