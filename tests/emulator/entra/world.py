"""A seeded cloud with one application, and somebody who signs in to it; requests go through dispatch, no socket."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from provisioner.emulator import dispatch, kinds
from provisioner.emulator.entra import device_code
from provisioner.emulator.entra.tokens import SignedIn
from provisioner.emulator.graph import microsoft_apps
from provisioner.emulator.graph.documents import new_application, new_service_principal, timestamp
from provisioner.emulator.issuers import keys
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import FABRIKAM, OPERATOR_OTP, OPERATOR_PASSWORD, Tenant
from provisioner.emulator.store import Document, Store
from tests.emulator.certificates import self_signed
from tests.emulator.clock import advance

PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
ARM = "https://management.azure.com"
SECRET = "application~secret~0123456789~abcdefgh"
WEB = "https://localhost:44395/"
NATIVE = "http://localhost:8400/native"
SINGLE_PAGE = "https://localhost:3000/spa"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123456789"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
AUDIENCE = "api://AzureADTokenExchange"
API_OF_V2: dict[str, Any] = {
    "acceptMappedClaims": None,
    "knownClientApplications": [],
    "requestedAccessTokenVersion": 2,
    "oauth2PermissionScopes": [],
    "preAuthorizedApplications": [],
}
MAIN = "repo:contoso/partner:ref:refs/heads/main"
SCOPE = f"openid profile offline_access {PARTNER_CENTER}/user_impersonation"


@dataclass
class World:
    """One cloud; `tenant` has Partner Center and no MFA policy. The application declares Partner Center and ARM."""

    store: Store
    tenant: Tenant = FABRIKAM
    client_id: str = field(default_factory=lambda: str(uuid4()))
    object_id: str = field(default_factory=lambda: str(uuid4()))
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)  # sent with every request

    def add_application(self, *, principal: bool = True, tenant: Tenant | None = None, **members: Any) -> World:
        """Register the application as its tenant's administrator would; `members` replace Graph's by name."""
        home = tenant or self.tenant
        access = [_delegated(microsoft_apps.PARTNER_CENTER), _delegated(microsoft_apps.AZURE_SERVICE_MANAGEMENT)]
        with self.store.transaction() as tx:
            secret = _password(tx.now)
            shape: dict[str, Any] = {
                "web": web(WEB),
                "publicClient": {"redirectUris": [NATIVE]},
                "spa": {"redirectUris": [SINGLE_PAGE]},
                "requiredResourceAccess": access,
                "passwordCredentials": [secret],
            }
            document = new_application(
                "Partner Integration",
                now=tx.now,
                publisher_domain=home.domain,
                app_id=self.client_id,
                object_id=self.object_id,
                **(shape | members),
            )
            tx.put(kinds.APPLICATION, home.id, self.object_id, document)
            value = {"keyId": secret["keyId"], "appId": self.client_id, "_secretText": SECRET, "_usableFrom": 0}
            tx.put(kinds.CREDENTIAL_VALUE, home.id, secret["keyId"], value)
            if principal:
                made = new_service_principal(document, tenant=home.id, now=tx.now)
                tx.put(kinds.SERVICE_PRINCIPAL, home.id, made["id"], made)
        return self

    def change(self, kind: str, key: str, scope: str | None = None, **members: Any) -> World:
        """Change members of a stored document."""
        scope = self.tenant.id if scope is None else scope
        with self.store.transaction() as tx:
            document = tx.get(kind, scope, key)
            assert document is not None, key
            tx.put(kind, scope, key, document | members)
        return self

    def change_principal(self, **members: Any) -> World:
        return self.change(kinds.SERVICE_PRINCIPAL, self.principal(self.client_id)["id"], **members)

    def principal(self, app_id: str) -> Document:
        with self.store.transaction() as tx:
            return tx.find(kinds.SERVICE_PRINCIPAL, self.tenant.id, "appId", app_id)[0]

    def remove_principal(self, app_id: str) -> World:
        key = self.principal(app_id)["id"]
        with self.store.transaction() as tx:
            tx.delete(kinds.SERVICE_PRINCIPAL, self.tenant.id, key)
        return self

    def require_mfa(self, *app_ids: str, everybody: bool = False) -> World:
        policy = {"securityDefaults": everybody, "requireForApps": list(app_ids)}
        return self.change(kinds.TENANT, self.tenant.id, "", mfa=policy)

    def pass_time(self, seconds: float) -> World:
        advance(self.store, seconds)
        return self

    def trust(self, subject: str, *, issuer: str = keys.GITHUB, audience: str = AUDIENCE, **members: Any) -> World:
        """A federated identity credential of the application."""
        key = str(uuid4())
        body = {
            "id": key,
            "name": "pipeline",
            "issuer": issuer,
            "subject": subject,
            "audiences": [audience],
            "_application": self.object_id,
            "_usableFrom": 0,
        }
        with self.store.transaction() as tx:
            tx.put(kinds.FEDERATED_CREDENTIAL, self.tenant.id, key, body | members)
        return self

    # --- requests ---

    def get(self, path: str, **query: str) -> Reply:
        return self._send("GET", f"{path}?{urlencode(query)}")

    def post(self, path: str, form: dict[str, str]) -> Reply:
        return self._send("POST", path, urlencode(form).encode())

    def _send(self, method: str, path: str, body: bytes = b"") -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie} | self.headers
        reply = dispatch.handle(self.store, method, f"https://login.microsoftonline.com{path}", headers, body)
        if "Set-Cookie" in reply.headers:
            kept = SimpleCookie(self.cookie) | SimpleCookie(reply.headers["Set-Cookie"])
            self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in kept.items())
        return reply

    def authorize(self, version: int = 2, alias: str | None = None, **changed: str | None) -> Reply:
        """The authorize request as it should be, but for `changed` parameters (None leaves one out)."""
        wanted: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": WEB,
            "response_type": "code",
            "state": "state-1",
        }
        wanted |= {"scope": SCOPE} if version == 2 else {"resource": PARTNER_CENTER}
        query = {name: value for name, value in (wanted | changed).items() if value is not None}
        path = "oauth2/v2.0/authorize" if version == 2 else "oauth2/authorize"
        return self.get(f"/{alias or self.tenant.id}/{path}", **query)

    def sign_in(
        self,
        page: Reply,
        *,
        username: str | None = None,
        password: str = OPERATOR_PASSWORD,
        otp: str = OPERATOR_OTP,
        consent: str = "accept",
        **consent_fields: str,
    ) -> Reply:
        """Go through the pages that follow; the last reply: a redirect, a form post, or a page that stays."""
        for _ in range(6):
            fields = hidden_fields(page)
            if "handle" not in fields:
                return page
            form = {"handle": fields["handle"]}
            if "password" in fields:
                form |= {"password": password, "action": "next"}
            elif "username" in fields:
                form |= {"username": username or self.tenant.operator, "action": "next"}
            elif "otp" in fields:
                form |= {"otp": otp, "action": "verify"}
            else:
                form |= {"action": consent} | consent_fields
            following = self.post("/common/login", form)
            if (
                not {"username", "password", "otp"}.isdisjoint(fields)
                and hidden_fields(following).keys() == fields.keys()
            ):
                return following  # the page stays and says what is wrong
            page = following
        return page

    def code(self, version: int = 2, alias: str | None = None, **changed: str | None) -> str:
        """An authorization code of the operator's."""
        return answer(self.sign_in(self.authorize(version, alias, **changed)))["code"]

    def redeem(self, code: str, version: int = 2, alias: str | None = None, **changed: str | None) -> Reply:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": WEB}
        return self.token(version, alias, **({**form, **changed}))

    def refresh(self, refresh_token: str, version: int = 2, **changed: str | None) -> Reply:
        return self.token(version, None, **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changed})

    def refresh_token(self) -> str:
        """The refresh token of the operator's sign-in."""
        return str(json_of(self.redeem(self.code()))["refresh_token"])

    def federated(self, issuer: str = keys.GITHUB, **claims: Any) -> dict[str, Any]:
        """The form fields of an assertion by the issuer, for the subject MAIN unless the claims say otherwise."""
        with self.store.transaction() as tx:
            token = keys.mint(tx, issuer, {"sub": MAIN, "aud": AUDIENCE} | claims, 300)
        return assertion_fields(token)

    def device(self, version: int = 2, alias: str | None = None, **changed: str | None) -> dict[str, Any]:
        """The answer to a request for a device code."""
        wanted: dict[str, str | None] = {"client_id": self.client_id}
        wanted |= {"scope": SCOPE} if version == 2 else {"resource": PARTNER_CENTER}
        form = {name: value for name, value in (wanted | changed).items() if value is not None}
        path = "oauth2/v2.0/devicecode" if version == 2 else "oauth2/devicecode"
        return json_of(self.post(f"/{alias or self.tenant.id}/{path}", form))

    def decide(self, user_code: str, *, approve: bool = True) -> World:
        """What the page does when the operator has signed in, with MFA, or pressed cancel."""
        with self.store.transaction() as tx:
            document = device_code.find(tx, user_code)
            tenant = tx.get(kinds.TENANT, "", self.tenant.id)
            person = tx.get(kinds.USER, self.tenant.id, self.tenant.operator_id)
            assert document is not None
            assert tenant is not None
            assert person is not None
            if approve:
                device_code.approve(tx, document, SignedIn(tenant, person, ("pwd", "mfa"), int(tx.now)))
            else:
                device_code.decline(tx, document)
        return self

    def poll(self, code: str, version: int = 2, **changed: str | None) -> Reply:
        grant, name = (DEVICE_GRANT, "device_code") if version == 2 else ("device_code", "code")
        form: dict[str, str | None] = {"grant_type": grant, name: code, "scope": None}
        return self.token(version, None, **(form | changed))

    def as_application(self, **changed: str | None) -> Reply:
        form: dict[str, str | None] = {"grant_type": "client_credentials", "scope": f"{ARM}/.default"}
        return self.token(2, None, **(form | changed))

    def token(self, version: int = 2, alias: str | None = None, **changed: str | None) -> Reply:
        wanted: dict[str, str | None] = {"client_id": self.client_id, "client_secret": SECRET}
        if version == 2 and changed.get("grant_type") != "client_credentials":
            wanted["scope"] = f"{PARTNER_CENTER}/user_impersonation"
        form = {name: value for name, value in (wanted | changed).items() if value is not None}
        path = "oauth2/v2.0/token" if version == 2 else "oauth2/token"
        return self.post(f"/{alias or self.tenant.id}/{path}", form)


