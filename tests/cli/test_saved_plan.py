"""`plan --out` and `apply --plan` as a pipeline runs them: one process plans, another applies exactly that."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provisioner.cli import plan_file
from provisioner.cli.main import run
from provisioner.core.errors import OutputError
from provisioner.emulator.seed.directory import FABRIKAM
from tests.cli.test_on_the_emulator import PROGRAM, environment_of, take_the_vault_from_the_runner, typed
from tests.conftest import REPLY_URLS
from tests.platforms import AUDIENCE, GITHUB, GITHUB_SUBJECT
from tests.trial import NAME, Trial

Run = Callable[..., tuple[int, str, str]]
UNATTENDED = ("--auto-approve", "--no-consent")
TRUST = {"type": "federated", "issuer": GITHUB, "subject": GITHUB_SUBJECT, "audience": AUDIENCE}  # nothing to prove


@pytest.fixture
def command(
    prepared: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The program in this process, in a folder of its own: exit code, stdout, stderr in one line."""
    monkeypatch.setenv("PROVISIONER_EMULATOR", environment_of(prepared.cloud)["PROVISIONER_EMULATOR"])
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: str, emulator: bool = True) -> tuple[int, str, str]:
        prepared.forget()
        code = run([*arguments, *(["--emulator"] if emulator else [])])
        told = capsys.readouterr()
        return code, told.out, " ".join(told.err.split())

    return run_it


def write_spec(trial: Trial, folder: Path, **changed: Any) -> Path:
    document = trial.document() | changed
    file = folder / f"{document['name']}-{trial.tenant.id[:4]}.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def renamed(trial: Trial, name: str = "Trial, renamed", **more: Any) -> dict[str, Any]:
    return {"application": trial.document()["application"] | {"displayName": name} | more}


def forge(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """By somebody who computes the integrity anew."""
    data = json.loads(file.read_text())
    change(data)
    data["integrity"] = "0" * 64
    text = json.dumps(data)
    file.write_text(text.replace("0" * 64, hashlib.sha256(text.encode()).hexdigest()))


def test_one_process_plans_and_another_elsewhere_applies_exactly_that(applied: Trial, tmp_path: Path) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    there, here = tmp_path / "plans", tmp_path / "applies"
    here.mkdir()
    there.mkdir()

    def program(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments, "--emulator"],
            env=environment_of(applied.cloud) | {"HOME": str(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    planned = program(there, "plan", f"../{spec.name}", "--out", "plan.json")
    assert planned.returncode == 0
    assert "application.displayName" not in planned.stderr
    assert "Trial → Trial, renamed" in planned.stdout
    assert planned.stderr.endswith("  provisioner apply --plan plan.json --emulator\n")
    assert [file.name for file in there.iterdir()] == ["plan.json"]
    assert stat.S_IMODE((there / "plan.json").stat().st_mode) == 0o600
    text = (there / "plan.json").read_text(encoding="utf-8")
    for machine in (str(tmp_path), spec.name, socket.gethostname(), applied.cloud.description["address"], str(PROGRAM)):
        assert machine not in text
    spec.unlink()
    (here / "plan.json").write_text(text, encoding="utf-8")
    done = program(here, "apply", "--plan", "plan.json", *UNATTENDED)
    assert done.returncode == 3, done.stderr
    assert "Trial → Trial, renamed" in done.stdout
    assert applied.application()["displayName"] == "Trial, renamed"
    applied.forget()
    again = program(here, "apply", "--plan", "plan.json", *UNATTENDED)
    assert again.returncode == 1
    assert "may have been applied already" in again.stderr
    assert applied.writes() == []


def test_from_nothing_to_everything_in_one_apply(trial: Trial, tmp_path: Path, command: Run) -> None:
    spec = write_spec(trial, tmp_path, **renamed(trial, credential=TRUST))
    assert command("plan", spec.name, "--out", "plan.json", "--detailed-exitcode")[0] == 2
    code, told, _ = command("apply", "--plan", "plan.json", spec.name, *UNATTENDED, "--format", "json")
    assert code == 3
    (tenant,) = json.loads(told)["tenants"]
    assert {result["outcome"] for result in tenant["results"]} == {"done"}
    assert tenant["outputs"]["tenantId"] == trial.tenant.id
    (saved,) = json.loads(Path("plan.json").read_text())["tenants"]
    shown = [{**entry, "todo": entry["todo"].replace(f"{spec.name} --emulator", "SPEC")} for entry in tenant["entries"]]
    assert shown == saved["entries"]


@pytest.mark.parametrize("format_", ["text", "json", "prometheus"])
def test_the_plan_is_shown_in_any_format_as_without_a_file(
    applied: Trial, tmp_path: Path, command: Run, format_: str
) -> None:
    spec = write_spec(applied, tmp_path)
    code, told, _ = command("plan", spec.name, "--out", "plan.json", "--format", format_, "--detailed-exitcode")
    assert code == 3
    assert NAME in told
    assert "integrity" not in told
    assert Path("plan.json").exists()


def test_a_plan_of_eight_days_ago_is_refused(applied: Trial, tmp_path: Path, command: Run) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    applied.cloud.control("POST", "clock", {"advanceSeconds": 8 * 86_400})
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED)
    assert code == 1
    assert "error: the plan is older than 7 days" in said
    assert applied.writes() == []


def test_the_emulator_s_plan_is_not_for_the_real_cloud_nor_the_other_way(
    applied: Trial, tmp_path: Path, command: Run
) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    command("plan", spec.name, "--out", "plan.json")
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED, emulator=False)
    assert (code, applied.requests()) == (1, [])
    assert "the plan of trial was made on the emulator, and would be applied elsewhere" in said
    assert "run the same command with --emulator" in said
    forge(Path("plan.json"), lambda data: data["tenants"][0].update(emulator=False))
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED)
    assert (code, applied.requests()) == (1, [])
    assert "made in the cloud public" in said
    assert "run the same command without --emulator" in said


