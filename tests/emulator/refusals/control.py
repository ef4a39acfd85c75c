"""What the control surface refuses. It is ours, so the codes are words of its messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from provisioner.emulator import control, dispatch
from provisioner.emulator.kernel import Reply
from provisioner.emulator.store import Store

Row = tuple[str, str, Callable[[Store], Reply], int, str]


def _send(method: str, path: str, body: Any = None) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        with store.transaction() as tx:
            headers = {"Authorization": f"Bearer {control.token(tx)}"}
        return dispatch.handle(store, method, f"https://localhost/control/{path}", headers, json.dumps(body).encode())

    return provoke


def _stranger(store: Store) -> Reply:
    return dispatch.handle(store, "GET", "https://localhost/control/state", {"Authorization": "Bearer no"})


ROWS: tuple[Row, ...] = (
    ("control.unauthorized", "ours", _stranger, 401, "bearer"),
    ("control.bad_request", "ours", _send("POST", "faults", {"action": "explode"}), 400, "action"),
    ("control.bad_request", "ours", _send("POST", "clock", {"advanceSeconds": "soon"}), 400, "advanceSeconds"),
    ("control.unknown_snapshot", "ours", _send("POST", "restore", {"name": "none"}), 404, "snapshot"),
    ("control.unknown_tenant", "ours", _send("PATCH", "tenants?id=none", {"mfa": {}}), 404, "tenant"),
)
