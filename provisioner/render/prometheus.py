"""Plans as a textfile for Prometheus: what a monitor alarms on, long before a step or a person is due.

Meant for node_exporter's textfile collector; a tenant without a plan is in it too, so that silence is no good news.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from provisioner.core.plan import Life, Mortal
from provisioner.render.checked import Checked

_TENANT = ("spec", "tenant")
_TOKEN_STATES = ("fresh", "due", "expiring", "broken", "wanted", "foreign", "unknown")
_CREDENTIAL_STATES = ("fresh", "due", "expired", "missing", "unknown")


def textfile(tenants: Sequence[Checked]) -> str:
    """The exposition format, HELP and TYPE lines included."""
    metrics = _Metrics(CollectorRegistry())
    for tenant in tenants:
        metrics.add(tenant)
    return generate_latest(metrics.registry).decode()


class _Metrics:
    """The gauges of one file."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._token_days = self._gauge("refresh_token_days_left", "Days until the stored refresh token ends.")
        self._token_state = self._gauge(
            "refresh_token_state", "1 for the state the stored refresh token is in.", "state"
        )
        self._credential_days = self._gauge(
            "credential_days_left",
            "Days until a credential on the application ends; origin is own (in force) or foreign.",
            *("type", "name", "origin"),
        )
        self._credential_state = self._gauge(
            "credential_state", "1 for the state the credential in force is in.", "type", "state"
        )
        self._pending = self._gauge("plan_pending", "Changes that apply would make and that are news.")
        self._unknown = self._gauge("plan_unknown", "Things that could not be read.")
        self._person = self._gauge("person_items", "Things that wait for a person.")
        self._planned = self._gauge("plan_success", "1 when a plan could be made, 0 when not.")
        self._emulator = self._gauge("on_emulator", "1 when it was looked at on the emulator, a rehearsal.")
        self._at = self._gauge("last_check_timestamp_seconds", "When the tenant was looked at, in seconds since 1970.")

    def _gauge(self, name: str, said: str, *labels: str) -> Gauge:
        return Gauge(f"provisioner_{name}", said, (*_TENANT, *labels), registry=self.registry)

    def add(self, checked: Checked) -> None:
        who = (checked.name, checked.tenant)
        self._at.labels(*who).set(checked.at.timestamp())
        self._emulator.labels(*who).set(checked.emulator)
        self._planned.labels(*who).set(checked.plan is not None)
        if checked.plan is None:
            return
        plan = checked.plan
        self._pending.labels(*who).set(len(plan.news))
        self._unknown.labels(*who).set(len(plan.unknown))
        self._person.labels(*who).set(plan.person_items)
        for life in plan.life:
            self._add_life(who, life, life.days_left(plan.made_at))

    def _add_life(self, who: tuple[str, str], life: Life, days_left: float | None) -> None:
        if life.what is Mortal.REFRESH_TOKEN:
            for state in _TOKEN_STATES:
                self._token_state.labels(*who, state).set(state == life.state)
            if days_left is not None:
                self._token_days.labels(*who).set(days_left)
            return
        own = life.what is Mortal.CREDENTIAL
        if own:
            for state in _CREDENTIAL_STATES:
                self._credential_state.labels(*who, life.type, state).set(state == life.state)
        if days_left is not None:
            self._credential_days.labels(*who, life.type, life.name, "own" if own else "foreign").set(days_left)
