"""Graph's paths. v1.0 and beta answer the same."""

from __future__ import annotations

from collections.abc import Iterator

from ..kernel import Reply, Route, Router
from . import (
    applications,
    assignments,
    batch,
    credentials,
    deleted_items,
    directory,
    errors,
    grants,
    service_principals,
)
from .service import GraphHandler, Request, answered

_VERSIONS = ("v1.0", "beta")
_APPLICATION = ("applications/{id}", "applications(appId='{app_id}')", "applications(uniqueName='{unique_name}')")
_SERVICE_PRINCIPAL = ("servicePrincipals/{id}", "servicePrincipals(appId='{app_id}')")


def _casts(type_name: str) -> tuple[str, ...]:
    """OData's cast segment in its full form and in the short one SDKs use."""
    return tuple(f"directory/deletedItems/{namespace}.{type_name}" for namespace in ("microsoft.graph", "graph"))


# method, paths below the version, operation, handler
_TABLE: tuple[tuple[str, tuple[str, ...], str, GraphHandler], ...] = (
    ("POST", ("$batch",), "batch", batch.run),
    ("GET", ("applications",), "applications.list", applications.list_all),
    ("POST", ("applications",), "applications.create", applications.create),
    ("GET", _APPLICATION, "applications.get", applications.get),
    ("PATCH", _APPLICATION[:2], "applications.update", applications.change),
    ("PATCH", _APPLICATION[2:], "applications.upsert", applications.upsert),
    ("DELETE", _APPLICATION, "applications.delete", applications.delete),
    *(
        ("POST", tuple(f"{path}/{prefix}{action}" for path in _APPLICATION), f"applications.{action}", handler)
        for prefix in ("", "microsoft.graph.")
        for action, handler in (
            ("addPassword", credentials.add_password),
            ("removePassword", credentials.remove_password),
        )
    ),
    ("GET", tuple(f"{path}/owners" for path in _APPLICATION), "applications.owners", applications.list_owners),
    ("GET", ("servicePrincipals",), "servicePrincipals.list", service_principals.list_all),
    ("POST", ("servicePrincipals",), "servicePrincipals.create", service_principals.create),
    ("GET", _SERVICE_PRINCIPAL, "servicePrincipals.get", service_principals.get),
    ("PATCH", _SERVICE_PRINCIPAL[:1], "servicePrincipals.update", service_principals.change),
    ("PATCH", _SERVICE_PRINCIPAL[1:], "servicePrincipals.upsert", service_principals.upsert),
    ("DELETE", _SERVICE_PRINCIPAL, "servicePrincipals.delete", service_principals.delete),
    (
        "GET",
        tuple(f"{path}/owners" for path in _SERVICE_PRINCIPAL),
        "servicePrincipals.owners",
        service_principals.list_owners,
    ),
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
    ("GET", ("directory/deletedItems/{id}",), "deletedItems.get", deleted_items.get),
    ("POST", ("directory/deletedItems/{id}/restore",), "deletedItems.restore", deleted_items.restore),
    ("DELETE", ("directory/deletedItems/{id}",), "deletedItems.purge", deleted_items.purge),
    ("GET", ("organization",), "organization.list", directory.list_organizations),
    ("GET", ("organization/{id}",), "organization.get", directory.get_organization),
    ("GET", ("domains",), "domains.list", directory.list_domains),
    ("GET", ("me",), "me", directory.me),
    ("GET", ("users/{id}",), "users.get", directory.get_user),
    ("POST", ("directoryObjects/getByIds",), "directoryObjects.getByIds", directory.get_by_ids),
    (
        "GET",
        ("policies/defaultAppManagementPolicy",),
        "policies.defaultAppManagementPolicy",
        directory.get_default_app_management_policy,
    ),
)


def _routes() -> Iterator[Route]:
    for method, paths, operation, handler in _TABLE:
        for version in _VERSIONS:
            for path in paths:
                yield Route(method, f"/{version}/{path}", f"graph.{operation}", answered(handler))


_KNOWN = Router(_routes())


def _no_such_request(request: Request) -> Reply:
    """A path nobody knows, or a method its path does not take: refused in Graph's own shape, after authentication."""
    if _KNOWN.methods(request.call.path):
        raise errors.method_not_allowed()
    segments = [segment for segment in request.call.path.split("/") if segment]
    raise errors.segment_unknown(segments[1] if len(segments) > 1 else "")


ROUTER = Router(
    [
        *_routes(),
        *(
            Route(method, "/{path:rest}", "graph.unknown", answered(_no_such_request))
            for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
        ),
    ]
)
