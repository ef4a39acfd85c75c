"""A saved plan as a file: read back as it was written, and refused with any byte of it changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from provisioner.core.address import Address, Ref
from provisioner.core.errors import SavedPlanError
from provisioner.core.plan import Plan
from provisioner.core.step import Action, Change, Step
from provisioner.operations import plan_file
from provisioner.operations.plan_file import SavedTenant, plan_text, read_plan, saved_tenant
from provisioner.render.plan_json import tenant_plan
from provisioner.spec.model import Credential, Spec, digest
from provisioner.spec.read import read
from tests.render.plans import ALL
from tests.spec.base import GOOD, load

ROOT = Path(__file__).parents[2]
FILE = "plan.json"
EXAMPLES = [loaded.spec for loaded in read([ROOT / "configs" / "full.yaml", ROOT / "configs" / "fleet.yaml"]).specs]
CLIENT_SECRET = "Tn_8Q~kqJ0vWm2xY5zB7cD9eF1gH3iJ6kL8mN0pQ"


def planned(spec: Spec, plan: Plan) -> Plan:
    """The plan as if it were this spec's."""
    return replace(plan, name=spec.name, tenant=spec.tenant, cloud=spec.cloud, digest=digest(spec))


def saved(spec: Spec, plan: Plan) -> SavedTenant:
    return saved_tenant(planned(spec, plan), spec)


words = st.text(min_size=1, max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
values = scalars | st.lists(scalars, max_size=3) | st.builds(Ref, st.just(Address("n", "application")), words)
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  # hypothesis wants them naive
    lambda moment: moment.replace(microsecond=0)
)
addresses = st.builds(Address, st.just("contoso-sam"), st.sampled_from(["vault", "application"]), st.just("") | words)
steps = st.builds(
    Step,
    addresses.filter(lambda address: "\n" not in str(address)),
    st.sampled_from(Action),
    operation=st.text(max_size=8),
    fields=st.lists(st.builds(Change, words, values, values), max_size=3).map(tuple),
    kept=st.lists(words, max_size=3).map(tuple),
    not_before=st.none() | times,
    irreversible=st.booleans(),
    removal=st.booleans(),
    reason=st.text(max_size=20),
    todo=st.text(max_size=20),
    seen=st.text(max_size=20),
)
plans = st.builds(
    lambda spec, steps, made_at: planned(
        spec, Plan(spec.name, spec.tenant, spec.cloud, "somebody", "", made_at, tuple(steps))
    ),
    st.sampled_from(EXAMPLES),
    st.lists(steps, max_size=4),
    times,
)


@settings(max_examples=50)
@given(plans, st.booleans())
def test_what_is_read_is_what_was_written(plan: Plan, emulator: bool) -> None:
    spec = next(spec for spec in EXAMPLES if spec.name == plan.name)
    written = saved_tenant(replace(plan, emulator=emulator), spec)
    text = plan_text([written])
    assert read_plan(text.encode(), FILE) == (written,)
    assert plan_text(read_plan(text.encode(), FILE)) == text


def test_any_plan_and_any_spec_that_we_ship_goes_through_a_file_that_obeys_the_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    for plan in ALL.values():
        tenants = [saved(spec, plan) for spec in EXAMPLES]
        text = plan_text(tenants)
        assert read_plan(text.encode(), FILE) == tuple(tenants)
        Draft202012Validator(schema).validate(json.loads(text))
    shown = {"formatVersion": 1, "tenants": json.loads(text)["tenants"]}
    assert not Draft202012Validator(schema).is_valid(shown), "without integrity it is no saved plan"


@pytest.mark.parametrize(
    "trust",
    [
        "{type: certificate, exportable: true}",
        "{type: federated, issuer: https://token.example/, subject: job, audience: api://AzureADTokenExchange}",
        "{type: federated, trust: {github: {repository: contoso/sam, environment: production}}}",
    ],
)
def test_a_spec_is_valid_in_its_resolved_form(tmp_path: Path, trust: str) -> None:
    text = GOOD.replace("{type: secret, lifetime: 365d, rotateBefore: 30d, overlap: 7d}", trust)
    (loaded,) = load(tmp_path, text).specs
    tenant = saved(loaded.spec, ALL["first"])
    assert read_plan(plan_text([tenant]).encode(), FILE) == (tenant,)


TEXT = plan_text([saved(spec, ALL["drift"]) for spec in EXAMPLES])


@given(st.data())
def test_any_changed_added_or_missing_byte_is_refused(data: st.DataObject) -> None:
    content = TEXT.encode()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = bytes([data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))])
    changed = data.draw(
        st.sampled_from([content[:at] + byte + content[at + 1 :], content[:at] + byte + content[at:], content[:at]])
    )
    with pytest.raises(SavedPlanError):
        read_plan(changed, FILE)


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: json.dumps(json.loads(text))])
def test_another_layout_is_another_file(change: Callable[[str], str]) -> None:
    with pytest.raises(SavedPlanError, match="changed after it was saved"):
        read_plan(change(TEXT).encode(), FILE)


def forged(change: Callable[[dict[str, Any]], None], text: str = TEXT) -> bytes:
    """The file by somebody who changes it and computes its integrity anew."""
    data = json.loads(text)
    change(data)
    data["integrity"] = "0" * 64
    told = json.dumps(data)
    digest = hashlib.sha256(told.encode()).hexdigest()
    before, _, after = told.rpartition("0" * 64)
    return f"{before}{digest}{after}".encode()


