"""What all answers of a service have in common, whatever the operation: the error's shape, and the ids in the headers.

Stricter than the published descriptions, which leave most members of an error optional (sam-facts 4, 5.5, 6, 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from .members import ContractViolation, Schema, validate

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


def check_error(service: str, place: str, body: Any) -> None:
    """Raises ContractViolation unless the body is an error as the service writes them."""
    validate(place, Draft202012Validator(ERRORS[service]), body)


def check_headers(service: str, place: str, headers: Mapping[str, str]) -> None:
    """Raises ContractViolation when an answer lacks an id by which support could find the request."""
    names = {name.lower() for name in headers}
    if missing := [name for name in HEADERS.get(service, ()) if name not in names]:
        raise ContractViolation(f"{place}: no header {', '.join(missing)}")
