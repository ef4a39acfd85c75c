"""What the cloud is: its description, and making it new."""

from __future__ import annotations

import json
from typing import Any

from .. import requests_log, seed
from ..kernel import Call, Reply
from ..kinds import SERVICE_PRINCIPAL, TENANT
from ..store import Transaction
from .access import members, parameters, token

PERMANENT = ("signing_key.", "control_token", "endpoint", "snapshot.")
"""Meta rows, by how their names begin, that belong to the folder and not to what the cloud holds."""


def get_state(call: Call) -> Reply:
    parameters(call)
    return Reply(200, description(call.tx))


def description(tx: Transaction) -> dict[str, Any]:
    """What `emulator start --json` prints; its `endpoint` part is written by the server that started last."""
    endpoint: dict[str, Any] = json.loads(tx.meta("endpoint") or "{}")
    control = endpoint.pop("control", None)
    page = {"page": f"https://localhost:{port(endpoint['address'])}/?token={token(tx)}"} if endpoint else {}
    return {**endpoint, **page, "scenario": tx.meta("scenario"), "tenants": seed.describe(tx), "control": control}


def port(address: str) -> str:
    """Of HOST:PORT."""
    return address.rpartition(":")[2]


def get_clients(call: Call) -> Reply:
    app_id = parameters(call, "appId").get("appId", "").lower()
    tenants = [tenant["id"] for tenant in call.tx.list(TENANT, "")]
    return Reply(200, {"tenants": [id for id in tenants if call.tx.find(SERVICE_PRINCIPAL, id, "appId", app_id)]})


def reset(call: Call) -> Reply:
    if call.body:
        members(call, ())
    make_new(call.tx)
    return Reply(204)


def make_new(tx: Transaction, offset: float = 0.0) -> None:
    """The cloud as when new, recorded requests forgotten. `offset`: seconds its clock is ahead at the planting."""
    wipe(tx)
    requests_log.clear(tx)
    tx.set_meta("clock_offset", str(offset))
    seed.plant(tx)


def wipe(tx: Transaction) -> None:
    """Take away all the cloud holds, its clock's offset too."""
    tx.sql.execute("DELETE FROM documents")
    for (name,) in tx.sql.execute("SELECT name FROM meta").fetchall():
        if not name.startswith(PERMANENT):
            tx.delete_meta(name)
