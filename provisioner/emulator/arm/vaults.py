"""Microsoft.KeyVault/vaults: create, update, delete softly, recover."""

from __future__ import annotations

from typing import Any

from .. import kinds, lag
from ..clouds import CLOUDS
from ..identity import Caller
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import access, errors, governance, groups, providers, regions, vault_body, vault_store
from .entry import Session, body, session
from .paging import page
from .vault_store import NAMESPACE, TYPE, soft_delete, stamp


def put_vault(call: Call) -> Reply:
    """Create, replace, or with createMode "recover" bring back a soft-deleted vault."""
    current = session(call)
    name, scope = call.params["vault"], _scope(current)
    current.require(f"{TYPE}/write", scope)
    if providers.state(call.tx, current.subscription_id, NAMESPACE) != "Registered":
        raise errors.not_registered(NAMESPACE)
    group = groups.writable(current, call.params["group"])
    vault_body.check_name(name)
    governance.check_write(current.subscription, scope)
    wanted = body(call)
    location = groups.location_of(wanted)
    if location not in regions.names(call.cloud):
        raise errors.location_not_available_for_type(location, TYPE, regions.names(call.cloud))
    properties = _properties(wanted)
    recovers = vault_body.recovers(properties)
    found = _taken(current, name, group, location)
    if recovers and found is None:
        return _recovered(current, name, location)
    governance.check_policies(current.subscription, TYPE, name, wanted)
    if deleted := vault_store.find_deleted(call.tx, name):
        if _is_same_place(current, deleted, location):
            raise errors.vault_soft_deleted()
        raise errors.vault_already_exists(name)
    return _created_or_replaced(current, found, f"{group['id']}/providers/{TYPE}/{name}", location, wanted)


def get_vault(call: Call) -> Reply:
    current = session(call)
    current.require(f"{TYPE}/read", _scope(current))
    return _answer(call.tx, existing(current))


def patch_vault(call: Call) -> Reply:
    current = session(call)
    scope = _scope(current)
    current.require(f"{TYPE}/write", scope)
    vault = existing(current)
    governance.check_write(current.subscription, scope)
    wanted = body(call)
    properties = _properties(wanted)
    _check_permission_model(current, vault, properties)
    vault["properties"] = vault_body.patched(vault["properties"], properties, directory(current))
    if "tags" in wanted:
        vault["tags"] = groups.tags_of(wanted)
    vault["systemData"] = _system_data(call.tx, current.caller, vault)
    governance.check_policies(current.subscription, TYPE, vault["name"], vault)
    return _stored(call.tx, vault)


def delete_vault(call: Call) -> Reply:
    current = session(call)
    scope = _scope(current)
    current.require(f"{TYPE}/delete", scope)
    vault = _find(current)
    if vault is None:
        return Reply(204)
    governance.check_delete(current.subscription, scope)
    soft_delete(call.tx, vault)
    return Reply(200)


def list_private_connections(call: Call) -> Reply:
    """There are none: nobody approves private endpoints here."""
    current = session(call)
    current.require(f"{TYPE}/privateEndpointConnections/read", _scope(current))
    existing(current)
    return Reply(200, {"value": []})


def list_private_link_resources(call: Call) -> Reply:
    current = session(call)
    current.require(f"{TYPE}/privateLinkResources/read", _scope(current))
    zone = CLOUDS[call.cloud].vault_suffix.replace(".vault.", "privatelink.vaultcore.")
    kind = {"groupId": "vault", "requiredMembers": ["default"], "requiredZoneNames": [zone]}
    name = f"{existing(current)['id']}/privateLinkResources/vault"
    resource = {"id": name, "name": "vault", "type": f"{TYPE}/privateLinkResources", "properties": kind}
    return Reply(200, {"value": [resource]})


def list_managed_hsms(call: Call) -> Reply:
    """There are none; clients that list vaults ask for these too."""
    current = session(call)
    current.require(f"{NAMESPACE}/managedHSMs/read", current.scope)
    return Reply(200, {"value": []})


def list_by_group(call: Call) -> Reply:
    current = session(call)
    group = groups.existing(current, call.params["group"])
    return _listed(current, str(group["id"]))


def list_by_subscription(call: Call) -> Reply:
    current = session(call)
    return _listed(current, current.scope)


