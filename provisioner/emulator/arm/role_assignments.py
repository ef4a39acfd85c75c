"""Microsoft.Authorization: role assignments at any scope, and the built-in role definitions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from .. import kinds, lag
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import access, errors, governance, groups
from .entry import Session, body, session
from .filters import clauses
from .roles import ROLES
from .vault_store import stamp

_READ = "Microsoft.Authorization/roleAssignments/read"
_PRINCIPALS = {
    kinds.SERVICE_PRINCIPAL: "ServicePrincipal",
    kinds.USER: "User",
    kinds.GROUP: "Group",
}


@dataclass(frozen=True)
class _Place:
    """Where an assignment stands: an authenticated call and the scope of its path."""

    current: Session
    scope: str

    @property
    def tx(self) -> Transaction:
        return self.current.call.tx

    def all(self) -> list[Document]:
        """Every assignment in the subscription."""
        return self.tx.list(kinds.ROLE_ASSIGNMENT, self.current.subscription_id)

    def find(self, name: str) -> Document | None:
        """The assignment of this name at this scope."""
        return self.tx.get(kinds.ROLE_ASSIGNMENT, self.current.subscription_id, _id(self.scope, name).lower())


def put_assignment(call: Call) -> Reply:
    """201, or 200 when the very same assignment stands already: deployments repeat themselves."""
    place = _place(call)
    name = _name(call)
    properties = _wanted(body(call))
    role = str(properties["roleDefinitionId"]).rsplit("/", 1)[-1].lower()
    caller = place.current.caller
    if not access.may_assign(call.tx, caller.tenant, caller.object_id, access.ASSIGN, place.scope, role):
        raise errors.authorization_failed(caller, access.ASSIGN, _id(place.scope, name))
    governance.check_write(place.current.subscription, place.scope)
    if role not in ROLES:
        raise errors.role_definition_not_found(role)
    principal = str(properties["principalId"]).lower()
    kind = _principal_type(place, principal, properties.get("principalType"))
    if found := _clashing(place, name, principal, role):
        return Reply(200, _wire(found))
    now = stamp(call.tx.now)
    assignment: Document = {
        "properties": {
            "roleDefinitionId": f"{place.current.scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": kind,
            "scope": place.scope,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": caller.object_id,
            "updatedBy": caller.object_id,
            "description": properties.get("description"),
        },
        "id": _id(place.scope, name),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
        "_effectiveFrom": lag.effective_from(call.tx),
    }
    call.tx.put(kinds.ROLE_ASSIGNMENT, place.current.subscription_id, assignment["id"].lower(), assignment)
    return Reply(201, _wire(assignment))


def get_assignment(call: Call) -> Reply:
    place = _place(call)
    name = _name(call)
    place.current.require(_READ, place.scope)
    found = place.find(name)
    if found is None:
        raise errors.role_assignment_not_found(name)
    return Reply(200, _wire(found))


def delete_assignment(call: Call) -> Reply:
    """200 with what stood there, 204 when nothing did."""
    place = _place(call)
    name = _name(call)
    caller = place.current.caller
    found = place.find(name)
    role = access.role_id(found) if found else ""
    if found is None:
        place.current.require(access.UNASSIGN, place.scope)
        return Reply(204)
    if not access.may_assign(call.tx, caller.tenant, caller.object_id, access.UNASSIGN, place.scope, role):
        raise errors.authorization_failed(caller, access.UNASSIGN, found["id"])
    governance.check_delete(place.current.subscription, found["id"])
    call.tx.delete(kinds.ROLE_ASSIGNMENT, place.current.subscription_id, found["id"].lower())
    return Reply(200, _wire(found))


def list_assignments(call: Call) -> Reply:
    """Without a filter those at, above and under the scope; atScope() leaves out those under it."""
    place = _place(call)
    place.current.require(_READ, place.scope)
    found = [
        assignment
        for assignment in place.all()
        if access.covers(assignment["properties"]["scope"], place.scope)
        or access.covers(place.scope, assignment["properties"]["scope"])
    ]
    for clause, value in clauses(call.query.get("$filter")):
        found = [assignment for assignment in found if _meets(place, assignment, clause, value.lower())]
    return Reply(200, {"value": [_wire(each) for each in found]})


def get_definition(call: Call) -> Reply:
    place = _place(call)
    place.current.require("Microsoft.Authorization/roleDefinitions/read", place.scope)
    role = ROLES.get(call.params["role"].lower())
    if role is None:
        raise errors.role_definition_not_found(call.params["role"])
    return Reply(200, role.wire(place.current.scope))


def list_definitions(call: Call) -> Reply:
    place = _place(call)
    place.current.require("Microsoft.Authorization/roleDefinitions/read", place.scope)
    found = list(ROLES.values())
    for clause, value in clauses(call.query.get("$filter")):
        if clause == "rolename":
            found = [role for role in found if role.name.lower() == value.lower()]
        elif clause not in ("type", "atscopeandbelow", "atscope"):
            raise errors.invalid_filter(call.query["$filter"])
    return Reply(200, {"value": [role.wire(place.current.scope) for role in found]})


def _place(call: Call) -> _Place:
    """The scope of the path, with the group's and the vault's names as they were created."""
    parts = call.params["scope"].strip("/").split("/")
    if len(parts) < 2 or parts[0].lower() != "subscriptions":
        raise errors.subscription_not_found(call.params["scope"])
    current = session(call, parts[1])
    if len(parts) >= 4 and parts[2].lower() == "resourcegroups":
        groups.existing(current, parts[3])
        scope = "/".join((groups.scope_of(current, parts[3]), *parts[4:]))
    else:
        scope = "/".join((current.scope, *parts[2:]))
    if len(parts) == 8:
        vault = call.tx.get(kinds.VAULT, "", parts[7].lower())
        if vault is None or not access.covers(scope, vault["id"]):
            raise errors.resource_not_found("/".join(parts[5:7]), parts[7], parts[3])
        scope = vault["id"]
    return _Place(current, scope)


def _name(call: Call) -> str:
    try:
        return str(uuid.UUID(call.params["name"]))
    except ValueError as error:
        raise errors.invalid_role_assignment_name(call.params["name"]) from error


def _wanted(sent: dict[str, Any]) -> dict[str, Any]:
    properties = sent.get("properties")
    if not isinstance(properties, dict) or not {"roleDefinitionId", "principalId"} <= properties.keys():
        raise errors.invalid_body("properties.roleDefinitionId and properties.principalId are required.")
    if not isinstance(properties.get("principalType", ""), str):
        raise errors.invalid_body("properties.principalType must be a string.")
    return properties


def _principal_type(place: _Place, principal: str, given: str | None) -> str:
    """The type of a principal of this directory; one not visible yet is taken on the caller's word for its type."""
    tenant = place.current.caller.tenant
    for kind, name in _PRINCIPALS.items():
        found = place.tx.get(kind, tenant, principal)
        if found is None or (given is None and not lag.is_visible(place.tx, found)):
            continue
        if given is not None and given.lower() != name.lower():
            raise errors.unmatched_principal_type(principal, name, given)
        return name
    raise errors.principal_not_found(principal, tenant)


def _clashing(place: _Place, name: str, principal: str, role: str) -> Document | None:
    """The same assignment under the same name; raises when the name or the triple is taken otherwise."""
    for found in place.all():
        properties = found["properties"]
        triple = (properties["scope"].lower(), properties["principalId"], access.role_id(found))
        same = triple == (place.scope.lower(), principal, role)
        if found["name"].lower() == name:
            if not same:
                raise errors.role_assignment_update()
            return found
        if same:
            raise errors.role_assignment_exists(found["name"])
    return None


def _meets(place: _Place, assignment: Document, clause: str, value: str) -> bool:
    properties = assignment["properties"]
    if clause == "atscope":
        return access.covers(properties["scope"], place.scope)
    if clause == "principalid":
        return bool(properties["principalId"] == value)
    if clause == "assignedto":
        return properties["principalId"] in access.principals(place.tx, place.current.caller.tenant, value)
    raise errors.invalid_filter(clause)


def _id(scope: str, name: str) -> str:
    return f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"


def _wire(assignment: Document) -> Document:
    """Without members that are null: the contract knows none, and ours have no conditions."""
    properties = {key: value for key, value in assignment["properties"].items() if value is not None}
    return {key: assignment[key] for key in ("id", "type", "name")} | {"properties": properties}
