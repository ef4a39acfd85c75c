"""Entra's refusals as our errors, each with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provisioner.clients.sign_in_remedies import REMEDIES, Remedy
from provisioner.core.errors import SignInError

_THROTTLED = "90055"
_CODE = re.compile(r"AADSTS(\d+)")
_IDS = re.compile(r"\s*(Trace ID|Correlation ID|Timestamp):.*", re.DOTALL)
_CORRELATION = re.compile(r"Correlation ID:\s*([0-9a-fA-F-]{36})")
_APPLICATION = re.compile(r"\b[Aa]pp(?:lication)?\b.{0,80}?\b([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\b")


def sign_in_error(operation: str, description: str, *, error: str = "", status: int = 400) -> SignInError:
    """The error for Entra's `error_description` (or an SDK's text around it); the ids at its end become the place."""
    found = _CODE.search(description)
    code = found.group(1) if found else error
    correlation = _CORRELATION.search(description)
    text = _IDS.sub("", description).strip()
    start = text.find("AADSTS")
    return SignInError(
        "Entra",
        operation,
        status,
        f"AADSTS{code}" if found else error,
        (text[start:] if start >= 0 else text).removeprefix(f"AADSTS{code}").lstrip(": ")[:400],
        correlation_id=correlation.group(1) if correlation else "",
        next_step=_advice(code, description) if found else "",
    )


def remedy_of(error: SignInError) -> Remedy | None:
    """The remedy behind an error's code, if the table has it."""
    return REMEDIES.get(error.code.removeprefix("AADSTS"))


def passing_fault(answer: Mapping[str, Any]) -> bool:
    """Whether an answer of the token endpoint is about Entra, so that the same request may succeed next time.

    A throttled tenant is told by its status as well, with the time to wait.
    """
    found = _CODE.search(str(answer.get("error_description", "")))
    remedy = REMEDIES.get(found.group(1)) if found else None
    return remedy is not None and remedy.transient and found is not None and found.group(1) != _THROTTLED


def _advice(code: str, description: str) -> str:
    """Ready to be run: Entra's own text names the application that the command is about."""
    remedy = REMEDIES.get(code)
    if remedy is None:
        return f"see https://login.microsoftonline.com/error?code={code}"
    application = _APPLICATION.search(description)
    return remedy.told if application is None else remedy.told.replace("APPLICATION", application.group(1))
