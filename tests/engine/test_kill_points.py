"""Killed anywhere, the next run finishes the job: every kill point of a first apply.

We keep no state of our own, so to the cloud a process killed at request N is one from which nothing gets out from N
on, or which hears no answer to N.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from provisioner.emulator.note import folder_note
from tests.engine.endings import CutOff, Killed, Silent, Unanswered
from tests.engine.in_place import is_in_place_once
from tests.trial import Request, Trial, could_write

PROGRAM = Path(sys.executable).with_name("provisioner")
SAMPLE = random.Random(33).sample(
    (
        "arm.providers.register",
        "arm.vaults.put",
        "arm.role_assignments.put",
        "graph.applications.create",
        "graph.servicePrincipals.create",
        "graph.oauth2PermissionGrants.create",
        "graph.applications.addPassword",
        "key_vault.secrets.set",
        "arm.vaults.patch",
    ),
    3,
)


def _mark(write: Request) -> tuple[str, str]:
    """What a write was, in words that are the same in each run: which role, which grant; but no random id."""
    which = write["url"] if write["service"] == "arm" else (write["request"]["body"] or {}).get("scope", "")
    return write["operation"], which


@pytest.mark.parametrize("ending", [Silent, Unanswered, CutOff])
def test_killed_anywhere_the_next_run_finishes(trial: Trial, ending: type[Silent]) -> None:
    finished = set()
    for at in count(1):
        trial.back_to("new")
        kill = ending(at)
        with suppress(Killed):
            trial.apply(None, kill)
        if kill.sent < at:
            break  # an apply that nobody cut short sends no more
        written = tuple(sorted(_mark(each) for each in trial.requests() if could_write(each)))
        if written in finished:
            continue  # the same writes have left the same cloud, from which a run did finish
        point = f"{ending.__name__} at {at}, after {written}"
        assert trial.apply().exit_code() == 3, point
        is_in_place_once(trial, point)
        finished.add(written)
    assert len(finished) > 5, "a kill between the writes leaves another cloud each time"


def _started(trial: Trial, spec: Path) -> subprocess.Popen[bytes]:
    command = [str(PROGRAM), "apply", str(spec), "--emulator", "--auto-approve", "--no-consent"]
    environment = os.environ | {"PROVISIONER_EMULATOR": str(folder_note(Path(trial.cloud.description["state"])))}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_until_struck(trial: Trial, process: subprocess.Popen[bytes]) -> None:
    while not trial.cloud.control("GET", "faults")["faults"][0]["struck"]:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(0.05)
            raise AssertionError(f"apply ended with {code} before the request was sent")


@pytest.mark.parametrize("operation", SAMPLE)
def test_a_real_process_killed_while_it_waits_is_finished_by_the_next(
    trial: Trial, tmp_path: Path, operation: str
) -> None:
    spec = tmp_path / "trial.yaml"
    spec.write_text(json.dumps(trial.document()))
    trial.fault(operation, "hold")
    with _started(trial, spec) as process:
        _wait_until_struck(trial, process)
        process.kill()
    trial.cloud.control("DELETE", "faults")
    with _started(trial, spec) as process:
        assert process.wait(60) == 3
    is_in_place_once(trial, operation)
