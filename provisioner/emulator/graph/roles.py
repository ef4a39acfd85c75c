"""Directory roles as Graph shows them: activated roles, role definitions and who holds them. Read-only here.

A user's roles are their document's `_directoryRoles`, by template id.
"""

from __future__ import annotations

import base64
from uuid import NAMESPACE_URL, UUID, uuid5

from ..directory_roles import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)
from ..kernel import Reply
from ..kinds import USER
from ..store import Document
from . import access, errors, lookup, owners, query
from .filterable import DIRECTORY_OBJECT, DIRECTORY_ROLE, ROLE_ASSIGNMENT, ROLE_DEFINITION
from .service import Request

# Names and descriptions of Microsoft's built-in roles, as far as the emulator judges by them.
_ROLES = {
    GLOBAL_ADMINISTRATOR: (
        "Global Administrator",
        "Can manage all aspects of Microsoft Entra ID and Microsoft services that use Microsoft Entra identities.",
    ),
    APPLICATION_ADMINISTRATOR: (
        "Application Administrator",
        "Can create and manage all aspects of app registrations and enterprise apps.",
    ),
    CLOUD_APPLICATION_ADMINISTRATOR: (
        "Cloud Application Administrator",
        "Can create and manage all aspects of app registrations and enterprise apps except App Proxy.",
    ),
    PRIVILEGED_ROLE_ADMINISTRATOR: (
        "Privileged Role Administrator",
        "Can manage role assignments in Microsoft Entra ID, and all aspects of Privileged Identity Management.",
    ),
}


def list_roles(request: Request) -> Reply:
    """GET directoryRoles: the activated ones, which are those somebody holds."""
    access.require(request.caller, access.READ_ROLES)
    held = {role for user in request.tx.list(USER, request.tenant) for role in user.get("_directoryRoles", ())}
    found = [_role(request.tenant, template) for template in _ROLES if template in held]
    return query.collection(request, found, DIRECTORY_ROLE, "directoryRoles")


def list_members(request: Request) -> Reply:
    """GET directoryRoles/{id}/members, or by (roleTemplateId='…')."""
    access.require(request.caller, access.READ_ROLES)
    key = lookup.object_id(request)
    template = next((each for each in _ROLES if key in (each, _role(request.tenant, each)["id"])), None)
    if template is None:
        raise errors.not_found(key)
    holders = [user for user in request.tx.list(USER, request.tenant) if template in user.get("_directoryRoles", ())]
    found = [owners.as_directory_object(USER, user) for user in holders]
    return query.collection(request, found, DIRECTORY_OBJECT, "directoryObjects")


def list_definitions(request: Request) -> Reply:
    access.require(request.caller, access.READ_ROLES)
    found = [_definition(template) for template in _ROLES]
    return query.collection(request, found, ROLE_DEFINITION, "roleManagement/directory/roleDefinitions")


def get_definition(request: Request) -> Reply:
    access.require(request.caller, access.READ_ROLES)
    key = lookup.object_id(request)
    if key not in _ROLES:
        raise errors.not_found(key)
    return query.entity(request, _definition(key), ROLE_DEFINITION, "roleManagement/directory/roleDefinitions")


def list_assignments(request: Request) -> Reply:
    access.require(request.caller, access.READ_ROLES)
    found = [
        _assignment(user["id"], template)
        for user in request.tx.list(USER, request.tenant)
        for template in user.get("_directoryRoles", ())
    ]
    return query.collection(request, found, ROLE_ASSIGNMENT, "roleManagement/directory/roleAssignments")


def held_by(request: Request, object_id: str) -> list[Document]:
    """The directory roles of a user; other objects hold none here."""
    user = request.tx.get(USER, request.tenant, object_id)
    return [_role(request.tenant, role) for role in user.get("_directoryRoles", ()) if role in _ROLES] if user else []


def _role(tenant: str, template: str) -> Document:
    name, description = _ROLES[template]
    return {
        "id": str(uuid5(NAMESPACE_URL, f"https://graph.microsoft.com/{tenant}/directoryRoles/{template}")),
        "deletedDateTime": None,
        "description": description,
        "displayName": name,
        "roleTemplateId": template,
    }


def _definition(template: str) -> Document:
    name, description = _ROLES[template]
    return {
        "id": template,
        "description": description,
        "displayName": name,
        "isBuiltIn": True,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "templateId": template,
        "version": "1",
        "rolePermissions": [],
    }


def _assignment(principal: str, template: str) -> Document:
    tied = UUID(template).bytes_le + UUID(principal).bytes_le
    return {
        "id": base64.urlsafe_b64encode(tied).rstrip(b"=").decode() + "-1",
        "principalId": principal,
        "directoryScopeId": "/",
        "roleDefinitionId": template,
    }
