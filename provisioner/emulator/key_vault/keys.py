"""Keys: creation, import, changes. A certificate's key is made by issuing.py."""

from __future__ import annotations

from typing import Any

from ..store import Document, Transaction
from . import attributes, errors, key_errors, key_material, objects, rotation
from .calendar_time import plus_duration
from .objects import KEYS

_RSA_OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
_EC_OPERATIONS = ["sign", "verify"]
_OPERATIONS = {*_RSA_OPERATIONS, "import", "export"}


def create(
    tx: Transaction, scope: str, name: str, wanted: dict[str, Any], *, premium: bool
) -> tuple[Document, Document]:
    """A new key or version. `premium`: the vault's SKU has HSM keys (RSA-HSM, EC-HSM). Gives (key, version)."""
    kty = wanted.get("kty")
    kinds = ("RSA", "EC", "RSA-HSM", "EC-HSM") if premium else ("RSA", "EC")
    if not isinstance(kty, str) or kty not in kinds:
        raise key_errors.key_material(f"Key type {kty!s:.20} is not supported by this key vault.")
    described = _described(wanted, kty)
    key = objects.open_for_writing(tx, scope, KEYS, name, "create")
    private = key_material.make(kty, wanted.get("key_size"), wanted.get("crv"), wanted.get("public_exponent"))
    return _added(tx, scope, key, described | {"kty": kty}, private)


def take_in(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> tuple[Document, Document]:
    """A version from a JWK with its private members. Gives (key, version)."""
    jwk = attributes.member(wanted, "key")
    if wanted.get("Hsm") or wanted.get("hsm"):
        raise key_errors.key_material("Keys are imported as software keys only in this key vault.")
    private = key_material.imported(jwk)
    described = _described(wanted | {"key_ops": jwk.get("key_ops")}, str(jwk["kty"]))
    key = objects.open_for_writing(tx, scope, KEYS, name, "import")
    return _added(tx, scope, key, described | {"kty": jwk["kty"]}, private)


def update(
    tx: Transaction, scope: str, name: str, version_id: str, wanted: dict[str, Any]
) -> tuple[Document, Document]:
    """Attributes one by one; key_ops and tags as a whole."""
    key = objects.find(tx, scope, KEYS, name)
    objects.refuse_managed(key, KEYS, "update")
    version = objects.find_version(key, KEYS, version_id)
    described = attributes.described(wanted)
    if wanted.get("key_ops") is not None:
        described["key_ops"] = _operations(wanted["key_ops"], version["kty"])
    version |= described | {"updated": int(tx.now)}
    return objects.save(tx, scope, KEYS, key), version


def _described(wanted: dict[str, Any], kty: str) -> Document:
    if attributes.member(wanted, "attributes").get("exportable") or wanted.get("release_policy"):
        raise key_errors.key_material("Exportable keys with a release policy are supported for HSM keys only.")
    operations = wanted.get("key_ops")
    return attributes.described(wanted) | {
        "key_ops": _operations(operations, kty) if operations is not None else _every_operation(kty),
        "exportable": False,
    }


def _every_operation(kty: str) -> list[str]:
    return list(_RSA_OPERATIONS if kty.startswith("RSA") else _EC_OPERATIONS)


def _operations(wanted: Any, kty: str) -> list[str]:
    if not isinstance(wanted, list) or not all(isinstance(each, str) and each in _OPERATIONS for each in wanted):
        raise errors.bad_parameter("Property key_ops has an invalid value.")
    if not kty.startswith("RSA") and set(wanted) & set(_RSA_OPERATIONS) - set(_EC_OPERATIONS):
        raise errors.bad_parameter(f"Property key_ops has an operation that a key of type {kty} cannot do.")
    return list(dict.fromkeys(wanted))


def _added(
    tx: Transaction, scope: str, key: Document, described: Document, private: key_material.PrivateKey
) -> tuple[Document, Document]:
    version = objects.new_version(tx, described) | {"_private": key_material.packed(private)}
    if "crv" in (facts := key_material.described(private)):
        version["crv"] = facts["crv"]
    if "exp" not in version and (expiry := rotation.policy(key)["attributes"].get("expiryTime")):
        version["exp"] = plus_duration(version["created"], expiry)
    key["versions"].append(version)
    return objects.save(tx, scope, KEYS, key), version
