"""Resource groups, and the list of a subscription's resources."""

from __future__ import annotations

import re
from typing import Any

from .. import kinds, lag
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import errors, governance, operations, regions, vault_store
from .access import covers
from .entry import Session, body, session
from .filters import clauses
from .paging import page

_NAME = re.compile(r"[-\w.()]{0,89}[-\w()]")
_TYPE = "Microsoft.Resources/subscriptions/resourceGroups"
_MOST_TAGS = 50
_TAG_CLAUSES = ("tagname", "tagvalue")


def find(tx: Transaction, subscription_id: str, name: str) -> Document | None:
    """The group of a name; one whose deletion has come to its end is removed by this look."""
    group = tx.get(kinds.RESOURCE_GROUP, subscription_id, name.lower())
    if group is None or group.get("_goneFrom", tx.now + 1) > tx.now:
        return group
    tx.delete(kinds.RESOURCE_GROUP, subscription_id, name.lower())
    return None


def scope_of(current: Session, name: str) -> str:
    """A group's scope, the name as written by whoever created it when there is one."""
    group = find(current.call.tx, current.subscription_id, name)
    return str(group["id"]) if group else f"{current.scope}/resourceGroups/{name}"


def existing(current: Session, name: str) -> Document:
    """The group's document; raises ResourceGroupNotFound."""
    group = find(current.call.tx, current.subscription_id, name)
    if group is None:
        raise errors.group_not_found(name)
    return group


def writable(current: Session, name: str) -> Document:
    """The group's document; raises ResourceGroupNotFound, and ResourceGroupBeingDeleted."""
    group = existing(current, name)
    if "_goneFrom" in group:
        raise errors.group_being_deleted(group["name"])
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
    location = location_of(wanted)
    if location not in regions.names(call.cloud):
        raise errors.location_not_available(location, regions.names(call.cloud))
    found = find(call.tx, current.subscription_id, name)
    if found:
        writable(current, name)
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
    return Reply(200, _wire(existing(current, call.params["group"])))


def head_group(call: Call) -> Reply:
    current = session(call)
    current.require(f"{_TYPE}/read", scope_of(current, call.params["group"]))
    return Reply(204 if find(call.tx, current.subscription_id, call.params["group"]) else 404)


def patch_group(call: Call) -> Reply:
    current = session(call)
    scope = scope_of(current, call.params["group"])
    current.require(f"{_TYPE}/write", scope)
    group = writable(current, call.params["group"])
    governance.check_write(current.subscription, scope)
    wanted = body(call)
    if "tags" in wanted:
        group["tags"] = tags_of(wanted)
    call.tx.put(kinds.RESOURCE_GROUP, current.subscription_id, group["name"].lower(), group)
    return Reply(200, group)


def delete_group(call: Call) -> Reply:
    """With everything in it; vaults go to the soft-deleted ones at once, the group itself when the lag is over."""
    current = session(call)
    scope = scope_of(current, call.params["group"])
    current.require(f"{_TYPE}/delete", scope)
    group = writable(current, call.params["group"])
    governance.check_delete(current.subscription, scope)
    for vault in vault_store.of_subscription(call.tx, current.subscription_id):
        if vault["id"].lower().startswith(f"{scope.lower()}/"):
            vault_store.soft_delete(call.tx, vault)
    vault_store.forget_assignments(call.tx, current.subscription_id, scope)
    group |= {"properties": {"provisioningState": "Deleting"}, "_goneFrom": lag.effective_from(call.tx)}
    call.tx.put(kinds.RESOURCE_GROUP, current.subscription_id, group["name"].lower(), group)
    return operations.accepted(current, f"{current.scope}/operationresults", "group", group["name"])


def list_groups(call: Call) -> Reply:
    current = session(call)
    names = [group["name"] for group in call.tx.list(kinds.RESOURCE_GROUP, current.subscription_id)]
    groups = [group for name in names if (group := find(call.tx, current.subscription_id, name))]
    visible = [group for group in groups if current.may(f"{_TYPE}/read", group["id"])]
    if not visible:
        current.require(f"{_TYPE}/read", current.scope)
    conditions = clauses(call.query.get("$filter"))
    return page(call, [_wire(group) for group in visible if _has_tags(group, conditions)])


def list_resources(call: Call) -> Reply:
    """Vaults are the only resources here; each without its properties, as this collection gives them."""
    current = session(call)
    within = str(existing(current, call.params["group"])["id"]) if "group" in call.params else current.scope
    conditions = clauses(call.query.get("$filter"))
    found = vault_store.of_subscription(call.tx, current.subscription_id)
    if not found:
        current.require("Microsoft.Resources/subscriptions/resources/read", current.scope)
    members = ("id", "name", "type", "location", "tags")
    listed = [
        {member: vault[member] for member in members}
        for vault in found
        if covers(within, vault["id"])
        and current.may(f"{vault_store.TYPE}/read", vault["id"])
        and all(_meets(vault, *each) for each in conditions)
        and _has_tags(vault, conditions)
    ]
    return page(call, listed)


def location_of(wanted: dict[str, Any]) -> str:
    """The location of a body in its canonical form; raises LocationRequired."""
    location = wanted.get("location")
    if not isinstance(location, str) or not location.strip():
        raise errors.location_required()
    return regions.canonical(location)


def _meets(vault: Document, name: str, value: str) -> bool:
    members = {
        "resourcetype": vault["type"],
        "name": vault["name"],
        "location": vault["location"],
        "resourcegroup": vault["id"].split("/")[4],
    }
    if name in _TAG_CLAUSES:
        return True  # _has_tags looks at both together
    if name not in members:
        raise errors.invalid_filter(f"{name} eq '{value}'")
    return bool(members[name].lower() == value.lower())


def _has_tags(item: Document, conditions: list[tuple[str, str]]) -> bool:
    """`tagName eq 'a' and tagValue eq 'b'`: names compare without regard to case, values as they are."""
    asked = {name: value for name, value in conditions if name in _TAG_CLAUSES}
    if not asked:
        return True
    return any(
        asked.get("tagname", name).lower() == name.lower() and asked.get("tagvalue", value) == value
        for name, value in item["tags"].items()
    )


def _wire(group: Document) -> Document:
    return {key: value for key, value in group.items() if not key.startswith("_")}


def tags_of(wanted: dict[str, Any]) -> dict[str, str]:
    """The tags of a body; raises InvalidRequestContent."""
    tags = wanted.get("tags") or {}
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise errors.invalid_body("tags must be an object of strings.")
    if len(tags) > _MOST_TAGS:
        raise errors.too_many_tags(len(tags))
    return tags
