"""`renew` and `rotate` as a pipeline runs them: what they print, what they ask, how they end."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from tests.consent.conftest import free_port
from tests.kept import Kept, put_in_place
from tests.rehearsal import SECRET, served
from tests.trial import NAME, Trial

PROGRAM = Path(sys.executable).with_name("provisioner")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", "https://localhost:44395/"))
        cloud.control("POST", "snapshot", {"name": "new"})
        yield put_in_place(trial, "secret")


@pytest.fixture
def kept(made: Kept) -> Kept:
    made.trial.back_to(made.type)
    return made


def _environment(kept: Kept) -> dict[str, str]:
    state = kept.trial.cloud.description["state"]
    return {"PROVISIONER_EMULATOR": f"{state}/endpoint.json", "HOME": state, "PATH": os.environ["PATH"]}


def _run(kept: Kept, *arguments: str | Path, stdin: int = subprocess.DEVNULL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments, "--emulator"],
        env=_environment(kept),
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def _fleet(kept: Kept, folder: Path) -> Path:
    """The tenant, and one in which nobody has applied yet."""
    document = kept.document()
    kept.write_spec(folder)
    document |= {"name": "elsewhere", "tenant": FABRIKAM.id, "subscription": FABRIKAM.subscription}
    document["vault"] |= {"name": "kv-elsewhere", "access": []}
    del document["consent"], document["verify"]
    (folder / "elsewhere.yaml").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_renew_says_whose_token_lives_until_when(kept: Kept, tmp_path: Path) -> None:
    ended = _run(kept, "renew", kept.write_spec(tmp_path))
    assert ended.returncode == 0
    assert f"{NAME}: renewed for {CONTOSO.operator}, with MFA" in " ".join(ended.stdout.split())


def test_of_a_fleet_each_tenant_is_renewed_by_itself_and_the_worst_decides(kept: Kept, tmp_path: Path) -> None:
    before = kept.token()["value"]
    ended = _run(kept, "renew", _fleet(kept, tmp_path), "--format", "json")
    assert ended.returncode == 1
    elsewhere, renewed = json.loads(ended.stdout)["tenants"]
    assert "does not exist" in elsewhere["error"]["what"]
    assert renewed["secret"] == SECRET
    assert kept.token()["value"] != before
    assert kept.token()["id"].endswith(renewed["version"])
    assert "2 tenants" in ended.stderr


def test_a_person_who_must_sign_in_is_exit_3_with_the_command_of_this_very_file(kept: Kept, tmp_path: Path) -> None:
    kept.trial.cloud.control("PATCH", f"users?id={CONTOSO.operator_id}", {"revokeSessions": True})
    spec = kept.write_spec(tmp_path)
    ended = _run(kept, "renew", spec)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert f"provisioner consent {spec}" in " ".join(ended.stderr.split())


def test_a_token_that_was_not_stored_is_told_loudly(kept: Kept, tmp_path: Path) -> None:
    kept.trial.fault("key_vault.secrets.set", "deny", code="ForbiddenByRbac")
    ended = _run(kept, "renew", kept.write_spec(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "NOT stored" in ended.stderr


def test_rotate_asks_and_without_a_terminal_that_is_wrong_usage(kept: Kept, tmp_path: Path) -> None:
    ended = _run(kept, "rotate", kept.write_spec(tmp_path))
    assert (ended.returncode, ended.stdout) == (64, "")
    assert not kept.trial.requests()


def _rotate_and_answer(kept: Kept, answer: bytes, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    leader, follower = pty.openpty()
    os.write(leader, answer)
    ended = _run(kept, "rotate", *arguments, stdin=follower)
    os.close(leader)
    os.close(follower)
    return ended


def test_a_rotation_that_is_declined_writes_nothing(kept: Kept, tmp_path: Path) -> None:
    ended = _rotate_and_answer(kept, b"n\n", kept.write_spec(tmp_path))
    assert ended.returncode == 1
    assert "stage" in ended.stdout
    assert "declined" in ended.stderr
    assert not kept.trial.writes()


def test_a_rotation_that_is_agreed_to_ends_with_what_consumers_must_know_and_no_secret(
    kept: Kept, tmp_path: Path
) -> None:
    log = tmp_path / "requests.jsonl"
    ended = _rotate_and_answer(kept, b"y\n", kept.write_spec(tmp_path), "--format", "json", "--json-log", log)
    assert ended.returncode == 0
    assert "Carry out 2 steps?" in ended.stderr
    (tenant,) = json.loads(ended.stdout)["tenants"]
    assert list(tenant)[-1] == "outputs"
    assert [result["outcome"] for result in tenant["results"]] == ["done", "done"]
    stored = kept.trial.secrets("GET", f"secrets/{NAME}-credential")
    assert stored["id"].endswith(tenant["outputs"]["credential"]["version"])
    seen = ended.stdout + ended.stderr + log.read_text(encoding="utf-8")
    assert not any(secret in seen for secret in (stored["value"], kept.token()["value"], "eyJ"))


def test_no_part_of_a_renewed_token_is_printed_or_logged(kept: Kept, tmp_path: Path) -> None:
    before, log = kept.token()["value"], tmp_path / "requests.jsonl"
    logged = _run(kept, "renew", kept.write_spec(tmp_path), "--json-log", log)
    verbose = _run(kept, "renew", kept.write_spec(tmp_path), "-v")
    seen = logged.stdout + logged.stderr + log.read_text(encoding="utf-8") + verbose.stdout + verbose.stderr
    assert "/oauth2/v2.0/token" in seen
    assert not any(secret in seen for secret in (before, kept.token()["value"], "eyJ"))
