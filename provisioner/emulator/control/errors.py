"""What the control surface refuses, as {"error": text}."""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal


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


@refusal("control.unknown_user")
def unknown_user(user: str) -> Refusal:
    return Refusal(Reply(404, {"error": f"there is no user {user}"}))


@refusal("control.unknown_fault")
def unknown_fault(fault: str) -> Refusal:
    return Refusal(Reply(404, {"error": f"there is no fault {fault}"}))


@refusal("control.unknown_scenario")
def unknown_scenario(name: str, known: list[str]) -> Refusal:
    return Refusal(Reply(404, {"error": f"there is no scenario {name}; there are {', '.join(known)}"}))


@refusal("control.state_exists")
def state_exists() -> Refusal:
    why = "a scenario begins anew, and this cloud has state: say reset to give that up"
    return Refusal(Reply(409, {"error": why}))
