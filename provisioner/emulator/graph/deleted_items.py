"""Soft deletion: deleted applications and service principals are kept 30 days (sam-facts 5.7).

Restoring an application does not restore its service principal, which is an object of its own: sources disagree, and
this is the case a client must cope with.
"""

from __future__ import annotations

from typing import Literal

from ..kernel import Reply
from ..kinds import APP_ROLE_ASSIGNMENT, APPLICATION, CREDENTIAL_VALUE, DELETED_ITEM, GRANT, SERVICE_PRINCIPAL
from ..store import Document, Transaction
from . import access, app_policy, errors, federated, lookup, query
from .documents import moment, timestamp
from .filterable import APPLICATION as APPLICATION_TYPE
from .filterable import DIRECTORY_OBJECT
from .filterable import SERVICE_PRINCIPAL as SERVICE_PRINCIPAL_TYPE
from .service import GraphHandler, Request

_KEPT_S = 30 * 86400
_PREFIX = "#microsoft.graph."
TypeName = Literal["application", "servicePrincipal"]
TYPE_NAMES: tuple[TypeName, ...] = ("application", "servicePrincipal")
_KINDS = {"application": APPLICATION, "servicePrincipal": SERVICE_PRINCIPAL}
_TYPES = {"application": APPLICATION_TYPE, "servicePrincipal": SERVICE_PRINCIPAL_TYPE}


def retained(tx: Transaction, item: Document) -> bool:
    """False once the 30 days are over, from when on the item is as good as purged."""
    return tx.now < moment(item["deletedDateTime"]) + _KEPT_S


def soft_delete(tx: Transaction, tenant: str, type_name: TypeName, document: Document) -> None:
    """Move an object to the deleted items. Grants and assignments stay, unseen while their principal is away."""
    tx.delete(_KINDS[type_name], tenant, document["id"])
    deleted = {"@odata.type": _PREFIX + type_name} | document | {"deletedDateTime": timestamp(tx.now)}
    tx.put(DELETED_ITEM, tenant, document["id"], deleted)


def list_of_type(type_name: TypeName) -> GraphHandler:
    """GET directory/deletedItems/microsoft.graph.application, or .servicePrincipal."""

    def handle(request: Request) -> Reply:
        access.require(request.caller, access.READ_APPLICATIONS)
        found = [shown(_untyped(item)) for item in _retained(request) if item["@odata.type"] == _PREFIX + type_name]
        return query.collection(request, found, _TYPES[type_name], _set_of(type_name))

    return handle


def list_of_people(request: Request) -> Reply:
    """GET directory/deletedItems/microsoft.graph.user, or .group: none, for nothing deletes them here."""
    access.require(request.caller, access.READ_USERS | access.READ_GROUPS)
    return query.collection(request, [], DIRECTORY_OBJECT, "directoryObjects")


def get(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    return query.entity(request, shown(_found(request)), DIRECTORY_OBJECT, "directoryObjects")


def restore(request: Request) -> Reply:
    """POST directory/deletedItems/{id}/restore: 200 with the object, which is visible at once."""
    access.require(request.caller, access.READ_APPLICATIONS)
    item = _found(request)
    access.require_restore(request.caller)
    type_name = item["@odata.type"].removeprefix(_PREFIX)
    if type_name == "servicePrincipal" and request.tx.find(
        SERVICE_PRINCIPAL, request.tenant, "appId", str(item["appId"])
    ):
        raise errors.service_principal_exists(str(item["appId"]))
    restored = _untyped(item) | {"deletedDateTime": None}
    request.tx.delete(DELETED_ITEM, request.tenant, item["id"])
    request.tx.put(_KINDS[type_name], request.tenant, item["id"], restored)
    context = f"{request.root}/$metadata#directoryObjects/$entity"
    return Reply(200, {"@odata.context": context, "@odata.type": item["@odata.type"]} | shown(restored))


def purge(request: Request) -> Reply:
    """DELETE directory/deletedItems/{id}: 204, for good; with an application go its secrets' values and federation."""
    access.require(request.caller, access.READ_APPLICATIONS)
    item = _found(request)
    access.require_restore(request.caller)
    for credential in item["passwordCredentials"]:
        request.tx.delete(CREDENTIAL_VALUE, request.tenant, credential["keyId"])
    for kind, ends in ((GRANT, ("clientId", "resourceId")), (APP_ROLE_ASSIGNMENT, ("principalId", "resourceId"))):
        for end in ends:
            for tied in request.tx.find(kind, request.tenant, end, item["id"]):
                request.tx.delete(kind, request.tenant, tied["id"])
    federated.delete_all_of(request.tx, request.tenant, item["id"])
    app_policy.forget(request, item["id"])
    request.tx.delete(DELETED_ITEM, request.tenant, item["id"])
    return Reply(204)


def shown(document: Document, *, keys: bool = False) -> Document:
    """An object as reads show it: the public parts of certificates only when asked for."""
    seen = query.public(document)
    if "keyCredentials" in seen:
        entries = [query.public(credential) for credential in seen["keyCredentials"]]
        seen["keyCredentials"] = entries if keys else [credential | {"key": None} for credential in entries]
    return seen


def _set_of(type_name: TypeName) -> str:
    return "applications" if type_name == "application" else "servicePrincipals"


def _untyped(item: Document) -> Document:
    """The object itself, whole: with its hidden members and keys."""
    return {name: value for name, value in item.items() if name != "@odata.type"}


def _retained(request: Request) -> list[Document]:
    return [item for item in request.tx.list(DELETED_ITEM, request.tenant) if retained(request.tx, item)]


def _found(request: Request) -> Document:
    key = lookup.object_id(request)
    item = request.tx.get(DELETED_ITEM, request.tenant, key)
    if item is None or not retained(request.tx, item):
        raise errors.not_found(key)
    return item
