"""How long the cloud takes to notice its own writes (sam-facts 5.6, 6.2, 6.3).

The settings are the meta row `lag`: for each kind seconds, or {"min": s, "max": s, "flapping": s}, and a `seed`.

  graph        a new directory object is invisible until `_visibleFrom`
  rbac         a role assignment grants nothing before `_effectiveFrom`
  secret       a new secret, certificate or federation of an application is refused before `_usableFrom`
  certificate  a vault needs so long to make a certificate
  dns          a new vault's name has no address before `_resolvesFrom`

`min` and `max` give a range from which each write draws. In the last `flapping` seconds of a lag answers flap: some of
the nodes have heard and some have not, and each request meets one. All kinds are 0 when not set.

Draws follow from `seed`, from how many requests the cloud got since the settings were made, and from the object: a run
can be repeated, and within one request every look at an object says the same.
"""

from __future__ import annotations

import json
import random
from typing import Any, Literal, get_args

from .store import Document, Transaction

Lag = Literal["graph", "rbac", "secret", "certificate", "dns"]
KINDS: tuple[Lag, ...] = get_args(Lag)
MEMBERS = (*KINDS, "seed")
_RANGE = frozenset({"min", "max", "flapping"})
_LONGEST_S = 10 * 365 * 86400


def settings(tx: Transaction) -> dict[str, Any]:
    """What is set, kind by kind, as it was given; absent kinds are 0.0."""
    stored = _stored(tx)
    return {kind: stored.get(kind, 0.0) for kind in KINDS} | {"seed": stored.get("seed", 0)}


def change_settings(tx: Transaction, wanted: dict[str, Any]) -> None:
    """Set the lag of the named kinds; later writes get it, earlier ones keep theirs. Raises ValueError."""
    if unknown := sorted(wanted.keys() - set(MEMBERS)):
        raise ValueError(f"unknown kinds of lag: {', '.join(unknown)}; there are {', '.join(MEMBERS)}")
    checked = {name: _checked(name, value) for name, value in wanted.items()}
    tx.set_meta("lag", json.dumps(_stored(tx) | checked | {"_since": _requests(tx)}))


def visible_from(tx: Transaction) -> float:
    """`_visibleFrom` of a directory object written now."""
    return _over(tx, "graph")


def effective_from(tx: Transaction) -> float:
    """`_effectiveFrom` of a role assignment written now."""
    return _over(tx, "rbac")


def usable_from(tx: Transaction) -> float:
    """`_usableFrom` of a credential made now."""
    return _over(tx, "secret")


def completed_from(tx: Transaction) -> float:
    """When a vault's certificate asked for now is made."""
    return _over(tx, "certificate")


def resolves_from(tx: Transaction) -> float:
    """`_resolvesFrom` of a vault made or recovered now."""
    return _over(tx, "dns")


def is_visible(tx: Transaction, document: Document) -> bool:
    return _is_over(tx, "graph", document, "_visibleFrom")


def is_effective(tx: Transaction, document: Document) -> bool:
    return _is_over(tx, "rbac", document, "_effectiveFrom")


def is_usable(tx: Transaction, document: Document) -> bool:
    return _is_over(tx, "secret", document, "_usableFrom")


def has_address(tx: Transaction, vault: Document) -> bool:
    return _is_over(tx, "dns", vault, "_resolvesFrom")


def _over(tx: Transaction, kind: Lag) -> float:
    span = _span(_stored(tx), kind)
    if span["min"] == span["max"]:
        return tx.now + span["max"]
    return tx.now + _draw(tx, kind, "length").uniform(span["min"], span["max"])


def _is_over(tx: Transaction, kind: Lag, document: Document, member: str) -> bool:
    """The longer it waits the more nodes have heard: the chance grows evenly from 0 to 1 over the flapping."""
    left = float(document.get(member, 0)) - tx.now
    if left <= 0:
        return True
    flapping = _span(_stored(tx), kind)["flapping"]
    if left >= flapping:
        return False
    which = document.get("id") or document.get("keyId") or document.get("name")
    return _draw(tx, kind, str(which)).random() >= left / flapping


def _draw(tx: Transaction, kind: Lag, what: str) -> random.Random:
    stored = _stored(tx)
    return random.Random(f"{stored.get('seed', 0)}:{_requests(tx) - stored['_since']}:{kind}:{what}")  # noqa: S311  repeatable on purpose


def _stored(tx: Transaction) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tx.meta("lag") or "{}")
    return found


def _span(stored: dict[str, Any], kind: Lag) -> dict[str, float]:
    given = stored.get(kind, 0.0)
    if not isinstance(given, dict):
        return {"min": given, "max": given, "flapping": 0.0}
    return {"min": 0.0, "flapping": 0.0} | given


def _requests(tx: Transaction) -> int:
    """How many requests the cloud has ever recorded, forgotten ones too."""
    row = tx.sql.execute("SELECT seq FROM sqlite_sequence WHERE name='requests'").fetchone()
    return 0 if row is None else int(row[0])


def _checked(name: str, value: Any) -> Any:
    if name == "seed":
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("seed must be a whole number")
        return value
    if not isinstance(value, dict):
        return _seconds(name, value)
    if not value.keys() <= _RANGE or "max" not in value:
        raise ValueError(f"{name} must be seconds, or hold max and perhaps min and flapping")
    span = {member: _seconds(f"{name}.{member}", given) for member, given in value.items()}
    if span.get("min", 0.0) > span["max"]:
        raise ValueError(f"{name}.min must not be above {name}.max")
    return span


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LONGEST_S:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)
