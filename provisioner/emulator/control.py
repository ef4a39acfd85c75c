"""The control surface: https://localhost:PORT/control/… with the bearer token of the note.

GET  state                  what `emulator start --json` prints
GET  clients?appId=ID       {"tenants": [id]}: where an application of that id can sign in
GET  clock                  {"now": epoch seconds, "offset": seconds}; POST {"advanceSeconds": n} moves it
GET  requests?since=SEQ     {"requests": […]}; DELETE forgets them
GET  faults                 {"faults": […]}; POST a fault (faults.py); DELETE removes all
GET  lag                    {"graph", "rbac", "secret"} seconds; PUT the ones to change
PATCH tenants?id=ID          {"mfa": {"securityDefaults": bool, "requireForApps": [appId]}}: when MFA is asked
POST reset                  everything as when new; CA, signing keys, clock and this token stay, the clock's offset goes
POST snapshot / restore     {"name"}: keep the whole state under a name; go back to it
"""

from __future__ import annotations

import hmac
import json
import secrets
from typing import Any

from . import faults, lag, requests_log, seed
from .kernel import Call, Handler, Json, Refusal, Reply, Route, Router
from .kinds import FAULT, SERVICE_PRINCIPAL, TENANT
from .refusals import refusal
from .store import Transaction

_PERMANENT = ("signing_key.", "control_token", "endpoint", "snapshot.")


def token(tx: Transaction) -> str:
    """The bearer token of the control surface, made at first use."""
    stored = tx.meta("control_token")
    if stored is None:
        stored = secrets.token_urlsafe(24)
        tx.set_meta("control_token", stored)
    return stored


@refusal("control.unauthorized")
def unauthorized() -> Refusal:
    return Refusal(Reply(401, {"error": "the control surface wants the bearer token of the emulator's note"}))


@refusal("control.bad_request")
def bad_request(why: str) -> Refusal:
    return Refusal(Reply(400, {"error": why}))


@refusal("control.unknown_snapshot")
def unknown_snapshot(name: str) -> Refusal:
    return Refusal(Reply(404, {"error": f"there is no snapshot {name}"}))


@refusal("control.unknown_tenant")
def unknown_tenant(tenant: str) -> Refusal:
    return Refusal(Reply(404, {"error": f"there is no tenant {tenant}"}))


def _authorized(handler: Handler) -> Handler:
    def checked(call: Call) -> Reply:
        sent = call.headers.get("authorization", "").removeprefix("Bearer ").encode()
        if not hmac.compare_digest(sent, token(call.tx).encode()):
            raise unauthorized()
        return handler(call)

    return checked


def _members(call: Call) -> dict[str, Any]:
    try:
        body = call.json()
    except ValueError as error:
        raise bad_request("the body must be a JSON object") from error
    if not isinstance(body, dict):
        raise bad_request("the body must be a JSON object")
    return body


