"""Graph's paths. v1.0 and beta answer the same."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel import Reply, Route, Router
from . import (
    applications,
    assignments,
    batch,
    delegated_admin,
    deleted_items,
    directory,
    errors,
    federated,
    grants,
    keys,
    owners,
    passwords,
    people,
    policies,
    roles,
    service_principals,
    sign_in_policies,
)
from .service import GraphHandler, Request, answered, without_empty_segments

_VERSIONS = ("v1.0", "beta")
_APPLICATION = ("applications/{id}", "applications(appId='{app_id}')", "applications(uniqueName='{unique_name}')")
_SERVICE_PRINCIPAL = ("servicePrincipals/{id}", "servicePrincipals(appId='{app_id}')")


def _casts(type_name: str) -> tuple[str, ...]:
    """OData's cast segment in its full form and in the short one SDKs use."""
    return tuple(f"directory/deletedItems/{namespace}.{type_name}" for namespace in ("microsoft.graph", "graph"))


def _below(paths: tuple[str, ...], rest: str) -> tuple[str, ...]:
    return tuple(f"{path}/{rest}" for path in paths)


def _listed(*paths: str) -> tuple[str, ...]:
    """A collection and its /$count."""
    return (*paths, *_below(paths, "$count"))


_FEDERATED = _below(_APPLICATION, "federatedIdentityCredentials")
_CREDENTIAL = (*_below(_FEDERATED, "{credential}"), *(f"{path}(name='{{credential_name}}')" for path in _FEDERATED))
_HOLDERS = (("applications", _APPLICATION), ("servicePrincipals", _SERVICE_PRINCIPAL))
_USER = ("users/{id}", "users('{id}')")
_MEMBERS = ("me", *_USER, "groups/{id}", *_SERVICE_PRINCIPAL, "directoryObjects/{id}")

