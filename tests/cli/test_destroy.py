"""`destroy` at a terminal and in a pipeline: what it asks, what it refuses before any request, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_on_the_emulator import environment_of, provisioner, typed
from tests.removal import destroy, plan_to_destroy
from tests.trial import GROUP, NAME, Trial


def _written(trial: Trial, folder: Path, **changed: object) -> Path:
    document = trial.document()
    document["vault"] |= changed
    path = folder / "trial.yaml"
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


@pytest.mark.parametrize("flags", [(), ("--purge",), ("--purge", "--auto-approve")], ids=" ".join)
def test_a_question_without_a_terminal_is_wrong_usage_before_any_request(
    applied: Trial, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    spec = _written(applied, tmp_path)
    ended = provisioner(environment_of(applied.cloud), "destroy", spec, "--emulator", *flags)
    assert (ended.returncode, ended.stdout) == (64, "")
    assert applied.requests() == []


def test_a_declined_destroy_removes_nothing_and_is_exit_1(applied: Trial, tmp_path: Path) -> None:
    spec = _written(applied, tmp_path)
    code, seen = typed(environment_of(applied.cloud), "n\n", "destroy", spec, "--emulator")
    assert code == 1
    assert "Plan to destroy trial" in seen
    assert "Carry out 8 steps? [y/N]" in seen
    assert "declined: nothing was written" in seen
    assert applied.writes() == []


def test_an_agreed_destroy_removes_and_tells_the_way_back(applied: Trial, tmp_path: Path) -> None:
    spec = _written(applied, tmp_path)
    code, seen = typed(environment_of(applied.cloud), "y\n", "destroy", spec, "--emulator")
    assert code == 0
    assert "Destroyed trial, on the emulator: 8 done" in seen
    assert f"provisioner apply {spec}" in seen
    assert plan_to_destroy(applied).steps == ()


@pytest.mark.parametrize(
    ("answer", "flags", "code"), [("y", ("--auto-approve",), 1), ("Trial", (), 1), (NAME, ("--auto-approve",), 0)]
)
def test_purge_takes_nothing_but_the_typed_name(
    applied: Trial, tmp_path: Path, answer: str, flags: tuple[str, ...], code: int
) -> None:
    spec = _written(applied, tmp_path)
    ended, seen = typed(environment_of(applied.cloud), f"{answer}\n", "destroy", spec, "--emulator", "--purge", *flags)
    assert ended == code, seen
    assert "Type trial to go on:" in seen
    assert "2 cannot be undone" in seen
    assert bool(applied.writes()) == (code == 0)


def test_with_nothing_left_to_remove_nothing_is_asked(applied: Trial, tmp_path: Path) -> None:
    destroy(applied)
    code, seen = typed(environment_of(applied.cloud), "", "destroy", _written(applied, tmp_path), "--emulator")
    assert code == 0
    where = f"vault {applied.vault} of resource group {GROUP}"
    assert f"Nothing to do: nothing of it is left to remove in {where}." in " ".join(seen.split())


def test_what_is_protected_is_told_with_the_line_to_change(applied: Trial, tmp_path: Path) -> None:
    spec = _written(applied, tmp_path, protect=True)
    line = next(i for i, text in enumerate(spec.read_text().splitlines(), 1) if '"protect"' in text)
    ended = provisioner(environment_of(applied.cloud), "destroy", spec, "--emulator", "--auto-approve")
    assert ended.returncode == 1
    assert f"{spec}:{line}:" in ended.stderr
    assert "take vault.protect: true out of the spec" in ended.stderr
    assert applied.writes() == []


def test_json_ends_with_what_came_of_each_step_and_the_log_names_each_request(applied: Trial, tmp_path: Path) -> None:
    spec, log = _written(applied, tmp_path), tmp_path / "requests.jsonl"
    ended = provisioner(
        environment_of(applied.cloud), "destroy", spec, "--emulator", "--auto-approve", "--format", "json",
        "--json-log", log,
    )  # fmt: skip
    assert ended.returncode == 0
    (tenant,) = json.loads(ended.stdout)["tenants"]
    assert {(entry["action"], entry["removal"]) for entry in tenant["entries"]} == {("delete", True), ("none", False)}
    assert {result["outcome"] for result in tenant["results"]} == {"done"}
    assert (tenant["destroys"], tenant["left"]) == (True, [])
    assert any("can be recovered until" in notice["text"] for notice in tenant["leftNotices"])
    sent = [json.loads(line)["method"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert sent.count("DELETE") == 8


def test_an_allowance_that_allows_nothing_is_told(applied: Trial, tmp_path: Path) -> None:
    spec = _written(applied, tmp_path)
    allowed = ("--allow-removal", f"{NAME}/grant/Grpah", "--allow-removal", "another/vault")
    ended = provisioner(
        environment_of(applied.cloud), "apply", spec, "--emulator", "--auto-approve", "--no-consent", *allowed
    )
    assert ended.returncode == 3
    assert f"--allow-removal {NAME}/grant/Grpah: the plan removes nothing there" in ended.stderr
    assert "--allow-removal another/vault: none of these specs has this name" in ended.stderr
