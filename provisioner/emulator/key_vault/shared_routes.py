"""The paths secrets, keys and certificates have in common: lists, versions, soft delete, backup.

A path with a slash at its end is what SDKs send for the newest version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..kernel import Reply, Route
from ..store import Document
from . import backup, errors, objects
from .entry import Session, guarded
from .objects import ObjectType
from .paging import page
from .rights import Right
from .wire import Wire

Operation: TypeAlias = Callable[[Session], Reply]
Row: TypeAlias = tuple[str, str, str, Right, Operation]  # method, path, operation's name, right, what does it


def routes(collection: str, rows: Iterable[Row]) -> list[Route]:
    """Routes of a table; operations are named key_vault.COLLECTION.NAME."""
    return [
        Route(method, path, f"key_vault.{collection}.{name}", guarded(right, function))
        for method, path, name, right, function in rows
    ]


def newest(document: Document) -> Document:
    """The newest version of a secret or key; there always is one."""
    version: Document = document["versions"][-1]
    return version


def always_newest(_: Session, document: Document) -> Document:
    return newest(document)


def every_version(document: Document) -> list[Document]:
    return list(document["versions"])


def delete_unmanaged(kind: ObjectType) -> Callable[[Session], Document]:
    """Deletion of a secret or a key, unless it is a certificate's."""

    def delete(current: Session) -> Document:
        objects.refuse_managed(objects.find(current.tx, current.scope, kind, current.name), kind, "delete")
        return objects.delete(current.tx, current.scope, kind, current.name, current.retention_days)

    return delete


def recover_unmanaged(kind: ObjectType) -> Callable[[Session], Document]:
    def recover(current: Session) -> Document:
        deleted = objects.find_deleted(current.tx, current.scope, kind, current.name)
        objects.refuse_managed(deleted, kind, "recover")
        return objects.recover(current.tx, current.scope, kind, current.name)

    return recover


def purge_unmanaged(kind: ObjectType) -> Callable[[Session], None]:
    def purge(current: Session) -> None:
        deleted = objects.find_deleted(current.tx, current.scope, kind, current.name)
        objects.refuse_managed(deleted, kind, "purge")
        objects.purge(current.tx, current.scope, kind, current.name)

    return purge


@dataclass(frozen=True)
class Shared:
    """The common operations of one kind.

    `listed` gives the version a list shows for an object (None: it is not shown), `versions` those that are listed,
    `current` the one a single answer is about.
    """

    kind: ObjectType
    wire: Wire
    rights: dict[str, Right]
    delete: Callable[[Session], Document]
    recover: Callable[[Session], Document]
    purge: Callable[[Session], None]
    current: Callable[[Document], Document]
    listed: Callable[[Session, Document], Document | None]
    versions: Callable[[Document], list[Document]] = every_version

    def rows(self) -> list[Row]:
        names, rights = self.kind.collection, self.rights
        return [
            ("GET", f"/{names}", "list", rights["list"], self._list),
            ("POST", f"/{names}/restore", "restore", rights["restore"], self._restore),
            ("POST", f"/{names}/{{name}}/backup", "backup", rights["backup"], self._backup),
            ("GET", f"/{names}/{{name}}/versions", "list_versions", rights["list"], self._list_versions),
            ("DELETE", f"/{names}/{{name}}", "delete", rights["delete"], self._delete),
            ("GET", f"/deleted{names}", "list_deleted", rights["list"], self._list_deleted),
            ("GET", f"/deleted{names}/{{name}}", "get_deleted", self._get_deleted_right, self._get_deleted),
            ("POST", f"/deleted{names}/{{name}}/recover", "recover", rights["recover"], self._recover),
            ("DELETE", f"/deleted{names}/{{name}}", "purge", rights["purge"], self._purge),
        ]

    @property
    def _get_deleted_right(self) -> Right:
        return self.rights.get("get_deleted") or self.rights["get"]

    def _bundle(self, current: Session, document: Document) -> Reply:
        version = self.current(document)
        return Reply(200, self.wire.bundle(current.address, current.vault, document, version))

    def _list(self, current: Session) -> Reply:
        items = {}
        for document in current.tx.list(self.kind.kind, current.scope):
            if version := self.listed(current, document):
                item = self.wire.latest_item(current.address, current.vault, document, version)
                items[document["name"]] = item
        return page(current, items)

    def _list_versions(self, current: Session) -> Reply:
        document = current.tx.get(self.kind.kind, current.scope, current.name.lower()) or {"versions": []}
        items = {
            version["version"]: self.wire.item(current.address, current.vault, document, version)
            for version in self.versions(document)
        }
        return page(current, items)

    def _delete(self, current: Session) -> Reply:
        return self._deleted_reply(current, self.delete(current))

    def _get_deleted(self, current: Session) -> Reply:
        deleted = objects.find_deleted(current.tx, current.scope, self.kind, current.name)
        return self._deleted_reply(current, deleted)

    def _deleted_reply(self, current: Session, deleted: Document) -> Reply:
        version = self.current(deleted)
        return Reply(200, self.wire.deleted(current.address, current.vault, deleted, version))

    def _list_deleted(self, current: Session) -> Reply:
        items = {}
        for document in current.tx.list(self.kind.deleted_kind, current.scope):
            if version := self.listed(current, document):
                item = self.wire.deleted_item(current.address, current.vault, document, version)
                items[document["name"]] = item
        return page(current, items)

    def _recover(self, current: Session) -> Reply:
        return self._bundle(current, self.recover(current))

    def _purge(self, current: Session) -> Reply:
        if current.vault["properties"].get("enablePurgeProtection"):
            raise errors.purge_protected(current.vault, current.caller)
        self.purge(current)
        return Reply(204)

    def _backup(self, current: Session) -> Reply:
        blob = backup.backup(current.tx, current.vault, current.scope, self.kind, current.name)
        return Reply(200, {"value": blob})

    def _restore(self, current: Session) -> Reply:
        blob = current.body().get("value")
        return self._bundle(current, backup.restore(current.tx, current.vault, current.scope, self.kind, blob))
