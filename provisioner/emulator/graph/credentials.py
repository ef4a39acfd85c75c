"""Client secrets and certificates of an application (sam-facts 5.2).

A secret's value is shown once, in the answer to addPassword; the store keeps it under CREDENTIAL_VALUE, where Entra
looks. A certificate's public part stays in the application, hidden from most reads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import string
from datetime import UTC, datetime
from uuid import uuid4

from cryptography import x509

from ..kernel import Reply
from ..kinds import APPLICATION, CREDENTIAL_VALUE
from ..lag import usable_from
from ..store import Document
from . import access, app_policy, application_rules, errors, lookup, shapes
from .documents import moment, timestamp
from .service import Request

_ALPHABET = string.ascii_letters + string.digits + "._~-"
_LONGEST_CERTIFICATE_NAME = 90


def add_password(request: Request) -> Reply:
    """POST addPassword: 200 with the secret's value, once."""
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    access.require_write(request.caller, application)
    sent = request.body().get("passwordCredential") or {}
    shapes.check_body({"passwordCredentials": [sent]}, shapes.APPLICATION, frozenset(shapes.APPLICATION), "application")
    shown = append_password(request, application, sent)
    request.tx.put(APPLICATION, request.tenant, application["id"], application)
    context = f"{request.root}/$metadata#microsoft.graph.passwordCredential"
    return Reply(200, {"@odata.context": context} | shown)


def append_password(request: Request, application: Document, sent: Document) -> Document:
    """Make a secret as asked, append it to the application (which the caller stores); returns it with its value."""
    if sent.get("secretText") or sent.get("hint"):
        raise errors.property_invalid("passwordCredentials", "application")
    start, end = _period(sent, request.tx.now, years=2)
    app_policy.check_password(request.tenant_document(), application, end - start)
    most = application_rules.MOST_SECRETS_WITH_PERSONAL_ACCOUNTS
    if application_rules.takes_personal_accounts(application) and len(application["passwordCredentials"]) >= most:
        raise errors.too_many("passwordCredentials", most)
    text = _secret_text()
    credential: Document = {
        "customKeyIdentifier": None,
        "displayName": sent.get("displayName"),
        "endDateTime": timestamp(end, fraction=True),
        "hint": text[:3],
        "keyId": str(uuid4()),
        "secretText": None,
        "startDateTime": timestamp(start, fraction=True),
    }
    application["passwordCredentials"].append(credential)
    hidden = {
        "keyId": credential["keyId"],
        "appId": application["appId"],
        "_secretText": text,
        "_usableFrom": usable_from(request.tx),
    }
    request.tx.put(CREDENTIAL_VALUE, request.tenant, credential["keyId"], hidden)
    return credential | {"secretText": text}


def remove_password(request: Request) -> Reply:
    """POST removePassword {"keyId"}: 204."""
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    access.require_write(request.caller, application)
    key_id = str(request.body().get("keyId", "")).lower()
    kept = [credential for credential in application["passwordCredentials"] if credential["keyId"] != key_id]
    if len(kept) == len(application["passwordCredentials"]):
        raise errors.password_not_found(key_id)
    request.tx.put(APPLICATION, request.tenant, application["id"], application | {"passwordCredentials": kept})
    request.tx.delete(CREDENTIAL_VALUE, request.tenant, key_id)
    return Reply(204)


def kept_passwords(request: Request, application: Document, sent: list[Document]) -> list[Document]:
    """PATCH may drop secrets (by leaving them out), never add or change one."""
    known = {credential["keyId"]: credential for credential in application["passwordCredentials"]}
    if any(entry.get("keyId") not in known or entry.get("secretText") for entry in sent):
        raise errors.password_by_service_action_only()
    named = {entry["keyId"] for entry in sent}
    for key_id in known.keys() - named:
        request.tx.delete(CREDENTIAL_VALUE, request.tenant, key_id)
    return [credential for key_id, credential in known.items() if key_id in named]


def replaced_certificates(request: Request, application: Document, sent: list[Document]) -> list[Document]:
    """The whole new list: an entry with a known keyId and no key is kept, any other is a new certificate."""
    known = {credential["keyId"]: credential for credential in application["keyCredentials"]}
    result = []
    for entry in sent:
        kept = known.get(str(entry.get("keyId")).lower())
        if kept is not None and entry.get("key") in (None, kept["key"]):
            result.append(kept)
        else:
            result.append(_new_certificate(request, application, entry))
    if len({credential["keyId"] for credential in result}) < len(result):
        raise errors.property_invalid("keyCredentials", "application")
    return result


def _new_certificate(request: Request, application: Document, entry: Document) -> Document:
    if entry.get("type") != "AsymmetricX509Cert" or entry.get("usage") != "Verify":
        raise errors.property_invalid("keyCredentials", "application")
    try:
        der = base64.b64decode(str(entry.get("key") or ""), validate=True)
        certificate = x509.load_der_x509_certificate(der)
    except (binascii.Error, ValueError) as error:
        raise errors.certificate_invalid() from error
    not_before, not_after = (
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
    )
    whole = {"startDateTime": timestamp(not_before), "endDateTime": timestamp(not_after)}
    start, end = _period(whole | {name: value for name, value in entry.items() if value}, request.tx.now, years=1)
    if end > not_after or start < not_before:
        raise errors.credential_lifetime_invalid()
    app_policy.check_certificate(request.tenant_document(), application, end - start)
    thumbprint = hashlib.sha1(der).hexdigest().upper()  # noqa: S324  a certificate's thumbprint is its SHA-1 by definition
    return {
        "customKeyIdentifier": entry.get("customKeyIdentifier") or thumbprint,
        "displayName": (entry.get("displayName") or certificate.subject.rfc4514_string())[:_LONGEST_CERTIFICATE_NAME],
        "endDateTime": timestamp(end),
        "key": base64.b64encode(der).decode(),
        "keyId": str(entry.get("keyId") or uuid4()).lower(),
        "startDateTime": timestamp(start),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _period(sent: Document, now: float, *, years: int) -> tuple[float, float]:
    """Start and end in epoch seconds: now, and so many years later, where not given."""
    try:
        start = moment(sent["startDateTime"]) if sent.get("startDateTime") else now
        end = moment(sent["endDateTime"]) if sent.get("endDateTime") else _years_later(start, years)
    except ValueError as error:
        raise errors.credential_lifetime_invalid() from error
    if end <= start or end <= now:
        raise errors.credential_lifetime_invalid()
    return start, end


def _years_later(start: float, years: int) -> float:
    begin = datetime.fromtimestamp(start, UTC)
    day = 28 if (begin.month, begin.day) == (2, 29) else begin.day
    return begin.replace(year=begin.year + years, day=day).timestamp()


def _secret_text() -> str:
    """Forty characters with the mark that secret scanners know: three, then `8Q~`, then the rest."""
    return (
        "".join(secrets.choice(string.ascii_letters) for _ in range(3))
        + "8Q~"
        + "".join(secrets.choice(_ALPHABET) for _ in range(34))
    )
