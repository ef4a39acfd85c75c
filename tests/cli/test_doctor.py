"""`doctor` and `explain` as a user runs them, against a served emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_on_the_emulator import environment_of, provisioner
from tests.rehearsal import served

ROOT = Path(__file__).parents[2]
SPEC = "configs/emulator.yaml"
STATUSES = {"pass", "fail", "unknown"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield environment_of(cloud)


def test_a_spec_that_will_work_ends_with_0_and_every_sentence_is_on_stdout(environment: dict[str, str]) -> None:
    ended = provisioner(environment, "doctor", SPEC)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Checks of contoso-sam" in ended.stdout
    assert "fail" not in ended.stdout
    assert ended.stderr == ""


def test_json_is_a_document_of_tenants_and_checks(environment: dict[str, str]) -> None:
    document = json.loads(provisioner(environment, "doctor", SPEC, "--format", "json").stdout)
    assert document["formatVersion"] == 1
    (tenant,) = document["tenants"]
    assert tenant["name"] == "contoso-sam"
    assert len(tenant["checks"]) > 20
    for check in tenant["checks"]:
        assert check.keys() == {"name", "status", "text", "nextStep", "advisory"}
        assert check["status"] in STATUSES
        assert check["text"]


def test_a_tenant_that_is_not_there_is_a_finding_and_hides_no_other(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    nowhere = text.replace("f5869d30-a0ef-43dd-96bb-1e8a000db1c9", "5b7f3c1e-2d49-4a86-9f0b-c83d1e6a7245")
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(nowhere.replace("contoso-sam", "nowhere-sam"), encoding="utf-8")
    ended = provisioner(environment, "doctor", tmp_path, "--format", "json")
    assert ended.returncode == 1
    fine, missing = json.loads(ended.stdout)["tenants"]
    assert not [check for check in fine["checks"] if check["status"] == "fail"]
    identity = missing["checks"][0]
    assert (identity["name"], identity["status"]) == ("identity", "fail")
    assert identity["nextStep"]
    assert "Traceback" not in ended.stderr


def test_a_wrong_secret_of_the_runner_is_a_finding_with_its_remedy(environment: dict[str, str]) -> None:
    known = {"AZURE_TENANT_ID": "f5869d30-a0ef-43dd-96bb-1e8a000db1c9"}
    wrong = {"AZURE_CLIENT_ID": "935a6615-de53-45af-8720-3c05df41217a", "AZURE_CLIENT_SECRET": "canary-not-a-secret"}
    ended = provisioner(environment | known | wrong, "doctor", SPEC)
    assert ended.returncode == 1
    assert "AADSTS7000215" in ended.stdout
    assert "correct AZURE_CLIENT_SECRET" in " ".join(ended.stdout.split())
    assert "canary" not in ended.stdout + ended.stderr


def test_explain_prints_roles_commands_and_pipelines(environment: dict[str, str]) -> None:
    ended = provisioner(environment, "explain", SPEC)
    assert ended.returncode == 0
    for told in ("The runner (plans and applies) needs", "az role assignment create", "id-token: write"):
        assert told in ended.stdout