def check_name(call: Call) -> Reply:
    """checkNameAvailability: tells a taken name (soft-deleted ones too) from an invalid one."""
    current = session(call)
    current.require(f"{NAMESPACE}/checkNameAvailability/read", current.scope)
    wanted = body(call)
    name = str(wanted.get("name", ""))
    if wanted.get("type") != TYPE:
        raise errors.vault_bad_request(f"The type must be '{TYPE}'.")
    if not vault_body.is_valid_name(name):
        message = "The vault name is invalid."
        return Reply(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    if call.tx.get(kinds.VAULT, "", name.lower()) or vault_store.find_deleted(call.tx, name):
        message = f"The name '{name}' is already in use."
        return Reply(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Reply(200, {"nameAvailable": True})


def check_managed_hsm_name(call: Call) -> Reply:
    """Managed HSMs share no names with vaults, and here are none."""
    current = session(call)
    current.require(f"{NAMESPACE}/checkMhsmNameAvailability/read", current.scope)
    body(call)
    return Reply(200, {"nameAvailable": True})


def _created_or_replaced(
    current: Session, found: Document | None, identifier: str, location: str, wanted: dict[str, Any]
) -> Reply:
    """The PUT itself, once nothing stands in its way; a vault that stands keeps its id and name as first written."""
    tx, properties = current.call.tx, _properties(wanted)
    tenant = directory(current)
    if found:
        _check_permission_model(current, found, properties)
        changed = vault_body.replaced(found["properties"], properties, tenant)
    else:
        name = identifier.rsplit("/", 1)[-1]
        changed = vault_body.created(name, properties, tenant, current.call.query["api-version"])
        found = {"id": identifier, "name": name, "_resolvesFrom": lag.resolves_from(tx)}
    vault = {
        "id": found["id"],
        "name": found["name"],
        "type": TYPE,
        "location": location,
        "tags": groups.tags_of(wanted),
        "systemData": _system_data(tx, current.caller, found),
        "properties": changed,
        "_resolvesFrom": found["_resolvesFrom"],
    }
    return _stored(tx, vault)


def directory(current: Session) -> Document:
    """The tenant's document; a token for it was good, so it is there."""
    tenant = current.call.tx.get(kinds.TENANT, "", current.caller.tenant)
    assert tenant is not None
    return tenant


def _recovered(current: Session, name: str, location: str) -> Reply:
    """The old vault with its old settings; the rest of the body is ignored."""
    tx = current.call.tx
    deleted = vault_store.find_deleted(tx, name)
    if deleted is None:
        raise errors.deleted_vault_not_found(name)
    if not _is_same_place(current, deleted, location):
        raise errors.vault_already_exists(name)
    vault: Document = deleted["_vault"] | {"_resolvesFrom": lag.resolves_from(tx)}
    if vault["id"].split("/")[4].lower() != current.call.params["group"].lower():
        raise errors.vault_already_exists(name)
    tx.delete(kinds.DELETED_VAULT, "", name.lower())
    return _stored(tx, vault)


def _taken(current: Session, name: str, group: Document, location: str) -> Document | None:
    """The vault at this very id; raises when the name is another's, or the location would change."""
    found = current.call.tx.get(kinds.VAULT, "", name.lower())
    if found is None:
        return None
    if not access.covers(group["id"], found["id"]):
        raise errors.vault_already_exists(name)
    if found["location"] != location:
        raise errors.location_fixed(name, group["name"], found["location"], location)
    return found


def _is_same_place(current: Session, deleted: Document, location: str) -> bool:
    properties = deleted["properties"]
    return access.covers(current.scope, properties["vaultId"]) and bool(properties["location"] == location)


def _check_permission_model(current: Session, vault: Document, wanted: dict[str, Any]) -> None:
    """Switching it asks for the right to assign roles too (sam-facts 6.1, last row)."""
    asked = wanted.get("enableRbacAuthorization")
    if asked is not None and asked != vault["properties"]["enableRbacAuthorization"]:
        current.require(access.ASSIGN, vault["id"])


def _properties(wanted: dict[str, Any]) -> dict[str, Any]:
    properties = wanted.get("properties") or {}
    if not isinstance(properties, dict):
        raise errors.invalid_body("properties must be an object.")
    return properties


def _scope(current: Session) -> str:
    params = current.call.params
    return f"{groups.scope_of(current, params['group'])}/providers/{TYPE}/{params['vault']}"


def _find(current: Session) -> Document | None:
    found = current.call.tx.get(kinds.VAULT, "", current.call.params["vault"].lower())
    return found if found and access.covers(_scope(current), found["id"]) else None


def existing(current: Session) -> Document:
    """The vault of the path; raises ResourceNotFound."""
    group = groups.existing(current, current.call.params["group"])
    found = _find(current)
    if found is None:
        raise errors.resource_not_found(TYPE, current.call.params["vault"], group["name"])
    return found


def _listed(current: Session, scope: str) -> Reply:
    found = [
        _wire(current.call.tx, vault)
        for vault in vault_store.of_subscription(current.call.tx, current.subscription_id)
        if access.covers(scope, vault["id"]) and current.may(f"{TYPE}/read", vault["id"])
    ]
    if not found:
        current.require(f"{TYPE}/read", scope)
    return page(current.call, found)


def _stored(tx: Transaction, vault: Document) -> Reply:
    tx.put(kinds.VAULT, "", vault["name"].lower(), vault)
    return _answer(tx, vault)


def _answer(tx: Transaction, vault: Document) -> Reply:
    """While the name does not resolve yet clients poll: the header keeps them from their own 30 seconds."""
    shown = _wire(tx, vault)
    registering = shown["properties"]["provisioningState"] == "RegisteringDns"
    return Reply(200, shown, {"Retry-After": "1"} if registering else {})


def _wire(tx: Transaction, vault: Document) -> Document:
    shown = {key: value for key, value in vault.items() if not key.startswith("_")}
    if not lag.has_address(tx, vault):
        shown["properties"] = vault["properties"] | {"provisioningState": "RegisteringDns"}
    return shown


def _system_data(tx: Transaction, caller: Caller, found: Document) -> Document:
    by = caller.upn or caller.app_id
    kind = "User" if caller.kind == "user" else "Application"
    created = {"createdBy": by, "createdByType": kind, "createdAt": stamp(tx.now)}
    created |= {key: value for key, value in found.get("systemData", {}).items() if key in created}
    return created | {"lastModifiedBy": by, "lastModifiedByType": kind, "lastModifiedAt": stamp(tx.now)}