def _number(value: Json, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e10:
        raise bad_request(f"{name} must be a number of seconds")
    return float(value)


def get_clock(call: Call) -> Reply:
    return Reply(200, {"now": call.tx.now, "offset": call.tx.clock_offset})


def advance_clock(call: Call) -> Reply:
    seconds = _number(_members(call).get("advanceSeconds"), "advanceSeconds")
    call.tx.advance_clock(seconds)
    return get_clock(call)


def get_requests(call: Call) -> Reply:
    since = call.query.get("since", "0")
    if not since.isdecimal():
        raise bad_request("since must be a sequence number")
    return Reply(200, {"requests": requests_log.listed(call.tx, int(since))})


def clear_requests(call: Call) -> Reply:
    requests_log.clear(call.tx)
    return Reply(204)


def get_faults(call: Call) -> Reply:
    return Reply(200, {"faults": call.tx.list(FAULT, "")})


def add_fault(call: Call) -> Reply:
    try:
        return Reply(201, faults.add(call.tx, _members(call)))
    except ValueError as error:
        raise bad_request(str(error)) from error


def clear_faults(call: Call) -> Reply:
    for fault in call.tx.list(FAULT, ""):
        call.tx.delete(FAULT, "", fault["id"])
    return Reply(204)


def get_lag(call: Call) -> Reply:
    return Reply(200, lag.settings(call.tx))


def set_lag(call: Call) -> Reply:
    wanted = _members(call)
    if unknown := sorted(wanted.keys() - set(lag.KINDS)):
        raise bad_request(f"unknown kinds of lag: {', '.join(unknown)}")
    lag.change_settings(call.tx, {kind: _number(value, kind) for kind, value in wanted.items()})
    return get_lag(call)


def get_state(call: Call) -> Reply:
    return Reply(200, description(call.tx))


def description(tx: Transaction) -> dict[str, Any]:
    """What `emulator start --json` prints; its `endpoint` part is written by the server that started last."""
    endpoint: dict[str, Any] = json.loads(tx.meta("endpoint") or "{}")
    control = endpoint.pop("control", None)
    return {**endpoint, "tenants": seed.describe(tx), "control": control}


def get_clients(call: Call) -> Reply:
    app_id = call.query.get("appId", "").lower()
    tenants = [tenant["id"] for tenant in call.tx.list(TENANT, "")]
    return Reply(200, {"tenants": [id for id in tenants if call.tx.find(SERVICE_PRINCIPAL, id, "appId", app_id)]})


def reset(call: Call) -> Reply:
    make_new(call.tx)
    return Reply(204)


def make_new(tx: Transaction) -> None:
    """The cloud as when new, recorded requests forgotten."""
    _wipe(tx)
    requests_log.clear(tx)
    seed.plant(tx)


def change_tenant(call: Call) -> Reply:
    tenant = call.tx.get(TENANT, "", call.query.get("id", ""))
    if tenant is None:
        raise unknown_tenant(call.query.get("id", ""))
    policy = _members(call).get("mfa")
    if not isinstance(policy, dict) or not policy.keys() <= tenant["mfa"].keys():
        raise bad_request("mfa must hold securityDefaults, requireForApps or both")
    changed = tenant | {"mfa": tenant["mfa"] | policy}
    if not isinstance(changed["mfa"]["securityDefaults"], bool) or not isinstance(
        changed["mfa"]["requireForApps"], list
    ):
        raise bad_request("securityDefaults must be true or false, requireForApps a list of appIds")
    call.tx.put(TENANT, "", tenant["id"], changed)
    return Reply(200, changed["mfa"])


def snapshot(call: Call) -> Reply:
    name = str(_members(call).get("name", ""))
    sql = call.tx.sql
    documents = sql.execute("SELECT kind, scope, id, body FROM documents ORDER BY seq").fetchall()
    meta = [row for row in sql.execute("SELECT name, value FROM meta") if not row[0].startswith(_PERMANENT)]
    call.tx.set_meta(f"snapshot.{name}", json.dumps({"documents": documents, "meta": meta}))
    return Reply(204)


def restore(call: Call) -> Reply:
    name = str(_members(call).get("name", ""))
    kept = call.tx.meta(f"snapshot.{name}")
    if kept is None:
        raise unknown_snapshot(name)
    _wipe(call.tx)
    state = json.loads(kept)
    call.tx.sql.executemany("INSERT INTO documents (kind, scope, id, body) VALUES (?,?,?,?)", state["documents"])
    for meta_name, value in state["meta"]:
        call.tx.set_meta(meta_name, value)
    return Reply(204)


def _wipe(tx: Transaction) -> None:
    tx.sql.execute("DELETE FROM documents")
    for (name,) in tx.sql.execute("SELECT name FROM meta").fetchall():
        if not name.startswith(_PERMANENT):
            tx.sql.execute("DELETE FROM meta WHERE name=?", (name,))


_HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "state", get_state),
    ("GET", "clients", get_clients),
    ("GET", "clock", get_clock),
    ("POST", "clock", advance_clock),
    ("GET", "requests", get_requests),
    ("DELETE", "requests", clear_requests),
    ("GET", "faults", get_faults),
    ("POST", "faults", add_fault),
    ("DELETE", "faults", clear_faults),
    ("GET", "lag", get_lag),
    ("PUT", "lag", set_lag),
    ("PATCH", "tenants", change_tenant),
    ("POST", "reset", reset),
    ("POST", "snapshot", snapshot),
    ("POST", "restore", restore),
)
ROUTER = Router(
    Route(method, f"/control/{name}", f"control.{name}", _authorized(handler)) for method, name, handler in _HANDLERS
)
