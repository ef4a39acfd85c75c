"""Permissions by name above the wire, by id on it: the catalogue first, then what the API itself publishes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from provisioner.clients.graph_facts import RequiredPermission, ServicePrincipalFacts
from provisioner.core.errors import PlanError
from provisioner.spec import catalogue
from provisioner.spec.model import Spec

PermissionKind = Literal["Scope", "Role"]
SCOPE: PermissionKind = "Scope"
ROLE: PermissionKind = "Role"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, order=True)
class Permission:
    """One permission of one API. kind: `Scope` (delegated) or `Role` (application)."""

    api_name: str
    api_app_id: str
    kind: PermissionKind
    value: str

    @property
    def has_name(self) -> bool:
        """False where its id stands in for a name that nobody knows."""
        return _ID.fullmatch(self.value) is None

    @property
    def path(self) -> str:
        """Where it stands in the spec."""
        return f"application.permissions[{self.api_name}].{'delegated' if self.kind == SCOPE else 'application'}"


def declared(spec: Spec) -> tuple[Permission, ...]:
    """Every permission the spec asks for, in its order."""
    return tuple(
        Permission(api.api_name, api.app_id, kind, value)
        for api in spec.application.permissions or ()
        for kind, values in ((SCOPE, api.delegated), (ROLE, api.application))
        for value in values
    )


def grants_are_exact(spec: Spec) -> bool:
    """Whether what is granted and not declared is to go; a spec that leaves its permissions out says nothing of it."""
    return spec.owns_exactly("grants") and spec.application.permissions is not None


def only_looked_at(spec: Spec) -> frozenset[str]:
    """The kinds of grant of which the spec gives and takes nothing: what others granted is shown, and stays."""
    if grants_are_exact(spec):
        return frozenset()
    delegated = spec.application.admin_consent and spec.delegated
    roles = any(permission.kind == ROLE for permission in declared(spec))
    return frozenset((*(() if delegated else ("grant",)), *(() if roles else ("app_role_assignment",))))


def published(api: ServicePrincipalFacts | None, kind: PermissionKind) -> Mapping[str, str]:
    """Value to id, as the API publishes them; nothing while it has no service principal here."""
    if api is None:
        return {}
    return api.scopes if kind == SCOPE else api.roles


def permission_id(permission: Permission, api: ServicePrincipalFacts | None) -> str:
    """The id on the wire. Raises PlanError with the nearest published one when the API has no such permission."""
    offered = published(api, permission.kind)
    found = offered.get(permission.value)
    if found is None and api is None:
        found = catalogue.permission_id(permission.api_app_id, permission.kind, permission.value)
    if found is None:
        raise unknown_permission(permission, offered)
    return found


def unknown_permission(permission: Permission, offered: Iterable[str]) -> PlanError:
    """The error for a permission that the API does not publish."""
    near = difflib.get_close_matches(permission.value, list(offered), n=1)
    return PlanError(
        f"{permission.api_name} publishes no "
        f"{'delegated' if permission.kind == SCOPE else 'application'} permission {permission.value}",
        where=permission.path,
        next_step=f"correct the name; the nearest published one is {near[0]}" if near else "correct the name",
    )


def permission_named(entry: RequiredPermission, api: ServicePrincipalFacts | None) -> Permission:
    """The readable permission of a requested one; its id stands in for a name nobody knows."""
    by_id = {found: value for value, found in published(api, entry.kind).items()}
    value = by_id.get(entry.permission_id) or catalogue.permission_value(entry.api_app_id, entry.permission_id)
    return Permission(catalogue.api_name(entry.api_app_id), entry.api_app_id, entry.kind, value or entry.permission_id)
