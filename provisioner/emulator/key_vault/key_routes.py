"""The keys' paths. An operation on the newest version may leave the version's segment empty."""

from __future__ import annotations

import base64
from typing import Any

from ..kernel import Reply
from ..store import Document
from . import crypto, key_errors, keys, objects, rotation, wire
from .entry import Session
from .key_material import unb64
from .objects import KEYS
from .rights import KEYS as RIGHTS
from .shared_routes import (
    Operation,
    Row,
    Shared,
    always_newest,
    delete_unmanaged,
    newest,
    purge_unmanaged,
    recover_unmanaged,
    routes,
)


def _bundle(current: Session, key: Document, version: Document) -> Reply:
    return Reply(200, wire.key_bundle(current.address, current.vault, key, version))


def _create(current: Session) -> Reply:
    premium = current.vault["properties"]["sku"]["name"] == "premium"
    made = keys.create(current.tx, current.scope, current.name, current.body(), premium=premium)
    return _bundle(current, *made)


def _import(current: Session) -> Reply:
    return _bundle(current, *keys.take_in(current.tx, current.scope, current.name, current.body()))


def _get(current: Session) -> Reply:
    key = objects.find(current.tx, current.scope, KEYS, current.name)
    return _bundle(current, key, objects.find_version(key, KEYS, current.version))


def _update(current: Session) -> Reply:
    return _bundle(current, *keys.update(current.tx, current.scope, current.name, current.version, current.body()))


def _rotate(current: Session) -> Reply:
    return _bundle(current, *rotation.rotate(current.tx, current.scope, current.name))


def _get_rotation_policy(current: Session) -> Reply:
    return _rotation_policy(current, objects.find(current.tx, current.scope, KEYS, current.name))


def _set_rotation_policy(current: Session) -> Reply:
    return _rotation_policy(current, rotation.set_policy(current.tx, current.scope, current.name, current.body()))


def _rotation_policy(current: Session, key: Document) -> Reply:
    return Reply(200, {"id": f"{current.address}/keys/{key['name']}/rotationpolicy", **rotation.policy(key)})


def _usable(current: Session, operation: str) -> tuple[str, Document, dict[str, Any]]:
    """(key identifier, version, body) for an operation the key may do."""
    body = current.body()
    key = objects.find(current.tx, current.scope, KEYS, current.name)
    version = objects.find_version(key, KEYS, current.version)
    crypto.check_usable(version, operation, current.tx.now)
    return f"{current.address}/keys/{key['name']}/{version['version']}", version, body


def _result(key_id: str, value: bytes) -> Reply:
    return Reply(200, {"kid": key_id, "value": base64.urlsafe_b64encode(value).rstrip(b"=").decode()})


def _sign(current: Session) -> Reply:
    key_id, version, body = _usable(current, "sign")
    return _result(key_id, crypto.sign(key_id, version, body.get("alg"), unb64(body.get("value"), "value")))


def _verify(current: Session) -> Reply:
    key_id, version, body = _usable(current, "verify")
    digest, signature = unb64(body.get("digest"), "digest"), unb64(body.get("value"), "value")
    return Reply(200, {"value": crypto.verify(key_id, version, body.get("alg"), digest, signature)})


def _encrypting(operation: str) -> Operation:
    def encrypt(current: Session) -> Reply:
        key_id, version, body = _usable(current, operation)
        return _result(key_id, crypto.encrypt(key_id, version, body.get("alg"), unb64(body.get("value"), "value")))

    return encrypt


def _decrypting(operation: str) -> Operation:
    def decrypt(current: Session) -> Reply:
        key_id, version, body = _usable(current, operation)
        return _result(key_id, crypto.decrypt(key_id, version, body.get("alg"), unb64(body.get("value"), "value")))

    return decrypt


def _release(current: Session) -> Reply:
    objects.find(current.tx, current.scope, KEYS, current.name)
    raise key_errors.key_not_exportable()


def _random(_: Session) -> Reply:
    raise key_errors.managed_hsm_only("getrandombytes")


def _with_any_version(verb: str, operation: str, function: Operation) -> list[Row]:
    paths = (f"/keys/{{name}}/{{version}}/{verb}", f"/keys/{{name}}//{verb}", f"/keys/{{name}}/{verb}")
    return [("POST", path, verb, RIGHTS[operation], function) for path in paths]


_SHARED = Shared(
    KEYS,
    wire.KEYS,
    RIGHTS,
    delete_unmanaged(KEYS),
    recover_unmanaged(KEYS),
    purge_unmanaged(KEYS),
    newest,
    always_newest,
)
_ROWS: list[Row] = [
    *_SHARED.rows(),
    ("POST", "/keys/{name}/create", "create", RIGHTS["create"], _create),
    ("POST", "/keys/{name}/rotate", "rotate", RIGHTS["rotate"], _rotate),
    ("GET", "/keys/{name}/rotationpolicy", "get_rotation_policy", RIGHTS["get_rotation_policy"], _get_rotation_policy),
    ("PUT", "/keys/{name}/rotationpolicy", "set_rotation_policy", RIGHTS["set_rotation_policy"], _set_rotation_policy),
    *_with_any_version("sign", "sign", _sign),
    *_with_any_version("verify", "verify", _verify),
    *_with_any_version("encrypt", "encrypt", _encrypting("encrypt")),
    *_with_any_version("decrypt", "decrypt", _decrypting("decrypt")),
    *_with_any_version("wrapkey", "wrapKey", _encrypting("wrapKey")),
    *_with_any_version("unwrapkey", "unwrapKey", _decrypting("unwrapKey")),
    *_with_any_version("release", "release", _release),
    ("POST", "/rng", "random_bytes", RIGHTS["get"], _random),
    ("PUT", "/keys/{name}", "import", RIGHTS["import"], _import),
    ("GET", "/keys/{name}", "get", RIGHTS["get"], _get),
    ("GET", "/keys/{name}/", "get", RIGHTS["get"], _get),
    ("GET", "/keys/{name}/{version}", "get", RIGHTS["get"], _get),
    ("PATCH", "/keys/{name}", "update", RIGHTS["update"], _update),
    ("PATCH", "/keys/{name}/", "update", RIGHTS["update"], _update),
    ("PATCH", "/keys/{name}/{version}", "update", RIGHTS["update"], _update),
]
ROUTES = routes("keys", _ROWS)