def test_a_spec_file_beside_it_must_say_the_same(applied: Trial, tmp_path: Path, command: Run) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    command("plan", spec.name, "--out", "plan.json")
    write_spec(applied, tmp_path, **renamed(applied, "Another"), safety={"maxRemovals": 3}, exact=["tags"])
    code, _, said = command("apply", "--plan", "plan.json", spec.name, *UNATTENDED)
    assert (code, applied.requests()) == (1, [])
    assert "trial: application.displayName, exact, safety.maxRemovals" in said
    assert f"provisioner plan {spec.name} --emulator --out plan.json" in said
    spec.unlink()
    other = write_spec(Trial(applied.cloud, FABRIKAM, REPLY_URLS), tmp_path, name="other")
    code, _, said = command("apply", "--plan", "plan.json", other.name, *UNATTENDED)
    assert (code, applied.requests()) == (1, [])
    assert "other is not in the plan; trial is only in the plan" in said
    other.unlink()
    namesake = write_spec(Trial(applied.cloud, FABRIKAM, REPLY_URLS), tmp_path)
    code, _, said = command("apply", "--plan", "plan.json", namesake.name, *UNATTENDED)
    assert (code, applied.requests()) == (1, [])
    assert f"trial: tenant {applied.tenant.id} in the plan, {FABRIKAM.id} in the file" in said
    assert "is not in the plan" not in said


def test_of_several_tenants_the_one_that_moved_is_refused_and_the_others_are_applied(
    applied: Trial, tmp_path: Path, command: Run
) -> None:
    fabrikam = Trial(applied.cloud, FABRIKAM, REPLY_URLS)
    write_spec(applied, tmp_path, **renamed(applied))
    write_spec(fabrikam, tmp_path, **renamed(fabrikam, credential=TRUST))
    assert command("plan", ".", "--out", "plan.json")[0] == 0
    applied.change_application(displayName="Somebody's")
    code, told, said = command("apply", "--plan", "plan.json", *UNATTENDED, "--format", "json")
    assert code == 1
    moved, done = sorted(json.loads(told)["tenants"], key=lambda tenant: "error" not in tenant)
    assert "application.displayName: before was Trial, is now Somebody's" in moved["error"]["what"]
    assert {result["outcome"] for result in done["results"]} == {"done"}
    assert applied.application()["displayName"] == "Somebody's"
    assert fabrikam.application()["displayName"] == "Trial, renamed"
    assert "2 tenants" in said
    assert "provisioner plan SPEC --emulator --out plan.json" in said, "not one of the two specs"


def test_what_is_incomplete_is_not_saved_and_an_older_plan_is_gone(
    applied: Trial, tmp_path: Path, command: Run
) -> None:
    spec = write_spec(applied, tmp_path)
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    take_the_vault_from_the_runner(applied)
    code, told, said = command("plan", spec.name, "--out", "plan.json")
    assert code == 4
    assert "could not be read" in told
    assert "the plan is not saved, for it would be incomplete: 2 things could not be read (trial/credential" in said
    assert not Path("plan.json").exists()
    nowhere = "5b7f3c1e-2d49-4a86-9f0b-c83d1e6a7245"
    write_spec(applied, tmp_path, name="nowhere", tenant=nowhere, vault=applied.document()["vault"] | {"name": "kv-n"})
    code, _, said = command("plan", ".", "--out", "plan.json")
    assert code == 1
    assert "1 tenant could not be planned (nowhere); 2 things could not be read" in said
    assert list(tmp_path.glob("*plan.json*")) == []


def test_an_older_plan_does_not_outlive_a_spec_that_became_invalid(
    applied: Trial, tmp_path: Path, command: Run
) -> None:
    spec = write_spec(applied, tmp_path)
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    spec.write_text("version: 1")
    assert command("plan", spec.name, "--out", "plan.json")[0] == 1
    assert not Path("plan.json").exists()


