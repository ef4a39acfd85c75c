"""`provisioner emulator`, run as a user runs it: real processes, real files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    home = {name: str(tmp_path / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
    environment = {name: value for name, value in os.environ.items() if name != "PROVISIONER_EMULATOR"} | home

    def command(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "provisioner.cli.emulator", *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, env=environment | variables)

    yield command
    command("stop")


def _exports(text: str) -> dict[str, str]:
    lines = [line.removeprefix("export ") for line in text.splitlines() if line.startswith("export ")]
    return dict(line.split("=", 1) for line in lines)


def test_detached_emulator_is_found_used_reset_and_stopped(run: Run) -> None:
    started = run("start", "--detach", "--json")
    description = json.loads(started.stdout)
    assert description["address"] in run("status").stdout

    variables = _exports(run("env").stdout)
    url = f"https://login.microsoftonline.com/{description['tenants'][0]['id']}/discovery/v2.0/keys"
    proxies, ca = {"https": variables["HTTPS_PROXY"]}, variables["REQUESTS_CA_BUNDLE"]
    assert requests.get(url, proxies=proxies, verify=ca, timeout=10).status_code == 200
    assert json.loads(Path(variables["PROVISIONER_EMULATOR"]).read_text())["address"] == description["address"]

    assert run("reset").returncode == 0
    assert run("stop").returncode == 0
    assert run("status").returncode == 1


def test_environment_names_the_emulator_before_the_one_started_last(run: Run, tmp_path: Path) -> None:
    first, last = str(tmp_path / "first"), str(tmp_path / "last")
    for folder in (first, last):
        run("start", "--detach", "--state", folder)
    try:
        assert last in run("status").stdout
        named = str(Path(first) / "endpoint.json")
        assert first in run("status", PROVISIONER_EMULATOR=named).stdout
        assert first in run("status", "--state", first).stdout
    finally:
        run("stop", "--state", first)


def test_only_the_json_goes_to_stdout(run: Run) -> None:
    assert run("start", "--detach").stdout == ""


def test_taken_port_is_said_and_fails(run: Run, tmp_path: Path) -> None:
    port = json.loads(run("start", "--detach", "--json").stdout)["address"].split(":")[1]
    second = run("start", "--port", port, "--state", str(tmp_path / "other"))
    assert second.returncode == 1
    assert port in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("name", ["faults", "clock", "requests"])
def test_command_that_is_not_built_says_so(run: Run, name: str) -> None:
    assert "not built yet" in run("--help").stdout
    refused = run(name)
    assert (refused.returncode, "not built yet" in refused.stderr) == (1, True)


def test_env_without_an_emulator_fails_and_says_how_to_start_one(run: Run) -> None:
    answer = run("env")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "emulator start" in answer.stderr
