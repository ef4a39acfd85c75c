"""A client proves itself: secret, assertion signed with its certificate, or a trusted issuer's token (sam-facts 3.3).

Credentials count wherever they are registered: on the application, or on its service principal in the tenant that is
asked (`az ad sp credential reset` writes there).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from .. import kinds, lag
from ..clouds import CLOUDS
from ..graph.documents import moment
from ..kernel import Call
from ..store import Document
from . import credential_errors, directory, errors, federation
from .directory import Client, Platform

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Proof = Literal["none", "secret", "assertion"]


def with_basic(call: Call, form: dict[str, str]) -> dict[str, str]:
    """The form with client_id and client_secret of HTTP Basic authentication (RFC 6749 2.3.1), when that was sent.

    What the form says itself wins. Raises 9002313 for a header that cannot be read.
    """
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise errors.malformed(call) from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)} | form


def prove(call: Call, client: Client, form: dict[str, str], platform: Platform) -> Proof:
    """Check the credential that goes with the client type. Raises 7000218, 700025 and what each credential raises."""
    has_secret, has_assertion = "client_secret" in form, "client_assertion" in form
    if platform != "web":
        if has_secret or has_assertion:
            raise credential_errors.credential_from_public_client(call)
        return "none"
    if has_assertion:
        _check_assertion(call, client, form)
        return "assertion"
    if not has_secret:
        raise credential_errors.credential_missing(call)
    _check_secret(call, client, form["client_secret"])
    return "secret"


def _registered(client: Client, member: str) -> Iterator[tuple[str, Document]]:
    """(tenant, credential) of the application, then of its service principal in the tenant that is asked."""
    for credential in client.application.get(member) or ():
        yield client.home_tenant, credential
    if client.principal is not None and client.tenant is not None:
        for credential in client.principal.get(member) or ():
            yield client.tenant, credential


def _check_secret(call: Call, client: Client, sent: str) -> None:
    expired = False
    for tenant, credential in _registered(client, "passwordCredentials"):
        value = call.tx.get(kinds.CREDENTIAL_VALUE, tenant, credential["keyId"])
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
    if "://" in str(claims.get("iss")):  # an issuer is a URL, a client an id; outside issuers send an x5t too
        federation.check(call, client, token, header, claims)
    else:
        _check_signature(call, client, token, header)
        if claims.get("iss") != client.id or claims.get("sub") != client.id:
            raise credential_errors.assertion_issuer(call)
        if str(claims.get("aud")) not in _audiences(call):
            raise credential_errors.assertion_audience(call)
    if not _is_within_time(claims, call.tx.now):
        raise credential_errors.assertion_time(call, call.tx.now, claims.get("exp"))


def _check_signature(call: Call, client: Client, token: str, header: dict[str, Any]) -> None:
    if header.get("alg") not in ("RS256", "PS256") or not ("x5t" in header or "x5t#S256" in header):
        raise credential_errors.assertion_malformed(call)
    reason = "The key was not found"
    for _, credential in _registered(client, "keyCredentials"):
        certificate = _certificate(credential)
        if certificate is None or not _names(header, certificate) or not lag.is_usable(call.tx, credential):
            continue
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            continue
        if not moment(credential["startDateTime"]) <= call.tx.now < moment(credential["endDateTime"]):
            reason = "The key used is expired"
            continue
        try:
            jwt.PyJWS().decode(token, key, algorithms=[header["alg"]])
        except jwt.PyJWTError as error:
            reason = "The provided signature value did not match the expected signature value"
            raise credential_errors.assertion_signature(call, reason) from error
        return
    raise credential_errors.assertion_signature(call, reason)


def _certificate(credential: Document) -> x509.Certificate | None:
    """The certificate of a keyCredential, None for another kind of key. Graph checked it when it was added."""
    if credential["type"] != "AsymmetricX509Cert":
        return None
    return x509.load_der_x509_certificate(base64.b64decode(credential["key"]))


def _names(header: dict[str, Any], certificate: x509.Certificate) -> bool:
    """True when the assertion's header names this certificate, by SHA-256 or the older SHA-1.

    The digest's bytes in base64url; older libraries write ordinary base64 with padding. Its hex text is no digest.
    """
    der = certificate.public_bytes(Encoding.DER)
    if "x5t#S256" in header:
        return _plain(header["x5t#S256"]) == _b64(hashlib.sha256(der).digest())
    return _plain(header["x5t"]) == _b64(hashlib.sha1(der, usedforsecurity=False).digest())


def _plain(thumbprint: object) -> str:
    return str(thumbprint).rstrip("=").replace("+", "-").replace("/", "_")


def _audiences(call: Call) -> set[str]:
    """What an assertion's `aud` may be: this tenant's token endpoint, v1 or v2, or the issuer; by id or domain."""
    tenant = directory.tenant(call)
    aliases = {call.params["tenant"]} if tenant is None else {tenant["id"], *tenant["domains"]}
    hosts = CLOUDS[call.cloud].login
    paths = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")
    found = {f"https://{host}/{alias}/{path}".rstrip("/") for host in hosts for alias in aliases for path in paths}
    return found | {f"{audience}/" for audience in found if audience.count("/") == 3}  # the v1 issuer ends with one


def _is_within_time(claims: dict[str, Any], now: float) -> bool:
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
        return False
    return not_before - 300 <= now < expires + 300  # five minutes of skew either way (assumed)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
