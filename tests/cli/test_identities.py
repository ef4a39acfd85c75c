"""Who applies on the emulator, as the program's user sees it: whom the emulator knows, and what is said of others."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, RUNNER_SECRET
from tests import platforms
from tests.cli.test_on_the_emulator import PROGRAM, ROOT, environment_of
from tests.rehearsal import served
from tests.trial import Trial

STRANGER = "0c6e8a3f-4f0e-4b0a-8d53-5c8c5a0a7f11"


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A cloud in which the seeded runner takes the tokens of a job, a service connection and a pod."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield Trial(cloud, CONTOSO, ("http://localhost:8400/",))


@pytest.fixture
def trial(in_place: Trial) -> Trial:
    in_place.cloud.control("POST", "reset")
    return in_place


def plan(
    trial: Trial, folder: Path, variables: dict[str, str], auth: dict[str, Any] | None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """`plan` of a spec with this `auth`, in an environment of these variables and nothing else."""
    spec = folder / "spec.yaml"
    spec.write_text(json.dumps(trial.document() | ({"auth": auth} if auth else {}) | more), encoding="utf-8")
    return subprocess.run(
        [PROGRAM, "plan", spec, "--emulator", "--format", "json"],
        env=environment_of(trial.cloud) | {"PATH": os.environ["PATH"]} | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def runner_of(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode == 0, ended.stderr
    (tenant,) = json.loads(ended.stdout)["tenants"]
    told: str = tenant["runner"]
    return told


def said(ended: subprocess.CompletedProcess[str]) -> str:
    return " ".join(ended.stderr.split())


def test_a_job_of_the_emulator_is_the_runner_its_spec_names(trial: Trial, tmp_path: Path) -> None:
    job = platforms.start_job(trial, "github", platforms.GITHUB_SUBJECT)
    platforms.trust(trial, platforms.GITHUB, platforms.GITHUB_SUBJECT)
    auth = {"type": "githubActions", "clientId": CONTOSO.runner.client_id}
    trial.forget()
    ended = plan(trial, tmp_path, job, auth)
    assert runner_of(ended).endswith(f"(GitHub Actions, {platforms.GITHUB_SUBJECT})")
    assert "is used" not in ended.stderr
    counted = Counter(each["operation"] for each in trial.requests())
    assert counted["issuers.github.token"] == counted["entra.token.v2"] == 3


def test_the_request_log_holds_no_token_of_a_job(trial: Trial, tmp_path: Path) -> None:
    job = platforms.start_job(trial, "github", platforms.GITHUB_SUBJECT)
    platforms.trust(trial, platforms.GITHUB, platforms.GITHUB_SUBJECT)
    spec = tmp_path / "spec.yaml"
    auth = {"type": "githubActions", "clientId": CONTOSO.runner.client_id}
    spec.write_text(json.dumps(trial.document() | {"auth": auth}), encoding="utf-8")
    log = tmp_path / "log"
    command: list[str | Path] = [PROGRAM, "plan", spec, "--emulator", "--json-log", log]
    environment = environment_of(trial.cloud) | job
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    written = log.read_text(encoding="utf-8") + ended.stdout + ended.stderr
    assert "idtoken" in written
    assert job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] not in written
    assert "eyJ" not in written


@pytest.mark.parametrize(
    ("auth", "variables", "why"),
    [
        (
            {"type": "githubActions", "clientId": CONTOSO.runner.client_id},
            {},
            "ACTIONS_ID_TOKEN_REQUEST_URL is not set",
        ),
        (
            {"type": "azurePipelines", "clientId": STRANGER, "serviceConnection": "c"},
            {},
            "SYSTEM_OIDCREQUESTURI is",
        ),
        ({"type": "managedIdentity"}, {}, "auth: managedIdentity is not asked on the emulator"),
        ({"type": "azureCli"}, {}, "auth: azureCli is not asked on the emulator"),
        (
            {"type": "environment"},
            {"AZURE_CLIENT_ID": STRANGER, "AZURE_CLIENT_SECRET": "x"},
            f"AZURE_CLIENT_ID {STRANGER} is not known to the emulator",
        ),
        (
            {"type": "workloadIdentity", "clientId": STRANGER, "tokenFile": "/nowhere"},
            {},
            f"auth.clientId {STRANGER} is not known to the emulator",
        ),
        (None, {"AZURE_CLIENT_ID": STRANGER, "AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere"}, f"{STRANGER} is not known"),
    ],
)
def test_whoever_the_emulator_cannot_take_is_replaced_by_its_own_runner_and_said_so(
    trial: Trial, tmp_path: Path, auth: dict[str, Any] | None, variables: dict[str, str], why: str
) -> None:
    ended = plan(trial, tmp_path, variables, auth)
    assert runner_of(ended) == f"service principal {CONTOSO.runner.client_id}"
    assert why in said(ended)
    assert f"its own runner {CONTOSO.runner.client_id} is used" in said(ended)


def test_without_a_word_of_anybody_nothing_is_said(trial: Trial, tmp_path: Path) -> None:
    ended = plan(trial, tmp_path, {"AZURE_CONFIG_DIR": str(tmp_path)}, None)
    assert runner_of(ended) == f"service principal {CONTOSO.runner.client_id}"
    assert "is used" not in ended.stderr


def test_a_client_known_in_another_tenant_only_is_not_taken(trial: Trial, tmp_path: Path) -> None:
    variables = {"AZURE_CLIENT_ID": FABRIKAM.runner.client_id, "AZURE_CLIENT_SECRET": RUNNER_SECRET}
    ended = plan(trial, tmp_path, variables, {"type": "environment"})
    assert f"{FABRIKAM.runner.client_id} is not known to the emulator in tenant {CONTOSO.id}" in said(ended)


def test_a_token_that_is_not_trusted_ends_with_the_command_that_adds_the_trust(trial: Trial, tmp_path: Path) -> None:
    job = platforms.start_job(trial, "github", "repo:contoso/sam:pull_request")
    platforms.trust(trial, platforms.GITHUB, platforms.GITHUB_SUBJECT)
    ended = plan(trial, tmp_path, job, {"type": "githubActions", "clientId": CONTOSO.runner.client_id})
    assert ended.returncode == 1
    assert "AADSTS700213" in ended.stderr
    assert "az ad app federated-credential create" in said(ended)
    assert "repo:contoso/sam:pull_request" in said(ended)
    assert "Traceback" not in ended.stderr
