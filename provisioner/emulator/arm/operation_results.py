"""Whether an operation is over."""

from __future__ import annotations

from ..kernel import Call, Reply
from . import groups, operations, vault_store
from .entry import session


def get_result(call: Call) -> Reply:
    """Where the Location leads: 202 with the same Location until the thing is gone, then 200 without a body."""
    current = session(call)
    kind, name = operations.described(call.params["operation"])
    if kind == "group":
        running = groups.find(call.tx, current.subscription_id, name) is not None
    else:
        running = vault_store.find_deleted(call.tx, name) is not None
    return operations.accepted(current, call.path.rpartition("/")[0], kind, name) if running else Reply(200)
