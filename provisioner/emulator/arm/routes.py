"""ARM's paths. They compare without regard to case; the last, widest patterns are those at any scope."""

from __future__ import annotations

from ..kernel import Handler, Route, Router
from . import deleted_vaults, groups, role_assignments, subscriptions, vaults
from .entry import answered

_S = "/subscriptions/{subscription}"
_G = f"{_S}/resourceGroups/{{group}}"
_KV = "/providers/Microsoft.KeyVault"
_V = f"{_G}{_KV}/vaults/{{vault}}"
_D = f"{_S}{_KV}/locations/{{location}}/deletedVaults/{{vault}}"
_A = "/{scope:rest}/providers/Microsoft.Authorization/roleAssignments"
_R = "/{scope:rest}/providers/Microsoft.Authorization/roleDefinitions"

_HANDLERS: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/subscriptions", "arm.subscriptions.list", subscriptions.list_subscriptions),
    ("GET", _S, "arm.subscriptions.get", subscriptions.get_subscription),
    ("GET", f"{_S}/providers/{{namespace}}", "arm.providers.get", subscriptions.get_provider),
    ("POST", f"{_S}/providers/{{namespace}}/register", "arm.providers.register", subscriptions.register_provider),
    ("GET", f"{_S}/resources", "arm.resources.list", groups.list_resources),
    ("GET", f"{_S}/operationresults/{{operation}}", "arm.operation_results.get", groups.get_operation_result),
    ("GET", f"{_S}/resourceGroups", "arm.resource_groups.list", groups.list_groups),
    ("PUT", _G, "arm.resource_groups.put", groups.put_group),
    ("GET", _G, "arm.resource_groups.get", groups.get_group),
    ("HEAD", _G, "arm.resource_groups.head", groups.head_group),
    ("PATCH", _G, "arm.resource_groups.patch", groups.patch_group),
    ("DELETE", _G, "arm.resource_groups.delete", groups.delete_group),
    ("PUT", _V, "arm.vaults.put", vaults.put_vault),
    ("GET", _V, "arm.vaults.get", vaults.get_vault),
    ("PATCH", _V, "arm.vaults.patch", vaults.patch_vault),
    ("DELETE", _V, "arm.vaults.delete", vaults.delete_vault),
    ("GET", f"{_G}{_KV}/vaults", "arm.vaults.list", vaults.list_by_group),
    ("GET", f"{_S}{_KV}/vaults", "arm.vaults.list", vaults.list_by_subscription),
    ("POST", f"{_S}{_KV}/checkNameAvailability", "arm.vaults.check_name", vaults.check_name),
    ("GET", f"{_S}{_KV}/deletedVaults", "arm.deleted_vaults.list", deleted_vaults.list_deleted),
    ("GET", _D, "arm.deleted_vaults.get", deleted_vaults.get_deleted),
    ("POST", f"{_D}/purge", "arm.deleted_vaults.purge", deleted_vaults.purge),
    ("PUT", f"{_A}/{{name}}", "arm.role_assignments.put", role_assignments.put_assignment),
    ("GET", f"{_A}/{{name}}", "arm.role_assignments.get", role_assignments.get_assignment),
    ("DELETE", f"{_A}/{{name}}", "arm.role_assignments.delete", role_assignments.delete_assignment),
    ("GET", _A, "arm.role_assignments.list", role_assignments.list_assignments),
    ("GET", _R, "arm.role_definitions.list", role_assignments.list_definitions),
    ("GET", f"{_R}/{{role}}", "arm.role_definitions.get", role_assignments.get_definition),
)

ROUTER = Router(
    (Route(method, pattern, operation, answered(handler)) for method, pattern, operation, handler in _HANDLERS),
    ignore_case=True,
)