# method, paths below the version, operation, handler
_TABLE: tuple[tuple[str, tuple[str, ...], str, GraphHandler], ...] = (
    ("POST", ("$batch",), "batch", batch.run),
    ("GET", _listed("applications"), "applications.list", applications.list_all),
    ("POST", ("applications",), "applications.create", applications.create),
    ("GET", _APPLICATION, "applications.get", applications.get),
    ("PATCH", _APPLICATION[:2], "applications.update", applications.change),
    ("PATCH", _APPLICATION[2:], "applications.upsert", applications.upsert),
    ("DELETE", _APPLICATION, "applications.delete", applications.delete),
    *(
        ("POST", _below(paths, f"{prefix}{action}"), f"{name}.{action}", handler)
        for name, paths in _HOLDERS
        for prefix in ("", "microsoft.graph.")
        for action, handler in (
            ("addPassword", passwords.add_password),
            ("removePassword", passwords.remove_password),
            ("addKey", keys.add_key),
            ("removeKey", keys.remove_key),
        )
    ),
    *(
        (method, _below(paths, rest), f"{name}.{operation}", handler)
        for name, paths in _HOLDERS
        for method, rest, operation, handler in (
            ("GET", "owners", "owners", owners.list_all),
            ("GET", "owners/$count", "owners", owners.list_all),
            ("GET", "owners/$ref", "owners.references", owners.list_references),
            ("POST", "owners/$ref", "owners.add", owners.add),
            ("DELETE", "owners/{owner}/$ref", "owners.remove", owners.remove),
            *(
                ("GET", f"owners/{namespace}.{type_name}", "owners", owners.list_of_type(type_name))
                for namespace in ("microsoft.graph", "graph")
                for type_name in owners.CASTS
            ),
            ("GET", "appManagementPolicies", "appManagementPolicies", policies.list_of_holder),
            ("POST", "appManagementPolicies/$ref", "appManagementPolicies.assign", policies.assign),
            ("DELETE", "appManagementPolicies/{policy}/$ref", "appManagementPolicies.unassign", policies.unassign),
        )
    ),
    ("GET", (*_FEDERATED, *_below(_FEDERATED, "$count")), "federatedIdentityCredentials.list", federated.list_all),
    ("POST", _FEDERATED, "federatedIdentityCredentials.create", federated.create),
    ("GET", _CREDENTIAL, "federatedIdentityCredentials.get", federated.get),
    ("PATCH", _CREDENTIAL, "federatedIdentityCredentials.update", federated.change),
    ("DELETE", _CREDENTIAL, "federatedIdentityCredentials.delete", federated.delete),
    ("GET", _listed("servicePrincipals"), "servicePrincipals.list", service_principals.list_all),
    ("POST", ("servicePrincipals",), "servicePrincipals.create", service_principals.create),
    ("GET", _SERVICE_PRINCIPAL, "servicePrincipals.get", service_principals.get),
    ("PATCH", _SERVICE_PRINCIPAL[:1], "servicePrincipals.update", service_principals.change),
    ("PATCH", _SERVICE_PRINCIPAL[1:], "servicePrincipals.upsert", service_principals.upsert),
    ("DELETE", _SERVICE_PRINCIPAL, "servicePrincipals.delete", service_principals.delete),
    (
        "GET",
        tuple(f"{path}/oauth2PermissionGrants" for path in _SERVICE_PRINCIPAL),
        "servicePrincipals.oauth2PermissionGrants",
        grants.list_of_service_principal,
    ),
    (
        "GET",
        tuple(f"{path}/appRoleAssignments" for path in _SERVICE_PRINCIPAL),
        "appRoleAssignments.list",
        assignments.list_of_principal,
    ),
    (
        "GET",
        tuple(f"{path}/appRoleAssignedTo" for path in _SERVICE_PRINCIPAL),
        "appRoleAssignedTo.list",
        assignments.list_of_resource,
    ),
    *(
        (method, tuple(f"{path}/{segment}{rest}" for path in _SERVICE_PRINCIPAL), f"{segment}.{verb}", handler)
        for segment in ("appRoleAssignments", "appRoleAssignedTo")
        for method, rest, verb, handler in (
            ("POST", "", "create", assignments.create),
            ("GET", "/{assignment}", "get", assignments.get),
            ("DELETE", "/{assignment}", "delete", assignments.delete),
        )
    ),
    *(
        (
            method,
            _below(("users/{id}", "groups/{id}"), f"appRoleAssignments{rest}"),
            f"appRoleAssignments.{verb}",
            handler,
        )
        for method, rest, verb, handler in (
            ("GET", "", "list", assignments.list_of_principal),
            ("POST", "", "create", assignments.create),
            ("DELETE", "/{assignment}", "delete", assignments.delete),
        )
    ),
    ("GET", ("oauth2PermissionGrants",), "oauth2PermissionGrants.list", grants.list_all),
    ("POST", ("oauth2PermissionGrants",), "oauth2PermissionGrants.create", grants.create),
    ("GET", ("oauth2PermissionGrants/{id}",), "oauth2PermissionGrants.get", grants.get),
    ("PATCH", ("oauth2PermissionGrants/{id}",), "oauth2PermissionGrants.update", grants.change),
    ("DELETE", ("oauth2PermissionGrants/{id}",), "oauth2PermissionGrants.delete", grants.delete),
    *(
        ("GET", _casts(name), f"deletedItems.{name}s", deleted_items.list_of_type(name))
        for name in deleted_items.TYPE_NAMES
    ),
    *(("GET", _casts(name), f"deletedItems.{name}s", deleted_items.list_of_people) for name in ("user", "group")),
    ("GET", ("directory/deletedItems/{id}",), "deletedItems.get", deleted_items.get),
    ("POST", ("directory/deletedItems/{id}/restore",), "deletedItems.restore", deleted_items.restore),
    ("DELETE", ("directory/deletedItems/{id}",), "deletedItems.purge", deleted_items.purge),
    ("GET", ("organization",), "organization.list", directory.list_organizations),
    ("GET", ("organization/{id}",), "organization.get", directory.get_organization),
    ("GET", ("domains",), "domains.list", directory.list_domains),
    ("GET", ("me",), "me", people.me),
    ("GET", _listed("users"), "users.list", people.list_users),
    ("GET", _USER, "users.get", people.get_user),
    ("GET", _listed("groups"), "groups.list", people.list_groups),
    ("GET", ("groups/{id}",), "groups.get", people.get_group),
    ("GET", _listed("groups/{id}/members"), "groups.members", people.list_members),
    ("GET", ("groups/{id}/owners",), "groups.owners", people.list_group_owners),
    *(
        (method, _below(_MEMBERS, segment), f"directoryObjects.{segment.partition('/')[0]}", handler)
        for method, segment, handler in (
            *(
                ("GET", f"{segment}/{namespace}.{{type_name}}", handler)
                for namespace in ("microsoft.graph", "graph")
                for segment, handler in (
                    ("memberOf", people.list_member_of),
                    ("transitiveMemberOf", people.list_member_of),
                    ("ownedObjects", people.list_owned_objects),
                )
            ),
            ("GET", "memberOf", people.list_member_of),
            ("GET", "transitiveMemberOf", people.list_member_of),
            ("GET", "ownedObjects", people.list_owned_objects),
            ("POST", "getMemberGroups", people.get_member_groups),
            ("POST", "checkMemberGroups", people.check_member_groups),
        )
    ),
    ("POST", ("directoryObjects/getByIds",), "directoryObjects.getByIds", directory.get_by_ids),
    ("GET", ("directoryObjects/{id}",), "directoryObjects.get", directory.get_object),
    ("GET", ("directoryRoles",), "directoryRoles.list", roles.list_roles),
    (
        "GET",
        ("directoryRoles/{id}/members", "directoryRoles(roleTemplateId='{id}')/members"),
        "directoryRoles.members",
        roles.list_members,
    ),
    ("GET", ("roleManagement/directory/roleDefinitions",), "roleDefinitions.list", roles.list_definitions),
    ("GET", ("roleManagement/directory/roleDefinitions/{id}",), "roleDefinitions.get", roles.get_definition),
    ("GET", ("roleManagement/directory/roleAssignments",), "roleAssignments.list", roles.list_assignments),
    (
        "GET",
        ("tenantRelationships/delegatedAdminRelationships",),
        "delegatedAdminRelationships.list",
        delegated_admin.list_all,
    ),
    (
        "GET",
        ("tenantRelationships/delegatedAdminRelationships/{id}",),
        "delegatedAdminRelationships.get",
        delegated_admin.get,
    ),
    ("GET", ("policies/authorizationPolicy",), "policies.authorizationPolicy", policies.get_authorization),
    (
        "GET",
        ("policies/identitySecurityDefaultsEnforcementPolicy",),
        "policies.identitySecurityDefaultsEnforcementPolicy",
        sign_in_policies.get_security_defaults,
    ),
    (
        "GET",
        _listed("identity/conditionalAccess/policies"),
        "conditionalAccessPolicies.list",
        sign_in_policies.list_all,
    ),
    ("GET", ("identity/conditionalAccess/policies/{id}",), "conditionalAccessPolicies.get", sign_in_policies.get),
    ("GET", ("policies/defaultAppManagementPolicy",), "policies.defaultAppManagementPolicy", policies.get_default),
    (
        "PATCH",
        ("policies/defaultAppManagementPolicy",),
        "policies.defaultAppManagementPolicy.update",
        policies.change_default,
    ),
    ("GET", ("policies/appManagementPolicies",), "appManagementPolicies.list", policies.list_all),
    ("POST", ("policies/appManagementPolicies",), "appManagementPolicies.create", policies.create),
    ("GET", ("policies/appManagementPolicies/{id}",), "appManagementPolicies.get", policies.get),
    ("PATCH", ("policies/appManagementPolicies/{id}",), "appManagementPolicies.update", policies.change),
    ("DELETE", ("policies/appManagementPolicies/{id}",), "appManagementPolicies.delete", policies.delete),
    (
        "GET",
        ("policies/appManagementPolicies/{id}/appliesTo",),
        "appManagementPolicies.appliesTo",
        policies.list_applies_to,
    ),
)


def _routes() -> Iterator[Route]:
    for method, paths, operation, handler in _TABLE:
        for version in _VERSIONS:
            for path in paths:
                yield Route(method, f"/{version}/{path}", f"graph.{operation}", answered(handler))


# Names in a path match in any case, as they do at the service: az writes oAuth2PermissionGrants.
_KNOWN = Router(_routes(), ignore_case=True)


def _no_such_request(request: Request) -> Reply:
    """A path nobody knows, or a method its path does not take: refused in Graph's own shape, after authentication."""
    if _KNOWN.methods(request.call.path):
        raise errors.method_not_allowed()
    segments = [segment for segment in request.call.path.split("/") if segment]
    if segments[1:2] == ["me"] and request.caller.kind == "app":
        raise errors.me_needs_user()
    raise errors.segment_unknown(segments[1] if len(segments) > 1 else "")


class _Tolerant(Router):
    """Overlooks empty segments, as the service does: msgraph-sdk's own client sends /v1.0//applications."""

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        return super().match(method, without_empty_segments(path))


ROUTER = _Tolerant(
    [
        *_routes(),
        *(
            Route(method, "/{path:rest}", "graph.unknown", answered(_no_such_request))
            for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
        ),
    ],
    ignore_case=True,
)
