"""Faults that a test or a rehearsal asks for through the control surface.

A fault is a document (kind FAULT, key `id`):
  operation    glob over operation names, e.g. "graph.applications.*"
  action       "status" answer with `status` in the service's shape (optional `code`, `message`, `retryAfter` seconds)
               "deny"   403 in the service's shape
               "reset"  cut the connection; the request is not done
               "hold"   do the request, never answer
               "slow"   wait `ms`, then do the request
  count        how often it strikes (null: for ever); a used-up fault stays listed with `struck`
  probability  0..1, default 1, drawn from `seed` and the number of requests seen, so that a run can be repeated
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from uuid import uuid4

from . import shapes
from .kernel import Call, Reply
from .kinds import FAULT
from .store import Document, Transaction

ACTIONS = ("status", "deny", "reset", "hold", "slow")
_MEMBERS = {"operation", "action", "status", "code", "message", "retryAfter", "ms", "count", "probability", "seed"}


@dataclass(frozen=True)
class Disturbed(Reply):
    """A reply whose transport misbehaves: sent after `delay_s`, or never when `lost` says how."""

    delay_s: float = 0.0
    lost: str | None = None  # "reset": cut at once; "hold": silence


def add(tx: Transaction, wanted: dict[str, Any]) -> Document:
    """Keep a fault; raises ValueError naming what is wrong with it."""
    if unknown := sorted(wanted.keys() - _MEMBERS):
        raise ValueError(f"unknown members: {', '.join(unknown)}")
    if wanted.get("action") not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
    for member, kinds in (("status", int), ("retryAfter", int), ("ms", int | float), ("probability", int | float)):
        if member in wanted and (not isinstance(wanted[member], kinds) or isinstance(wanted[member], bool)):
            raise ValueError(f"{member} must be a number")
    if wanted["action"] == "status" and not 400 <= wanted.get("status", 0) <= 599:
        raise ValueError("action status needs a status from 400 to 599")
    if wanted["action"] == "slow" and "ms" not in wanted:
        raise ValueError("action slow needs ms")
    count = wanted.get("count", 1)
    if count is not None and (not isinstance(count, int) or count < 1):
        raise ValueError("count must be a positive number or null")
    key = str(uuid4())
    defaults = {"operation": "*", "probability": 1.0, "seed": 0}
    return tx.put(FAULT, "", key, defaults | wanted | {"id": key, "count": count, "seen": 0, "struck": 0})


def apply(call: Call, service: str, handle: Callable[[Call], Reply]) -> Reply:
    """Handle the call, disturbed by the first fault that strikes its operation."""
    fault = _striking(call)
    if fault is None:
        return handle(call)
    action = fault["action"]
    if action == "reset":
        return Disturbed(0, lost="reset")
    if action in ("hold", "slow"):
        reply = handle(call)
        delay_s = fault.get("ms", 0) / 1000
        return Disturbed(reply.status, reply.body, reply.headers, delay_s, "hold" if action == "hold" else None)
    status = 403 if action == "deny" else fault["status"]
    message = fault.get("message") or f"A fault set through the control surface answers {status}."
    reply = shapes.error(call, service, status, message, code=fault.get("code"))
    after = {"Retry-After": str(fault["retryAfter"])} if "retryAfter" in fault else {}
    return Reply(reply.status, reply.body, {**reply.headers, **after})


def _striking(call: Call) -> Document | None:
    for fault in call.tx.list(FAULT, ""):
        if not fnmatchcase(call.operation, fault["operation"]):
            continue
        if fault["count"] is not None and fault["struck"] >= fault["count"]:
            continue
        draw = random.Random(f"{fault['seed']}:{fault['seen']}").random()  # noqa: S311  repeatable on purpose
        strikes = draw < fault["probability"]
        fault["seen"] += 1
        fault["struck"] += strikes
        call.tx.put(FAULT, "", fault["id"], fault)
        if strikes:
            return fault
    return None
