"""Vaults as documents: which there are, and what deleting one does. Also for the group that holds them."""

from __future__ import annotations

from datetime import UTC, datetime

from .. import kinds
from ..key_vault.objects import erase_vault
from ..store import Document, Transaction
from .access import covers, subscription_of

NAMESPACE = "Microsoft.KeyVault"
TYPE = f"{NAMESPACE}/vaults"
_DAY = 86400


def of_subscription(tx: Transaction, subscription_id: str) -> list[Document]:
    """All vaults of a subscription, soft-deleted ones not among them."""
    prefix = f"/subscriptions/{subscription_id}/"
    return [vault for vault in tx.list(kinds.VAULT, "") if vault["id"].lower().startswith(prefix)]


def soft_delete(tx: Transaction, vault: Document) -> None:
    """Move a vault to the deleted ones. Role assignments on it are gone for good (sam-facts 6.1)."""
    subscription = subscription_of(vault["id"])
    forget_assignments(tx, subscription, vault["id"])
    properties = vault["properties"]
    deleted = {
        "id": f"/subscriptions/{subscription}/providers/{NAMESPACE}/locations/{vault['location']}/deletedVaults/"
        f"{vault['name']}",
        "name": vault["name"],
        "type": f"{NAMESPACE}/deletedVaults",
        "properties": {
            "vaultId": vault["id"],
            "location": vault["location"],
            "tags": vault["tags"],
            "deletionDate": stamp(tx.now),
            "scheduledPurgeDate": stamp(tx.now + properties["softDeleteRetentionInDays"] * _DAY),
        },
        "_vault": vault,
        "_purgeAt": tx.now + properties["softDeleteRetentionInDays"] * _DAY,
    }
    if properties.get("enablePurgeProtection"):
        deleted["properties"]["purgeProtectionEnabled"] = True
    tx.put(kinds.DELETED_VAULT, "", vault["name"].lower(), deleted)
    tx.delete(kinds.VAULT, "", vault["name"].lower())


def forget_assignments(tx: Transaction, subscription: str, scope: str) -> None:
    """Role assignments at and under a scope go with what they stood on."""
    for assignment in tx.list(kinds.ROLE_ASSIGNMENT, subscription):
        if covers(scope, assignment["properties"]["scope"]):
            tx.delete(kinds.ROLE_ASSIGNMENT, subscription, assignment["id"].lower())


def find_deleted(tx: Transaction, name: str) -> Document | None:
    """The soft-deleted vault of a name; one whose retention is over is purged by this look."""
    deleted = tx.get(kinds.DELETED_VAULT, "", name.lower())
    if deleted is None or deleted["_purgeAt"] > tx.now:
        return deleted
    purge(tx, deleted)
    return None


def purge(tx: Transaction, deleted: Document) -> None:
    """For good, with its secrets, certificates and keys."""
    key = deleted["name"].lower()
    erase_vault(tx, key)
    tx.delete(kinds.DELETED_VAULT, "", key)


def stamp(seconds: float) -> str:
    """ARM's way to write a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
