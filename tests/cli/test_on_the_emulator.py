"""The program as a user runs it, against a served emulator."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from provisioner.core import exit_codes
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_PASSWORD, RUNNER_SECRET
from provisioner.render.plan_schema import plan_schema
from tests.demo import main as demo
from tests.rehearsal import SECRETS_OFFICER, Cloud, served
from tests.resources.cases import CASES
from tests.trial import Trial

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("provisioner")
SPEC = "configs/emulator.yaml"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def environment(cloud: Cloud) -> dict[str, str]:
    return environment_of(cloud)


def environment_of(cloud: Cloud) -> dict[str, str]:
    state = cloud.description["state"]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {"PROVISIONER_EMULATOR": f"{state}/endpoint.json", "HOME": state, **kept}


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Two tenants of the emulator, and one it does not have."""
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    (tmp_path / "contoso.yaml").write_text(text, encoding="utf-8")
    contoso = {"tenant": "f5869d30-a0ef-43dd-96bb-1e8a000db1c9", "vault": "kv-contoso-sam"}
    for name, tenant in (("fabrikam", FABRIKAM.id), ("nowhere", "5b7f3c1e-2d49-4a86-9f0b-c83d1e6a7245")):
        other = text.replace(contoso["tenant"], tenant).replace(contoso["vault"], f"kv-{name}-sam")
        (tmp_path / f"{name}.yaml").write_text(other, encoding="utf-8")
    return tmp_path


