"""What Entra hands out: access tokens, ID tokens, codes and refresh tokens.

Codes and refresh tokens are kept under their SHA-256 only, so that a copy of the state folder holds none of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

import jwt

from .. import kinds
from ..clouds import CLOUDS
from ..identity import signing_key
from ..kernel import Call
from ..store import Document, Transaction
from .directory import Client

CODE_LIFE_S = 10 * 60
REFRESH_LIFE_S = 90 * 86400
SINGLE_PAGE_REFRESH_LIFE_S = 86400


@dataclass(frozen=True)
class SignedIn:
    """A person as one sign-in proved them. `amr` is ("pwd",) or ("pwd", "mfa")."""

    tenant: Document
    person: Document
    amr: tuple[str, ...]
    auth_time: int

    @property
    def client_info(self) -> str:
        """The member `client_info`: MSAL builds its account from it."""
        body = {"uid": self.person["id"], "utid": self.tenant["id"]}
        return base64.urlsafe_b64encode(json.dumps(body).encode()).rstrip(b"=").decode()


def issuer(cloud: str, tenant: str, version: int) -> str:
    """The `iss` of tokens of a version: v1 has its own host (China: sts.chinacloudapi.cn)."""
    if version == 2:
        return f"https://{CLOUDS[cloud].login[0]}/{tenant}/v2.0"
    host = "sts.chinacloudapi.cn" if cloud == "china" else "sts.windows.net"
    return f"https://{host}/{tenant}/"


def access_life_s() -> int:
    """60 to 90 minutes at random, as in life (sam-facts 3.2)."""
    return 3600 + secrets.randbelow(1800)


def user_access_token(
    call: Call,
    who: SignedIn,
    client: Client,
    resource: Document,
    audience: str,
    scopes: set[str],
    life_s: int,
    *,
    confidential: bool,
    issued_in: Document,
    contexts: tuple[str, ...] = (),
    capabilities: tuple[str, ...] = (),
) -> str:
    """A delegated token for `issued_in`, the person's own tenant or a customer's.

    `aio` and `rh` are Microsoft's own and mean nothing to anybody else, as in life.
    """
    person, version, tx = who.person, _token_version(call.tx, resource), call.tx
    claims = _common(tx, issued_in, audience, version, life_s) | {
        "ipaddr": call.client_address,
        "name": person["displayName"],
        "oid": person["id"],
        "puid": hashlib.sha256(person["id"].encode()).hexdigest()[:16].upper(),
        "sub": _pairwise(person["id"], resource["appId"]),
        "scp": " ".join(sorted(scopes)),
        "wids": person.get("_directoryRoles", []),
    }
    authenticity = "1" if confidential else "0"
    if version == 2:
        claims |= {"azp": client.id, "azpacr": authenticity, "preferred_username": person["userPrincipalName"]}
    else:
        claims |= {
            "appid": client.id,
            "app_displayname": client.name,
            "appidacr": authenticity,
            "amr": list(who.amr),
            "acr": "1",
            "idtyp": "user",
            "unique_name": person["userPrincipalName"],
            "upn": person["userPrincipalName"],
        }
    if who.tenant["id"] != issued_in["id"]:
        claims["idp"] = issuer(who.tenant["cloud"], who.tenant["id"], 1)
    if contexts:
        claims["acrs"] = list(contexts)
    return _signed(tx, issued_in["cloud"], claims | _capabilities(capabilities))


def application_access_token(
    call: Call,
    tenant: Document,
    client: Client,
    principal: Document,
    resource: Document,
    audience: str,
    roles: set[str],
    life_s: int,
    *,
    by_assertion: bool,
    capabilities: tuple[str, ...] = (),
) -> str:
    """An app-only token."""
    version = _token_version(call.tx, resource)
    claims = _common(call.tx, tenant, audience, version, life_s) | {
        "idp": issuer(tenant["cloud"], tenant["id"], 1),
        "oid": principal["id"],
        "sub": principal["id"],
        "idtyp": "app",
    }
    if roles:
        claims["roles"] = sorted(roles)
    authenticity = "2" if by_assertion else "1"
    if version == 2:
        claims |= {"azp": client.id, "azpacr": authenticity}
    else:
        claims |= {"appid": client.id, "app_displayname": client.name, "appidacr": authenticity}
    return _signed(call.tx, tenant["cloud"], claims | _capabilities(capabilities))


def _capabilities(declared: tuple[str, ...]) -> dict[str, Any]:
    """`xms_cc` repeats what the client said it can handle.

    Entra would also make such a token live up to 28 hours, because an API that evaluates access continuously refuses it
    at once after a revocation (sam-facts 3.1). The emulator's APIs do not, so here it lives as long as any other.
    """
    return {"xms_cc": [value.lower() for value in declared]} if declared else {}


def id_token(
    tx: Transaction, who: SignedIn, client: Client, version: int, *, nonce: str | None, code: str | None = None
) -> str:
    """An ID token for the client; with `code` it carries c_hash (the hybrid flow)."""
    person = who.person
    claims = _common(tx, who.tenant, client.id, version, 3600) | {
        "name": person["displayName"],
        "oid": person["id"],
        "sub": _pairwise(person["id"], client.id),
    }
    if version == 2:
        claims |= {"preferred_username": person["userPrincipalName"]}
    else:
        claims |= {"amr": list(who.amr), "unique_name": person["userPrincipalName"], "upn": person["userPrincipalName"]}
    if nonce is not None:
        claims["nonce"] = nonce
    if code is not None:
        half = hashlib.sha256(code.encode()).digest()[:16]
        claims["c_hash"] = base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    return _signed(tx, who.tenant["cloud"], claims)


def digest(secret: str) -> str:
    """The key under which a code, a refresh token or a session is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code(tx: Transaction, body: Document) -> str:
    """An authorization code; `body` is what redeeming needs (see authorize.py)."""
    code = f"1.{secrets.token_urlsafe(96)}"
    record = body | {"issued": tx.now, "redeemed": False}
    tx.put(kinds.AUTHORIZATION_CODE, "", digest(code), record)
    return code


