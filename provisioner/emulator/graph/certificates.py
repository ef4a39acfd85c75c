"""keyCredentials of applications and service principals (sam-facts 5.2).

PATCH replaces the list as a whole: an entry with a known keyId and no key keeps what is there. A certificate's public
part stays in its holder, hidden from most reads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ..lag import usable_from
from ..store import Document
from . import app_policy, credential_errors, errors
from .credential_period import period
from .documents import moment, timestamp
from .lookup import HolderKind
from .service import Request, is_guid

CERTIFICATE, WITH_PRIVATE_KEY = "AsymmetricX509Cert", "X509CertAndPassword"
_TYPES, _USAGES = (CERTIFICATE, WITH_PRIVATE_KEY), ("Sign", "Verify")
_LONGEST_NAME = 90
_FIXED = ("customKeyIdentifier", "type", "usage")
_FIXED_TIMES = ("startDateTime", "endDateTime")


def replaced(request: Request, kind: HolderKind, holder: Document, sent: list[Document]) -> list[Document]:
    """The whole new list of keyCredentials. Raises for a change of an existing entry, and for duplicates."""
    known = {credential["keyId"]: credential for credential in holder["keyCredentials"]}
    result = []
    for entry in sent:
        kept = known.get(str(entry.get("keyId")).lower())
        if kept is None:
            result.append(made(request, kind, holder, entry))
        else:
            _check_unchanged(kept, entry)
            result.append(kept)
    for member in ("keyId", "key"):
        if len({credential[member] for credential in result}) < len(result):
            raise credential_errors.key_duplicate()
    return result


def made(request: Request, kind: HolderKind, holder: Document, entry: Document, der: bytes | None = None) -> Document:
    """A new entry from what a client sent, checked. `der` is the certificate where `key` holds more than that."""
    _check_kind(entry)
    certificate = _certificate(entry) if der is None else x509.load_der_x509_certificate(der)
    not_before = certificate.not_valid_before_utc.timestamp()
    not_after = certificate.not_valid_after_utc.timestamp()
    whole = {"startDateTime": timestamp(not_before), "endDateTime": timestamp(not_after)}
    start, end = period(whole | {name: value for name, value in entry.items() if value}, request.tx.now, years=1)
    if end > not_after or start < not_before:
        raise credential_errors.credential_lifetime_invalid()
    app_policy.check_certificate(request, kind, holder, end - start)
    key_id = entry.get("keyId") or str(uuid4())
    if not is_guid(key_id):
        raise errors.property_invalid("keyId", "keyCredential")
    return {
        "customKeyIdentifier": entry.get("customKeyIdentifier") or _thumbprint(certificate),
        "displayName": (entry.get("displayName") or certificate.subject.rfc4514_string())[:_LONGEST_NAME],
        "endDateTime": timestamp(end),
        "key": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        "keyId": key_id.lower(),
        "startDateTime": timestamp(start),
        "type": entry["type"],
        "usage": entry["usage"],
        "_usableFrom": usable_from(request.tx),
    }


def decoded(text: Any) -> bytes:
    """The bytes of base64 in either alphabet, with or without padding and line breaks (az sends them).

    Raises certificate_invalid.
    """
    try:
        plain = "".join(str(text or "").split()).rstrip("=").replace("-", "+").replace("_", "/")
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise credential_errors.certificate_invalid() from error
    if not raw:
        raise credential_errors.certificate_invalid()
    return raw


def _check_kind(entry: Document) -> None:
    if entry.get("type") not in _TYPES:
        raise credential_errors.key_value_invalid("type", ", ".join(_TYPES))
    if entry.get("usage") not in _USAGES:
        raise credential_errors.key_value_invalid("usage", ", ".join(_USAGES))
    if (entry["type"] == CERTIFICATE) != (entry["usage"] == "Verify"):
        raise credential_errors.key_value_invalid("usage", "Verify" if entry["type"] == CERTIFICATE else "Sign")


def _certificate(entry: Document) -> x509.Certificate:
    """The certificate of `key`: DER, or PEM text in base64, as the service takes both."""
    raw = decoded(entry.get("key"))
    try:
        return (
            x509.load_pem_x509_certificate(raw)
            if raw.startswith(b"-----BEGIN")
            else x509.load_der_x509_certificate(raw)
        )
    except ValueError as error:
        raise credential_errors.certificate_invalid() from error


def _check_unchanged(kept: Document, entry: Document) -> None:
    """An entry that names an existing credential may leave members out or repeat them."""
    changed = any(entry.get(name) not in (None, kept[name]) for name in _FIXED)
    for name in _FIXED_TIMES:
        changed = changed or not _same_moment(kept[name], entry.get(name))
    if entry.get("key") is not None:
        changed = changed or decoded(entry["key"]) != base64.b64decode(kept["key"])
    if changed:
        raise credential_errors.key_not_updatable(kept["keyId"])


def _same_moment(kept: str, sent: str | None) -> bool:
    try:
        return sent is None or int(moment(sent)) == int(moment(kept))
    except (ValueError, OverflowError) as error:
        raise credential_errors.credential_lifetime_invalid() from error


def _thumbprint(certificate: x509.Certificate) -> str:
    """As the service shows it: the SHA-1 in upper-case hexadecimal."""
    der = certificate.public_bytes(Encoding.DER)
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
