"""Resource groups, and the list of a subscription's resources."""

from __future__ import annotations

import re
from typing import Any

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import errors, governance, vault_store
from .entry import Session, body, session
from .filters import clauses

_NAME = re.compile(r"[-\w.()]{0,89}[-\w()]")
_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"


def scope_of(current: Session, name: str) -> str:
    """A group's scope, the name as written by whoever created it when there is one."""
    group = current.call.tx.get(kinds.RESOURCE_GROUP, current.subscription_id, name.lower())
    return str(group["id"]) if group else f"{current.scope}/resourceGroups/{name}"


def existing(current: Session, name: str) -> Document:
    """The group's document; raises ResourceGroupNotFound."""
    group = current.call.tx.get(kinds.RESOURCE_GROUP, current.subscription_id, name.lower())
    if group is None:
        raise errors.group_not_found(name)
    return group


def put_group(call: Call) -> Reply:
    current = session(call)
    name = call.params["group"]
    scope = scope_of(current, name)
    current.require(f"{_TYPE}/write", scope)
    if not _NAME.fullmatch(name):
        raise errors.invalid_group_name(name)
    governance.check_write(current.subscription, scope)
    wanted = body(call)
    governance.check_policies(current.subscription, _TYPE, name, wanted)
    location = canonical_location(wanted.get("location"))
    found = call.tx.get(kinds.RESOURCE_GROUP, current.subscription_id, name.lower())
    if found and found["location"] != location:
        raise errors.group_location_fixed(name, found["location"], location)
    group = {
        "id": scope,
        "name": found["name"] if found else name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": tags_of(wanted),
        "properties": {"provisioningState": "Succeeded"},
    }
    call.tx.put(kinds.RESOURCE_GROUP, current.subscription_id, name.lower(), group)
    return Reply(200 if found else 201, group)


def get_group(call: Call) -> Reply:
    current = session(call)
    current.require(f"{_TYPE}/read", scope_of(current, call.params["group"]))
    return Reply(200, existing(current, call.params["group"]))


def head_group(call: Call) -> Reply:
    current = session(call)
    current.require(f"{_TYPE}/read", scope_of(current, call.params["group"]))
    found = call.tx.get(kinds.RESOURCE_GROUP, current.subscription_id, call.params["group"].lower())
    return Reply(204 if found else 404)


def patch_group(call: Call) -> Reply:
    current = session(call)
    scope = scope_of(current, call.params["group"])
    current.require(f"{_TYPE}/write", scope)
    group = existing(current, call.params["group"])
    governance.check_write(current.subscription, scope)
    wanted = body(call)
    if "tags" in wanted:
        group["tags"] = tags_of(wanted)
    call.tx.put(kinds.RESOURCE_GROUP, current.subscription_id, group["name"].lower(), group)
    return Reply(200, group)


def delete_group(call: Call) -> Reply:
    """With everything in it; vaults go to the soft-deleted ones. Done at once, told as a running operation."""
    current = session(call)
    scope = scope_of(current, call.params["group"])
    current.require(f"{_TYPE}/delete", scope)
    group = existing(current, call.params["group"])
    governance.check_delete(current.subscription, scope)
    for vault in vault_store.of_subscription(call.tx, current.subscription_id):
        if vault["id"].lower().startswith(f"{scope.lower()}/"):
            vault_store.soft_delete(call.tx, vault)
    call.tx.delete(kinds.RESOURCE_GROUP, current.subscription_id, group["name"].lower())
    location = f"https://{call.host}{current.scope}/operationresults/{group['name']}?api-version=2025-04-01"
    return Reply(202, None, {"Location": location, "Retry-After": "0"})


def get_operation_result(call: Call) -> Reply:
    """Where delete_group's Location leads: the operation is over."""
    session(call)
    return Reply(200)


def list_groups(call: Call) -> Reply:
    current = session(call)
    groups = call.tx.list(kinds.RESOURCE_GROUP, current.subscription_id)
    visible = [group for group in groups if current.may(f"{_TYPE}/read", group["id"])]
    if not visible:
        current.require(f"{_TYPE}/read", current.scope)
    return Reply(200, {"value": visible})


def list_resources(call: Call) -> Reply:
    """Vaults are the only resources here; each without its properties, as this collection gives them."""
    current = session(call)
    conditions = clauses(call.query.get("$filter"))
    found = vault_store.of_subscription(call.tx, current.subscription_id)
    if not found:
        current.require("Microsoft.Resources/subscriptions/resources/read", current.scope)
    members = ("id", "name", "type", "location", "tags")
    listed = [
        {member: vault[member] for member in members}
        for vault in found
        if current.may(f"{vault_store.TYPE}/read", vault["id"]) and all(_meets(vault, *each) for each in conditions)
    ]
    return Reply(200, {"value": listed})


def canonical_location(location: Any) -> str:
    """ "West Europe" -> "westeurope"; raises LocationRequired."""
    if not isinstance(location, str) or not location.strip():
        raise errors.location_required()
    return location.replace(" ", "").lower()


def _meets(vault: Document, name: str, value: str) -> bool:
    members = {
        "resourcetype": vault["type"],
        "name": vault["name"],
        "location": vault["location"],
        "resourcegroup": vault["id"].split("/")[4],
    }
    if name not in members:
        raise errors.invalid_filter(f"{name} eq '{value}'")
    return bool(members[name].lower() == value.lower())


def tags_of(wanted: dict[str, Any]) -> dict[str, str]:
    """The tags of a body; raises InvalidRequestContent."""
    tags = wanted.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise errors.invalid_body("tags must be an object of strings.")
    return tags