def new_refresh_token(tx: Transaction, body: Document) -> str:
    """A refresh token: {tenant, user, clientId, platform, amr, authTime, oidc, audience}, good for 90 days.

    A single-page application's has a fixed end, which its successors inherit: `ends`.
    """
    token = f"1.{secrets.token_urlsafe(160)}"
    if body["platform"] == "spa":
        body = {"ends": tx.now + SINGLE_PAGE_REFRESH_LIFE_S} | body
    tx.put(kinds.REFRESH_TOKEN, "", digest(token), body | {"issued": tx.now})
    return token


def _token_version(tx: Transaction, resource: Document) -> int:
    """Microsoft's own APIs take v1 tokens whatever endpoint is asked; an API of a tenant's own may want v2."""
    home = str(resource["appOwnerOrganizationId"])
    for application in tx.find(kinds.APPLICATION, home, "appId", resource["appId"]):
        if application["api"]["requestedAccessTokenVersion"] == 2:
            return 2
    return 1


def _common(tx: Transaction, tenant: Document, audience: str, version: int, life_s: int) -> dict[str, Any]:
    now = int(tx.now)
    return {
        "aud": audience,
        "iss": issuer(tenant["cloud"], tenant["id"], version),
        "iat": now,
        "nbf": now,
        "exp": now + life_s,
        "aio": secrets.token_urlsafe(36),
        "rh": f"1.{secrets.token_urlsafe(28)}.",
        "tid": tenant["id"],
        "uti": secrets.token_urlsafe(16),
        "ver": f"{version}.0",
    }


def _pairwise(person: str, app_id: str) -> str:
    """`sub`: the same for a person and an application always, different for another application."""
    return base64.urlsafe_b64encode(hashlib.sha256(f"{person}:{app_id}".encode()).digest()).rstrip(b"=").decode()


def _signed(tx: Transaction, cloud: str, claims: dict[str, Any]) -> str:
    key = signing_key(tx, cloud)
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.key_id, "x5t": key.key_id})
