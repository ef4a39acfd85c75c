"""`import` as a user runs it: what goes where, and which exit code says what."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from provisioner.spec.read import read
from tests.found import GRAPH, RELATIONSHIPS, Found, asks
from tests.rehearsal import served

PROGRAM = Path(sys.executable).with_name("provisioner")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        found = Found(cloud, CONTOSO, ())
        found.by_hand_in_the_portal()
        yield found


def provisioner(found: Found, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    state = found.cloud.description["state"]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment = kept | {"PROVISIONER_EMULATOR": f"{state}/endpoint.json", "HOME": str(folder)}
    words = [PROGRAM, *arguments]
    return subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def of(found: Found, *more: str) -> tuple[str, ...]:
    asked = ("--app", found.app_id, "--tenant", found.tenant.id, "--subscription", found.tenant.subscription)
    return ("import", *asked, "--vault", found.vault, "--emulator", *more)


def test_stdout_gets_the_spec_and_stderr_what_to_do_next(found: Found, tmp_path: Path) -> None:
    ended = provisioner(found, tmp_path, *of(found))
    assert ended.returncode == 0, ended.stderr
    (tmp_path / "spec.yaml").write_text(ended.stdout, encoding="utf-8")
    assert read([tmp_path / "spec.yaml"]).specs[0].spec.application.app_id == found.app_id
    assert "provisioner plan SPEC" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_new_file_gets_the_schema_beside_it_and_its_plan_is_only_the_mark(found: Found, tmp_path: Path) -> None:
    ended = provisioner(found, tmp_path, *of(found, "--out", "found.yaml"))
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"found.yaml", "spec.schema.json"}
    plan = provisioner(found, tmp_path, "plan", "found.yaml", "--emulator", "--format", "json")
    entries = json.loads(plan.stdout)["tenants"][0]["entries"]
    marked = {
        field["path"] for entry in entries if entry["address"].endswith("/application") for field in entry["fields"]
    }
    assert marked == {"tags", "uniqueName"}
    again = provisioner(found, tmp_path, *of(found, "--out", "found.yaml"))
    assert again.returncode == 64
    assert "is not overwritten" in again.stderr


def test_what_could_not_be_read_is_exit_code_4(found: Found, tmp_path: Path) -> None:
    found.fault("key_vault.secrets.list", "status", status=403, probability=1)
    ended = provisioner(found, tmp_path, *of(found))
    found.cloud.control("DELETE", "faults")
    assert ended.returncode == 4
    assert "could not be read: credential" in ended.stderr
    assert "COULD NOT BE READ" in ended.stdout


def test_two_of_a_name_are_told_with_commands_and_exit_code_1(found: Found, tmp_path: Path) -> None:
    known = found.app_id
    found.an_application("Contoso Partner Center Web App")
    asked = ("--app", "Contoso Partner Center Web App", *of(found)[3:], "--out", "a file.yaml")
    ended = provisioner(found, tmp_path, "import", *asked)
    assert (ended.returncode, ended.stdout) == (1, "")
    for app_id in (known, found.app_id):
        command = f"provisioner import --app {app_id} --tenant {found.tenant.id}"
        (line,) = [line for line in ended.stderr.splitlines() if line.strip().startswith(command)]
        assert line.endswith(" --out 'a file.yaml'")
    found.app_id = known


def test_a_name_that_others_chose_turns_no_text_around(found: Found, tmp_path: Path) -> None:
    known = found.app_id
    asked = [asks(GRAPH, Scope=[RELATIONSHIPS])]
    found.an_application("SAM \u202egnp\u2028fake: line \u200bCIPP", requiredResourceAccess=asked)
    found.app_id = known
    ended = provisioner(found, tmp_path, "import", "--all", "--tenant", found.tenant.id, "--emulator")
    assert not set(ended.stdout + ended.stderr) & set("\u202e\u2028\u200b")
    assert "SAM \\u202egnp fake: line \\u200bCIPP" in ended.stdout.splitlines()


@pytest.mark.parametrize("shape", ["text", "json"])
def test_the_list_gives_reasons_and_the_ready_command(found: Found, tmp_path: Path, shape: str) -> None:
    asked = ("import", "--all", "--tenant", found.tenant.id, "--emulator", "--format", shape)
    ended = provisioner(found, tmp_path, *asked)
    assert ended.returncode == 0, ended.stderr
    where = f"--tenant {found.tenant.id} --emulator"
    command = f"provisioner import --app {found.app_id} {where} --subscription SUBSCRIPTION_ID"
    if shape == "text":
        assert f"  {command}" in ended.stdout.splitlines()
        assert "asks for Microsoft Partner Center: user_impersonation" in ended.stdout
        return
    document = json.loads(ended.stdout)
    assert (document["formatVersion"], document["unread"]) == (1, [])
    first = document["applications"][0]
    assert (first["displayName"], first["appId"]) == ("Contoso Partner Center Web App", found.app_id)
    assert first["command"] == command
    assert first["reasons"][0] == "asks for Microsoft Partner Center: user_impersonation"
