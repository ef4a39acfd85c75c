"""What all answers of a service have in common, whatever the operation: the error's shape, the ids in the headers, and
the members that clients read without asking whether they are there.

Stricter than the published descriptions, which leave most members of an error optional (sam-facts 4, 5.5, 6, 8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .members import ContractViolation, Schema, Schemas

_TEXT: Schema = {"type": "string", "minLength": 1}
_GUID: Schema = {"type": "string", "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}


def _object(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """These members and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": False,
    }


_INNER_ERROR = _object(
    {
        "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"},
        "request-id": _TEXT,
        "client-request-id": _TEXT,
    }
)
_KEY_VAULT_INNER = {"type": "object", "required": ["code"], "properties": {"code": _TEXT}}
ERRORS: Mapping[str, Schema] = {
    "graph": _object(
        {"error": _object({"code": _TEXT, "message": {"type": "string"}, "innerError": _INNER_ERROR}, details={})}
    ),
    "arm": _object(
        {
            "error": _object(
                {"code": _TEXT, "message": {"type": "string"}},
                target={"type": ["string", "null"]},
                details={"type": "array"},
                additionalInfo={"type": "array"},
            )
        }
    ),
    "key_vault": _object(
        {"error": _object({"code": _TEXT, "message": {"type": "string"}}, innererror=_KEY_VAULT_INNER)}
    ),
    "partner_center": _object(
        {"code": {"type": ["string", "integer"]}, "description": _TEXT},
        data={"type": "array"},
        source=_TEXT,
    ),
    "entra": _object(
        {
            "error": {"type": "string", "pattern": "^[a-z_]+$"},
            "error_description": {"type": "string", "pattern": "^AADSTS[0-9]+: "},
            "error_codes": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
            "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$"},
            "trace_id": _GUID,
            "correlation_id": _GUID,
        },
        error_uri=_TEXT,
        suberror={"type": "string"},
        claims=_TEXT,
    ),
}
HEADERS: Mapping[str, tuple[str, ...]] = {
    "graph": ("request-id", "client-request-id"),
    "arm": ("x-ms-request-id",),
    "key_vault": ("x-ms-request-id",),
    "partner_center": ("ms-requestid", "ms-correlationid"),
}


_SCHEMAS = Schemas()


def check_error(service: str, body: Any) -> None:
    """Raises ContractViolation unless the body is an error as the service writes them."""
    _SCHEMAS.validate("the error", ERRORS[service], body)


def check_headers(service: str, headers: Mapping[str, str]) -> None:
    """Raises ContractViolation when an answer lacks an id by which support could find the request."""
    names = {name.lower() for name in headers}
    if missing := [name for name in HEADERS.get(service, ()) if name not in names]:
        raise ContractViolation(f"no header {', '.join(missing)}")


def check_success(service: str, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Raises ContractViolation when a good answer lacks what all of the service's have."""
    if service == "arm" and status == 202:
        names = {name.lower() for name in headers}
        if missing := {"location", "retry-after"} - names:
            raise ContractViolation(f"runs on, but no header {', '.join(sorted(missing))}")
    complaint = _COMMON[service](body) if service in _COMMON and isinstance(body, dict) else None
    if complaint:
        raise ContractViolation(complaint)


def _key_vault(body: Mapping[str, Any]) -> str | None:
    """Lists end in a nextLink that is null; objects tell how they could be recovered (sam-facts 6)."""
    if isinstance(body.get("value"), list) and "nextLink" not in body:
        return "a list without nextLink"
    identifier = str(body.get("id") or body.get("kid") or body.get("key", {}).get("kid") or "")
    if _VERSION.search(identifier) and "recoveryLevel" not in body.get("attributes", {"recoveryLevel": None}):
        return "attributes without recoveryLevel"
    return None


def _partner_center(body: Mapping[str, Any]) -> str | None:
    """Every resource names its type; a collection counts its items and links to itself (sam-facts 4)."""
    if not isinstance(body.get("attributes", {}).get("objectType"), str):
        return "no attributes.objectType"
    if "items" in body and body.get("totalCount") is None:
        return "a collection without totalCount"
    return None


_VERSION = re.compile(r"/(secrets|keys|certificates)/[^/]+/[0-9a-f]{32}$")
_COMMON: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    "key_vault": _key_vault,
    "partner_center": _partner_center,
}