def assertion_fields(token: str) -> dict[str, Any]:
    """The form fields that carry a client assertion in place of a secret."""
    return {"client_secret": None, "client_assertion_type": ASSERTION_TYPE, "client_assertion": token}


class _Fields(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values.get("type") != "checkbox":
            self.found[values["name"]] = values.get("value", "")


def hidden_fields(page: Reply) -> dict[str, str]:
    """The input fields of a page, empty ones too; none for a redirect."""
    return _Fields(page.body.decode()).found if isinstance(page.body, bytes) else {}


def answer(reply: Reply) -> dict[str, str]:
    """The fields that reach the redirect URI, by query, fragment or form post."""
    if reply.status == 302:
        parts = urlsplit(reply.headers["Location"])
        return dict(parse_qsl(parts.query or parts.fragment))
    return hidden_fields(reply)


def claims(token: str) -> dict[str, Any]:
    """A token's claims, unverified."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def challenge() -> str:
    """The S256 challenge of VERIFIER."""
    return base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Certificate:
    """A key pair with its self-signed certificate, as a key credential and as a maker of client assertions."""

    key: rsa.RSAPrivateKey
    der: bytes

    @classmethod
    def make(cls) -> Certificate:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return cls(key, self_signed(key, datetime.now(UTC) - timedelta(days=1), days=365))

    def credential(self) -> Document:
        now = datetime.now(UTC).timestamp()
        return {
            "customKeyIdentifier": None,
            "displayName": "CN=application",
            "endDateTime": timestamp(now + 300 * 86400),
            "key": base64.b64encode(self.der).decode(),
            "keyId": str(uuid4()),
            "startDateTime": timestamp(now - 3600),
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }

    def assertion(
        self, world: World, *, algorithm: str = "PS256", header: Any = None, **changed: Any
    ) -> dict[str, Any]:
        """The form fields of a client assertion; `changed` claims replace, `header` replaces the thumbprint."""
        now = int(datetime.now(UTC).timestamp())
        body = {
            "aud": f"https://login.microsoftonline.com/{world.tenant.id}/oauth2/v2.0/token",
            "iss": world.client_id,
            "sub": world.client_id,
            "jti": str(uuid4()),
            "nbf": now,
            "exp": now + 300,
        }
        if header is None:
            name, digest = ("x5t#S256", hashlib.sha256) if algorithm == "PS256" else ("x5t", hashlib.sha1)
            header = {name: base64.urlsafe_b64encode(digest(self.der).digest()).rstrip(b"=").decode()}
        return assertion_fields(jwt.encode(body | changed, self.key, algorithm=algorithm, headers=header))


def json_of(reply: Reply) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(reply.encoded()[0])
    return body


def web(*uris: str, id_token: bool = False) -> Document:
    """The `web` member of an application."""
    settings = {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": id_token}
    return {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": list(uris),
        "implicitGrantSettings": settings,
        "redirectUriSettings": [],
    }


def _delegated(app_id: str) -> Document:
    scopes = microsoft_apps.MICROSOFT_APPS[app_id]["oauth2PermissionScopes"]
    return {"resourceAppId": app_id, "resourceAccess": [{"id": scopes[0]["id"], "type": "Scope"}]}


def _password(now: float) -> Document:
    return {
        "customKeyIdentifier": None,
        "displayName": "test",
        "endDateTime": timestamp(now + 365 * 86400, fraction=True),
        "hint": SECRET[:3],
        "keyId": str(uuid4()),
        "secretText": None,
        "startDateTime": timestamp(now, fraction=True),
    }
