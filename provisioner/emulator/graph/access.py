"""Who may do what in Graph.

An app-only caller needs an application permission, a user both a delegated permission and, to change what is not their
own, a directory role (sam-facts 1.2, 5.3, 7). Application.ReadWrite.OwnedBy may read every application and service
principal, and change those it owns.
"""

from __future__ import annotations

from ..directory_roles import CONSENT, CONSENT_TO_GRAPH_ROLES, MANAGE_APPLICATIONS
from ..identity import Caller
from ..store import Document
from . import errors

OWNED_BY = "Application.ReadWrite.OwnedBy"
_READ_ALL = frozenset({"Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"})
_WRITE_APPLICATIONS = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All"})

READ_APPLICATIONS = _READ_ALL | _WRITE_APPLICATIONS | {"Application.Read.All", OWNED_BY}
READ_GRANTS = _READ_ALL | {"DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All"}
READ_ASSIGNMENTS = READ_APPLICATIONS | {"AppRoleAssignment.ReadWrite.All"}
READ_ORGANIZATION = _READ_ALL | {"Organization.Read.All", "Organization.ReadWrite.All", "User.Read"}
READ_DOMAINS = _READ_ALL | {"Domain.Read.All", "Domain.ReadWrite.All"}
READ_USERS = _READ_ALL | {"User.Read.All", "User.ReadWrite.All"}
READ_OBJECTS = READ_APPLICATIONS | READ_USERS
# Graph's reference names Policy.Read.ApplicationConfiguration too, but Graph publishes no permission of that name (it
# has no id in any list of them), so that nobody can hold it.
READ_POLICIES = frozenset({"Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"})
READ_SIGN_IN_POLICIES = frozenset({"Policy.Read.All"})
READ_GROUPS = _READ_ALL | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All"}
READ_ROLES = _READ_ALL | {
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    "RoleManagement.Read.All",
}
READ_RELATIONSHIPS = frozenset({"DelegatedAdminRelationship.Read.All", "DelegatedAdminRelationship.ReadWrite.All"})
_WRITE_POLICIES = frozenset({"Policy.ReadWrite.ApplicationConfiguration"})
_WRITE_GRANTS = frozenset({"DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"}) | {
    "Directory.AccessAsUser.All"
}
_WRITE_ASSIGNMENTS = frozenset({"AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All"})


def permissions(caller: Caller) -> frozenset[str]:
    """What the token carries: application permissions of an app, delegated ones of a user."""
    return caller.roles if caller.kind == "app" else caller.scopes


def require(caller: Caller, any_of: frozenset[str]) -> None:
    """Raises insufficient_privileges unless the caller has one of these permissions."""
    if not permissions(caller) & any_of:
        raise errors.insufficient_privileges()


def owned_only(caller: Caller) -> bool:
    """True when all the caller's right to change applications comes from Application.ReadWrite.OwnedBy."""
    return caller.kind == "app" and OWNED_BY in caller.roles and not caller.roles & _WRITE_APPLICATIONS


def require_application_create(caller: Caller, tenant: Document) -> None:
    """An app needs one of the write permissions; a user may register applications unless the tenant forbids it."""
    require(caller, _WRITE_APPLICATIONS | {OWNED_BY})
    if not users_may_register(tenant):
        _require_role(caller, MANAGE_APPLICATIONS)


def users_may_register(tenant: Document) -> bool:
    """The tenant's authorizationPolicy: defaultUserRolePermissions.allowedToCreateApps, true where it is not set."""
    return bool(tenant.get("_policies", {}).get("allowedToCreateApps", True))


def require_write(caller: Caller, target: Document) -> None:
    """The right to change or delete this application or service principal."""
    require(caller, _WRITE_APPLICATIONS | {OWNED_BY})
    owner = caller.object_id in target.get("_owners", ())
    allowed = not owned_only(caller) if caller.kind == "app" else bool(caller.directory_roles & MANAGE_APPLICATIONS)
    if not (allowed or owner):
        raise errors.insufficient_privileges()


def require_service_principal_create(caller: Caller, application: Document | None) -> None:
    """`application` is the visible application of this tenant; None for Microsoft's, and for one not visible yet."""
    require(caller, _WRITE_APPLICATIONS | {OWNED_BY})
    if application is None and owned_only(caller):
        raise errors.backing_application_not_local()
    if application is None and caller.kind == "user" and not caller.directory_roles & MANAGE_APPLICATIONS:
        raise errors.insufficient_privileges()
    if application is not None:
        require_write(caller, application)


def require_restore(caller: Caller) -> None:
    """Restoring and purging is not for OwnedBy callers, whatever they own (sam-facts 5.7)."""
    require(caller, _WRITE_APPLICATIONS)
    _require_role(caller, MANAGE_APPLICATIONS)


def require_policy_write(caller: Caller) -> None:
    """Application or Cloud Application Administrator, or a higher role (sam-facts 5.2)."""
    require(caller, _WRITE_POLICIES)
    _require_role(caller, MANAGE_APPLICATIONS)


def has_quota(caller: Caller) -> bool:
    """True for those whose number of objects is limited: everybody without an administrative role (sam-facts 5.1)."""
    if caller.kind == "user":
        return not caller.directory_roles & MANAGE_APPLICATIONS
    return owned_only(caller)


def require_grant_write(caller: Caller) -> None:
    require(caller, _WRITE_GRANTS)
    _require_role(caller, CONSENT)


def require_assignment_write(caller: Caller, resource_app_id: str, graph_app_id: str) -> None:
    """Application permissions of Graph itself are for Privileged Role and Global Administrators only (sam-facts 7)."""
    require(caller, _WRITE_ASSIGNMENTS)
    _require_role(caller, CONSENT_TO_GRAPH_ROLES if resource_app_id == graph_app_id else CONSENT)


def _require_role(caller: Caller, any_of: frozenset[str]) -> None:
    if caller.kind == "user" and not caller.directory_roles & any_of:
        raise errors.insufficient_privileges()
