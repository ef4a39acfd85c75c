"""What the control surface refuses. It is ours, so the codes are words of its messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from provisioner.emulator import control, dispatch
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

Row = tuple[str, str, Callable[[Store], Reply], int, str]


def _send(method: str, path: str, body: Any = None) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        with store.transaction() as tx:
            headers = {"Authorization": f"Bearer {control.token(tx)}"}
        sent = b"" if body is None else json.dumps(body).encode()
        return dispatch.handle(store, method, f"https://localhost/control/{path}", headers, sent)

    return provoke


def _policy(policy: dict[str, Any]) -> Callable[[Store], Reply]:
    return _send("PATCH", f"tenants?id={CONTOSO.id}", {"conditionalAccess": [policy]})


def _scenario(**members: Any) -> Callable[[Store], Reply]:
    scenario = {"version": 1, "name": "odd", "description": "Odd.", **members}
    return _send("POST", "scenario", {"scenario": scenario, "reset": True})


def _on_the_page(path: str, origin: str, **form: str) -> Callable[[Store], Reply]:
    """A form sent by a browser that the page has let in."""

    def provoke(store: Store) -> Reply:
        with store.transaction() as tx:
            token = control.token(tx)
        opened = dispatch.handle(store, "GET", f"https://localhost/?token={token}", {"Host": "localhost"})
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        headers = {"Host": "localhost", "Origin": origin, "Cookie": cookie}
        return dispatch.handle(store, "POST", f"https://localhost{path}", headers, urlencode(form).encode())

    return provoke


def _stranger(store: Store) -> Reply:
    return dispatch.handle(store, "GET", "https://localhost/control/state", {"Authorization": "Bearer no"})


ROWS: tuple[Row, ...] = (
    ("control.unauthorized", "ours", _stranger, 401, "bearer"),
    ("control.bad_request", "ours", _send("POST", "faults", {"action": "explode"}), 400, "action"),
    ("control.bad_request", "ours", _send("POST", "clock", {"advanceSeconds": "soon"}), 400, "advanceSeconds"),
    ("control.unknown_snapshot", "ours", _send("POST", "restore", {"name": "none"}), 404, "snapshot"),
    ("control.bad_request", "ours", _send("POST", "clock", {"advanceSecond": 1}), 400, "advanceSecond;"),
    ("control.bad_request", "ours", _send("GET", "requests?sinse=1"), 400, "sinse"),
    ("control.bad_request", "ours", _send("GET", "requests?since=soon"), 400, "since"),
    ("control.bad_request", "ours", _send("POST", "reset", ["now"]), 400, "JSON object"),
    ("control.bad_request", "ours", _send("POST", "snapshot", {}), 400, "name"),
    ("control.bad_request", "ours", _send("PUT", "lag", {"post": 1}), 400, "post"),
    ("control.bad_request", "ours", _send("PATCH", f"tenants?id={CONTOSO.id}", {"mfa": {"always": True}}), 400, "mfa"),
    ("control.bad_request", "ours", _send("PATCH", f"users?id={CONTOSO.operator_id}", {"otp": 1}), 400, "otp"),
    ("control.bad_request", "ours", _send("POST", "jobs", {"platform": "cron", "subject": "x"}), 400, "platform"),
    ("control.bad_request", "ours", _send("POST", "jobs", {"platform": "github", "subject": "x"}), 400, "repo:"),
    ("control.bad_request", "ours", _policy({"users": "all", "apps": "all", "result": "pray"}), 400, "result"),
    ("control.bad_request", "ours", _policy({"users": "all"}), 400, "users, apps and result"),
    ("control.bad_request", "ours", _send("POST", "scenario", {}), 400, "either name"),
    ("control.bad_request", "ours", _send("POST", "scenario", {"scenario": {"version": 1}}), 400, "description"),
    ("control.bad_request", "ours", _scenario(tenants=[{"tenant": "nobody.example"}]), 400, "tenants[0].tenant"),
    ("control.bad_request", "ours", _scenario(faults=[{"action": "deny", "ms": 5}]), 400, "faults[0]"),
    ("control.unknown_scenario", "ours", _send("POST", "scenario", {"name": "quiet"}), 404, "healthy"),
    ("control.state_exists", "ours", _send("POST", "scenario", {"name": "healthy"}), 409, "reset"),
    ("control.page_closed", "ours", lambda store: dispatch.handle(store, "GET", "https://localhost/"), 401, "token"),
    ("control.page_not_asking", "ours", _on_the_page("/faults/clear", "https://localhost:1"), 403, "status page"),
    ("control.page_bad_form", "ours", _on_the_page("/clock", "https://localhost", seconds="9"), 400, "seconds"),
    ("control.page_bad_form", "ours", _on_the_page("/faults", "https://localhost", operation="x"), 400, "operation"),
    ("control.bad_request", "ours", _send("POST", "issuers", {"issuer": "nonsense"}), 400, "issuer"),
    (
        "control.bad_request",
        "ours",
        _send("POST", "tokens", {"issuer": "https://a.b", "claims": {}}),
        400,
        "https://a.b",
    ),
    ("control.unknown_fault", "ours", _send("DELETE", "faults?id=none"), 404, "fault"),
    ("control.unknown_snapshot", "ours", _send("DELETE", "snapshots?name=none"), 404, "snapshot"),
    ("control.unknown_user", "ours", _send("PATCH", "users?id=none", {}), 404, "user"),
    ("control.unknown_tenant", "ours", _send("PATCH", "tenants?id=none", {"mfa": {}}), 404, "tenant"),
)
