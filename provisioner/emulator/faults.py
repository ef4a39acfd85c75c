"""Faults that a test or a rehearsal asks for through the control surface.

A fault is a document (kind FAULT, key `id`). What it does:

  action status    answer `status` (400 to 599) in the service's shape, undone; `code`, `message`; `retryAfter` seconds,
                   sent as an HTTP date with `retryAfterAs` "date" ("seconds" unless told)
         deny      403 in the service's shape, undone; `code`, `message`
         reset     cut the connection: `when` "before" the request is done (unless told), or "after", its answer lost
         hold      do the request, never answer
         slow      wait `ms`, then answer
         truncate  do the request and send half of the answer's body: `how` "cut" announces the whole and cuts the
                   connection (unless told), "short" announces the half

Which requests it may strike, all of it at once; globs, letters' case not regarded but in operations:

  operation, host, path, method   as the request list shows them, e.g. "graph.applications.*"
  tenant                          of the bearer token; at a sign-in host the path's first segment

And when:

  skip         so many requests go by first
  count        how often it strikes (1 unless told, null: for ever); a used-up fault stays listed with `struck`
  probability  0 to 1, drawn from `seed` and the number of requests seen, so that a run can be repeated
  for, until   only for so many seconds from now; before this moment (epoch seconds); both on the cloud's clock
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import formatdate
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal
from uuid import uuid4

from . import shapes
from .identity import tenant_of
from .kernel import Call, Reply
from .kinds import FAULT
from .store import Document, Transaction

ACTIONS: dict[str, frozenset[str]] = {
    "status": frozenset({"status", "code", "message", "retryAfter", "retryAfterAs"}),
    "deny": frozenset({"code", "message"}),
    "reset": frozenset({"when"}),
    "hold": frozenset(),
    "slow": frozenset({"ms"}),
    "truncate": frozenset({"how"}),
}
_GLOBS = frozenset({"operation", "host", "path", "method", "tenant"})
_EVERY_ACTION = _GLOBS | {"action", "skip", "count", "probability", "seed", "for", "until"}
_NEEDED = {"status": ("status", 429), "slow": ("ms", 2000)}
"""What an action cannot be without, and an example."""
_WORDS = {"retryAfterAs": ("seconds", "date"), "when": ("before", "after"), "how": ("cut", "short")}
_WHOLE = {"status": (400, 599), "retryAfter": (0, 86_400), "skip": (0, 10**9), "count": (1, 10**9)}
_NUMBERS = {"ms": (0, 600_000), "probability": (0, 1), "for": (0, 10**9), "until": (0, 10**11)}

Lost = Literal["reset", "hold", "cut", "short"]


@dataclass(frozen=True)
class Disturbed(Reply):
    """A reply whose transport misbehaves: sent after `delay_s`, or spoiled as `lost` says.

    "reset": nothing sent, connection cut; "hold": nothing sent; "cut", "short": half the body sent (see `truncate`).
    """

    delay_s: float = 0.0
    lost: Lost | None = None


def add(tx: Transaction, wanted: dict[str, Any]) -> Document:
    """Keep a fault; raises ValueError naming what is wrong with it."""
    _check(wanted)
    key = str(uuid4())
    defaults = {"operation": "*", "count": 1, "skip": 0, "probability": 1.0, "seed": 0}
    fault = defaults | wanted | {"id": key, "seen": 0, "struck": 0}
    if "for" in wanted:
        fault["until"] = min(tx.now + wanted["for"], wanted.get("until", float("inf")))
    return tx.put(FAULT, "", key, fault)


def apply(call: Call, service: str, handle: Callable[[Call], Reply]) -> Reply:
    """Handle the call, disturbed by the first fault that strikes it."""
    fault = _striking(call, service)
    if fault is None:
        return handle(call)
    action = fault["action"]
    if action in ("status", "deny"):
        return _refusal(call, service, fault)
    if action == "reset" and fault.get("when") != "after":
        return Disturbed(0, lost="reset")
    reply = handle(call)
    delay_s = fault.get("ms", 0) / 1000
    how: dict[str, Lost | None] = {"reset": "reset", "hold": "hold", "slow": None, "truncate": fault.get("how", "cut")}
    return Disturbed(reply.status, reply.body, reply.headers, delay_s, how[action])


def _refusal(call: Call, service: str, fault: Document) -> Reply:
    status = 403 if fault["action"] == "deny" else fault["status"]
    reply = shapes.error(call, service, status, fault.get("message"), code=fault.get("code"))
    if "retryAfter" not in fault:
        return reply
    after = str(fault["retryAfter"])
    if fault.get("retryAfterAs") == "date":
        # the machine's clock, as in the answer's Date header, which is what clients measure it by
        after = formatdate(time.time() + fault["retryAfter"], usegmt=True)
    return Reply(reply.status, reply.body, {**reply.headers, "Retry-After": after})


def _striking(call: Call, service: str) -> Document | None:
    for fault in call.tx.list(FAULT, ""):
        if not _may_strike(fault, call, service):
            continue
        seen = fault["seen"]
        draw = random.Random(f"{fault['seed']}:{seen}").random()  # noqa: S311  repeatable on purpose
        strikes = seen >= fault["skip"] and draw < fault["probability"]
        fault["seen"] += 1
        fault["struck"] += strikes
        call.tx.put(FAULT, "", fault["id"], fault)
        if strikes:
            return fault
    return None


def _may_strike(fault: Document, call: Call, service: str) -> bool:
    if not fnmatchcase(call.operation, fault["operation"]):
        return False
    if fault["count"] is not None and fault["struck"] >= fault["count"]:
        return False
    if "until" in fault and call.tx.now >= fault["until"]:
        return False
    asked = {"host": call.host, "path": call.path, "method": call.method}
    if "tenant" in fault:
        asked["tenant"] = call.path.split("/")[1] if service == "entra" else tenant_of(call) or ""
    return all(
        fnmatchcase(value.lower(), str(fault[member]).lower()) for member, value in asked.items() if member in fault
    )


@cache
def _operations() -> frozenset[str]:
    """Every name that the request list may show."""
    from .services import ROUTERS  # which knows the control surface, which knows this module

    return frozenset(route.operation for router in ROUTERS.values() for route in router.routes)


def _without_match(glob: str) -> Iterator[str]:
    """A fault that can never strike is a mistake. `*` also strikes what no service has an operation for."""
    if any(fnmatchcase(name, glob) for name in _operations()):
        return
    near = get_close_matches(glob, _operations(), 1, cutoff=0.5)
    hint = f"; the nearest is {near[0]}" if near else ""
    yield f"operation {glob} matches nothing that the emulator does{hint}"


def _check(wanted: dict[str, Any]) -> None:
    action = wanted.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
    known = _EVERY_ACTION | ACTIONS[action]
    if unknown := sorted(wanted.keys() - known):
        raise ValueError(f"action {action} does not know {', '.join(unknown)}; it takes {', '.join(sorted(known))}")
    for member, value in wanted.items():
        _check_member(member, value)
    problems = [*_missing(action, wanted), *_without_match(wanted.get("operation", "*"))]
    if problems:
        raise ValueError("; ".join(problems))


def _missing(action: str, wanted: dict[str, Any]) -> Iterator[str]:
    needed, example = _NEEDED.get(action, ("action", ""))
    if needed not in wanted:
        yield f"action {action} needs {needed}, on the command line --{needed} {example}"


def _check_member(member: str, value: Any) -> None:
    if member == "count" and value is None:
        return
    if member in _GLOBS | {"code", "message"} and not isinstance(value, str):
        raise ValueError(f"{member} must be text")
    if member in _WORDS and value not in _WORDS[member]:
        raise ValueError(f"{member} must be {' or '.join(_WORDS[member])}")
    if member == "seed" and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("seed must be a whole number")
    for kind, bounds, name in ((int, _WHOLE, "whole number"), (int | float, _NUMBERS, "number")):
        if member not in bounds:
            continue
        low, high = bounds[member]
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            raise ValueError(f"{member} must be a {name} from {low} to {high}")
