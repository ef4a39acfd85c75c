"""What makes the cloud live: its clock, faults, lag, and the list of what it was asked."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from .. import faults, lag, requests_log
from ..kernel import Call, Reply
from ..kinds import FAULT
from .access import members, number, parameters
from .errors import bad_request, unknown_fault


def get_clock(call: Call) -> Reply:
    parameters(call)
    return Reply(200, {"now": call.tx.now, "offset": call.tx.clock_offset})


def advance_clock(call: Call) -> Reply:
    seconds = number(members(call, ("advanceSeconds",)).get("advanceSeconds"), "advanceSeconds")
    call.tx.advance_clock(seconds)
    return get_clock(call)


def set_clock(call: Call) -> Reply:
    offset = number(members(call, ("offset",)).get("offset"), "offset")
    call.tx.advance_clock(offset - call.tx.clock_offset)
    return get_clock(call)


def get_requests(call: Call) -> Reply:
    wanted = parameters(call, "since", "operation", "failed", "last")
    since, last = (_count(wanted, name) for name in ("since", "last"))
    if wanted.get("failed", "true") != "true":
        raise bad_request("failed can only be true; leave it out for all")
    found = [one for one in requests_log.listed(call.tx, since or 0) if _is_wanted(one, wanted)]
    return Reply(200, {"requests": found if last is None else found[len(found) - min(last, len(found)) :]})


def _count(wanted: dict[str, str], name: str) -> int | None:
    value = wanted.get(name)
    if value is not None and not (value.isascii() and value.isdecimal() and len(value) < 18):
        raise bad_request(f"{name} must be a {'sequence number' if name == 'since' else 'number of requests'}")
    return None if value is None else int(value)


def _is_wanted(one: dict[str, Any], wanted: dict[str, str]) -> bool:
    """A request without an answer (a cut connection) is recorded with status 0 and counts as failed."""
    if "operation" in wanted and not fnmatchcase(one["operation"], wanted["operation"]):
        return False
    return "failed" not in wanted or one["status"] >= 400 or one["status"] == 0


def clear_requests(call: Call) -> Reply:
    parameters(call)
    requests_log.clear(call.tx)
    return Reply(204)


def get_faults(call: Call) -> Reply:
    parameters(call)
    return Reply(200, {"faults": call.tx.list(FAULT, "")})


def add_fault(call: Call) -> Reply:
    try:
        return Reply(201, faults.add(call.tx, members(call)))
    except ValueError as error:
        raise bad_request(str(error)) from error


def clear_faults(call: Call) -> Reply:
    one = parameters(call, "id").get("id")
    if one is not None and not call.tx.delete(FAULT, "", one):
        raise unknown_fault(one)
    for fault in call.tx.list(FAULT, "") if one is None else ():
        call.tx.delete(FAULT, "", fault["id"])
    return Reply(204)


def get_lag(call: Call) -> Reply:
    parameters(call)
    return Reply(200, lag.settings(call.tx))


def set_lag(call: Call) -> Reply:
    try:
        lag.change_settings(call.tx, members(call))
    except ValueError as error:
        raise bad_request(str(error)) from error
    return get_lag(call)
