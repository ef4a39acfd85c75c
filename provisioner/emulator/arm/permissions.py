"""What the caller may do at a scope, told by the service itself (Microsoft.Authorization/permissions)."""

from __future__ import annotations

from ..kernel import Call, Reply
from . import access
from .scopes import place


def list_permissions(call: Call) -> Reply:
    """One entry for each role held at or above the scope, as the role definition has it."""
    here = place(call)
    here.current.require("Microsoft.Authorization/permissions/read", here.scope)
    caller = here.current.caller
    held = access.held(call.tx, caller.tenant, caller.object_id, here.scope)
    return Reply(200, {"value": [role.permissions for _, role in held]})
