"""Client secrets of applications and service principals (sam-facts 5.2).

A secret's value is shown once, in the answer to addPassword; the store keeps it under CREDENTIAL_VALUE, where Entra
looks.
"""

from __future__ import annotations

import secrets
import string
from uuid import uuid4

from ..kernel import Reply
from ..kinds import CREDENTIAL_VALUE
from ..lag import usable_from
from ..store import Document
from . import access, app_policy, application_rules, credential_errors, errors, instance_lock, lookup, shapes
from .credential_period import period
from .documents import timestamp
from .lookup import HolderKind
from .service import Request

_ALPHABET = string.ascii_letters + string.digits + "._~-"


def add_password(request: Request) -> Reply:
    """POST addPassword: 200 with the secret's value, once."""
    access.require(request.caller, access.READ_APPLICATIONS)
    kind, holder = lookup.holder(request)
    access.require_write(request.caller, holder)
    sent = request.body().get("passwordCredential") or {}
    shapes.check_body({"passwordCredentials": [sent]}, shapes.APPLICATION, frozenset(shapes.APPLICATION), kind)
    shown = append_password(request, kind, holder, sent)
    request.tx.put(kind, request.tenant, holder["id"], holder)
    context = f"{request.root}/$metadata#microsoft.graph.passwordCredential"
    return Reply(200, {"@odata.context": context} | shown)


def append_password(request: Request, kind: HolderKind, holder: Document, sent: Document) -> Document:
    """Make a secret as asked, append it to its holder (which the caller stores); returns it with its value."""
    if sent.get("secretText") or sent.get("hint"):
        raise errors.property_invalid("passwordCredentials", kind)
    instance_lock.check(request, kind, holder, {"passwordCredentials": [sent]})
    start, end = period(sent, request.tx.now, years=2)
    app_policy.check_password(request, kind, holder, end - start)
    most = application_rules.MOST_SECRETS_WITH_PERSONAL_ACCOUNTS
    if application_rules.takes_personal_accounts(holder) and len(holder["passwordCredentials"]) >= most:
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
    holder["passwordCredentials"].append(credential)
    hidden = {
        "keyId": credential["keyId"],
        "appId": holder["appId"],
        "_secretText": text,
        "_usableFrom": usable_from(request.tx),
    }
    request.tx.put(CREDENTIAL_VALUE, request.tenant, credential["keyId"], hidden)
    return credential | {"secretText": text}


def remove_password(request: Request) -> Reply:
    """POST removePassword {"keyId"}: 204."""
    access.require(request.caller, access.READ_APPLICATIONS)
    kind, holder = lookup.holder(request)
    access.require_write(request.caller, holder)
    key_id = str(request.body().get("keyId", "")).lower()
    instance_lock.check(request, kind, holder, {"passwordCredentials": []})
    kept = [credential for credential in holder["passwordCredentials"] if credential["keyId"] != key_id]
    if len(kept) == len(holder["passwordCredentials"]):
        raise credential_errors.password_not_found(key_id)
    request.tx.put(kind, request.tenant, holder["id"], holder | {"passwordCredentials": kept})
    request.tx.delete(CREDENTIAL_VALUE, request.tenant, key_id)
    return Reply(204)


def kept_passwords(request: Request, holder: Document, sent: list[Document]) -> list[Document]:
    """PATCH may drop secrets (by leaving them out), never add or change one."""
    known = {credential["keyId"]: credential for credential in holder["passwordCredentials"]}
    if any(entry.get("keyId") not in known or entry.get("secretText") for entry in sent):
        raise credential_errors.password_by_service_action_only()
    named = {entry["keyId"] for entry in sent}
    for key_id in known.keys() - named:
        request.tx.delete(CREDENTIAL_VALUE, request.tenant, key_id)
    return [credential for key_id, credential in known.items() if key_id in named]


def _secret_text() -> str:
    """Forty characters with the mark that secret scanners know: three, then `8Q~`, then the rest."""
    return (
        "".join(secrets.choice(string.ascii_letters) for _ in range(3))
        + "8Q~"
        + "".join(secrets.choice(_ALPHABET) for _ in range(34))
    )
