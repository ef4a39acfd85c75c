"""What secrets, keys and certificates share: names, versions, soft delete (sam-facts 6.3).

A document is {name, versions: [oldest first], ...}; a version is {version, enabled, nbf, exp, created, updated, tags,
...} with the absent members left out. A deleted document has deletedDate and scheduledPurgeDate too. A version with
`managed` is the key or the secret of a certificate and is written through the certificate only (sam-facts 6.4).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from .. import kinds
from ..store import Document, Transaction
from . import errors

_DAY = 86400


@dataclass(frozen=True)
class ObjectType:
    """One of the three; `noun` is also what its paths and error codes are built from."""

    noun: str
    kind: str
    deleted_kind: str

    @property
    def collection(self) -> str:
        return f"{self.noun}s"


SECRETS = ObjectType("secret", kinds.SECRET, kinds.DELETED_SECRET)
KEYS = ObjectType("key", kinds.KEY, kinds.DELETED_KEY)
CERTIFICATES = ObjectType("certificate", kinds.CERTIFICATE, kinds.DELETED_CERTIFICATE)
ALL = (SECRETS, KEYS, CERTIFICATES)
OWN_KINDS = (
    *(kind for each in ALL for kind in (each.kind, each.deleted_kind)),
    kinds.CERTIFICATE_ISSUER,
    kinds.CERTIFICATE_CONTACTS,
)


def new_version(tx: Transaction, described: Document) -> Document:
    """The members every version has; `described` comes from attributes.described."""
    now = int(tx.now)
    return {"version": uuid.uuid4().hex, "enabled": True, "created": now, "updated": now} | described


def find(tx: Transaction, scope: str, kind: ObjectType, name: str) -> Document:
    """Raises SecretNotFound, KeyNotFound or CertificateNotFound."""
    found = tx.get(kind.kind, scope, name.lower())
    if found is None:
        raise errors.object_not_found(kind.noun, name)
    return found


def find_version(document: Document, kind: ObjectType, version: str) -> Document:
    """The version named, the newest for ""; raises the not-found of its kind. Identifiers compare without case."""
    if not version:
        newest: Document = document["versions"][-1]
        return newest
    for each in document["versions"]:
        if each["version"] == version.lower():
            found: Document = each
            return found
    raise errors.object_not_found(kind.noun, f"{document['name']}/{version}")


def open_for_writing(tx: Transaction, scope: str, kind: ObjectType, name: str, operation: str) -> Document:
    """The secret or key a new version goes to, or a new one; refuses a soft-deleted name and a certificate's."""
    check_not_deleted(tx, scope, kind, name)
    check_not_deleted(tx, scope, CERTIFICATES, name)
    if tx.get(CERTIFICATES.kind, scope, name.lower()):
        raise errors.object_managed(kind.noun, operation)
    return tx.get(kind.kind, scope, name.lower()) or {"name": name, "versions": []}


def check_not_deleted(tx: Transaction, scope: str, kind: ObjectType, name: str) -> None:
    """A soft-deleted object keeps its name until it is recovered or purged."""
    if tx.get(kind.deleted_kind, scope, name.lower()):
        raise errors.object_soft_deleted(kind.noun, name)


def refuse_managed(document: Document, kind: ObjectType, operation: str) -> None:
    if any(version.get("managed") for version in document["versions"]):
        raise errors.object_managed(kind.noun, operation)


def save(tx: Transaction, scope: str, kind: ObjectType, document: Document) -> Document:
    return tx.put(kind.kind, scope, document["name"].lower(), document)


def delete(tx: Transaction, scope: str, kind: ObjectType, name: str, retention_days: int) -> Document:
    """Move the object, all versions, to the deleted ones."""
    now = int(tx.now)
    deleted = find(tx, scope, kind, name) | {"deletedDate": now, "scheduledPurgeDate": now + retention_days * _DAY}
    tx.delete(kind.kind, scope, name.lower())
    return tx.put(kind.deleted_kind, scope, name.lower(), deleted)


def find_deleted(tx: Transaction, scope: str, kind: ObjectType, name: str) -> Document:
    """Raises the not-found of its kind."""
    deleted = tx.get(kind.deleted_kind, scope, name.lower())
    if deleted is None:
        raise errors.deleted_object_not_found(kind.noun, name)
    return deleted


def recover(tx: Transaction, scope: str, kind: ObjectType, name: str) -> Document:
    """Back among the living, all versions. The name cannot have been taken meanwhile: soft delete keeps it."""
    deleted = find_deleted(tx, scope, kind, name)
    tx.delete(kind.deleted_kind, scope, name.lower())
    dates = ("deletedDate", "scheduledPurgeDate")
    return save(tx, scope, kind, {key: value for key, value in deleted.items() if key not in dates})


def purge(tx: Transaction, scope: str, kind: ObjectType, name: str) -> None:
    """For good."""
    find_deleted(tx, scope, kind, name)
    tx.delete(kind.deleted_kind, scope, name.lower())


def forget_retained(tx: Transaction, scope: str, kind: ObjectType) -> None:
    """Purge what has been deleted for longer than the vault keeps it."""
    for each in tx.list(kind.deleted_kind, scope):
        if each["scheduledPurgeDate"] <= tx.now:
            tx.delete(kind.deleted_kind, scope, each["name"].lower())


def erase_vault(tx: Transaction, scope: str) -> None:
    """All objects of a purged vault; `scope` is its lower-case name."""
    for kind in OWN_KINDS:
        for each in tx.list(kind, scope):
            tx.delete(kind, scope, each["name"].lower())