def test_what_shows_only_after_a_recovery_is_for_another_plan(applied: Trial, tmp_path: Path, command: Run) -> None:
    applied.change_application(displayName="Somebody's")
    applied.graph("DELETE", f"applications/{applied.application()['id']}")
    spec = write_spec(applied, tmp_path)
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    code, told, said = command("apply", "--plan", "plan.json", spec.name, *UNATTENDED)
    assert code == 2, said
    assert applied.application()["displayName"] == "Somebody's"
    assert told.count("Plan for") == 1
    assert "More is to be done, which was not shown before: trial/application update" in said
    assert f"provisioner plan {spec.name} --emulator --out plan.json" in said
    assert "provisioner apply --plan plan.json" in said
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    assert command("apply", "--plan", "plan.json", *UNATTENDED)[0] == 3
    assert applied.application()["displayName"] == "Trial"


def test_removals_are_asked_about_as_ever(applied: Trial, tmp_path: Path, command: Run) -> None:
    urls = applied.application()["web"]["redirectUris"]
    applied.change_application(web={"redirectUris": [*urls, "https://app.contoso.com/"]})
    spec = write_spec(applied, tmp_path, exact=["replyUrls"])
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED)
    assert (code, applied.writes()) == (1, [])
    assert "--allow-removal trial/application" in said
    assert command("apply", "--plan", "plan.json", *UNATTENDED, "--allow-removal", "trial/application")[0] == 3
    assert applied.application()["web"]["redirectUris"] == urls


def test_a_no_writes_nothing_and_a_yes_applies(applied: Trial, tmp_path: Path, command: Run) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    command("plan", spec.name, "--out", "plan.json")
    arguments = ("apply", "--plan", tmp_path / "plan.json", "--emulator", "--no-consent")
    code, seen = typed(environment_of(applied.cloud), "n\n", *arguments)
    assert code == 1
    assert "Apply 2 steps? [y/N]" in seen
    assert "declined: nothing was written" in seen
    assert applied.writes() == []
    assert typed(environment_of(applied.cloud), "y\n", *arguments)[0] == 3
    assert applied.application()["displayName"] == "Trial, renamed"


TAMPERED: dict[str, Callable[[Path], object]] = {
    "a byte": lambda file: file.write_text(file.read_text().replace("Trial, renamed", "Trial, renamec")),
    "half of it": lambda file: file.write_text(file.read_text()[:3000]),
    "another tool's": lambda file: file.write_text('{"format_version": "1.2"}'),
    "a spec": lambda file: file.write_text("version: 1\nname: trial\n"),
    "another spec, forged": lambda file: forge(
        file, lambda data: data["tenants"][0]["spec"]["application"].update(displayName="Mine")
    ),
    "another change, forged": lambda file: forge(
        file, lambda data: data["tenants"][0]["entries"][0]["fields"][0].update(after="Mine")
    ),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_what_was_tampered_with_writes_nothing(
    applied: Trial, tmp_path: Path, command: Run, tamper: Callable[[Path], object]
) -> None:
    spec = write_spec(applied, tmp_path, **renamed(applied))
    command("plan", spec.name, "--out", "plan.json")
    tamper(Path("plan.json"))
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED)
    assert (code, applied.writes()) == (1, [])
    assert "plan.json" in said
    assert "next:" in said


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no/such/folder/plan.json", "there is no folder"),
        ("trial.yaml", "something else than a saved plan"),
        ("shown.json", "something else than a saved plan"),
        ("folder", "something else than a saved plan"),
        ("/dev/null", "something else than a saved plan"),
    ],
)
def test_a_place_that_cannot_be_is_wrong_usage_before_any_request(
    applied: Trial, tmp_path: Path, command: Run, path: str, why: str
) -> None:
    write_spec(applied, tmp_path).rename("trial.yaml")
    Path("folder").mkdir()
    Path("shown.json").write_text(command("plan", "trial.yaml", "--format", "json")[1])
    before = Path("trial.yaml").read_bytes()
    code, told, said = command("plan", "trial.yaml", "--out", path)
    assert (code, told, applied.requests()) == (64, "", [])
    assert why in said
    assert Path("trial.yaml").read_bytes() == before


def test_an_empty_file_and_a_link_are_places(applied: Trial, tmp_path: Path, command: Run) -> None:
    spec = write_spec(applied, tmp_path)
    Path("real.json").touch(0o644)
    Path("plan.json").symlink_to("real.json")
    assert command("plan", spec.name, "--out", "plan.json")[0] == 0
    assert Path("plan.json").is_symlink()
    assert stat.S_IMODE(Path("real.json").stat().st_mode) == 0o600
    assert command("apply", "--plan", "plan.json", *UNATTENDED)[0] == 3


def test_a_plan_that_does_not_fit_on_the_disk_leaves_nothing(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="the plan cannot be saved: File too large"):
            plan_file.write(tmp_path / "plan.json", "x" * 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path, command: Run) -> None:
    with Path("plan.json").open("wb") as file:
        os.truncate(file.fileno(), plan_file.MAX_BYTES + 1)
    code, _, said = command("apply", "--plan", "plan.json", *UNATTENDED)
    assert code == 1
    assert "larger than 128 MiB" in said
