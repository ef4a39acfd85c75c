"""What an administrator put above a subscription: policies that deny, and locks. Simple forms, kept on its document.

`_policies`: [{"name", "resourceType", "requires": {dotted path: value}}]: a write of that type whose body has another
value at a path is denied. `_locks`: [{"scope": ARM id, "level": "CanNotDelete" | "ReadOnly"}].
"""

from __future__ import annotations

from ..store import Document
from . import errors
from .access import covers


def check_policies(subscription: Document, resource_type: str, name: str, body: Document) -> None:
    """Raises RequestDisallowedByPolicy naming the first policy that denies."""
    for policy in subscription.get("_policies", ()):
        if policy["resourceType"].lower() != resource_type.lower():
            continue
        if any(_at(body, path) != value for path, value in policy["requires"].items()):
            raise errors.disallowed_by_policy(name, policy)


def check_write(subscription: Document, scope: str) -> None:
    """Raises ScopeLocked for a write at or under a read-only scope."""
    for lock in subscription.get("_locks", ()):
        if lock["level"] == "ReadOnly" and covers(lock["scope"], scope):
            raise errors.scope_locked(scope, "write", lock["scope"])


def check_delete(subscription: Document, scope: str) -> None:
    """Raises ScopeLocked for a delete of anything locked, or of what holds it."""
    for lock in subscription.get("_locks", ()):
        if covers(lock["scope"], scope) or covers(scope, lock["scope"]):
            raise errors.scope_locked(scope, "delete", lock["scope"])


def _at(body: object, path: str) -> object:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body
