"""The scope of a path such as /subscriptions/S/resourceGroups/G/.../providers/Microsoft.Authorization/...: those of
role assignments, locks, policy assignments and permissions.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import kinds
from ..kernel import Call
from ..store import Transaction
from . import access, errors, groups
from .entry import Session, session


@dataclass(frozen=True)
class Place:
    """An authenticated call and the scope of its path, names of group and vault as they were created."""

    current: Session
    scope: str

    @property
    def tx(self) -> Transaction:
        return self.current.call.tx

    def is_related(self, scope: str) -> bool:
        """True for what stands at, above or under this place."""
        return access.covers(scope, self.scope) or access.covers(self.scope, scope)


def place(call: Call) -> Place:
    """The place of a call; raises when its subscription, group or vault does not exist."""
    parts = call.params["scope"].strip("/").split("/")
    if len(parts) < 2 or parts[0].lower() != "subscriptions":
        raise errors.subscription_not_found(call.params["scope"])
    current = session(call, parts[1])
    if len(parts) < 4 or parts[2].lower() != "resourcegroups":
        return Place(current, "/".join((current.scope, *parts[2:])))
    groups.existing(current, parts[3])
    scope = "/".join((groups.scope_of(current, parts[3]), *parts[4:]))
    if len(parts) < 8:
        return Place(current, scope)
    vault = call.tx.get(kinds.VAULT, "", parts[7].lower())
    if vault is None or not access.covers(vault["id"], scope):
        raise errors.resource_not_found("/".join(parts[5:7]), parts[7], parts[3])
    return Place(current, "/".join((vault["id"], *parts[8:])))
