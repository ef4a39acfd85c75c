"""How long the cloud takes to notice its own writes.

The settings are the meta row `lag`: {"graph": s, "rbac": s, "secret": s}, each 0 when not set. They give the shared
members of kinds.py: a new directory object is invisible until `_visibleFrom`, a role assignment grants nothing before
`_effectiveFrom`, a new client secret is refused before `_usableFrom`.
"""

from __future__ import annotations

import json
from typing import Literal

from .store import Document, Transaction

Lag = Literal["graph", "rbac", "secret"]
KINDS: tuple[Lag, ...] = ("graph", "rbac", "secret")


def settings(tx: Transaction) -> dict[str, float]:
    """The seconds of each kind of lag; absent kinds are 0."""
    stored = json.loads(tx.meta("lag") or "{}")
    return {kind: float(stored.get(kind, 0)) for kind in KINDS}


def change_settings(tx: Transaction, seconds: dict[str, float]) -> None:
    """Set the lag of the named kinds; later writes get it, earlier ones keep theirs."""
    tx.set_meta("lag", json.dumps(settings(tx) | seconds))


def visible_from(tx: Transaction) -> float:
    """`_visibleFrom` of a directory object written now."""
    return tx.now + settings(tx)["graph"]


def effective_from(tx: Transaction) -> float:
    """`_effectiveFrom` of a role assignment written now."""
    return tx.now + settings(tx)["rbac"]


def usable_from(tx: Transaction) -> float:
    """`_usableFrom` of a client secret made now."""
    return tx.now + settings(tx)["secret"]


def is_visible(tx: Transaction, document: Document) -> bool:
    return float(document.get("_visibleFrom", 0)) <= tx.now


def is_effective(tx: Transaction, document: Document) -> bool:
    return float(document.get("_effectiveFrom", 0)) <= tx.now


def is_usable(tx: Transaction, document: Document) -> bool:
    return float(document.get("_usableFrom", 0)) <= tx.now
