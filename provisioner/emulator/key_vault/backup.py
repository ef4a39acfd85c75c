"""Backup and restore: the object, all versions, in a blob only a vault can open, as the service's is."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..store import Document, Transaction
from . import errors, objects
from .key_material import unb64
from .objects import CERTIFICATES, KEYS, SECRETS, ObjectType

_MOST_VERSIONS = 500
_SEALING_KEY = "key_vault_backup_key"  # a meta row
_NONCE = 12


def backup(tx: Transaction, vault: Document, scope: str, kind: ObjectType, name: str) -> str:
    """The blob, base64url. A certificate's key and secret are in its own blob only."""
    document = objects.find(tx, scope, kind, name)
    objects.refuse_managed(document, kind, "backup")
    if len(document["versions"]) > _MOST_VERSIONS:
        raise errors.too_many_versions(kind.noun, name)
    parts = {kind.noun: document}
    if kind is CERTIFICATES:
        found = {each.noun: tx.get(each.kind, scope, name.lower()) for each in (KEYS, SECRETS)}
        parts |= {noun: part for noun, part in found.items() if part}
    content = {"noun": kind.noun, "place": _place(vault), "parts": parts}
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(_sealing_key(tx)).encrypt(nonce, json.dumps(content).encode(), None)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def restore(tx: Transaction, vault: Document, scope: str, kind: ObjectType, blob: Any) -> Document:
    """The object under its old name, which must be free; only in a vault of the same subscription and region."""
    content = _opened(tx, kind, unb64(blob, "value"))
    if content["place"] != _place(vault):
        raise errors.backup_of_other_place()
    parts: dict[str, Document] = content["parts"]
    name = parts[kind.noun]["name"]
    for each in objects.ALL:
        if each.noun in parts:
            objects.check_not_deleted(tx, scope, each, name)
            if tx.get(each.kind, scope, name.lower()):
                raise errors.name_restored_exists(each.noun, name)
    for each in objects.ALL:
        if each.noun in parts:
            objects.save(tx, scope, each, parts[each.noun])
    return parts[kind.noun]


def _opened(tx: Transaction, kind: ObjectType, sealed: bytes) -> Any:
    try:
        content = json.loads(AESGCM(_sealing_key(tx)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None))
    except (InvalidTag, ValueError) as error:
        raise errors.backup_unreadable(kind.noun) from error
    if content["noun"] != kind.noun:
        raise errors.backup_unreadable(kind.noun)
    return content


def _sealing_key(tx: Transaction) -> bytes:
    stored = tx.meta(_SEALING_KEY)
    if stored is None:
        stored = base64.b64encode(AESGCM.generate_key(256)).decode()
        tx.set_meta(_SEALING_KEY, stored)
    return base64.b64decode(stored)


def _place(vault: Document) -> list[str]:
    return [vault["id"].split("/")[2].lower(), vault["location"]]
