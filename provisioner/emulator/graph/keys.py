"""addKey and removeKey: an application rolls its own certificates by proving it holds one (sam-facts 5.2).

The proof is a JWT signed with a currently valid certificate of the object itself, so the first certificate cannot be
added this way. An application needs no permission to roll its own keys.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from ..kernel import Reply
from ..lag import is_usable
from ..store import Document
from . import access, certificates, credential_errors, errors, instance_lock, lookup, shapes
from .documents import moment
from .microsoft_apps import AZURE_AD_GRAPH
from .service import Request

_LONGEST_S, _SKEW_S = 600, 300
_UNCHECKED: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def add_key(request: Request) -> Reply:
    """POST addKey {"keyCredential", "passwordCredential", "proof"}: 200 with the new key credential."""
    kind, holder = lookup.holder(request)
    _require_right(request, holder)
    body = request.body()
    _check_proof(request, holder, body.get("proof"))
    sent = body.get("keyCredential")
    if not isinstance(sent, dict):
        raise errors.property_missing("keyCredential", kind)
    shapes.check_body({"keyCredentials": [sent]}, shapes.APPLICATION, frozenset(shapes.APPLICATION), kind)
    instance_lock.check(request, kind, holder, {"keyCredentials": [sent]})
    der = _certificate_of_pfx(sent, body.get("passwordCredential"))
    made = certificates.made(request, kind, holder, sent, der)
    if any(made[member] == other[member] for other in holder["keyCredentials"] for member in ("keyId", "key")):
        raise credential_errors.key_duplicate()
    changed = holder | {"keyCredentials": [*holder["keyCredentials"], made]}
    request.tx.put(kind, request.tenant, holder["id"], changed)
    shown = {name: value for name, value in made.items() if not name.startswith("_")} | {"key": None}
    return Reply(200, {"@odata.context": f"{request.root}/$metadata#microsoft.graph.keyCredential"} | shown)


def remove_key(request: Request) -> Reply:
    """POST removeKey {"keyId", "proof"}: 204."""
    kind, holder = lookup.holder(request)
    _require_right(request, holder)
    body = request.body()
    _check_proof(request, holder, body.get("proof"))
    instance_lock.check(request, kind, holder, {"keyCredentials": []})
    key_id = str(body.get("keyId", "")).lower()
    kept = [credential for credential in holder["keyCredentials"] if credential["keyId"] != key_id]
    if len(kept) == len(holder["keyCredentials"]):
        raise credential_errors.key_not_found(key_id)
    request.tx.put(kind, request.tenant, holder["id"], holder | {"keyCredentials": kept})
    return Reply(204)


def _require_right(request: Request, holder: Document) -> None:
    if request.caller.kind == "user" or request.caller.app_id != holder["appId"]:
        access.require_write(request.caller, holder)


def _check_proof(request: Request, holder: Document, proof: object) -> None:
    """Raises proof_invalid unless a certificate of the holder that is valid now signed the proof for this use."""
    if not isinstance(proof, str):
        raise credential_errors.proof_invalid()
    for key in _valid_keys(request, holder):
        try:
            claims = jwt.decode(proof, key, algorithms=["RS256", "PS256"], options=_UNCHECKED)
        except jwt.PyJWTError:
            continue  # signed with another of the holder's certificates, or with none of them
        if _is_meant_for(holder, claims) and _is_within_time(claims, request.tx.now):
            return
    raise credential_errors.proof_invalid()


def _valid_keys(request: Request, holder: Document) -> Iterator[rsa.RSAPublicKey]:
    for credential in holder["keyCredentials"]:
        current = moment(credential["startDateTime"]) <= request.tx.now < moment(credential["endDateTime"])
        key = x509.load_der_x509_certificate(base64.b64decode(credential["key"])).public_key()
        if current and is_usable(request.tx, credential) and isinstance(key, rsa.RSAPublicKey):
            yield key


def _is_meant_for(holder: Document, claims: Document) -> bool:
    return claims.get("aud") == AZURE_AD_GRAPH and str(claims.get("iss")).lower() == holder["id"]


def _is_within_time(claims: Document, now: float) -> bool:
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        return False
    return 0 < ends - begins <= _LONGEST_S and begins - _SKEW_S <= now < ends + _SKEW_S


def _certificate_of_pfx(sent: Document, password: object) -> bytes | None:
    """The certificate inside an X509CertAndPassword key, whose password comes beside it; None for another type."""
    if sent.get("type") != certificates.WITH_PRIVATE_KEY:
        if password is not None:
            raise errors.property_invalid("passwordCredential", "application")
        return None
    text = password.get("secretText") if isinstance(password, dict) else None
    if not isinstance(text, str) or not text:
        raise errors.property_missing("passwordCredential", "application")
    try:
        _, certificate, _ = pkcs12.load_key_and_certificates(certificates.decoded(sent.get("key")), text.encode())
    except ValueError as error:
        raise credential_errors.certificate_invalid() from error
    if certificate is None:
        raise credential_errors.certificate_invalid()
    return certificate.public_bytes(Encoding.DER)
