"""Whether a person may use an application at all (sam-facts 3.7)."""

from __future__ import annotations

from .. import kinds
from ..kernel import Call
from ..store import Document
from . import person_errors
from .directory import Client


def check_assigned(call: Call, tenant: Document, client: Client, person: Document) -> None:
    """Raises 50105 when the application takes only people assigned to it, themselves or through a group."""
    principal = client.principal
    if principal is None or not principal.get("appRoleAssignmentRequired"):
        return
    groups = [group["id"] for group in call.tx.list(kinds.GROUP, tenant["id"]) if person["id"] in group["_members"]]
    for holder in (person["id"], *groups):
        for assignment in call.tx.find(kinds.APP_ROLE_ASSIGNMENT, tenant["id"], "principalId", holder):
            if assignment["resourceId"] == principal["id"]:
                return
    raise person_errors.user_not_assigned(call, person["userPrincipalName"], client.id, principal["displayName"])
