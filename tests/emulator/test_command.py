"""`provisioner emulator`, run as a user runs it: real processes, real files."""

from __future__ import annotations

import json
import os
import re
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


def test_stopping_a_later_one_leaves_the_first_to_be_found(run: Run, tmp_path: Path) -> None:
    first = json.loads(run("start", "--detach", "--json").stdout)
    later = str(tmp_path / "later")
    run("start", "--detach", "--state", later)
    run("stop", "--state", later)
    assert json.loads(run("status", "--json").stdout)["address"] == first["address"]


def test_who_signs_in_is_a_result_in_words_as_in_json(run: Run) -> None:
    told = run("start", "--detach")
    (address,) = re.findall(r"^address +(\S+)$", told.stdout, re.MULTILINE)
    assert (json.loads(run("start", "--detach", "--json").stdout)["address"], told.stderr) == (address, "")


def test_taken_port_is_said_and_fails(run: Run, tmp_path: Path) -> None:
    port = json.loads(run("start", "--detach", "--json").stdout)["address"].split(":")[1]
    second = run("start", "--port", port, "--state", str(tmp_path / "other"))
    assert second.returncode == 1
    assert port in second.stderr
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize("served", [True, False], ids=["running", "only a folder"])
def test_faults_are_added_listed_and_cleared(run: Run, served: bool) -> None:
    assert run("start", "--detach").returncode == 0
    if not served:
        run("stop")
    url = "graph.applications.create"
    made = run("faults", "add", "--operation", url, "--action", "status", "--status", "429", "--retry-after", "7")
    assert "429 Retry-After 7" in made.stdout
    other = json.loads(run("faults", "add", "--action", "slow", "--ms", "20", "--forever", "--json").stdout)
    assert (other["ms"], other["count"]) == (20, None)
    assert [fault["action"] for fault in json.loads(run("faults", "--json").stdout)] == ["status", "slow"]
    assert run("faults", "clear", other["id"][:8]).returncode == 0
    assert url in run("faults").stdout
    run("faults", "clear")
    assert json.loads(run("faults", "--json").stdout) == []


def test_the_clock_advances_by_units_and_goes_back(run: Run) -> None:
    run("start", "--detach")
    assert "as this machine's" in run("clock").stdout
    assert json.loads(run("clock", "advance", "80d", "--json").stdout)["offset"] == 80 * 86400
    run("clock", "advance", "36h")
    assert "81 d 12 h ahead" in run("clock").stdout
    run("clock", "reset")
    assert json.loads(run("clock", "--json").stdout)["offset"] == 0


def test_requests_are_listed_filtered_and_forgotten(run: Run) -> None:
    run("start", "--detach")
    variables = _exports(run("env").stdout)
    for path in ("common/discovery/v2.0/keys", "no/such/thing"):
        url = f"https://login.microsoftonline.com/{path}"
        requests.get(url, proxies={"https": variables["HTTPS_PROXY"]}, verify=variables["SSL_CERT_FILE"], timeout=10)
    lines = run("requests").stdout.splitlines()
    assert "entra.keys" in lines[0]
    assert lines[1].strip() == "https://login.microsoftonline.com/common/discovery/v2.0/keys"
    failed = [json.loads(line) for line in run("requests", "--failed", "--json").stdout.splitlines()]
    assert [one["status"] for one in failed] == [404]
    assert run("requests", "--since", str(failed[0]["seq"])).stdout == ""
    assert len(run("requests", "--operation", "entra.*").stdout.splitlines()) == 2
    run("requests", "--clear")
    assert run("requests").stdout == ""


def test_a_snapshot_brings_back_what_was(run: Run) -> None:
    run("start", "--detach")
    run("lag", "graph=30s")
    assert 'kept as "slow graph"' in run("snapshot", "slow graph").stderr
    shown = run("lag", "graph=0", "rbac=1m-5m~10s").stdout
    assert "1 min to 5 min, flapping for the last 10 s" in shown
    assert "slow graph" in run("snapshot").stdout
    assert run("restore", "slow graph").returncode == 0
    assert json.loads(run("lag", "--json").stdout)["graph"] == 30
    refused = run("restore", "fast").stderr
    assert "there is no snapshot fast" in refused
    assert 'kept: "slow graph"' in refused
    run("snapshot", "--delete", "slow graph")
    assert run("snapshot", "--json").stdout.strip() == "[]"


MISUSED = (
    ("faults", "add"),
    ("faults", "add", "--action", "explode"),
    ("faults", "add", "--action", "status"),
    ("faults", "add", "--action", "reset", "--count", "2", "--forever"),
    ("clock", "advance", "soon"),
    ("lag", "graph"),
    ("lag", "post=3s"),
    ("requests", "--clear", "--failed"),
    ("snapshot", "--delete"),
    ("start", "--reset"),
    ("start", "--scenario", "no-such-scenario"),
)


def test_wrong_usage_is_64_and_changes_nothing(run: Run) -> None:
    run("start", "--detach")
    for words in MISUSED:
        refused = run(*words)
        assert (refused.returncode, refused.stdout) == (64, ""), words
    assert json.loads(run("faults", "--json").stdout) == []


def test_commands_about_a_cloud_that_is_not_there_say_so(run: Run, tmp_path: Path) -> None:
    for words in (("faults",), ("clock",), ("requests",), ("lag",), ("snapshot", "one"), ("restore", "one")):
        refused = run(*words, "--state", str(tmp_path / "nowhere"))
        assert (refused.returncode, "emulator start" in refused.stderr) == (1, True), words
    assert not (tmp_path / "nowhere").exists()


def test_env_without_an_emulator_fails_and_says_how_to_start_one(run: Run) -> None:
    answer = run("env")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "emulator start" in answer.stderr
