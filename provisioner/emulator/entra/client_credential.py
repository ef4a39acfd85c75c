"""A client proves itself: secret or signed assertion (sam-facts 3.3, 5.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Literal

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from .. import kinds, lag
from ..clouds import CLOUDS
from ..graph.documents import moment
from ..kernel import Call
from ..store import Document
from . import credential_errors, directory, errors
from .directory import Client, Platform

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Proof = Literal["none", "secret", "certificate"]


def prove(call: Call, client: Client, form: dict[str, str], platform: Platform) -> Proof:
    """Check the credential that goes with the client type. Raises 7000218, 700025, 7000215, 7000222, 7000xx."""
    has_secret, has_assertion = "client_secret" in form, "client_assertion" in form
    if platform != "web":
        if has_secret or has_assertion:
            raise credential_errors.credential_from_public_client(call)
        return "none"
    if has_assertion:
        _check_assertion(call, client, form)
        return "certificate"
    if not has_secret:
        raise credential_errors.credential_missing(call)
    _check_secret(call, client, form["client_secret"])
    return "secret"


def _check_secret(call: Call, client: Client, sent: str) -> None:
    expired = False
    for credential in client.application.get("passwordCredentials", ()):
        value = call.tx.get(kinds.CREDENTIAL_VALUE, client.home_tenant, credential["keyId"])
        if value is None or not hmac.compare_digest(value["_secretText"].encode(), sent.encode()):
            continue
        if not lag.is_usable(call.tx, value) or moment(credential["startDateTime"]) > call.tx.now:
            continue  # a node that has not heard of the secret calls it wrong
        if moment(credential["endDateTime"]) > call.tx.now:
            return
        expired = True
    raise (
        credential_errors.secret_expired(call, client.id)
        if expired
        else credential_errors.secret_wrong(call, client.id)
    )


def _check_assertion(call: Call, client: Client, form: dict[str, str]) -> None:
    token = form["client_assertion"]
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise errors.parameter_missing(call, "client_assertion_type")
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise credential_errors.assertion_malformed(call) from error
    if "x5t" not in header and "x5t#S256" not in header:
        if claims.get("iss") == client.id:
            raise credential_errors.assertion_malformed(call)
        raise credential_errors.federation_not_trusted(call)
    _check_signature(call, client, token, header)
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        raise credential_errors.assertion_issuer(call)
    if claims.get("aud") not in _audiences(call):
        raise credential_errors.assertion_audience(call)
    if not _is_within_time(claims, call.tx.now):
        raise credential_errors.assertion_time(call)


def _check_signature(call: Call, client: Client, token: str, header: dict[str, Any]) -> None:
    if header.get("alg") not in ("RS256", "PS256"):
        raise credential_errors.assertion_malformed(call)
    for credential in client.application.get("keyCredentials", ()):
        certificate = _certificate(credential)
        if certificate is None or not _names(header, certificate):
            continue
        if not lag.is_usable(call.tx, credential) or moment(credential["endDateTime"]) <= call.tx.now:
            continue
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            continue
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            jwt.decode(token, key, algorithms=[header["alg"]], options=options)
        except jwt.PyJWTError as error:
            raise credential_errors.assertion_signature(call) from error
        return
    raise credential_errors.assertion_signature(call)


def _certificate(credential: Document) -> x509.Certificate | None:
    """The certificate of a keyCredential, None for another kind of key. Graph checked it when it was added."""
    if credential["type"] != "AsymmetricX509Cert":
        return None
    return x509.load_der_x509_certificate(base64.b64decode(credential["key"]))


def _names(header: dict[str, Any], certificate: x509.Certificate) -> bool:
    """True when the assertion's header names this certificate, by SHA-256 or the older SHA-1."""
    der = certificate.public_bytes(Encoding.DER)
    if "x5t#S256" in header:
        return bool(header["x5t#S256"] == _b64(hashlib.sha256(der).digest()))
    return bool(str(header["x5t"]).rstrip("=") == _b64(hashlib.sha1(der, usedforsecurity=False).digest()))


def _audiences(call: Call) -> set[str]:
    """What an assertion's `aud` may be: this tenant's token endpoint, v1 or v2, or the issuer; by id or domain."""
    tenant = directory.tenant(call)
    aliases = {call.params["tenant"]} if tenant is None else {tenant["id"], *tenant["domains"]}
    hosts = CLOUDS[call.cloud].login
    paths = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")
    return {f"https://{host}/{alias}/{path}".rstrip("/") for host in hosts for alias in aliases for path in paths}


def _is_within_time(claims: dict[str, Any], now: float) -> bool:
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
        return False
    return not_before - 300 <= now < expires + 300  # five minutes of skew either way (assumed)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
