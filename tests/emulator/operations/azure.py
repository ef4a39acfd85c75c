"""A subscription with one of everything, what ARM's and Partner Center's operations want of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from provisioner.emulator import kinds
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

from ..azure import OWNER, SECRETS_USER, multi_tenant, operator, own, read, runner
from .asks import Ask, Asks

_GRAPH = "00000003-0000-0000-c000-000000000000"
_ASSIGNMENT = "5d4d3e0a-3b7f-4e53-9d0d-6f7c3a1b2c3d"
_NEW = "6d4d3e0a-3b7f-4e53-9d0d-6f7c3a1b2c3e"


def arm(store: Store) -> Asks:
    """Fills the subscription and tells what is where."""
    azure = runner(store)
    own(azure, OWNER)
    assert azure.ready_vault().status == 200
    subscription, group = azure.subscription, f"{azure.subscription}/resourceGroups/rg-contoso"
    for name in ("rg-empty", "rg-locked", "rg-leaving"):
        path = f"{subscription}/resourceGroups/{name}"
        assert azure.arm("PUT", path, {"location": "westeurope"}).status == 201
    locks = f"{subscription}/resourceGroups/rg-locked/providers/Microsoft.Authorization/locks"
    lock = {"properties": {"level": "CanNotDelete"}}
    assert azure.arm("PUT", f"{locks}/lock", lock, version="2016-09-01").status == 201
    assert azure.assign(SECRETS_USER, name=_ASSIGNMENT).status == 201
    gone = azure.vault_id.replace("kv-contoso", "kv-gone")
    vault = {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    assert azure.arm("PUT", gone, {"location": "westeurope", "properties": vault}).status == 200
    assert azure.arm("DELETE", gone).status == 200
    rule = {"name": "deny", "resourceType": "Microsoft.Network/virtualNetworks", "requires": {"tags.team": "x"}}
    azure.plant(kinds.SUBSCRIPTION, "", CONTOSO.subscription, _policies=[rule])
    leaving = azure.arm("DELETE", f"{subscription}/resourceGroups/rg-leaving").headers["Location"]
    policy = {"tenantId": CONTOSO.id, "objectId": CONTOSO.operator_id, "permissions": {"secrets": ["get"]}}
    role = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}"
    assignment = {"roleDefinitionId": role, "principalId": CONTOSO.operator_id, "principalType": "User"}
    rows = {
        "arm.resource_groups.put": Ask({"location": "westeurope"}),
        "arm.resource_groups.patch": Ask({"tags": {"a": "b"}}),
        "arm.resource_groups.delete": Ask(None, {"group": "rg-empty"}),
        "arm.vaults.put": Ask({"location": "westeurope", "properties": vault}, {"vault": "kv-another-contoso"}),
        "arm.vaults.patch": Ask({"tags": {"a": "b"}}),
        "arm.vaults.access_policies": Ask({"properties": {"accessPolicies": [policy]}}),
        "arm.vaults.check_name": Ask({"name": "kv-free-name", "type": "Microsoft.KeyVault/vaults"}),
        "arm.managed_hsms.check_name": Ask({"name": "hsm-free-name"}),
        "arm.deleted_vaults.get": Ask(None, {"vault": "kv-gone"}),
        "arm.deleted_vaults.purge": Ask(None, {"vault": "kv-gone"}),
        "arm.role_assignments.put": Ask({"properties": assignment}, {"name": _NEW}),
        "arm.locks.put": Ask(lock),
    }
    for operation in ("list", "get", "put", "delete"):
        locked = {"scope": f"{subscription[1:]}/resourceGroups/rg-locked"}
        rows[f"arm.locks.{operation}"] = Ask(lock if operation == "put" else None, locked)
    parameters = {
        "subscription": CONTOSO.subscription,
        "group": "rg-contoso",
        "vault": "kv-contoso",
        "namespace": "Microsoft.KeyVault",
        "location": "westeurope",
        "scope": azure.vault_id[1:],
        "role": OWNER,
        "roleAssignments": _ASSIGNMENT,
        "locks": "lock",
        "policyAssignments": "deny",
        "operation_kind": "add",
        "operation": urlsplit(leaving).path.rpartition("/")[2],
        "rest": f"{group[1:]}/providers/Microsoft.Network/virtualNetworks",
    }
    return Asks(parameters, rows, {"arm.unknown": "a path nobody has"}, {"api-version": "2022-04-01"})


def partner_center(store: Store) -> Asks:
    """One customer has consented; another is to."""
    multi_tenant(store)
    azure = operator(store)
    assert azure.consent((_GRAPH, "User.Read")).status == 201
    grants = [{"enterpriseApplicationId": _GRAPH, "scope": "User.Read"}]
    sent = {"applicationId": azure.app_id, "displayName": "SAM", "applicationGrants": grants}
    parameters = {"customer": CONTOSO.customers[0].id, "application": azure.app_id, "rest": "invoices"}
    rows = {"partner_center.consents.create": Ask(sent, {"customer": CONTOSO.customers[1].id})}
    hopeless = {
        "partner_center.unknown": "a path the emulator does not have",
        "partner_center.generate_token": "takes tokens of Azure AD Graph, which nobody issues any more",
    }
    assert read(azure.partner("/v1/customers"))["totalCount"] == len(CONTOSO.customers)
    return Asks(parameters, rows, hopeless)
