"""The secrets' paths."""

from __future__ import annotations

from ..kernel import Reply
from . import secrets, wire
from .entry import Session
from .objects import SECRETS
from .rights import SECRETS as RIGHTS
from .shared_routes import (
    Row,
    Shared,
    always_newest,
    delete_unmanaged,
    newest,
    purge_unmanaged,
    recover_unmanaged,
    routes,
)


def _set(current: Session) -> Reply:
    secret, version = secrets.put(current.tx, current.scope, current.name, current.body())
    shown = wire.secret_item(current.address, current.vault, secret, version)
    return Reply(200, {"value": version["value"], **shown})


def _get(current: Session) -> Reply:
    secret, version, value = secrets.read(current.tx, current.scope, current.name, current.version)
    return Reply(200, {"value": value, **wire.secret_item(current.address, current.vault, secret, version)})


def _update(current: Session) -> Reply:
    secret, version = secrets.update(current.tx, current.scope, current.name, current.version, current.body())
    return Reply(200, wire.secret_item(current.address, current.vault, secret, version))


_SHARED = Shared(
    SECRETS,
    wire.SECRETS,
    RIGHTS,
    delete_unmanaged(SECRETS),
    recover_unmanaged(SECRETS),
    purge_unmanaged(SECRETS),
    newest,
    always_newest,
)
_ROWS: list[Row] = [
    *_SHARED.rows(),
    ("PUT", "/secrets/{name}", "set", RIGHTS["set"], _set),
    ("GET", "/secrets/{name}", "get", RIGHTS["get"], _get),
    ("GET", "/secrets/{name}/", "get", RIGHTS["get"], _get),
    ("GET", "/secrets/{name}/{version}", "get", RIGHTS["get"], _get),
    ("PATCH", "/secrets/{name}", "update", RIGHTS["update"], _update),
    ("PATCH", "/secrets/{name}/", "update", RIGHTS["update"], _update),
    ("PATCH", "/secrets/{name}/{version}", "update", RIGHTS["update"], _update),
]
ROUTES = routes("secrets", _ROWS)
