"""Rotation of keys, by hand and by policy. The policy is the member `rotationPolicy` of a key's document."""

from __future__ import annotations

import copy
from typing import Any

from ..store import Document, Transaction
from . import attributes, errors, objects
from .calendar_time import plus_duration
from .key_material import make, packed, unpacked
from .objects import KEYS

_DEFAULT: Document = {
    "lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}],
    "attributes": {},
}
_TRIGGERS = ("timeAfterCreate", "timeBeforeExpiry")


def policy(key: Document) -> Document:
    """The key's policy, the service's default when none was set."""
    return copy.deepcopy(key.get("rotationPolicy") or _DEFAULT)


def set_policy(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> Document:
    """Replace the policy; gives the key."""
    key = objects.find(tx, scope, KEYS, name)
    objects.refuse_managed(key, KEYS, "setrotationpolicy")
    expiry = attributes.member(wanted, "attributes").get("expiryTime")
    actions = wanted.get("lifetimeActions") or []
    if not isinstance(actions, list):
        raise errors.bad_parameter("lifetimeActions must be a list.")
    if expiry is not None:
        _check_duration(expiry)
    now = int(tx.now)
    created = (key.get("rotationPolicy") or {"attributes": {}})["attributes"].get("created", now)
    key["rotationPolicy"] = {
        "lifetimeActions": [_action(each, expiry) for each in actions],
        "attributes": ({"expiryTime": expiry} if expiry else {}) | {"created": created, "updated": now},
    }
    return objects.save(tx, scope, KEYS, key)


def rotate(tx: Transaction, scope: str, name: str, at: int | None = None) -> tuple[Document, Document]:
    """A new version of the same kind; `at` is when a policy made it. Gives (key, version)."""
    key = objects.find(tx, scope, KEYS, name)
    objects.refuse_managed(key, KEYS, "rotate")
    last, now = key["versions"][-1], int(tx.now) if at is None else at
    old = unpacked(last["_private"])
    kept = {each: last[each] for each in ("kty", "crv", "key_ops", "exportable", "tags") if each in last}
    made = objects.new_version(tx, kept) | {"created": now, "updated": now}
    made["_private"] = packed(make(last["kty"], old.key_size if "crv" not in last else None, last.get("crv")))
    if expiry := policy(key)["attributes"].get("expiryTime"):
        made["exp"] = plus_duration(now, expiry)
    key["versions"].append(made)
    return objects.save(tx, scope, KEYS, key), made


def rotate_due(tx: Transaction, scope: str, key: Document) -> None:
    """Do what the policy wanted done up to now."""
    while (due := _due(key)) is not None and due <= tx.now:
        key, _ = rotate(tx, scope, key["name"], due)


def _due(key: Document) -> int | None:
    if "rotationPolicy" not in key or not key["versions"][-1]["enabled"]:
        return None
    last = key["versions"][-1]
    for action in key["rotationPolicy"]["lifetimeActions"]:
        if action["action"]["type"] != "Rotate":
            continue
        trigger = action["trigger"]
        if "timeAfterCreate" in trigger:
            return plus_duration(last["created"], trigger["timeAfterCreate"])
        if "exp" in last:
            return plus_duration(last["exp"], trigger["timeBeforeExpiry"], -1)
    return None


def _action(wanted: Any, expiry: Any) -> Document:
    """One lifetime action, checked: a Rotate or Notify with one trigger, and time enough between two rotations."""
    action, trigger = (
        attributes.member(wanted if isinstance(wanted, dict) else {}, it) for it in ("action", "trigger")
    )
    kind = str(action.get("type")).capitalize()
    set_triggers = [name for name in _TRIGGERS if trigger.get(name) is not None]
    if kind not in ("Rotate", "Notify") or len(set_triggers) != 1:
        raise errors.bad_parameter("A lifetime action has a type, Rotate or Notify, and one trigger.")
    [name] = set_triggers
    _check_duration(trigger[name])
    if name == "timeBeforeExpiry" and kind == "Rotate" and not expiry:
        raise errors.bad_parameter("A trigger timeBeforeExpiry needs attributes.expiryTime.")
    return {"trigger": {name: trigger[name]}, "action": {"type": kind}}


def _check_duration(value: Any) -> None:
    """At least 7 days (Key Vault's "Configure key auto-rotation"; shorter ones also would never end rotating)."""
    try:
        if plus_duration(0, value) >= 7 * 86400:
            return
    except (ValueError, TypeError, OverflowError) as error:
        raise errors.bad_parameter("A time of a rotation policy is an ISO 8601 duration such as P90D.") from error
    raise errors.bad_parameter("A time of a rotation policy is at least 7 days.")
