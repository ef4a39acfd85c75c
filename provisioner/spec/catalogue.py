"""Questions to the catalogue of Microsoft's APIs and permissions: names to ids and back, risk, retirement.

Offline and never complete: Microsoft publishes far more permissions than a partner tool meets. A permission that is
not listed is not wrong; it is resolved from the tenant's own service principal when the plan is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from provisioner.spec.catalogue_table import (
    APIS,
    AZURE_AD_GRAPH_API,
    AZURE_SERVICE_MANAGEMENT_API,
    MICROSOFT_GRAPH_API,
    PARTNER_CENTER_API,
    Api,
    Permission,
    Retirement,
    RiskWord,
)

__all__ = [
    "AZURE_AD_GRAPH",
    "AZURE_SERVICE_MANAGEMENT",
    "MICROSOFT_GRAPH",
    "PARTNER_CENTER",
    "PermissionKind",
    "Retirement",
    "Risk",
    "UnknownApiError",
    "api_app_id",
    "api_name",
    "api_names",
    "permission_id",
    "permission_value",
    "permission_values",
    "retired",
    "risk",
]

PARTNER_CENTER = PARTNER_CENTER_API.app_id
AZURE_SERVICE_MANAGEMENT = AZURE_SERVICE_MANAGEMENT_API.app_id
AZURE_AD_GRAPH = AZURE_AD_GRAPH_API.app_id
MICROSOFT_GRAPH = MICROSOFT_GRAPH_API.app_id

PermissionKind = Literal["Scope", "Role"]
"""Graph's words for the two kinds: `Scope` is a delegated, `Role` an application permission."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_BY_ID = {api.app_id: api for api in APIS}
_BY_NAME = {name.casefold(): api for api in APIS for name in (api.name, *api.other_names)}


class UnknownApiError(LookupError):
    """No API of the catalogue has this name, and it is not an appId."""


@dataclass(frozen=True, slots=True)
class Risk:
    """How far a permission reaches: one word to sort by, one sentence for the reader."""

    word: RiskWord
    sentence: str


def api_app_id(name_or_id: str) -> str:
    """The appId, lower case, of a catalogue name (older names too, any case); an appId is itself.

    Raises: UnknownApiError.
    """
    key = name_or_id.casefold()
    if _GUID.fullmatch(key):
        return key
    if key not in _BY_NAME:
        raise UnknownApiError(name_or_id)
    return _BY_NAME[key].app_id


def api_name(name_or_id: str) -> str:
    """The catalogue's name for an API, or the appId where the catalogue has none.

    Raises: UnknownApiError.
    """
    app_id = api_app_id(name_or_id)
    return _BY_ID[app_id].name if app_id in _BY_ID else app_id


def api_names() -> tuple[str, ...]:
    """The catalogue's names of the APIs that can still be asked for."""
    return tuple(api.name for api in APIS if api.retired is None)


def permission_id(app_id: str, kind: PermissionKind, value: str) -> str | None:
    """The permission's id, or None when the catalogue does not know it (the tenant does)."""
    found = _permission(app_id, value)
    if found is None:
        return None
    return found.scope_id if kind == "Scope" else found.role_id


def permission_value(app_id: str, permission_id: str) -> str | None:
    """The permission's value (`User.Read`) for an id of either kind, or None when the catalogue does not know it."""
    wanted = permission_id.lower()
    for permission in _permissions(app_id):
        if wanted in (permission.scope_id, permission.role_id):
            return permission.value
    return None


def permission_values(app_id: str, kind: PermissionKind) -> tuple[str, ...]:
    """The values the catalogue knows of that kind."""
    return tuple(entry.value for entry in _permissions(app_id) if _risk(entry, kind) is not None)


def risk(app_id: str, kind: PermissionKind, value: str) -> Risk:
    """How far the permission reaches; `unknown` for one that is not in the catalogue, never a guess."""
    found = _permission(app_id, value)
    rated = _risk(found, kind) if found is not None else None
    if rated is None:
        return Risk("unknown", "Not in our catalogue: look it up before granting it.")
    return Risk(*rated)


def retired(app_id: str, value: str | None = None) -> Retirement | None:
    """Why the API or its permission can no longer be asked for, and what to ask for instead; None if it can."""
    api = _BY_ID.get(app_id.lower())
    if api is None or api.retired is None:
        return None
    if value is None or _find(MICROSOFT_GRAPH_API, value) is None:
        return api.retired
    return Retirement(api.retired.reason, f"{value} of {api.retired.replacement}")


def _permissions(app_id: str) -> tuple[Permission, ...]:
    api = _BY_ID.get(app_id.lower())
    return api.permissions if api is not None else ()


def _permission(app_id: str, value: str) -> Permission | None:
    api = _BY_ID.get(app_id.lower())
    return _find(api, value) if api is not None else None


def _find(api: Api, value: str) -> Permission | None:
    wanted = value.casefold()
    return next((entry for entry in api.permissions if entry.value.casefold() == wanted), None)


def _risk(permission: Permission, kind: PermissionKind) -> tuple[RiskWord, str] | None:
    """The rating doubles as "exists as this kind": every permission of the table is rated for each kind it has."""
    return permission.delegated if kind == "Scope" else permission.application
