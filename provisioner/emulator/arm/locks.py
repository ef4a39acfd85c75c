"""Management locks (Microsoft.Authorization/locks) at any scope; what they forbid is in governance.py."""

from __future__ import annotations

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import access, errors
from .entry import body
from .filters import clauses
from .scopes import Place, place

_TYPE = "Microsoft.Authorization/locks"
_LEVELS = ("CanNotDelete", "ReadOnly")


def put_lock(call: Call) -> Reply:
    """201 when new, 200 when it stood there. Contributors may not: it is Owner's and User Access Administrator's."""
    here, name = place(call), call.params["name"]
    here.current.require(f"{_TYPE}/write", here.scope)
    properties = body(call).get("properties")
    level = properties.get("level") if isinstance(properties, dict) else None
    if not isinstance(properties, dict) or level not in _LEVELS:
        raise errors.invalid_body(f"properties.level must be one of {', '.join(_LEVELS)}.")
    if len(str(properties.get("notes") or "")) > 512:
        raise errors.invalid_body("properties.notes takes at most 512 characters.")
    found = _find(here, name)
    lock = {"scope": here.scope, "name": found["name"] if found else name, "level": level}
    if properties.get("notes") is not None:
        lock["notes"] = str(properties["notes"])
    _keep(here, [lock if each is found else each for each in _all(here)] + ([] if found else [lock]))
    return Reply(200 if found else 201, _wire(lock))


def get_lock(call: Call) -> Reply:
    here = place(call)
    here.current.require(f"{_TYPE}/read", here.scope)
    found = _find(here, call.params["name"])
    if found is None:
        raise errors.lock_not_found(call.params["name"])
    return Reply(200, _wire(found))


def delete_lock(call: Call) -> Reply:
    here = place(call)
    here.current.require(f"{_TYPE}/delete", here.scope)
    found = _find(here, call.params["name"])
    if found is None:
        return Reply(204)
    _keep(here, [each for each in _all(here) if each is not found])
    return Reply(200)


def list_locks(call: Call) -> Reply:
    """Those at, above and under the scope; atScope() leaves out those under it."""
    here = place(call)
    here.current.require(f"{_TYPE}/read", here.scope)
    found = [lock for lock in _all(here) if here.is_related(lock["scope"])]
    for clause, _ in clauses(call.query.get("$filter")):
        if clause != "atscope":
            raise errors.invalid_filter(call.query["$filter"])
        found = [lock for lock in found if access.covers(lock["scope"], here.scope)]
    return Reply(200, {"value": [_wire(lock) for lock in found]})


def _all(here: Place) -> list[Document]:
    return list(here.current.subscription.get("_locks", ()))


def _keep(here: Place, locks: list[Document]) -> None:
    subscription = here.current.subscription | {"_locks": locks}
    here.tx.put(kinds.SUBSCRIPTION, "", here.current.subscription_id, subscription)


def _find(here: Place, name: str) -> Document | None:
    for lock in _all(here):
        if lock["scope"].lower() == here.scope.lower() and _name(lock).lower() == name.lower():
            return lock
    return None


def _name(lock: Document) -> str:
    """One set through the control surface may have none."""
    return str(lock.get("name", "lock"))


def _wire(lock: Document) -> Document:
    properties = {member: lock[member] for member in ("level", "notes") if member in lock}
    name = _name(lock)
    return {"properties": properties, "id": f"{lock['scope']}/providers/{_TYPE}/{name}", "type": _TYPE, "name": name}
