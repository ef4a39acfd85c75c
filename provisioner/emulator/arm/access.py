"""Azure RBAC: who may do what where, from the role assignments at and above a scope."""

from __future__ import annotations

from collections.abc import Iterator

from .. import kinds, lag
from ..store import Document, Transaction
from . import conditions
from .roles import ROLES, Role

ASSIGN = "Microsoft.Authorization/roleAssignments/write"
UNASSIGN = "Microsoft.Authorization/roleAssignments/delete"


def covers(scope: str, inner: str) -> bool:
    """True when `inner` is the scope or lies under it. Scopes compare without regard to case."""
    above, below = scope.lower().rstrip("/"), inner.lower().rstrip("/")
    return below == above or below.startswith(f"{above}/")


def subscription_of(scope: str) -> str:
    """The id in "/subscriptions/ID/...": the store keeps assignments apart by it."""
    return scope.split("/")[2].lower()


def principals(tx: Transaction, tenant: str, object_id: str) -> set[str]:
    """The object and the groups it is a direct member of."""
    groups = tx.list(kinds.GROUP, tenant)
    return {object_id} | {group["id"] for group in groups if object_id in group["_members"]}


def permitted(tx: Transaction, tenant: str, object_id: str, action: str, scope: str) -> bool:
    """True when some effective assignment allows the control-plane action at the scope."""
    return any(role.allows(action) for _, role in held(tx, tenant, object_id, scope))


def data_permitted(tx: Transaction, tenant: str, object_id: str, action: str, scope: str) -> bool:
    """True when some effective assignment allows the data-plane action at the scope."""
    return any(role.allows_data(action) for _, role in held(tx, tenant, object_id, scope))


def may_assign(
    tx: Transaction, tenant: str, object_id: str, action: str, scope: str, wanted: conditions.Wanted
) -> bool:
    """True when the holder may write or delete this assignment here, conditions of their own roles included."""
    side = "Request" if action == ASSIGN else "Resource"
    return any(
        role.allows(action)
        and (role.assigns_only is None or wanted.role_id in role.assigns_only)
        and conditions.allows(assignment["properties"].get("condition"), side, wanted)
        for assignment, role in held(tx, tenant, object_id, scope)
    )


def role_id(assignment: Document) -> str:
    """The GUID of the assigned role."""
    return str(assignment["properties"]["roleDefinitionId"]).rsplit("/", 1)[-1].lower()


def held(tx: Transaction, tenant: str, object_id: str, scope: str) -> Iterator[tuple[Document, Role]]:
    """The effective assignments at and above the scope, with their roles."""
    holders = principals(tx, tenant, object_id)
    for assignment in tx.list(kinds.ROLE_ASSIGNMENT, subscription_of(scope)):
        properties = assignment["properties"]
        if (
            properties["principalId"] in holders
            and covers(properties["scope"], scope)
            and lag.is_effective(tx, assignment)
        ):
            yield assignment, ROLES[role_id(assignment)]
