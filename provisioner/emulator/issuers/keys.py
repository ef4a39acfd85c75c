"""Who vouches for workloads outside Entra: issuers, their signing keys and the tokens signed with them.

GitHub and every organisation of Azure DevOps are issuers from the start; others (a Kubernetes cluster) are registered.
An issuer's key is made at its first use.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .. import kinds
from ..store import Transaction

GITHUB = "https://token.actions.githubusercontent.com"
AZURE_DEVOPS = "https://vstoken.dev.azure.com"
_ORGANISATION = re.compile(rf"{re.escape(AZURE_DEVOPS)}/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}")
_URL = re.compile(r"https://[^\s/?#]+[^\s?#]*")


def public_keys(tx: Transaction, issuer: str) -> dict[str, rsa.RSAPublicKey] | None:
    """Key id -> key, as the issuer's JWKS names them; None for an issuer nobody knows."""
    private = _private_key(tx, issuer)
    return None if private is None else {key_id(private): private.public_key()}


def mint(tx: Transaction, issuer: str, claims: dict[str, Any], life_s: int) -> str:
    """An RS256 token of the issuer, good from now (or the `nbf` of the claims) for `life_s` seconds.

    Raises LookupError for an issuer nobody knows.
    """
    private = _private_key(tx, issuer)
    if private is None:
        raise LookupError(f"no issuer {issuer}")
    now = int(tx.now)
    times = {"iss": issuer, "iat": now, "exp": now + life_s}
    kid = key_id(private)
    return jwt.encode(
        {"nbf": now, "jti": str(uuid4())} | claims | times, private, algorithm="RS256", headers={"kid": kid, "x5t": kid}
    )


def register(tx: Transaction, issuer: str) -> None:
    """Make an issuer known. It is compared as written, trailing slash included; raises ValueError for a bad URL."""
    if not _URL.fullmatch(issuer):
        raise ValueError("an issuer is an https:// URL without query or fragment")
    if tx.get(kinds.ISSUER, "", issuer) is None:
        _make(tx, issuer)


def key_id(private: rsa.RSAPrivateKey) -> str:
    """The `kid` of a key's tokens and of its entry in the JWKS."""
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:40].upper()


def jwks(tx: Transaction, issuer: str) -> dict[str, Any] | None:
    """The issuer's keys as a JWK set; None for an issuer nobody knows."""
    keys = public_keys(tx, issuer)
    if keys is None:
        return None
    listed = []
    for kid, key in keys.items():
        numbers = key.public_numbers()
        public = {"n": _base64url(numbers.n), "e": _base64url(numbers.e)}
        listed.append({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "x5t": kid, **public})
    return {"keys": listed}


def _private_key(tx: Transaction, issuer: str) -> rsa.RSAPrivateKey | None:
    document = tx.get(kinds.ISSUER, "", issuer)
    if document is not None:
        return _load(document["_private"])
    if issuer == GITHUB or _ORGANISATION.fullmatch(issuer):
        return _load(_make(tx, issuer))
    return None


def _make(tx: Transaction, issuer: str) -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    tx.put(kinds.ISSUER, "", issuer, {"issuer": issuer, "_private": pem})
    return pem


@lru_cache(maxsize=16)
def _load(pem: str) -> rsa.RSAPrivateKey:
    private = serialization.load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("an issuer's key in the store is not an RSA key")
    return private


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
