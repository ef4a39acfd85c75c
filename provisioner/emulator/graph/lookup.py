"""Finding what a path or a body names, as the caller can see it: not before `_visibleFrom`."""

from __future__ import annotations

from typing import Literal

from ..kinds import APPLICATION, GROUP, SERVICE_PRINCIPAL, TENANT, USER
from ..lag import is_visible
from ..store import Document
from . import errors
from .service import Request, is_guid

HolderKind = Literal["application", "servicePrincipal"]


def application(request: Request) -> Document:
    """The application a path names by id, appId or uniqueName. Raises not_found and object_id_invalid."""
    return _named(request, APPLICATION)


def service_principal(request: Request) -> Document:
    """The service principal a path names by id or appId. Raises not_found and object_id_invalid."""
    return _named(request, SERVICE_PRINCIPAL)


def holder(request: Request) -> tuple[HolderKind, Document]:
    """What a path below applications or servicePrincipals names: its kind (and type name), and the object."""
    if request.call.path.split("/")[2].lower().startswith("applications"):
        return "application", application(request)
    return "servicePrincipal", service_principal(request)


def home_of(request: Request, app_id: str) -> tuple[str, Document] | None:
    """(tenant, application) of an appId, wherever in this cloud the application is registered; visible ones only."""
    for tenant in request.tx.list(TENANT, ""):
        found = request.tx.find(APPLICATION, tenant["id"], "appId", app_id) if tenant["cloud"] == request.cloud else []
        first = _first_visible(request, found)
        if first is not None:
            return tenant["id"], first
    return None


def directory_object(request: Request, object_id: str) -> tuple[str, Document] | None:
    """(type name, object) of a visible object of any type in the caller's tenant."""
    for kind in (SERVICE_PRINCIPAL, USER, APPLICATION, GROUP):
        found = request.tx.get(kind, request.tenant, object_id.lower())
        if found is not None and is_visible(request.tx, found):
            return kind, found
    return None


def visible(request: Request, kind: str) -> list[Document]:
    """All objects of a kind in the caller's tenant, oldest first."""
    return [found for found in request.tx.list(kind, request.tenant) if is_visible(request.tx, found)]


def application_by_app_id(request: Request, app_id: str) -> Document | None:
    return _first_visible(request, request.tx.find(APPLICATION, request.tenant, "appId", app_id.lower()))


def service_principal_by_id(request: Request, object_id: str) -> Document | None:
    found = request.tx.get(SERVICE_PRINCIPAL, request.tenant, object_id.lower())
    return _first_visible(request, [found] if found else [])


def user(request: Request, key: str) -> Document | None:
    """A user by object id or user principal name."""
    for found in request.tx.list(USER, request.tenant):
        if key.lower() in (found["id"].lower(), found["userPrincipalName"].lower()):
            return found
    return None


def key(request: Request) -> str:
    """What the path names an object by, for messages."""
    return next(request.param(name) for name in ("id", "app_id", "unique_name") if name in request.call.params)


def object_id(request: Request, name: str = "id") -> str:
    """A path parameter that must be a GUID."""
    text = request.param(name)
    if not is_guid(text):
        raise errors.object_id_invalid(text)
    return text.lower()


def find_named(request: Request, kind: str) -> Document | None:
    """What a path names, or None. Raises object_id_invalid."""
    params = request.call.params
    if "app_id" in params:
        candidates = request.tx.find(kind, request.tenant, "appId", request.param("app_id").lower())
    elif "unique_name" in params:
        candidates = request.tx.find(kind, request.tenant, "uniqueName", request.param("unique_name"))
    else:
        found = request.tx.get(kind, request.tenant, object_id(request))
        candidates = [found] if found else []
    return _first_visible(request, candidates)


def _named(request: Request, kind: str) -> Document:
    found = find_named(request, kind)
    if found is None:
        raise errors.not_found(key(request))
    return found


def _first_visible(request: Request, candidates: list[Document]) -> Document | None:
    return next((found for found in candidates if is_visible(request.tx, found)), None)
