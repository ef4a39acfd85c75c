"""Smart lockout: who types too many different wrong passwords has to wait.

Ten failures lock for a minute (three in US Government); every failure after that locks again, each time for twice as
long. A password that was wrong a moment ago does not count again. Source: "Protect user accounts from attacks with
Microsoft Entra smart lockout"; that the wait doubles is assumed, the page says only that it grows.

The state is the user's `_lockout`: {failures, until (epoch seconds), recent: digests of the last three wrong ones}.
"""

from __future__ import annotations

import hashlib

from .. import kinds
from ..kernel import Call
from ..store import Document

_FIRST_S = 60
_ATTEMPTS = {"usgov": 3}
_ATTEMPTS_ELSEWHERE = 10


def is_locked(call: Call, person: Document) -> bool:
    return float(person.get("_lockout", {}).get("until", 0)) > call.tx.now


def failed(call: Call, tenant: Document, person: Document, password: str) -> None:
    """A wrong password was typed."""
    state = person.get("_lockout", {"failures": 0, "until": 0, "recent": []})
    wrong = hashlib.sha256(f"{person['id']}:{password}".encode()).hexdigest()
    if wrong in state["recent"]:
        return
    failures, allowed = state["failures"] + 1, _ATTEMPTS.get(tenant["cloud"], _ATTEMPTS_ELSEWHERE)
    until = call.tx.now + _FIRST_S * 2 ** min(failures - allowed, 16) if failures >= allowed else 0
    kept = {"failures": failures, "until": until, "recent": [*state["recent"][-2:], wrong]}
    call.tx.put(kinds.USER, tenant["id"], person["id"], person | {"_lockout": kept})


def succeeded(call: Call, tenant: Document, person: Document) -> Document:
    """The right password was typed: the person, with a clean slate."""
    if "_lockout" not in person:
        return person
    clean = {name: value for name, value in person.items() if name != "_lockout"}
    return call.tx.put(kinds.USER, tenant["id"], person["id"], clean)
