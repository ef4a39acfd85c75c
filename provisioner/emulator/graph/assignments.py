"""App role assignments: application permissions as granted, and people assigned to applications (sam-facts 5.3)."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APP_ROLE_ASSIGNMENT, GROUP, SERVICE_PRINCIPAL, USER
from ..lag import visible_from
from ..store import Document
from . import access, errors, lookup, query
from .documents import new_app_role_assignment
from .filterable import APP_ROLE_ASSIGNMENT as TYPE
from .microsoft_apps import GRAPH
from .service import Request, is_guid

_WRITABLE = ("principalId", "resourceId", "appRoleId")
_DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"  # "default access", which every resource takes
_MOST = 1500
_PRINCIPAL_TYPES = {SERVICE_PRINCIPAL: "ServicePrincipal", USER: "User", GROUP: "Group"}


def list_of_principal(request: Request) -> Reply:
    """GET servicePrincipals/{id}/appRoleAssignments: what it was granted."""
    return _list(request, "principalId", "appRoleAssignments")


def list_of_resource(request: Request) -> Reply:
    """GET servicePrincipals/{id}/appRoleAssignedTo: who was granted its roles."""
    return _list(request, "resourceId", "appRoleAssignedTo")


def create(request: Request) -> Reply:
    """POST servicePrincipals/{id}/appRoleAssignments, or appRoleAssignedTo: 201."""
    access.require(request.caller, access.READ_ASSIGNMENTS)
    _path_object(request)
    body = request.body()
    for name in body:
        if name not in _WRITABLE:
            raise errors.property_unknown(name)
    for name in _WRITABLE:
        if not is_guid(body.get(name)):
            raise errors.property_invalid(name, TYPE.name)
    principal = lookup.directory_object(request, body["principalId"])
    resource = lookup.service_principal_by_id(request, body["resourceId"])
    if principal is None or principal[0] not in _PRINCIPAL_TYPES or resource is None:
        raise errors.not_a_valid_reference_update()
    access.require_assignment_write(request.caller, resource["appId"], GRAPH)
    made = _new(request, *principal, resource, body["appRoleId"].lower())
    request.tx.put(APP_ROLE_ASSIGNMENT, request.tenant, made["id"], made)
    context = f"{request.root}/$metadata#appRoleAssignments/$entity"
    return Reply(201, {"@odata.context": context} | query.public(made))


def get(request: Request) -> Reply:
    """GET servicePrincipals/{id}/appRoleAssignments/{assignment}, or appRoleAssignedTo."""
    access.require(request.caller, access.READ_ASSIGNMENTS)
    principal = lookup.service_principal(request)
    key = request.param("assignment")
    for end, segment in (("principalId", "appRoleAssignments"), ("resourceId", "appRoleAssignedTo")):
        for found in of(request, principal, end):
            if found["id"] == key:
                return query.entity(request, found, TYPE, f"servicePrincipals('{principal['id']}')/{segment}")
    raise errors.not_found(key)


def delete(request: Request) -> Reply:
    """DELETE servicePrincipals/{id}/appRoleAssignments/{assignment}: 204."""
    access.require(request.caller, access.READ_ASSIGNMENTS)
    principal = _path_object(request)
    key = request.param("assignment")
    found = request.tx.get(APP_ROLE_ASSIGNMENT, request.tenant, key)
    if found is None or principal["id"] not in (found["principalId"], found["resourceId"]):
        raise errors.not_found(key)
    resource = request.tx.get(SERVICE_PRINCIPAL, request.tenant, found["resourceId"])
    access.require_assignment_write(request.caller, resource["appId"] if resource else "", GRAPH)
    request.tx.delete(APP_ROLE_ASSIGNMENT, request.tenant, key)
    return Reply(204)


def _list(request: Request, end: str, segment: str) -> Reply:
    access.require(request.caller, access.READ_ASSIGNMENTS)
    principal = _path_object(request)
    collection = request.call.path.split("/")[2].partition("(")[0]
    return query.collection(request, of(request, principal, end), TYPE, f"{collection}('{principal['id']}')/{segment}")


def _path_object(request: Request) -> Document:
    """The service principal, user or group whose assignments a path is about."""
    collection = request.call.path.split("/")[2].lower()
    if collection.startswith("serviceprincipals"):
        return lookup.service_principal(request)
    found = lookup.user(request, request.param("id")) if collection == "users" else None
    if collection == "groups":
        found = request.tx.get(GROUP, request.tenant, lookup.object_id(request))
    if found is None:
        raise errors.not_found(request.param("id"))
    return found


def of(request: Request, principal: Document, end: str) -> list[Document]:
    """The assignments with this object at one `end`: principalId or resourceId."""
    present = {found["id"] for found in request.tx.list(SERVICE_PRINCIPAL, request.tenant)}
    return [
        query.public(assignment)
        for assignment in lookup.visible(request, APP_ROLE_ASSIGNMENT)
        if assignment[end] == principal["id"]
        and assignment["resourceId"] in present
        and (assignment["principalType"] != "ServicePrincipal" or assignment["principalId"] in present)
    ]


def _new(request: Request, kind: str, principal: Document, resource: Document, role_id: str) -> Document:
    """A stored assignment of this role already answers 400 here; sam-facts 5.3 leaves 400 or 409 open."""
    roles = [role for role in resource["appRoles"] if role["id"] == role_id and role["isEnabled"]]
    member = "Application" if kind == SERVICE_PRINCIPAL else "User"
    if role_id != _DEFAULT_ROLE and not any(member in role["allowedMemberTypes"] for role in roles):
        raise errors.app_role_unknown()
    held = request.tx.find(APP_ROLE_ASSIGNMENT, request.tenant, "principalId", principal["id"])
    if any((other["resourceId"], other["appRoleId"]) == (resource["id"], role_id) for other in held):
        raise errors.app_role_assignment_exists()
    if len(held) >= _MOST:
        raise errors.too_many("appRoleAssignments", _MOST)
    made = new_app_role_assignment(principal, resource, role_id, now=request.tx.now)
    return made | {"principalType": _PRINCIPAL_TYPES[kind], "_visibleFrom": visible_from(request.tx)}
