"""Microsoft's machine-readable API descriptions: a check on each request we send and each answer the emulator gives.

`check_request` and `check_answer` return nothing when the contract holds; they raise ContractViolation with the place
otherwise, and NotDescribed when no contract speaks of the operation, so that a caller who meets operations outside the
contracts keeps an explicit, reasoned list of them.

The contracts lie in PROVISIONER_CONTRACTS, or in `../shared/contracts` beside the repository.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from . import graph, partner_center, swagger
from .members import Contract, ContractViolation, NotDescribed

__all__ = ["ContractViolation", "NotDescribed", "check_answer", "check_request"]

_CONTRACTS: dict[str, Contract] = {
    "arm": swagger.ARM,
    "key_vault": swagger.KEY_VAULT,
    "graph": graph.GRAPH,
    "partner_center": partner_center.PARTNER_CENTER,
}


def check_request(
    service: str, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None
) -> None:
    """`service` is arm, key_vault, graph or partner_center; `body` is JSON, the bytes of JSON, or None for none."""
    _CONTRACTS[service].request(method.upper(), path, query or {}, _decoded(body))


def check_answer(service: str, method: str, path: str, status: int, body: Any = None) -> None:
    """`path` is the request's, without the query; `body` as for a request (a UTF-8 byte order mark is allowed)."""
    _CONTRACTS[service].answer(method.upper(), path, status, _decoded(body))


def _decoded(body: Any) -> Any:
    if isinstance(body, bytes):
        return json.loads(body.decode("utf-8-sig")) if body else None
    return body
