"""Vault hosts and the secrets behind them: state, limits (sam-facts 6.3), versions, soft delete.

A secret's document is {name, versions: [oldest first]}; a version is {version, value, contentType, tags, enabled, nbf,
exp, created, updated} with the absent members left out. A deleted one has deletedDate and scheduledPurgeDate too.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from .. import kinds
from ..store import Document, Transaction
from . import errors

_MAX_VALUE_BYTES = 25 * 1024
_MAX_CONTENT_TYPE = 255
_MAX_TAGS = 15
_MAX_TAG = 512
_DAY = 86400


def vault_of(tx: Transaction, host: str) -> Document | None:
    """The vault served at a host name."""
    vault = tx.get(kinds.VAULT, "", host.lower().partition(".")[0])
    return vault if vault and urlsplit(vault["properties"]["vaultUri"]).hostname == host.lower() else None


def resolves(tx: Transaction, host: str) -> bool:
    """False for a vault's host name that has no DNS record in life: no such vault, or its name is too new.

    The TLS listener asks this and takes no connection for such a name (server.py).
    """
    vault = vault_of(tx, host)
    return vault is not None and float(vault["_resolvesFrom"]) <= tx.now


def find(tx: Transaction, scope: str, name: str) -> Document:
    """Raises SecretNotFound."""
    secret = tx.get(kinds.SECRET, scope, name.lower())
    if secret is None:
        raise errors.secret_not_found(name)
    return secret


def find_version(secret: Document, version: str) -> Document:
    """The version named, the newest for ""; raises SecretNotFound. Identifiers compare without regard to case."""
    if not version:
        newest: Document = secret["versions"][-1]
        return newest
    for each in secret["versions"]:
        if each["version"] == version.lower():
            found: Document = each
            return found
    raise errors.secret_not_found(f"{secret['name']}/{version}")


def set_secret(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> tuple[Document, Document]:
    """A new version, also when the value is the old one. Gives (secret, version)."""
    value = wanted.get("value")
    if not isinstance(value, str):
        raise errors.bad_parameter("Property value is required and must be a string.")
    if len(value.encode(errors="surrogatepass")) > _MAX_VALUE_BYTES:
        raise errors.bad_parameter(f"The value is longer than {_MAX_VALUE_BYTES} bytes.")
    described = _described(wanted)
    if _retained(tx, scope, name):
        raise errors.secret_soft_deleted(name)
    now = int(tx.now)
    version = {"version": uuid.uuid4().hex, "value": value, "enabled": True, "created": now, "updated": now} | described
    secret = tx.get(kinds.SECRET, scope, name.lower()) or {"name": name, "versions": []}
    secret["versions"].append(version)
    tx.put(kinds.SECRET, scope, name.lower(), secret)
    return secret, version


def update_version(
    tx: Transaction, scope: str, name: str, version: str, wanted: dict[str, Any]
) -> tuple[Document, Document]:
    """Attributes one by one; tags as a whole. Never the value."""
    if "value" in wanted:
        raise errors.bad_parameter("Property value cannot be updated; set the secret instead.")
    described = _described(wanted)
    secret = find(tx, scope, name)
    found = find_version(secret, version)
    found |= described | {"updated": int(tx.now)}
    tx.put(kinds.SECRET, scope, name.lower(), secret)
    return secret, found


def delete(tx: Transaction, scope: str, name: str, retention_days: int) -> Document:
    """Move the secret, all versions, to the deleted ones."""
    now = int(tx.now)
    deleted = find(tx, scope, name) | {"deletedDate": now, "scheduledPurgeDate": now + retention_days * _DAY}
    tx.delete(kinds.SECRET, scope, name.lower())
    return tx.put(kinds.DELETED_SECRET, scope, name.lower(), deleted)


def find_deleted(tx: Transaction, scope: str, name: str) -> Document:
    """Raises SecretNotFound."""
    deleted = _retained(tx, scope, name)
    if deleted is None:
        raise errors.deleted_secret_not_found(name)
    return deleted


def list_deleted(tx: Transaction, scope: str) -> list[Document]:
    """Deleted secrets whose retention lasts."""
    return [each for each in tx.list(kinds.DELETED_SECRET, scope) if each["scheduledPurgeDate"] > tx.now]


def recover(tx: Transaction, scope: str, name: str) -> Document:
    """Back among the secrets, all versions."""
    deleted = find_deleted(tx, scope, name)
    tx.delete(kinds.DELETED_SECRET, scope, name.lower())
    return tx.put(kinds.SECRET, scope, name.lower(), {key: deleted[key] for key in ("name", "versions")})


def purge(tx: Transaction, scope: str, name: str) -> None:
    """For good."""
    find_deleted(tx, scope, name)
    tx.delete(kinds.DELETED_SECRET, scope, name.lower())


def _retained(tx: Transaction, scope: str, name: str) -> Document | None:
    """The deleted secret of a name, unless its retention is over."""
    deleted = tx.get(kinds.DELETED_SECRET, scope, name.lower())
    return deleted if deleted and deleted["scheduledPurgeDate"] > tx.now else None


def _described(wanted: dict[str, Any]) -> Document:
    """contentType, tags and attributes of a body, checked."""
    found: Document = {}
    if (content_type := wanted.get("contentType")) is not None:
        if not isinstance(content_type, str) or len(content_type) > _MAX_CONTENT_TYPE:
            raise errors.bad_parameter(f"contentType must be a string of at most {_MAX_CONTENT_TYPE} characters.")
        found["contentType"] = content_type
    if (tags := wanted.get("tags")) is not None:
        _check_tags(tags)
        found["tags"] = tags
    attributes = wanted.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise errors.bad_parameter("attributes must be an object.")
    for name, kind in (("enabled", bool), ("nbf", int), ("exp", int)):
        if (value := attributes.get(name)) is not None:
            if type(value) is not kind:
                raise errors.bad_parameter(f"attributes.{name} must be of type {kind.__name__}.")
            found[name] = value
    return found


def _check_tags(tags: Any) -> None:
    if not isinstance(tags, dict) or len(tags) > _MAX_TAGS:
        raise errors.bad_parameter(f"tags must be an object of at most {_MAX_TAGS} members.")
    for name, value in tags.items():
        if not isinstance(value, str) or max(len(name), len(value)) > _MAX_TAG:
            raise errors.bad_parameter(f"A tag's name and value are strings of at most {_MAX_TAG} characters.")
