"""Secrets: values, limits (sam-facts 6.3). A certificate's secret is put together from it when it is read."""

from __future__ import annotations

from typing import Any

from ..store import Document, Transaction
from . import attributes, errors, objects
from .certificate_secret import certificate_secret
from .objects import SECRETS

_MAX_VALUE_BYTES = 25 * 1024
_MAX_CONTENT_TYPE = 255


def put(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> tuple[Document, Document]:
    """A new version, also when the value is the old one. Gives (secret, version)."""
    value = wanted.get("value")
    if not isinstance(value, str):
        raise errors.bad_parameter("Property value is required and must be a string.")
    if len(value.encode(errors="surrogatepass")) > _MAX_VALUE_BYTES:
        raise errors.bad_parameter(f"The value is longer than {_MAX_VALUE_BYTES} bytes.")
    described = _described(wanted)
    secret = objects.open_for_writing(tx, scope, SECRETS, name, "set")
    version = objects.new_version(tx, described) | {"value": value}
    secret["versions"].append(version)
    return objects.save(tx, scope, SECRETS, secret), version


def read(tx: Transaction, scope: str, name: str, version_id: str) -> tuple[Document, Document, str]:
    """(secret, version, value). nbf and exp inform only, except those of a certificate (sam-facts 6.3, 6.4)."""
    secret = objects.find(tx, scope, SECRETS, name)
    version = objects.find_version(secret, SECRETS, version_id)
    if not version["enabled"]:
        raise errors.secret_disabled()
    if not version.get("managed"):
        return secret, version, version["value"]
    if not version["nbf"] <= tx.now < version["exp"]:
        raise errors.secret_of_expired_certificate()
    return secret, version, certificate_secret(tx, scope, secret, version)


def update(
    tx: Transaction, scope: str, name: str, version_id: str, wanted: dict[str, Any]
) -> tuple[Document, Document]:
    """Attributes one by one; tags as a whole. Never the value."""
    if "value" in wanted:
        raise errors.bad_parameter("Property value cannot be updated; set the secret instead.")
    described = _described(wanted)
    secret = objects.find(tx, scope, SECRETS, name)
    objects.refuse_managed(secret, SECRETS, "update")
    version = objects.find_version(secret, SECRETS, version_id)
    version |= described | {"updated": int(tx.now)}
    return objects.save(tx, scope, SECRETS, secret), version


def _described(wanted: dict[str, Any]) -> Document:
    found = attributes.described(wanted)
    if (content_type := wanted.get("contentType")) is not None:
        if not isinstance(content_type, str) or len(content_type) > _MAX_CONTENT_TYPE:
            raise errors.bad_parameter(f"contentType must be a string of at most {_MAX_CONTENT_TYPE} characters.")
        found["contentType"] = content_type
    return found
