"""What the status page shows, gathered from the store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .. import control, kinds, lag, requests_log
from ..store import Document, Transaction

_LAST = 25
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))
_COUNTED = {"secrets": kinds.SECRET, "certificates": kinds.CERTIFICATE, "keys": kinds.KEY}


def now(tx: Transaction) -> dict[str, Any]:
    """Everything the templates name."""
    return {
        "clock": datetime.fromtimestamp(tx.now, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "offset": _span(tx.clock_offset),
        "scenario": tx.meta("scenario"),
        "lag": _lag(tx),
        "faults": [_fault(fault) for fault in tx.list(kinds.FAULT, "")],
        "requests": _requests(tx),
        "tenants": [_tenant(tx, one) for one in control.description(tx)["tenants"]],
    }


def _span(seconds: float) -> str:
    """An offset of the clock in its largest sensible unit; "" for none."""
    if abs(seconds) < 1:
        return ""
    size, unit = next(((size, unit) for size, unit in _UNITS if abs(seconds) >= size), (1, "s"))
    return f"{abs(seconds) / size:.3g} {unit} {'ahead' if seconds > 0 else 'behind'}"


def _lag(tx: Transaction) -> list[str]:
    found = []
    for kind, value in lag.settings(tx).items():
        if isinstance(value, dict):
            found.append(f"{kind} {value.get('min', 0):g} to {value['max']:g} s")
        elif value and kind != "seed":
            found.append(f"{kind} {value:g} s")
    return found


def _fault(fault: Document) -> dict[str, str]:
    does = str(fault["status"]) if fault["action"] == "status" else str(fault["action"])
    does += f", Retry-After {fault['retryAfter']}" if "retryAfter" in fault else ""
    does += f" {fault['ms']:g} ms" if "ms" in fault else ""
    of = "any number" if fault["count"] is None else str(fault["count"])
    places = [f"{name} {fault[name]}" for name in ("host", "path", "method", "tenant") if name in fault]
    chance = "" if fault["probability"] == 1 else f" at {fault['probability']:.0%}"
    return {
        "id": fault["id"],
        "operation": ", ".join([fault["operation"], *places]),
        "does": does + chance,
        "struck": f"{fault['struck']} of {of}",
        "spent": "yes" if fault["count"] is not None and fault["struck"] >= fault["count"] else "",
    }


def _requests(tx: Transaction) -> list[dict[str, Any]]:
    """The last ones, newest first."""
    (highest,) = tx.sql.execute("SELECT coalesce(max(seq), 0) FROM requests").fetchone()
    found = requests_log.listed(tx, max(0, highest - _LAST))
    return [
        {
            "time": datetime.fromtimestamp(one["time"], UTC).strftime("%H:%M:%S"),
            "status": one["status"] or "cut",
            "bad": one["status"] >= 400 or one["status"] == 0,
            "method": one["method"],
            "operation": one["operation"] or "nothing known here",
            "url": one["url"].removeprefix("https://"),
        }
        for one in reversed(found)
    ]


def _tenant(tx: Transaction, described: dict[str, Any]) -> dict[str, Any]:
    tenant = tx.get(kinds.TENANT, "", described["id"])
    assert tenant is not None, "only present tenants are described"
    applications = [
        {
            "name": one["displayName"],
            "appId": one["appId"],
            "credentials": len(one["passwordCredentials"]) + len(one["keyCredentials"]),
        }
        for one in tx.list(kinds.APPLICATION, described["id"])
    ]
    vaults = [
        {"name": one["name"], **{what: len(tx.list(kind, one["name"].lower())) for what, kind in _COUNTED.items()}}
        for one in tx.list(kinds.VAULT, "")
        if one["properties"]["tenantId"] == described["id"]
    ]
    return {**described, "name": tenant["displayName"], "applications": applications, "vaults": vaults}
