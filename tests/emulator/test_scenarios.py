"""Scenarios: what the shipped ones lead `plan` and `apply` to, and what is said of a broken file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from provisioner.emulator.scenarios import BrokenScenarioError, read, shipped

ROOT = Path(__file__).parents[2]
PROGRAM = "from provisioner.cli.main import entry; entry()"
SPEC = "configs/emulator.yaml"


class Rehearsal:
    """The program in folders of its own; its cloud is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PROVISIONER_"))}
        note = {"PROVISIONER_EMULATOR": str(folder / "endpoint.json")}
        homes = {name: str(folder.parent / "home") for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        self._environment = kept | note | homes

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-c", PROGRAM, *words]
        return subprocess.run(
            line, cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=180, check=False
        )

    def start(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("emulator", "start", "--detach", "--state", str(self.folder), *words)

    def entries(self) -> dict[str, dict[str, Any]]:
        """The entries of the plan in which something is to be done or to be said, by address."""
        ended = self.run("plan", SPEC, "--format", "json")
        assert ended.returncode == 0, ended.stderr
        [tenant] = json.loads(ended.stdout)["tenants"]
        return {entry["address"]: entry for entry in tenant["entries"] if entry["action"] != "none" or entry["kept"]}


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    made = Rehearsal(tmp_path / "cloud")
    yield made
    made.run("emulator", "stop", "--state", str(made.folder))


def test_healthy_has_nothing_left_to_do(rehearsal: Rehearsal) -> None:
    assert rehearsal.start("--scenario", "healthy").returncode == 0
    assert rehearsal.run("plan", SPEC, "--detailed-exitcode").returncode == 0
    assert rehearsal.run("verify", SPEC).returncode == 0


def test_neglected_shows_what_nobody_looked_at_and_apply_mends_it(rehearsal: Rehearsal) -> None:
    rehearsal.start("--scenario", "neglected")
    found = rehearsal.entries()
    assert found["contoso-sam/refresh_token/partner-refresh-token"]["operation"] == "renew"
    assert "contoso-sam/credential/contoso-sam-credential" in found
    assert found["contoso-sam/grant/Microsoft Graph"]["action"] == "create"
    assert "https://legacy.contoso.example/callback" in json.dumps(found["contoso-sam/application"]["kept"])
    assert len(found) == 4
    assert rehearsal.run("apply", SPEC, "--auto-approve").returncode == 0
    assert rehearsal.run("plan", SPEC, "--detailed-exitcode").returncode == 0


def test_a_folder_with_state_is_given_up_only_when_told(rehearsal: Rehearsal) -> None:
    rehearsal.start()
    rehearsal.run("emulator", "lag", "graph=30s")
    refused = rehearsal.start("--scenario", "healthy")
    assert (refused.returncode, "--reset" in refused.stderr) == (1, True)
    assert json.loads(rehearsal.run("emulator", "lag", "--json").stdout)["graph"] == 30
    assert rehearsal.start("--scenario", "healthy", "--reset").returncode == 0
    assert "healthy" in rehearsal.run("emulator", "status").stdout
    assert json.loads(rehearsal.run("emulator", "lag", "--json").stdout)["graph"] == 0


@pytest.mark.parametrize("name", ["bad-day", "healthy", "neglected"])
def test_what_is_shipped_can_be_read(name: str) -> None:
    assert read(shipped()[name])["name"] == name


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads((ROOT / "schemas/scenario.schema.json").read_text(encoding="utf-8")))


HEAD = "version: 1\nname: odd\ndescription: Odd.\n"
BROKEN = (
    ("", "1:1: ", "is not of type 'object'"),
    ("version: 1\n", "1:1: ", "'name' is a required property"),
    (HEAD + "fault: []\n", "4:1: fault: ", "known are version, name"),
    (HEAD + "clock: {ahead: 3 days}\n", "4:9: clock.ahead: ", "a span of time"),
    (HEAD + "clock: {ahead: 123456d}\n", "4:9: clock.ahead: ", "a span of time"),  # beyond any date
    (HEAD + "faults:\n  - {action: explode}\n", "5:6: faults[0].action: ", "'explode' is not one of"),
    (HEAD + "lag: {graph: {min: 1s}}\n", "4:7: lag.graph: ", "'max' is a required property"),
    (HEAD + "name: twice\n", "4:1: name: ", "a second time"),
    (HEAD + "lag: {graph: 1s\n", "5:1: ", "expected ',' or '}'"),
    (HEAD + "lag: &a [*a]\n", "4:6: ", "nested"),
    (HEAD + "? [a]\n: b\n", "4:3: ", "a key must be text"),
)


@pytest.mark.parametrize(("text", "place", "said"), BROKEN, ids=[row[2] for row in BROKEN])
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BrokenScenarioError) as told:
        read(file)
    assert str(told.value).startswith(f"{file}:{place}")
    assert said in str(told.value)


def test_a_broken_file_starts_nothing_and_says_what_to_do(rehearsal: Rehearsal, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(f"{HEAD}tenants:\n  - tenant: nobody.example\n", encoding="utf-8")
    refused = rehearsal.start("--scenario", str(file))
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert "tenants[0].tenant: no seeded partner tenant" in refused.stderr
    assert rehearsal.run("emulator", "status", "--state", str(rehearsal.folder)).returncode == 1
