"""The textfile for a monitor, read back by Prometheus's own parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from provisioner.core.plan import Life, Mortal
from provisioner.render.checked import Checked
from provisioner.render.prometheus import textfile
from tests.render.plans import CREDENTIAL, LIVING, NAME, NOW, TOKEN

TENANT = LIVING.tenant
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _read(text: str) -> Samples:
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type == "gauge" for family in families)
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}


def _labels(**more: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"spec": NAME, "tenant": TENANT, **more}.items()))


def test_what_ends_is_told_in_days_and_by_state() -> None:
    samples = _read(textfile([Checked(NAME, TENANT, LIVING, NOW)]))
    assert samples["provisioner_refresh_token_days_left", _labels()] == 12.0
    assert samples["provisioner_refresh_token_state", _labels(state="expiring")] == 1
    assert samples["provisioner_refresh_token_state", _labels(state="fresh")] == 0
    own = _labels(type="certificate", name="contoso-sam-credential", origin="own")
    assert samples["provisioner_credential_days_left", own] == 63.0
    foreign = _labels(type="secret", name="portal", origin="foreign")
    assert samples["provisioner_credential_days_left", foreign] == 20.0
    assert samples["provisioner_last_check_timestamp_seconds", _labels()] == NOW.timestamp()


def test_a_token_that_is_over_has_less_than_nothing_left() -> None:
    over = Life(TOKEN, Mortal.REFRESH_TOKEN, "broken", expires_at=NOW - timedelta(days=1))
    samples = _read(textfile([Checked(NAME, TENANT, replace(LIVING, life=(over,)), NOW)]))
    assert samples["provisioner_refresh_token_days_left", _labels()] == -1.0


def test_what_is_not_known_has_a_state_and_no_number() -> None:
    unread = Life(CREDENTIAL, Mortal.CREDENTIAL, "unknown", type="secret")
    samples = _read(textfile([Checked(NAME, TENANT, replace(LIVING, life=(unread,)), NOW)]))
    assert samples["provisioner_credential_state", _labels(type="secret", state="unknown")] == 1
    assert not [name for name, _ in samples if name == "provisioner_credential_days_left"]


def test_a_tenant_without_a_plan_is_no_silence() -> None:
    samples = _read(textfile([Checked(NAME, TENANT, None, NOW)]))
    assert samples["provisioner_plan_success", _labels()] == 0
    assert samples["provisioner_on_emulator", _labels()] == 0
    assert not [name for name, _ in samples if name == "provisioner_plan_pending"]
