"""What every grant of the token endpoints starts from and answers with (sam-facts 3.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..kernel import Call
from ..store import Document
from . import errors
from .asks import Ask
from .directory import Client


@dataclass(frozen=True)
class TokenRequest:
    """A token request once its tenant and client are known."""

    call: Call
    version: int
    form: dict[str, str]
    tenant: Document
    client: Client

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The client capabilities it declares (`cp1`), from the claims parameter; they show in the token's xms_cc."""
        wanted = wanted_claims(self.call, self.form).get("access_token")
        declared = wanted.get("xms_cc") if isinstance(wanted, dict) else None
        values = declared.get("values") if isinstance(declared, dict) else None
        return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()

    def times(self, life_s: int, ask: Ask) -> dict[str, Any]:
        """The members about time: numbers in v2, strings and more of them in v1."""
        if self.version == 2:
            return {"token_type": "Bearer", "expires_in": life_s, "ext_expires_in": life_s}
        now = int(self.call.tx.now)
        return {
            "token_type": "Bearer",
            "expires_in": str(life_s),
            "ext_expires_in": str(life_s),
            "expires_on": str(now + life_s),
            "not_before": str(now),
            "resource": ask.audience,
        }


def fields(call: Call) -> dict[str, str]:
    """The form of a token or device code request; no fields in a body of another content type. Raises 9000411."""
    if "form-urlencoded" not in call.headers.get("content-type", "").lower():
        return {}
    names = [name for name, _ in parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise errors.parameter_repeated(call, repeated)
    return call.form()


def need(call: Call, form: dict[str, str], name: str) -> str:
    """A field that must be there. Raises 900144."""
    value = form.get(name, "")
    if not value:
        raise errors.parameter_missing(call, name)
    return value


def wanted_claims(call: Call, parameters: dict[str, str]) -> dict[str, Any]:
    """The `claims` parameter of an authorize or token request, {} without one. Raises 9002313."""
    try:
        claims = json.loads(parameters.get("claims") or "{}")
    except (ValueError, RecursionError) as error:
        raise errors.malformed(call) from error
    if not isinstance(claims, dict):
        raise errors.malformed(call)
    return claims
