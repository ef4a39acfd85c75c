"""Owners of applications and service principals: listed, added and removed by reference (sam-facts 5.1)."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import SERVICE_PRINCIPAL, USER
from ..store import Document
from . import access, errors, lookup, query
from .deleted_items import shown
from .filterable import DIRECTORY_OBJECT
from .filterable import SERVICE_PRINCIPAL as SERVICE_PRINCIPAL_TYPE
from .filterable import USER as USER_TYPE
from .person_documents import default_user, shown_user
from .service import GraphHandler, Request, id_in_link

_MOST, _MOST_BOUND = 100, 20
_PREFIX = "#microsoft.graph."
CASTS = ("user", "servicePrincipal")


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    _, holder = lookup.holder(request)
    return query.collection(request, of(request, holder), DIRECTORY_OBJECT, "directoryObjects")


def list_of_type(type_name: str) -> GraphHandler:
    """GET …/owners/microsoft.graph.user, or .servicePrincipal."""

    def handle(request: Request) -> Reply:
        access.require(request.caller, access.READ_APPLICATIONS)
        _, holder = lookup.holder(request)
        found = [_whole(request, each) for each in of(request, holder) if each["@odata.type"] == _PREFIX + type_name]
        if type_name == "user":
            return query.collection(request, found, USER_TYPE, "users")
        return query.collection(request, found, SERVICE_PRINCIPAL_TYPE, "servicePrincipals")

    return handle


def list_references(request: Request) -> Reply:
    """GET …/owners/$ref: links only."""
    access.require(request.caller, access.READ_APPLICATIONS)
    _, holder = lookup.holder(request)
    links = [
        {"@odata.id": f"{request.root.removesuffix(request.version)}v2/{request.tenant}/directoryObjects/{each['id']}"}
        for each in of(request, holder)
    ]
    return Reply(200, {"@odata.context": f"{request.root}/$metadata#Collection($ref)", "value": links})


def add(request: Request) -> Reply:
    """POST …/owners/$ref {"@odata.id"}: 204. Users and service principals can own, groups cannot."""
    access.require(request.caller, access.READ_APPLICATIONS)
    kind, holder = lookup.holder(request)
    access.require_write(request.caller, holder)
    key = request.reference()
    found = lookup.directory_object(request, key)
    if found is None:
        raise errors.not_found(key)
    if found[0] not in CASTS:
        raise errors.reference_target_invalid(key, found[0], "owners")
    present = holder["_owners"]
    if key in present:
        raise errors.reference_exists("owners")
    if len(present) >= _MOST:
        raise errors.too_many("owners", _MOST)
    request.tx.put(kind, request.tenant, holder["id"], holder | {"_owners": [*present, key]})
    return Reply(204)


def remove(request: Request) -> Reply:
    """DELETE …/owners/{id}/$ref: 204."""
    access.require(request.caller, access.READ_APPLICATIONS)
    kind, holder = lookup.holder(request)
    access.require_write(request.caller, holder)
    key = lookup.object_id(request, "owner")
    if key not in holder["_owners"]:
        raise errors.not_found(key)
    kept = [object_id for object_id in holder["_owners"] if object_id != key]
    request.tx.put(kind, request.tenant, holder["id"], holder | {"_owners": kept})
    return Reply(204)


def bound(request: Request, links: object) -> list[str]:
    """The ids of `owners@odata.bind` in the body of a create: links to at most 20 objects (sam-facts 5.1)."""
    if not isinstance(links, list) or not all(isinstance(link, str) for link in links):
        raise errors.property_invalid("owners", "application")
    if len(links) > _MOST_BOUND:
        raise errors.too_many("owners", _MOST_BOUND)
    found = []
    for link in links:
        key = id_in_link(link)
        target = lookup.directory_object(request, key)
        if target is None:
            raise errors.reference_not_present(key)
        if target[0] not in CASTS:
            raise errors.reference_target_invalid(key, target[0], "owners")
        found.append(key)
    return found


def of(request: Request, holder: Document) -> list[Document]:
    """The owners, as directory objects with their type."""
    found = []
    for object_id in holder.get("_owners", ()):
        owner = lookup.directory_object(request, object_id)
        if owner is not None:
            found.append(as_directory_object(*owner))
    return found


def as_directory_object(type_name: str, found: Document) -> Document:
    """An object among objects of several types."""
    return {"@odata.type": _PREFIX + type_name} | (default_user(found) if type_name == USER else shown(found))


def _whole(request: Request, owner: Document) -> Document:
    """The owner as its own collection shows it: without the annotation, a user with what $select may name."""
    if owner["@odata.type"] == _PREFIX + SERVICE_PRINCIPAL:
        return {name: value for name, value in owner.items() if name != "@odata.type"}
    found = request.tx.get(USER, request.tenant, owner["id"])
    return shown_user(found or owner)