def provisioner(environment: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_the_demo_holds() -> None:
    assert demo() == 0


def test_a_plan_in_json_is_pure_data_and_obeys_the_schema(environment: dict[str, str]) -> None:
    ended = provisioner(environment, "plan", SPEC, "--format", "json", "--detailed-exitcode")
    assert ended.returncode == 2
    document = json.loads(ended.stdout)
    Draft202012Validator(plan_schema()).validate(document)
    assert [tenant["name"] for tenant in document["tenants"]] == ["contoso-sam"]


def test_a_tenant_that_fails_stops_no_other(environment: dict[str, str], fleet: Path) -> None:
    ended = provisioner(environment, "plan", fleet, "--format", "json", "--detailed-exitcode")
    assert ended.returncode == 1
    contoso, fabrikam, nowhere = json.loads(ended.stdout)["tenants"]
    assert contoso["entries"]
    assert fabrikam["entries"]
    assert "5b7f3c1e" in nowhere["error"]["what"]
    assert "3 tenants" in ended.stderr


@pytest.mark.parametrize(("format_", "failed"), [("markdown", "| **failed** |"), ("html", "No plan could be made")])
def test_a_report_is_all_of_stdout_and_has_every_tenant_also_the_one_that_failed(
    environment: dict[str, str], fleet: Path, format_: str, failed: str
) -> None:
    ended = provisioner(environment, "plan", fleet, "--format", format_, "--detailed-exitcode")
    assert ended.returncode == 1
    assert ended.stdout.startswith({"markdown": "## provisioner plan", "html": "<!doctype html>"}[format_])
    assert "3 tenants: " in ended.stdout or "3 tenants</h2>" in ended.stdout
    assert failed in ended.stdout
    assert "5b7f3c1e" in ended.stdout, "why it failed"
    assert f"provisioner consent {fleet}/contoso.yaml" in ended.stdout
    assert re.search(r"\d+ to create", re.sub(r"<[^>]+>", "", ended.stdout))
    assert not [secret for secret in (RUNNER_SECRET, OPERATOR_PASSWORD, "eyJ") if secret in ended.stdout]


def test_a_build_server_gets_a_suite_for_each_tenant_also_for_the_one_that_failed(
    environment: dict[str, str], fleet: Path
) -> None:
    ended = provisioner(environment, "verify", fleet, "--format", "junit")
    assert ended.returncode == 1
    suites = ElementTree.fromstring(ended.stdout)
    assert len(suites) == 3
    assert all(int(suite.get("errors", "0")) for suite in suites), "nobody has signed in yet, and one does not exist"
    assert "5b7f3c1e" in ended.stdout


def test_of_many_tenants_none_with_changes_pending_is_called_in_order(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    for name in ("first", "second"):
        (tmp_path / f"{name}.yaml").write_text(text.replace("contoso-sam", f"{name}-sam"), encoding="utf-8")
    ended = provisioner(environment, "plan", tmp_path)
    assert ended.returncode == 0
    assert ended.stderr.count("changes pending") == 3, "a line for each, and the summary"
    assert "in order" not in ended.stderr
    assert f"provisioner consent {tmp_path}/second.yaml" in " ".join(ended.stdout.split())


def test_a_second_start_finds_the_emulator_that_runs(environment: dict[str, str], cloud: Cloud) -> None:
    state = cloud.description["state"]
    for _ in range(2):
        started = provisioner(environment, "emulator", "start", "--detach", "--json", "--state", state)
        assert json.loads(started.stdout)["address"] == cloud.description["address"]


def test_the_request_log_is_private_and_names_each_request(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    log.touch(mode=0o644)
    assert provisioner(environment, "plan", SPEC, "--json-log", log).returncode == 0
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines
    assert all(line.keys() == {"method", "url", "status", "ms", "requestId"} for line in lines)


def test_a_request_log_that_cannot_be_written_is_told_and_costs_no_answer(environment: dict[str, str]) -> None:
    ended = provisioner(environment, "plan", SPEC, "--json-log", "/dev/full", "--format", "json")
    assert ended.returncode == exit_codes.FAILED
    assert json.loads(ended.stdout)["tenants"][0]["entries"]
    assert "Traceback" not in ended.stderr
    assert "error: the request log is incomplete: No space left on device" in ended.stderr
    assert stat.S_IMODE(Path("/dev/full").stat().st_mode) == 0o666, "a device is not ours to lock"


@pytest.mark.parametrize("shape", ["text", "json"])
def test_specs_of_one_name_are_told_apart_in_commands_by_their_files(
    environment: dict[str, str], fleet: Path, shape: str
) -> None:
    (fleet / "nowhere.yaml").unlink()
    theirs = fleet / "fabrikam.yaml"
    text = theirs.read_text(encoding="utf-8").replace(CONTOSO.subscription, FABRIKAM.subscription)
    theirs.write_text(text, encoding="utf-8")
    shown = provisioner(environment, "plan", fleet, "--format", shape).stdout
    for name in ("contoso", "fabrikam"):
        assert f"provisioner consent {fleet}/{name}.yaml" in shown
    assert "provisioner consent SPEC" not in shown


def test_no_output_holds_a_secret(environment: dict[str, str], fleet: Path) -> None:
    for command in (["plan", "-v", "--format", "json"], ["plan", "-v"], ["verify", "-v"]):
        ended = provisioner(environment, *command, fleet)
        for secret in (RUNNER_SECRET, OPERATOR_PASSWORD, "eyJ"):
            assert secret not in ended.stdout + ended.stderr


def test_a_declined_question_writes_nothing_and_is_exit_1(environment: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "apply", SPEC],
        env=environment,
        cwd=ROOT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        os.write(ours, b"n\n")
        shown, said = process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 1
    assert b"declined: nothing was written" in said
    assert b"first run" in shown
    assert b"first run" in provisioner(environment, "plan", SPEC).stdout.encode()


def take_the_vault_from_the_runner(trial: Trial) -> None:
    """What is pending inside cannot be seen until a first round has given the role back."""
    path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments"
    for each in trial.arm("GET", path, version="2022-04-01")["value"]:
        mine = each["properties"]["principalId"] == trial.tenant.runner.object_id
        if mine and each["properties"]["roleDefinitionId"].endswith(SECRETS_OFFICER):
            trial.arm("DELETE", each["id"], version="2022-04-01")


def typed(environment: dict[str, str], answers: str, *arguments: str | Path) -> tuple[int, str]:
    """The exit code, and all that somebody at a terminal sees who types this."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 200))
    os.write(ours, answers.encode())
    seen = bytearray()
    with subprocess.Popen(
        [PROGRAM, *arguments], env=environment | {"TERM": "dumb"}, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        with suppress(OSError):  # the terminal's way of saying that nobody writes any more
            while read := os.read(ours, 4096):
                seen += read
    os.close(ours)
    return process.returncode, seen.decode()


def test_a_no_to_a_later_round_keeps_what_was_done(prepared: Trial, tmp_path: Path) -> None:
    contoso, fabrikam = prepared.back_to("applied"), Trial(prepared.cloud, FABRIKAM, prepared.reply_urls)
    fabrikam.put_in_place()
    for trial in (contoso, fabrikam):
        CASES["credential"].drifts(trial)  # type: ignore[misc]  # this case has one
        take_the_vault_from_the_runner(trial)
        (tmp_path / f"{trial.tenant.domain}.yaml").write_text(json.dumps(trial.document()))
    code, transcript = typed(environment_of(prepared.cloud), "y\ny\nn\n", "apply", tmp_path, "--emulator")
    assert code == 1
    asked = re.findall(r"Plan for|\[y/N\]", transcript)
    assert asked == ["Plan for", "Plan for", "[y/N]", *["Plan for", "[y/N]"] * 2], "each question after its own plan"
    assert "Applied trial, on the emulator: 2 done" in transcript
    assert "Applied trial, on the emulator: 1 done" in transcript
    assert "nothing more was written" in transcript


def test_a_bug_in_one_step_shows_its_traceback_and_the_report(prepared: Trial, tmp_path: Path) -> None:
    prepared.back_to("new")
    spec = tmp_path / "trial.yaml"
    spec.write_text(json.dumps(prepared.document()))
    bug = "from provisioner.resources.resource_group import ResourceGroup\nResourceGroup.perform = lambda *_: 1 / 0\n"
    program = "import sys\nfrom provisioner.cli.main import run\nsys.exit(run(sys.argv[1:]))"
    arguments = ("apply", str(spec), "--emulator", "--auto-approve", "--no-consent")
    environment = environment_of(prepared.cloud)
    command = [sys.executable, "-c", bug + program, *arguments]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
    assert "1 failed" in ended.stdout
    assert "a defect of provisioner (ZeroDivisionError)" in ended.stdout


def test_the_environment_s_identity_is_taken_where_the_emulator_knows_it(
    environment: dict[str, str], cloud: Cloud
) -> None:
    contoso = Trial(cloud, CONTOSO, ())
    application = contoso.graph("POST", "applications", {"displayName": "A pipeline"})
    contoso.graph("POST", "servicePrincipals", {"appId": application["appId"]})
    secret = contoso.graph("POST", f"applications/{application['id']}/addPassword", {"passwordCredential": {}})
    known = {"AZURE_CLIENT_ID": application["appId"], "AZURE_CLIENT_SECRET": secret["secretText"]}
    ended = provisioner(environment | known, "plan", SPEC)
    assert f"service principal {application['appId']}" in ended.stdout
    unknown = "0c6e8a3f-4f0e-4b0a-8d53-5c8c5a0a7f11"
    ended = provisioner(environment | known | {"AZURE_CLIENT_ID": unknown}, "plan", SPEC)
    assert f"service principal {CONTOSO.runner.client_id}" in ended.stdout
    assert f"AZURE_CLIENT_ID {unknown} is not known to the emulator" in " ".join(ended.stderr.split())


def test_an_emulator_that_is_gone_is_said_so(environment: dict[str, str], tmp_path: Path) -> None:
    gone = environment | {"PROVISIONER_EMULATOR": str(tmp_path / "gone.json")}
    ended = provisioner(gone, "plan", SPEC)
    assert ended.returncode == 1
    assert "not running" in ended.stderr
    assert "next:" in ended.stderr
