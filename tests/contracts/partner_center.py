"""Partner Center: the JSON Schema written from Microsoft's documented tables and examples.

Its objects stay open on purpose (the documentation cuts examples short), so unknown members are not refused.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from .members import ContractViolation, NotDescribed, Schemas, load


class PartnerCenter:
    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> None:
        operation = _find(method, path)
        if unknown := sorted(set(query) - set(operation.get("query", ()))):
            raise ContractViolation(f"{method} {operation['path']}: query parameter {unknown} is not described")
        if "request" in operation:
            _check(f"{method} {operation['path']}", operation["request"], body)
        elif body is not None:
            raise ContractViolation(f"{method} {operation['path']}: takes no body")

    def answer(self, method: str, path: str, status: int, body: Any) -> None:
        operation = _find(method, path)
        place = f"{method} {operation['path']} -> {status}"
        described = operation["responses"].get(str(status))
        if described is None and status >= 400:
            described = operation["responses"]["500"]  # throttled, not available: the documents have no status for it
        if described is None:
            raise ContractViolation(f"{place}: this status is not described")
        if "schema" in described:
            _check(place, described["schema"], body)


def _check(place: str, reference: str, body: Any) -> None:
    _SCHEMAS.validate(place, {"$ref": reference}, body)


def _find(method: str, path: str) -> Any:
    for operation in _document()["x-operations"]:
        pattern = re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(operation["path"]))
        if operation["method"] == method and operation["responses"] and re.fullmatch(pattern, path, re.IGNORECASE):
            return operation
    raise NotDescribed(f"{method} {path}")


@functools.cache
def _document() -> Any:
    return load("partner-center/partner-center.schema.json")


_SCHEMAS = Schemas(shared=lambda: _document()["$defs"])
PARTNER_CENTER = PartnerCenter()
