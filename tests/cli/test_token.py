"""`token` as other programs call it: stdout is the token and nothing else, in shapes that others can read."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.identity import AzureCliCredential

from provisioner.clients.jwt_claims import claims_of
from provisioner.emulator.seed.directory import CONTOSO
from tests.consent.conftest import free_port
from tests.kept import Kept, put_in_place
from tests.rehearsal import SECRET, served
from tests.trial import Trial

PROGRAM = Path(sys.executable).with_name("provisioner")
GRAPH = "https://graph.microsoft.com"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", "https://localhost:44395/"))
        cloud.control("POST", "snapshot", {"name": "new"})
        yield put_in_place(trial, "certificate")


@pytest.fixture(autouse=True)
def _fresh(kept: Kept) -> None:
    kept.trial.back_to(kept.type)


@pytest.fixture
def spec(kept: Kept, tmp_path: Path) -> Path:
    return kept.write_spec(tmp_path)


def _environment(kept: Kept) -> dict[str, str]:
    state = kept.trial.cloud.description["state"]
    return {"PROVISIONER_EMULATOR": f"{state}/endpoint.json", "HOME": state, "PATH": os.environ["PATH"]}


def _run(kept: Kept, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments, "--emulator"],
        env=_environment(kept),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def _token(kept: Kept, spec: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    return _run(kept, "token", spec, "--resource", "graph", *more)


def test_stdout_is_the_token_and_nothing_else(kept: Kept, spec: Path) -> None:
    ended = _token(kept, spec)
    assert ended.returncode == 0
    assert ended.stdout == ended.stdout.strip() + "\n"
    assert not any(part in ended.stderr for part in ended.stdout.strip().split("."))
    assert claims_of(ended.stdout.strip())["oid"] == CONTOSO.operator_id


def test_json_names_what_it_is_when_it_ends_and_where_it_is_good(kept: Kept, spec: Path) -> None:
    found = json.loads(_token(kept, spec, "--format", "json").stdout)
    assert list(found) == ["formatVersion", "accessToken", "tokenType", "expiresOn", "expires_on", "tenant", "scope"]
    assert (found["tokenType"], found["tenant"], found["scope"]) == ("Bearer", CONTOSO.id, f"{GRAPH}/.default")
    assert abs(found["expires_on"] - claims_of(found["accessToken"])["exp"]) < 60


def test_env_is_taken_in_by_a_shell(kept: Kept, spec: Path) -> None:
    lines = _token(kept, spec, "--format", "env").stdout
    shell = subprocess.run(
        ["/bin/sh", "-c", f'{lines}\nenv | grep ^ACCESS_TOKEN | sort | cut -d= -f1; echo "$ACCESS_TOKEN"'],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    *names, token = shell.stdout.split()
    assert names == ["ACCESS_TOKEN", "ACCESS_TOKEN_EXPIRES_ON", "ACCESS_TOKEN_TENANT"]
    assert claims_of(token)["tid"] == CONTOSO.id


def test_azures_own_sdk_takes_the_az_format_from_a_program_called_az(
    kept: Kept, spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script is the README's."""
    script = tmp_path / "az"
    script.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != --resource ]; do shift; done\n'
        f'exec {PROGRAM} token {spec} --emulator --format az --resource "$2"\n',
        encoding="utf-8",
    )
    script.chmod(0o700)
    for name, value in _environment(kept).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = AzureCliCredential(process_timeout=60).get_token(f"{GRAPH}/.default")
    claims = claims_of(found.token)
    assert claims["oid"] == CONTOSO.operator_id
    assert abs(found.expires_on - claims["exp"]) < 60


def test_the_az_format_has_the_keys_of_az(kept: Kept, spec: Path) -> None:
    found = json.loads(_token(kept, spec, "--format", "az").stdout)
    assert list(found) == ["accessToken", "expiresOn", "expires_on", "subscription", "tenant", "tokenType"]


def test_no_token_is_in_the_request_log_nor_in_the_verbose_lines(kept: Kept, spec: Path, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    stored = str(kept.token()["value"])
    logged, verbose = _token(kept, spec, "--json-log", log), _token(kept, spec, "-v")
    for ended, seen in ((logged, log.read_text(encoding="utf-8")), (verbose, verbose.stderr)):
        assert "/oauth2/v2.0/token" in seen
        assert not any(part in seen for part in (*ended.stdout.strip().split("."), stored))


def test_on_a_terminal_the_token_comes_with_a_warning(kept: Kept, spec: Path) -> None:
    leader, follower = pty.openpty()
    ended = subprocess.run(
        [PROGRAM, "token", spec, "--resource", "graph", "--emulator"],
        env=_environment(kept),
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(follower)
    assert "keep it off screens" in ended.stderr
    assert os.read(leader, 65536).startswith(b"eyJ")
    os.close(leader)


def test_when_somebody_must_sign_in_stdout_stays_empty(kept: Kept, spec: Path) -> None:
    kept.trial.secrets("DELETE", f"secrets/{SECRET}")
    ended = _token(kept, spec, "--format", "json")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert f"provisioner consent {spec}" in " ".join(ended.stderr.split())


def test_a_permission_that_the_spec_lacks_is_told_as_something_to_add_there(kept: Kept, spec: Path) -> None:
    ended = _run(kept, "token", spec, "--resource", f"{GRAPH}/Directory.ReadWrite.All")
    assert "AADSTS65001" in ended.stderr
    assert "Is the permission in application.permissions? If not add it, then: provisioner apply" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("--resource", "grpah"), ("--resource", "graph", "--tenant", "../x"), ("--format", "xml")]
)
def test_wrong_usage_is_told_before_any_request(kept: Kept, spec: Path, arguments: tuple[str, ...]) -> None:
    ended = _run(kept, "token", spec, *arguments)
    assert (ended.returncode, ended.stdout) == (64, "")
    assert not kept.trial.requests()
