"""How many directory objects a caller without an administrative role may make (sam-facts 5.1)."""

from __future__ import annotations

from ..kinds import APPLICATION, DELETED_ITEM, SERVICE_PRINCIPAL
from . import access, errors
from .deleted_items import retained
from .service import Request

_MOST = 250


def check(request: Request) -> None:
    """Raises when the caller owns as many objects as it may; deleted ones count while they can be restored.

    The quarter for which they count afterwards is left out: the emulator forgets them then.
    """
    if not access.has_quota(request.caller):
        return
    caller, tx = request.caller.object_id, request.tx
    living = [*tx.list(APPLICATION, request.tenant), *tx.list(SERVICE_PRINCIPAL, request.tenant)]
    deleted = [item for item in tx.list(DELETED_ITEM, request.tenant) if retained(tx, item)]
    if sum(caller in each.get("_owners", ()) for each in [*living, *deleted]) >= _MOST:
        raise errors.quota_exceeded()
