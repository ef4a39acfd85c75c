"""Who sends a request: the bearer token Entra issued, checked as every resource checks it.

Entra signs with one RSA key per cloud, kept in the store (meta `signing_key.CLOUD`, PEM). Services call `bearer` and
turn None and BadToken into their own 401.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import clouds
from .kernel import Call
from .kinds import TENANT
from .store import Transaction


@dataclass(frozen=True)
class Caller:
    """The identity in an access token, as Entra knew it when it issued the token."""

    tenant: str
    object_id: str
    app_id: str
    kind: Literal["app", "user"]
    upn: str | None
    scopes: frozenset[str]  # claim scp: delegated permissions
    roles: frozenset[str]  # claim roles: application permissions
    directory_roles: frozenset[str]  # claim wids: role template ids of the user
    amr: frozenset[str]  # empty in v2 tokens and app tokens
    audience: str
    version: str  # "1.0" or "2.0"
    cloud: str  # cloud of the tenant: Partner Center's host serves public and usgov
    claims: Mapping[str, Any]


class BadToken(Exception):
    """A token was sent and is not good here."""

    def __init__(self, reason: Literal["malformed", "signature", "expired", "audience", "cloud"]) -> None:
        super().__init__(reason)
        self.reason = reason


def bearer(call: Call, audiences: Collection[str]) -> Caller | None:
    """The caller of a request; None without a (non-empty) Authorization header.

    An audience matches with and without its trailing slash. Raises BadToken.
    """
    scheme, _, token = call.headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        return None
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken("malformed")
    claims = _claims(call.tx, token.strip())
    tenant = call.tx.get(TENANT, "", str(claims.get("tid", "")))
    if tenant is None or not clouds.serves(call.host, tenant["cloud"]):
        raise BadToken("cloud")
    if claims["exp"] <= call.tx.now:
        raise BadToken("expired")
    if str(claims["aud"]).rstrip("/") not in {audience.rstrip("/") for audience in audiences}:
        raise BadToken("audience")
    return _caller(claims, tenant["cloud"])


def tenant_of(call: Call) -> str | None:
    """The tenant in a request's token, whatever its audience and age; None without a token of ours."""
    _, _, token = call.headers.get("authorization", "").strip().partition(" ")
    try:
        return str(_claims(call.tx, token.strip())["tid"])
    except BadToken:
        return None


def _claims(tx: Transaction, token: str) -> Mapping[str, Any]:
    """The claims of a token one of our clouds signed. Time is judged by the caller, on the cloud's clock."""
    key_id = _key_id(token)
    for cloud in clouds.CLOUDS:
        if signing_key(tx, cloud).key_id == key_id:
            return _verified(token, _stored_key(tx, cloud))
    raise BadToken("signature")


# Both caches hold what follows from the token's and the key's bytes alone, so they can never be out of date; a client
# sends one token a thousand times, and checking RSA each time is most of what a small read costs.
@lru_cache(maxsize=1024)
def _key_id(token: str) -> str | None:
    try:
        found: str | None = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise BadToken("malformed") from error
    return found


@lru_cache(maxsize=1024)
def _verified(token: str, pem: str) -> Mapping[str, Any]:
    """The claims, read-only because every request with this token gets the same object."""
    options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        claims = jwt.decode(token, _load_key(pem).public, algorithms=["RS256"], options=options)  # type: ignore[arg-type]  # the stubs want a TypedDict literal
    except jwt.InvalidSignatureError as error:
        raise BadToken("signature") from error
    except jwt.PyJWTError as error:
        raise BadToken("malformed") from error
    return MappingProxyType(claims)


def _caller(claims: Mapping[str, Any], cloud: str) -> Caller:
    return Caller(
        tenant=claims["tid"],
        object_id=claims["oid"],
        app_id=str(claims.get("appid") or claims.get("azp")),
        kind="app" if claims.get("idtyp") == "app" else "user",
        upn=claims.get("upn") or claims.get("preferred_username"),
        scopes=frozenset(str(claims.get("scp", "")).split()),
        roles=frozenset(claims.get("roles", ())),
        directory_roles=frozenset(claims.get("wids", ())),
        amr=frozenset(claims.get("amr", ())),
        audience=claims["aud"],
        version=claims["ver"],
        cloud=cloud,
        claims=claims,
    )


@dataclass(frozen=True)
class SigningKey:
    """A cloud's token-signing key. `key_id` is the kid (and x5t) of tokens and JWKS."""

    private: rsa.RSAPrivateKey
    public: rsa.RSAPublicKey
    key_id: str


def signing_key(tx: Transaction, cloud: str) -> SigningKey:
    """The signing key of a cloud, made at its first use."""
    return _load_key(_stored_key(tx, cloud))


def _stored_key(tx: Transaction, cloud: str) -> str:
    """The same as it is stored: PKCS #8."""
    name = f"signing_key.{cloud}"
    pem = tx.meta(name)
    if pem is None:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        tx.set_meta(name, pem)
    return pem


@lru_cache(maxsize=16)
def _load_key(pem: str) -> SigningKey:
    # made here, so it need not be checked, which takes as long as making it
    private = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("a signing key in the store is not an RSA key")
    public = private.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    key_id = base64.urlsafe_b64encode(hashlib.sha256(der).digest()[:20]).rstrip(b"=").decode()
    return SigningKey(private, public, key_id)
