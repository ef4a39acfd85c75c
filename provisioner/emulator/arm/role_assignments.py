"""Microsoft.Authorization/roleAssignments at any scope."""

from __future__ import annotations

import uuid
from typing import Any

from .. import kinds, lag
from ..kernel import Call, Reply
from ..store import Document
from . import access, conditions, errors, governance, role_errors
from .entry import body
from .filters import clauses
from .paging import page
from .roles import ROLES
from .scopes import Place, place
from .vault_store import stamp

_READ = "Microsoft.Authorization/roleAssignments/read"
_MOST = 4000  # role assignments of a subscription (Azure's limits)
_PRINCIPALS = {
    kinds.SERVICE_PRINCIPAL: "ServicePrincipal",
    kinds.USER: "User",
    kinds.GROUP: "Group",
}


def put_assignment(call: Call) -> Reply:
    """201, or 200 when the very same assignment stands already: deployments repeat themselves."""
    here = place(call)
    name = _name(call)
    properties = _wanted(body(call))
    role = str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower()
    caller = here.current.caller
    principal = str(properties["principalId"]).lower()
    wanted = conditions.Wanted(role, principal, _type_of(here, principal) or str(properties.get("principalType")))
    if not access.may_assign(call.tx, caller.tenant, caller.object_id, access.ASSIGN, here.scope, wanted):
        raise errors.authorization_failed(caller, access.ASSIGN, _id(here.scope, name))
    governance.check_write(here.current.subscription, here.scope)
    if role not in ROLES:
        raise role_errors.role_definition_not_found(role)
    kind = _principal_type(here, principal, properties.get("principalType"))
    if found := _clashing(here, name, principal, role):
        return Reply(200, _wire(found))
    if len(_all(here)) >= _MOST:
        raise role_errors.too_many_role_assignments()
    now = stamp(call.tx.now)
    assignment: Document = {
        "properties": {
            "roleDefinitionId": f"{here.current.scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": kind,
            "scope": here.scope,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": caller.object_id,
            "updatedBy": caller.object_id,
            "description": properties.get("description"),
            "condition": properties.get("condition"),
            "conditionVersion": properties.get("conditionVersion"),
        },
        "id": _id(here.scope, name),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
        "_effectiveFrom": lag.effective_from(call.tx),
    }
    call.tx.put(kinds.ROLE_ASSIGNMENT, here.current.subscription_id, assignment["id"].lower(), assignment)
    return Reply(201, _wire(assignment))


def get_assignment(call: Call) -> Reply:
    here = place(call)
    name = _name(call)
    here.current.require(_READ, here.scope)
    found = _find(here, name)
    if found is None:
        raise role_errors.role_assignment_not_found(name)
    return Reply(200, _wire(found))


def delete_assignment(call: Call) -> Reply:
    """200 with what stood there, 204 when nothing did."""
    here = place(call)
    name = _name(call)
    caller = here.current.caller
    found = _find(here, name)
    if found is None:
        here.current.require(access.UNASSIGN, here.scope)
        return Reply(204)
    properties = found["properties"]
    kind = str(properties.get("principalType") or _type_of(here, properties["principalId"]))
    wanted = conditions.Wanted(access.role_id(found), properties["principalId"], kind)
    if not access.may_assign(call.tx, caller.tenant, caller.object_id, access.UNASSIGN, here.scope, wanted):
        raise errors.authorization_failed(caller, access.UNASSIGN, found["id"])
    governance.check_delete(here.current.subscription, found["id"])
    call.tx.delete(kinds.ROLE_ASSIGNMENT, here.current.subscription_id, found["id"].lower())
    return Reply(200, _wire(found))


