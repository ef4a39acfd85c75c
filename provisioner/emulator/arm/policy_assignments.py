"""Azure Policy as those who are bound by it see it: its assignments, to be read. They bind in governance.py."""

from __future__ import annotations

from ..kernel import Call, Reply
from ..store import Document
from . import errors
from .scopes import Place, place

_TYPE = "Microsoft.Authorization/policyAssignments"


def list_policies(call: Call) -> Reply:
    here = place(call)
    here.current.require(f"{_TYPE}/read", here.scope)
    return Reply(200, {"value": [_wire(here, policy) for policy in _all(here)]})


def get_policy(call: Call) -> Reply:
    here, name = place(call), call.params["name"]
    here.current.require(f"{_TYPE}/read", here.scope)
    for policy in _all(here):
        if policy["name"].lower() == name.lower():
            return Reply(200, _wire(here, policy))
    raise errors.policy_not_found(name)


def _all(here: Place) -> list[Document]:
    return list(here.current.subscription.get("_policies", ()))


def _wire(here: Place, policy: Document) -> Document:
    scope = here.current.scope
    return {
        "properties": {
            "displayName": policy["name"],
            "policyDefinitionId": f"{scope}/providers/Microsoft.Authorization/policyDefinitions/{policy['name']}",
            "scope": scope,
            "parameters": {},
            "enforcementMode": "Default",
        },
        "id": f"{scope}/providers/{_TYPE}/{policy['name']}",
        "type": _TYPE,
        "name": policy["name"],
    }
