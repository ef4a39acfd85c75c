"""Shapes of Entra's JSON answers, of which Microsoft publishes no schema: written from sam-facts 3.

openid-configuration and the keys are RFC 8414's and RFC 7517's; token answers differ by endpoint: v1 writes numbers as
strings and names the resource, v2 writes numbers and names scopes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .members import NotDescribed, Schema, Schemas

_TEXT: Schema = {"type": "string", "minLength": 1}
_URL: Schema = {"type": "string", "pattern": "^https://"}
_TEXTS: Schema = {"type": "array", "items": {"type": "string"}}
_DIGITS: Schema = {"type": "string", "pattern": "^[0-9]+$"}
_SECONDS: Schema = {"type": "integer", "minimum": 0}
_TOKEN: Schema = {"type": "string", "pattern": r"^(.{20,}|\*\*\*)$"}  # masked in an emulator's list of requests
_BEARER: Schema = {"const": "Bearer"}


def _object(required: Mapping[str, Schema], *, closed: bool = True, **optional: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **optional},
        "additionalProperties": not closed,
    }


_CONFIGURATION = _object(
    {
        "issuer": _URL,
        "authorization_endpoint": _URL,
        "token_endpoint": _URL,
        "device_authorization_endpoint": _URL,
        "end_session_endpoint": _URL,
        "jwks_uri": _URL,
        "response_types_supported": _TEXTS,
        "response_modes_supported": _TEXTS,
        "subject_types_supported": _TEXTS,
        "id_token_signing_alg_values_supported": _TEXTS,
        "token_endpoint_auth_methods_supported": _TEXTS,
        "scopes_supported": _TEXTS,
        "claims_supported": _TEXTS,
    },
    closed=False,
)
_KEYS = _object(
    {
        "keys": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {"kty": {"const": "RSA"}, "use": {"const": "sig"}, "kid": _TEXT, "n": _TEXT, "e": _TEXT},
                closed=False,
            ),
        }
    }
)
_INSTANCE = _object(
    {
        "tenant_discovery_endpoint": _URL,
        "api-version": _TEXT,
        "metadata": {
            "type": "array",
            "items": _object({"preferred_network": _TEXT, "preferred_cache": _TEXT, "aliases": _TEXTS}),
        },
    }
)
_TOKEN_V2 = _object(
    {"token_type": _BEARER, "expires_in": _SECONDS, "ext_expires_in": _SECONDS, "access_token": _TOKEN},
    scope=_TEXT,
    refresh_token=_TOKEN,
    id_token=_TOKEN,
    client_info=_TEXT,
    foci=_TEXT,
)
_TOKEN_V1 = _object(
    {
        "token_type": _BEARER,
        "expires_in": _DIGITS,
        "ext_expires_in": _DIGITS,
        "expires_on": _DIGITS,
        "not_before": _DIGITS,
        "resource": _TEXT,
        "access_token": _TOKEN,
    },
    scope=_TEXT,
    refresh_token=_TOKEN,
    id_token=_TOKEN,
    client_info=_TEXT,
    foci=_TEXT,
)
_DEVICE_CODE = {"user_code": _TEXT, "device_code": _TOKEN, "message": _TEXT}
_DEVICE_CODE_V2 = _object(_DEVICE_CODE | {"verification_uri": _URL, "expires_in": _SECONDS, "interval": _SECONDS})
_DEVICE_CODE_V1 = _object(_DEVICE_CODE | {"verification_url": _URL, "expires_in": _DIGITS, "interval": _DIGITS})

_ENTRA: tuple[tuple[str, str, Schema], ...] = (
    ("GET", r"/common/discovery/instance", _INSTANCE),
    ("GET", r"/[^/]+/(v2\.0/)?\.well-known/openid-configuration", _CONFIGURATION),
    ("GET", r"/[^/]+/discovery/(v2\.0/)?keys", _KEYS),
    ("POST", r"/[^/]+/oauth2/v2\.0/token", _TOKEN_V2),
    ("POST", r"/[^/]+/oauth2/token", _TOKEN_V1),
    ("POST", r"/[^/]+/oauth2/v2\.0/devicecode", _DEVICE_CODE_V2),
    ("POST", r"/[^/]+/oauth2/devicecode", _DEVICE_CODE_V1),
)


_SCHEMAS = Schemas()


class Entra:
    """Entra's endpoints for programs; its pages are for people and not checked here."""

    def answer(self, method: str, path: str, status: int, body: Any) -> None:
        """Raises ContractViolation; NotDescribed for a path that is no program's. Errors have one shape everywhere."""
        for known, pattern, schema in _ENTRA:
            if known == method and re.fullmatch(pattern, path):
                if status < 400:
                    _SCHEMAS.validate(f"{method} {path} -> {status}", schema, body)
                return
        raise NotDescribed(f"{method} {path}")


OWN = {"entra": Entra()}
