"""The secrets' paths. `/secrets/NAME/` with its slash is what SDKs send for the newest version."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from .. import kinds
from ..kernel import Handler, Reply, Route, Router
from ..store import Document
from . import errors, rules, wire
from .entry import RIGHTS, Session, guarded

_PAGE = 25


def _set(current: Session) -> Reply:
    secret, version = rules.set_secret(current.call.tx, current.store_scope, current.name, _body(current))
    return Reply(200, wire.bundle(current.address, current.vault, secret, version))


def _get(current: Session) -> Reply:
    secret = rules.find(current.call.tx, current.store_scope, current.name)
    version = rules.find_version(secret, current.call.params.get("version", ""))
    if not version["enabled"]:
        raise errors.secret_disabled()
    return Reply(200, wire.bundle(current.address, current.vault, secret, version))


def _update(current: Session) -> Reply:
    wanted, version_id = _body(current), current.call.params.get("version", "")
    tx, scope = current.call.tx, current.store_scope
    secret, version = rules.update_version(tx, scope, current.name, version_id, wanted)
    return Reply(200, wire.item(current.address, current.vault, secret, version))


def _delete(current: Session) -> Reply:
    days = current.vault["properties"]["softDeleteRetentionInDays"]
    deleted = rules.delete(current.call.tx, current.store_scope, current.name, days)
    return Reply(200, wire.deleted(current.address, current.vault, deleted))


def _list(current: Session) -> Reply:
    secrets = current.call.tx.list(kinds.SECRET, current.store_scope)
    items = {
        secret["name"]: wire.item(current.address, current.vault, secret, secret["versions"][-1], latest=True)
        for secret in secrets
    }
    return _page(current, items)


def _list_versions(current: Session) -> Reply:
    secret = current.call.tx.get(kinds.SECRET, current.store_scope, current.name.lower()) or {"versions": []}
    items = {
        version["version"]: wire.item(current.address, current.vault, secret, version) for version in secret["versions"]
    }
    return _page(current, items)


def _get_deleted(current: Session) -> Reply:
    deleted = rules.find_deleted(current.call.tx, current.store_scope, current.name)
    return Reply(200, wire.deleted(current.address, current.vault, deleted))


def _list_deleted(current: Session) -> Reply:
    found = rules.list_deleted(current.call.tx, current.store_scope)
    return _page(
        current, {each["name"]: wire.deleted(current.address, current.vault, each, latest=True) for each in found}
    )


def _recover(current: Session) -> Reply:
    secret = rules.recover(current.call.tx, current.store_scope, current.name)
    return Reply(200, wire.item(current.address, current.vault, secret, secret["versions"][-1]))


def _purge(current: Session) -> Reply:
    if current.vault["properties"].get("enablePurgeProtection"):
        raise errors.purge_protected(current.vault, current.caller)
    rules.purge(current.call.tx, current.store_scope, current.name)
    return Reply(204)


def _body(current: Session) -> dict[str, Any]:
    try:
        parsed = current.call.json()
    except ValueError as error:
        raise errors.bad_parameter("The body is not JSON.") from error
    if not isinstance(parsed, dict):
        raise errors.bad_parameter("The body must be a JSON object.")
    return parsed


def _page(current: Session, items: dict[str, Document]) -> Reply:
    """A page in the order of the keys. The next one is told by a marker, so that a change in between loses nothing."""
    call = current.call
    size = call.query.get("maxresults", str(_PAGE))
    if not re.fullmatch(r"[0-9]{1,3}", size) or not 1 <= int(size) <= _PAGE:
        raise errors.bad_parameter(f"maxresults must be a number between 1 and {_PAGE}.")
    after = _marker(call.query["$skiptoken"]) if "$skiptoken" in call.query else ""
    keys = [key for key in sorted(items, key=str.lower) if key.lower() > after]
    page = keys[: int(size)]
    following = None
    if len(keys) > len(page):
        token = base64.urlsafe_b64encode(json.dumps({"NextMarker": page[-1].lower()}).encode()).decode()
        query = {"api-version": call.query["api-version"], "$skiptoken": token, "maxresults": size}
        following = f"{current.address}:443{call.path}?{urlencode(query, safe='$')}"
    return Reply(200, {"value": [items[key] for key in page], "nextLink": following})


def _marker(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token))["NextMarker"])
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_parameter("The $skiptoken is invalid.") from error


def _routes() -> list[Route]:
    table: tuple[tuple[str, str, str, str, Callable[[Session], Reply]], ...] = (
        ("GET", "/secrets", "list", "list", _list),
        ("PUT", "/secrets/{name}", "set", "set", _set),
        ("DELETE", "/secrets/{name}", "delete", "delete", _delete),
        ("GET", "/secrets/{name}/versions", "list_versions", "list", _list_versions),
        ("GET", "/secrets/{name}", "get", "get", _get),
        ("GET", "/secrets/{name}/", "get", "get", _get),
        ("GET", "/secrets/{name}/{version}", "get", "get", _get),
        ("PATCH", "/secrets/{name}", "update", "update", _update),
        ("PATCH", "/secrets/{name}/", "update", "update", _update),
        ("PATCH", "/secrets/{name}/{version}", "update", "update", _update),
        ("GET", "/deletedsecrets", "list_deleted", "list", _list_deleted),
        ("GET", "/deletedsecrets/{name}", "get_deleted", "get_deleted", _get_deleted),
        ("POST", "/deletedsecrets/{name}/recover", "recover", "recover", _recover),
        ("DELETE", "/deletedsecrets/{name}", "purge", "purge", _purge),
    )
    found = []
    for method, pattern, operation, right, function in table:
        handler: Handler = guarded(RIGHTS[right], function)
        found.append(Route(method, pattern, f"key_vault.secrets.{operation}", handler))
    return found


ROUTER = Router(_routes(), ignore_case=True)