def put(*path: str | int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *parents, last = path
        node: Any = data
        for step in parents:
            node = node[step]
        node[last] = value

    return change


def _two_of_one_vault(data: dict[str, Any]) -> None:
    data["tenants"][1]["spec"]["vault"]["name"] = data["tenants"][2]["spec"]["vault"]["name"]


_CLASH = r"is in the spec northwind-sam too \([^:()]+#/tenants/2/spec\)"  # JSON is told by pointers, not by lines
NESTED = '{"a":' * 100_000
FORGERIES = {
    "a spec that is none": (put("tenants", 0, "spec", value={}), "is missing", "/tenants/0/spec"),
    "a key too many": (put("tenants", 1, "spec", "extra", value=1), "unknown key", "/tenants/1/spec/extra"),
    "a broken rule": (
        put("tenants", 0, "spec", "vault", "name", value="-kv-"),
        "the spec in the plan does not hold",
        "/tenants/0/spec/vault/name",
    ),
    "a literal secret": (
        put("tenants", 0, "spec", "application", "displayName", value=CLIENT_SECRET),
        "looks like a client secret",
        "/tenants/0/spec/application/displayName",
    ),
    "two specs, one vault": (_two_of_one_vault, _CLASH, "/tenants/1/spec/vault/name"),
    "another spec": (
        put("tenants", 0, "spec", "application", "displayName", value="Another"),
        "not the one that the plan was made from",
        "/tenants/0/spec",
    ),
    "more removals": (
        put("tenants", 0, "spec", "safety", "maxRemovals", value="9"),
        "the spec in the plan does not hold",
        "/tenants/0/spec/safety/maxRemovals",
    ),
    "a short spec": (
        lambda data: data["tenants"][0]["spec"].pop("consent"),
        "not the one that the plan was made from",
        "/tenants/0/spec",
    ),
    "another name": (put("tenants", 0, "name", value="other"), "not the one", "/tenants/0/spec"),
    "a time that is none": (put("tenants", 1, "madeAt", value="2026-13-01T00:00:00Z"), "no time", "/tenants/1/madeAt"),
    "an action that is none": (
        put("tenants", 0, "entries", 1, "action", value="explode"),
        "not as the schema says",
        "/tenants/0/entries/1/action",
    ),
    "no tenants": (put("tenants", value=[]), "not as the schema says", "/tenants"),
    "a tenant that failed": (
        put("tenants", 0, value={"name": "a", "error": {"what": "", "where": "", "next": ""}}),
        "not as the schema says",
        "/tenants/0",
    ),
    "a deep one": (
        put("tenants", 0, "spec", "vault", "tags", value=json.loads("[" * 400 + "]" * 400)),
        "a mapping is expected, not a list",
        "/tenants/0/spec/vault/tags",
    ),
}


@pytest.mark.parametrize(("change", "what", "pointer"), FORGERIES.values(), ids=FORGERIES)
def test_a_forged_file_is_refused_with_the_place(change: Callable[[Any], None], what: str, pointer: str) -> None:
    with pytest.raises(SavedPlanError, match=what) as caught:
        read_plan(forged(change), FILE)
    assert caught.value.where == f"{FILE}#{pointer}"
    assert caught.value.next_step
    assert CLIENT_SECRET not in f"{caught.value.what}{caught.value.next_step}"


FOREIGN = {
    "nothing": (b"", "not valid JSON", f"{FILE}:1:1"),
    "a spec": (GOOD.encode(), "not valid JSON", f"{FILE}:1:1"),
    "half a file": (TEXT[:-900].encode(), "not valid JSON", f"{FILE}:"),
    "bytes": (b"\x89PNG\r\n", "not UTF-8", FILE),
    "a list": (b"[]", "no plan of provisioner", f"{FILE}#"),
    "another tool's": (b'{"format_version": "1.2", "resource_changes": []}', "no plan of provisioner", f"{FILE}#"),
    "of tomorrow": (
        forged(put("formatVersion", value=2)),
        "a plan of format 2; this version of provisioner knows 1",
        f"{FILE}#/formatVersion",
    ),
    "no version": (forged(put("formatVersion", value=True)), "a plan of format True", f"{FILE}#/formatVersion"),
    "not saved": (
        json.dumps({"formatVersion": 1, "tenants": [msgspec.to_builtins(tenant_plan(ALL["first"]))]}).encode(),
        "shown, not one that was saved",
        f"{FILE}#",
    ),
    "no integrity": (TEXT.replace(json.loads(TEXT)["integrity"], "").encode(), "changed after", f"{FILE}#/integrity"),
    "a key twice": (TEXT.replace("{", '{"formatVersion": 1,', 1).encode(), "twice: formatVersion", FILE),
    "a deep hole": (NESTED.encode(), "nested too deep", FILE),
    "a long number": (b'{"formatVersion": ' + b"1" * 5000 + b"}", "not valid JSON", FILE),
}


@pytest.mark.parametrize(("content", "what", "where"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_saved_plan_is_refused_in_words(content: bytes, what: str, where: str) -> None:
    with pytest.raises(SavedPlanError, match=what) as caught:
        read_plan(content, FILE)
    assert caught.value.where.startswith(where)
    assert caught.value.next_step


def test_a_plan_too_large_to_be_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_file, "MAX_BYTES", len(TEXT) - 1)
    with pytest.raises(SavedPlanError, match="larger than"):
        plan_text([saved(spec, ALL["drift"]) for spec in EXAMPLES])


def test_the_credential_s_lifetime_is_written_out(tmp_path: Path) -> None:
    """A default of a later version must not change what a saved plan means."""
    (loaded,) = load(tmp_path, GOOD.replace(", lifetime: 365d, rotateBefore: 30d, overlap: 7d", "")).specs
    tenant = json.loads(plan_text([saved(loaded.spec, ALL["first"])]))["tenants"][0]
    default = Credential(name="x")
    assert tenant["spec"]["application"]["credential"]["lifetime"] == default.lifetime.text
