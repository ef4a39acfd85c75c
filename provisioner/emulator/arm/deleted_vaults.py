"""Soft-deleted vaults: look, list, purge. Recovery is a PUT of the vault (vaults.py)."""

from __future__ import annotations

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import access, errors, operations, vault_store
from .entry import Session, session
from .paging import page
from .vault_store import NAMESPACE


def get_deleted(call: Call) -> Reply:
    current = session(call)
    current.require(f"{NAMESPACE}/locations/deletedVaults/read", current.scope)
    return Reply(200, _wire(_existing(current)))


def list_deleted(call: Call) -> Reply:
    current = session(call)
    current.require(f"{NAMESPACE}/deletedVaults/read", current.scope)
    names = [each["name"] for each in call.tx.list(kinds.DELETED_VAULT, "") if access.covers(current.scope, each["id"])]
    found = [deleted for name in names if (deleted := vault_store.find_deleted(call.tx, name))]
    return page(call, [_wire(each) for each in found])


def purge(call: Call) -> Reply:
    """Refused while purge protection holds. Done at once, told as a running operation."""
    current = session(call)
    current.require(f"{NAMESPACE}/locations/deletedVaults/purge/action", current.scope)
    deleted = _existing(current)
    if deleted["properties"].get("purgeProtectionEnabled"):
        raise errors.purge_not_allowed()
    vault_store.purge(call.tx, deleted)
    region = f"{current.scope}/providers/{NAMESPACE}/locations/{deleted['properties']['location']}"
    return operations.accepted(current, f"{region}/operationResults", "vault", deleted["name"])


def _existing(current: Session) -> Document:
    params = current.call.params
    found = vault_store.find_deleted(current.call.tx, params["vault"])
    location = params["location"].replace(" ", "").lower()
    if found is None or not access.covers(current.scope, found["id"]) or found["properties"]["location"] != location:
        raise errors.deleted_vault_not_found(params["vault"])
    return found


def _wire(deleted: Document) -> Document:
    return {key: value for key, value in deleted.items() if not key.startswith("_")}
