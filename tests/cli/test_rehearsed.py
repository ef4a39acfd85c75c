"""A spec of the real cloud, sent to the emulator by `--emulator`: what is printed says so, and leads nowhere else."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from tests.cli.test_on_the_emulator import PROGRAM, environment_of
from tests.rehearsal import served
from tests.trial import Trial

SPEC = "contoso.yaml"
PLACE = ("--tenant", CONTOSO.id)
_COMMAND = re.compile(r"provisioner ([a-z]+) (?:\S*\.yaml|SPEC)(?P<flag> --emulator)?")
_IMPORT = re.compile(r"provisioner import --(?:app|all)[^<\n\"]*")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield Trial(cloud, CONTOSO, ("http://localhost:8400/",))


@dataclass(frozen=True)
class Told:
    """A command and all it printed."""

    command: tuple[str, ...]
    ended: subprocess.CompletedProcess[str]

    @property
    def text(self) -> str:
        return re.sub(r"<[^>]+>", "", self.ended.stdout) + self.ended.stderr


REHEARSED = [
    *(("plan", SPEC, "--format", shape) for shape in ("text", "json", "markdown", "html")),
    ("plan", SPEC, "--out", "saved.json"),
    ("apply", SPEC, "--auto-approve", "--no-consent"),
    ("apply", "--plan", "saved.json", "--auto-approve"),  # which no longer holds
    ("apply", SPEC, "--auto-approve", "--no-consent", "--format", "json"),
    *(("verify", SPEC, "--format", shape) for shape in ("text", "json", "markdown", "junit")),
    ("renew", SPEC, "--format", "json"),
    ("token", SPEC, "--resource", "graph"),
    ("import", "--all", *PLACE),
    ("import", "--all", *PLACE, "--format", "json"),
    ("import", "--app", "nothing-of-this-name", *PLACE, "--subscription", CONTOSO.subscription),
    ("import", "--app", "trial", *PLACE, "--subscription", CONTOSO.subscription, "--out", "found.yaml"),
    ("destroy", SPEC, "--auto-approve"),
    *(("doctor", SPEC, "--format", shape) for shape in ("text", "json")),
    ("rotate", SPEC, "--auto-approve"),  # nothing is left to rotate
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Told]]:
    """What each command printed, one after the other on one cloud."""
    folder = tmp_path_factory.mktemp("specs")
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        document = Trial(cloud, CONTOSO, ("http://localhost:8400/",)).document()
        assert document["cloud"] == "public"
        (folder / SPEC).write_text(json.dumps(document), encoding="utf-8")
        environment = environment_of(cloud) | {"COLUMNS": "500"}  # no sentence is wrapped within a command
        yield [Told(command, _rehearse(environment, folder, command)) for command in REHEARSED]


def _rehearse(environment: dict[str, str], folder: Path, command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *command, "--emulator"],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_every_command_that_a_rehearsal_prints_is_a_rehearsal_too(told: list[Told]) -> None:
    for one in told:
        commands = [*_COMMAND.finditer(one.text)]
        imports = _IMPORT.findall(one.text)
        assert commands or imports or "doctor" in one.command, f"{one.command} printed none:\n{one.text}"
        leaving = [found[0] for found in commands if not found["flag"] and found[1] != "validate"]
        leaving += [found for found in imports if "--emulator" not in found]
        assert not leaving, one.command


def test_no_rehearsal_looks_like_the_real_thing(told: list[Told]) -> None:
    for one in told:
        if one.command[0] not in ("plan", "apply", "verify", "renew", "doctor", "destroy"):
            continue
        if "json" in one.command:
            assert [tenant["emulator"] for tenant in json.loads(one.ended.stdout)["tenants"]] == [True], one.command
        elif one.ended.stdout and "junit" not in one.command:
            assert "on the emulator" in one.text, one.command
    plan = told[0].ended.stdout
    assert "cloud public, on the emulator" in plan
