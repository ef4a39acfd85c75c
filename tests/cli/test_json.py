"""What each command prints with --format json, and that docs/json.md says what each of its keys means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_on_the_emulator import ROOT, SPEC, environment_of, provisioner
from tests.rehearsal import Cloud

DOCS = ROOT / "docs"
TENANT = "f5869d30-a0ef-43dd-96bb-1e8a000db1c9"
COMMANDS: dict[str, tuple[str, ...]] = {
    "doctor": ("doctor", SPEC),
    "verify": ("verify", SPEC),
    "renew": ("renew", SPEC),
    "apply": ("apply", SPEC, "--auto-approve"),
    "import": ("import", "--all", "--tenant", TENANT, "--emulator"),
    "destroy": ("destroy", SPEC, "--auto-approve"),
}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What each prints in a tenant that is in order; `rotate` prints what `apply` does."""
    state = tmp_path_factory.mktemp("healthy")
    here: dict[str, str] = {}
    started = provisioner(here, "emulator", "start", "--detach", "--json", "--scenario", "healthy", "--state", state)
    cloud = Cloud(json.loads(started.stdout))
    try:
        environment = environment_of(cloud)
        yield {
            name: json.loads(provisioner(environment, *command, "--format", "json").stdout)
            for name, command in COMMANDS.items()
        }
    finally:
        cloud.close()
        provisioner(here, "emulator", "stop", "--state", state)


def _keys(told: Any) -> set[str]:
    if isinstance(told, dict):
        return set(told).union(*(_keys(value) for value in told.values()))
    return set().union(*map(_keys, told)) if isinstance(told, list) else set()


def _named(page: Path) -> set[str]:
    return set(re.findall(r"`(\w+)`", re.sub(r"```json.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_key_is_documented(printed: dict[str, Any], name: str) -> None:
    document = printed[name]
    of_the_plan = _named(DOCS / "plan-json.md") if name in ("apply", "destroy") else set()
    assert _keys(document) - _named(DOCS / "json.md") - of_the_plan == set()


@pytest.mark.parametrize(("name", "key"), [("doctor", "checks"), ("verify", "checks"), ("renew", "was"),
    ("apply", "outputs"), ("destroy", "results")])  # fmt: skip
def test_what_was_looked_at_is_what_succeeds(printed: dict[str, Any], name: str, key: str) -> None:
    (tenant,) = printed[name]["tenants"]
    assert "error" not in tenant
    assert tenant[key]


def test_what_applied_says_more_than_the_plan_in_the_documented_order(printed: dict[str, Any]) -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    [section] = re.findall(r"^## apply, rotate, destroy$(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    for name in ("apply", "destroy"):
        (tenant,) = printed[name]["tenants"]
        told = list(tenant)[-5:]
        assert told == ["results", "left", "leftNotices", "checks", "outputs"]
        assert re.findall(r"^\| `(results|left|leftNotices|checks|outputs)` \|", section, re.MULTILINE) == told