def list_assignments(call: Call) -> Reply:
    """Without a filter those at, above and under the scope; atScope() leaves out those under it."""
    here = place(call)
    here.current.require(_READ, here.scope)
    found = [assignment for assignment in _all(here) if here.is_related(assignment["properties"]["scope"])]
    for clause, value in clauses(call.query.get("$filter")):
        found = [assignment for assignment in found if _meets(here, assignment, clause, value.lower())]
    return page(call, [_wire(each) for each in found])


def _name(call: Call) -> str:
    try:
        return str(uuid.UUID(call.params["name"]))
    except ValueError as error:
        raise role_errors.invalid_role_assignment_name(call.params["name"]) from error


def _wanted(sent: dict[str, Any]) -> dict[str, Any]:
    properties = sent.get("properties")
    if not isinstance(properties, dict) or not {"roleDefinitionId", "principalId"} <= properties.keys():
        raise errors.invalid_body("properties.roleDefinitionId and properties.principalId are required.")
    if not isinstance(properties.get("principalType") or "", str):
        raise errors.invalid_body("properties.principalType must be a string.")
    if not _is_guid(properties["principalId"]):
        raise role_errors.invalid_principal()
    if not _is_guid(str(properties["roleDefinitionId"]).rsplit("/", 1)[-1]):
        raise role_errors.invalid_role_definition_id(str(properties["roleDefinitionId"]))
    if properties.get("condition") is not None:
        conditions.check(properties["condition"], properties.get("conditionVersion"))
    return properties


def _is_guid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _principal_type(here: Place, principal: str, given: str | None) -> str:
    """The type of a principal of this directory; one not visible yet is taken on the caller's word for its type."""
    tenant = here.current.caller.tenant
    for kind, name in _PRINCIPALS.items():
        found = here.tx.get(kind, tenant, principal)
        if found is None or (given is None and not lag.is_visible(here.tx, found)):
            continue
        if given is not None and given.lower() != name.lower():
            raise role_errors.unmatched_principal_type(principal, name, given)
        return name
    if here.tx.get(kinds.APPLICATION, tenant, principal):
        raise role_errors.principal_type_not_supported("Application")
    raise role_errors.principal_not_found(principal, tenant)


def _type_of(here: Place, principal: str) -> str | None:
    """What the directory knows the principal as; None when it does not know it."""
    for kind, name in _PRINCIPALS.items():
        if here.tx.get(kind, here.current.caller.tenant, principal):
            return name
    return None


def _clashing(here: Place, name: str, principal: str, role: str) -> Document | None:
    """The same assignment under the same name; raises when the name or the triple is taken otherwise."""
    for found in _all(here):
        properties = found["properties"]
        triple = (properties["scope"].lower(), properties["principalId"], access.role_id(found))
        same = triple == (here.scope.lower(), principal, role)
        if found["name"].lower() == name:
            if not same:
                raise role_errors.role_assignment_update()
            return found
        if same:
            raise role_errors.role_assignment_exists(found["name"])
    return None


def _meets(here: Place, assignment: Document, clause: str, value: str) -> bool:
    properties = assignment["properties"]
    if clause == "atscope":
        return access.covers(properties["scope"], here.scope)
    if clause == "principalid":
        return bool(properties["principalId"] == value)
    if clause == "assignedto":
        return properties["principalId"] in access.principals(here.tx, here.current.caller.tenant, value)
    raise errors.invalid_filter(clause)


def _all(here: Place) -> list[Document]:
    """Every assignment in the subscription."""
    return here.tx.list(kinds.ROLE_ASSIGNMENT, here.current.subscription_id)


def _find(here: Place, name: str) -> Document | None:
    """The assignment of this name at this scope."""
    return here.tx.get(kinds.ROLE_ASSIGNMENT, here.current.subscription_id, _id(here.scope, name).lower())


def _id(scope: str, name: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


def _wire(assignment: Document) -> Document:
    """Without members that are null: the contract knows none."""
    properties = {key: value for key, value in assignment["properties"].items() if value is not None}
    return {key: assignment[key] for key in ("id", "type", "name")} | {"properties": properties}
