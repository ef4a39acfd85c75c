"""ARM's paths. They compare without regard to case; the last, widest patterns are those at any scope."""

from __future__ import annotations

from ..kernel import Call, Handler, Reply, Route, Router
from . import (
    access_policies,
    deleted_vaults,
    errors,
    groups,
    locks,
    operation_results,
    permissions,
    policy_assignments,
    providers,
    regions,
    role_assignments,
    role_definitions,
    subscriptions,
    unknown,
    vaults,
)
from .entry import answered, authenticated

_S = "/subscriptions/{subscription}"
_G = f"{_S}/resourceGroups/{{group}}"
_KV = "/providers/Microsoft.KeyVault"
_V = f"{_G}{_KV}/vaults/{{vault}}"
_D = f"{_S}{_KV}/locations/{{location}}/deletedVaults/{{vault}}"
_AUTHORIZATION = "/providers/Microsoft.Authorization"
_A = f"/{{scope:rest}}{_AUTHORIZATION}/roleAssignments"
_R = f"/{{scope:rest}}{_AUTHORIZATION}/roleDefinitions"
_L = f"/{{scope:rest}}{_AUTHORIZATION}/locks"
_P = f"/{{scope:rest}}{_AUTHORIZATION}/policyAssignments"

_HANDLERS: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "/subscriptions", "arm.subscriptions.list", subscriptions.list_subscriptions),
    ("GET", _S, "arm.subscriptions.get", subscriptions.get_subscription),
    ("GET", f"{_S}/locations", "arm.locations.list", regions.list_regions),
    ("GET", "/tenants", "arm.tenants.list", subscriptions.list_tenants),
    ("GET", f"{_S}/providers", "arm.providers.list", providers.list_providers),
    ("GET", f"{_S}/providers/{{namespace}}", "arm.providers.get", providers.get_provider),
    ("POST", f"{_S}/providers/{{namespace}}/register", "arm.providers.register", providers.register),
    ("POST", f"{_S}/providers/{{namespace}}/unregister", "arm.providers.unregister", providers.unregister),
    ("GET", f"{_S}/resources", "arm.resources.list", groups.list_resources),
    ("GET", f"{_G}/resources", "arm.resources.list", groups.list_resources),
    ("GET", f"{_S}/operationresults/{{operation}}", "arm.operation_results.get", operation_results.get_result),
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
    ("PUT", f"{_V}/accessPolicies/{{operation_kind}}", "arm.vaults.access_policies", access_policies.put_policies),
    ("GET", f"{_V}/privateEndpointConnections", "arm.vaults.connections", vaults.list_private_connections),
    ("GET", f"{_V}/privateLinkResources", "arm.vaults.link_resources", vaults.list_private_link_resources),
    ("POST", f"{_S}{_KV}/checkNameAvailability", "arm.vaults.check_name", vaults.check_name),
    ("POST", f"{_S}{_KV}/checkMhsmNameAvailability", "arm.managed_hsms.check_name", vaults.check_managed_hsm_name),
    ("GET", f"{_S}{_KV}/managedHSMs", "arm.managed_hsms.list", vaults.list_managed_hsms),
    ("GET", f"{_G}{_KV}/managedHSMs", "arm.managed_hsms.list", vaults.list_managed_hsms),
    ("GET", f"{_S}{_KV}/deletedManagedHSMs", "arm.managed_hsms.list_deleted", vaults.list_managed_hsms),
    ("GET", f"{_S}{_KV}/deletedVaults", "arm.deleted_vaults.list", deleted_vaults.list_deleted),
    ("GET", _D, "arm.deleted_vaults.get", deleted_vaults.get_deleted),
    ("POST", f"{_D}/purge", "arm.deleted_vaults.purge", deleted_vaults.purge),
    (
        "GET",
        f"{_S}{_KV}/locations/{{location}}/operationResults/{{operation}}",
        "arm.operation_results.get",
        operation_results.get_result,
    ),
    ("GET", f"{_AUTHORIZATION}/roleDefinitions", "arm.role_definitions.list", role_definitions.list_definitions_of_all),
    (
        "GET",
        f"{_AUTHORIZATION}/roleDefinitions/{{role}}",
        "arm.role_definitions.get",
        role_definitions.get_definition_of_all,
    ),
    ("PUT", f"{_A}/{{name}}", "arm.role_assignments.put", role_assignments.put_assignment),
    ("GET", f"{_A}/{{name}}", "arm.role_assignments.get", role_assignments.get_assignment),
    ("DELETE", f"{_A}/{{name}}", "arm.role_assignments.delete", role_assignments.delete_assignment),
    ("GET", _A, "arm.role_assignments.list", role_assignments.list_assignments),
    ("GET", _R, "arm.role_definitions.list", role_definitions.list_definitions),
    ("GET", f"{_R}/{{role}}", "arm.role_definitions.get", role_definitions.get_definition),
    ("GET", f"/{{scope:rest}}{_AUTHORIZATION}/permissions", "arm.permissions.list", permissions.list_permissions),
    ("PUT", f"{_L}/{{name}}", "arm.locks.put", locks.put_lock),
    ("GET", f"{_L}/{{name}}", "arm.locks.get", locks.get_lock),
    ("DELETE", f"{_L}/{{name}}", "arm.locks.delete", locks.delete_lock),
    ("GET", _L, "arm.locks.list", locks.list_locks),
    ("GET", _P, "arm.policy_assignments.list", policy_assignments.list_policies),
    ("GET", f"{_P}/{{name}}", "arm.policy_assignments.get", policy_assignments.get_policy),
)
_ROUTES = tuple(
    Route(method, pattern, operation, answered(handler)) for method, pattern, operation, handler in _HANDLERS
)
_KNOWN = Router(_ROUTES, ignore_case=True)


def _elsewhere(call: Call) -> Reply:
    """A path nobody has, or a method it does not take: told to callers with a token only, as all of ARM is."""
    authenticated(call)
    if allowed := _KNOWN.methods(call.path):
        raise errors.method_not_allowed(call.method, allowed)
    unknown.refuse(call)


ROUTER = Router(
    (
        *_ROUTES,
        *(
            Route(method, "/{rest:rest}", "arm.unknown", answered(_elsewhere))
            for method in ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE")
        ),
    ),
    ignore_case=True,
)
