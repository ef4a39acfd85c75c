"""Paths of the control surface, and of the status page beside it."""

from __future__ import annotations

from ..kernel import Handler, Route, Router
from ..status import page
from . import directory, jobs, life, scenarios, snapshots, state
from .access import authorized

_HANDLERS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "state", state.get_state),
    ("GET", "clients", state.get_clients),
    ("POST", "reset", state.reset),
    ("GET", "clock", life.get_clock),
    ("POST", "clock", life.advance_clock),
    ("PUT", "clock", life.set_clock),
    ("GET", "requests", life.get_requests),
    ("DELETE", "requests", life.clear_requests),
    ("GET", "faults", life.get_faults),
    ("POST", "faults", life.add_fault),
    ("DELETE", "faults", life.clear_faults),
    ("GET", "lag", life.get_lag),
    ("PUT", "lag", life.set_lag),
    ("PATCH", "tenants", directory.change_tenant),
    ("PATCH", "users", directory.change_user),
    ("POST", "jobs", jobs.start_job),
    ("POST", "issuers", jobs.register_issuer),
    ("POST", "tokens", jobs.mint_token),
    ("GET", "snapshots", snapshots.get_snapshots),
    ("DELETE", "snapshots", snapshots.delete_snapshot),
    ("POST", "snapshot", snapshots.snapshot),
    ("POST", "restore", snapshots.restore),
    ("GET", "scenarios", scenarios.get_scenarios),
    ("POST", "scenario", scenarios.load_scenario),
)
_SURFACE = (
    Route(method, f"/control/{name}", f"control.{name}", authorized(handler)) for method, name, handler in _HANDLERS
)
ROUTER = Router((*_SURFACE, *page.ROUTES))
