"""Microsoft.Authorization/roleDefinitions: the built-in ones, at any scope and above all."""

from __future__ import annotations

from ..kernel import Call, Reply
from . import errors, role_errors
from .entry import authenticated
from .filters import clauses
from .roles import ROLES
from .scopes import place

_READ = "Microsoft.Authorization/roleDefinitions/read"


def get_definition(call: Call) -> Reply:
    here = place(call)
    here.current.require(_READ, here.scope)
    return _one(call, here.current.scope)


def list_definitions(call: Call) -> Reply:
    here = place(call)
    here.current.require(_READ, here.scope)
    return _listed(call, here.current.scope)


def get_definition_of_all(call: Call) -> Reply:
    """Without a scope: built-in roles are anyone's to read."""
    authenticated(call)
    return _one(call, "")


def list_definitions_of_all(call: Call) -> Reply:
    authenticated(call)
    return _listed(call, "")


def _one(call: Call, scope: str) -> Reply:
    role = ROLES.get(call.params["role"].lower())
    if role is None:
        raise role_errors.role_definition_not_found(call.params["role"])
    return Reply(200, role.wire(scope))


def _listed(call: Call, scope: str) -> Reply:
    found = list(ROLES.values())
    for clause, value in clauses(call.query.get("$filter")):
        if clause == "rolename":
            found = [role for role in found if role.name.lower() == value.lower()]
        elif clause == "type":
            found = [role for role in found if value.lower() == "builtinrole"]  # there are no custom ones
        elif clause not in ("atscopeandbelow", "atscope"):
            raise errors.invalid_filter(call.query["$filter"])
    return Reply(200, {"value": [role.wire(scope) for role in found]})
