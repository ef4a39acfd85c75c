"""No secret value is anywhere but in the vault: not in what we print, log, raise or write (design section 13).

The canaries are the real ones of a whole life on the emulator, commands that fail included. Values that live for
a moment only (a token, a secret whose storing failed) are known by their form.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shlex
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from provisioner.core.errors import ProvisionerError
from provisioner.emulator.seed.directory import CONTOSO, OPERATOR_PASSWORD, RUNNER_SECRET
from tests.conftest import REPLY_URLS
from tests.consent.conftest import free_port
from tests.rehearsal import SECRET, served
from tests.resources.cases import CASES
from tests.trial import CREDENTIAL, Onlooker, Trial, rounds

ROOT = Path(__file__).parents[1]
PROGRAM = Path(sys.executable).with_name("provisioner")
FORMS = {
    "a JSON web token": re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}"),
    "a client secret of Entra": re.compile(r"8Q~"),
    "a refresh token or code of Entra": re.compile(r"\b[01]\.[\w-]{80,}"),
    "a bearer token": re.compile(r"Bearer (?!authorization)[\w.-]{20,}"),
}


@dataclass
class Commands:
    """The program in a home of its own, and everything it has said so far."""

    trial: Trial
    home: Path
    said: dict[str, str] = field(default_factory=dict)

    def __call__(self, command: str, expected: int) -> None:
        """Run it, log every request, keep what it says."""
        log = self.home / f"log-{len(self.said)}.json"
        words = [str(PROGRAM), *shlex.split(command), "--emulator", "--json-log", str(log)]
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        self.said[f"{len(self.said)} {command}"] = done.stdout + done.stderr
        assert done.returncode == expected, f"{command}: {done.stdout}{done.stderr}"
        assert json.loads(log.read_text().splitlines()[0])["url"].startswith("https://login.")

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "PROVISIONER_"))}
        return kept | {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "PROVISIONER_EMULATOR": f"{self.trial.cloud.description['state']}/endpoint.json",
            "BROWSER": f"{shlex.quote(sys.executable)} -m tests.browser %s &",
        }

    def everything(self) -> Iterator[tuple[str, str]]:
        """What was said, and every file written, each with where it was found."""
        yield from self.said.items()
        for path in self.home.rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes().decode("utf-8", "replace")


def _assert_clean(where: str, text: str, canaries: dict[str, str]) -> None:
    for name, value in canaries.items():
        assert value not in text, f"{name} is in {where}"
    for name, form in FORMS.items():
        found = form.search(text)
        assert found is None, f"{name} is in {where}: {found and found[0][:12]}…"


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    home = tmp_path / "home"
    home.mkdir()
    with served(tmp_path / "cloud") as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", *REPLY_URLS[1:]))
        yield Commands(trial, home)


def test_nothing_we_print_log_or_write_holds_a_secret(commands: Commands, tmp_path: Path) -> None:
    trial = commands.trial
    spec = tmp_path / "trial.yaml"
    spec.write_text(json.dumps(trial.document()))
    first, later = commands.home / "first.json", commands.home / "later.json"
    commands(f"plan {spec} --format json --out {first}", 0)
    commands(f"apply --plan {first} --auto-approve --no-consent --format json", 3)
    commands(f"consent {spec}", 0)
    commands(f"verify {spec} --format json", 0)
    commands(f"plan {spec} --out {later}", 0)
    theirs = f"--app Trial --tenant {trial.tenant.id} --subscription {trial.tenant.subscription} --vault {trial.vault}"
    commands(f"import {theirs} --out {commands.home}/found.yaml", 0)
    held = trial.secrets("GET", f"secrets/{CREDENTIAL}")["value"]
    token = trial.secrets("GET", f"secrets/{SECRET}")["value"]
    canaries = {
        "the client secret": held,
        "the refresh token": token,
        "the runner's secret": RUNNER_SECRET,
        "the operator's password": OPERATOR_PASSWORD,
    }
    for canary in (held, token):
        with pytest.raises(AssertionError, match="of Entra is in a sample"):
            _assert_clean("a sample", f"it is {canary}.", {})  # the forms do know them
    trial.fault("entra.token.v2", "status", status=400, count=None)
    commands(f"plan {spec}", 1)
    trial.cloud.control("DELETE", "faults")
    trial.put_secret(SECRET, f"{token}-but-broken")
    commands(f"verify {spec}", 5)
    withdraw = CASES["credential"].drifts
    assert withdraw is not None
    withdraw(trial)
    trial.fault("key_vault.secrets.set", "status", status=500, count=None)
    commands(f"apply {spec} --auto-approve --no-consent", 1)
    everything = dict(commands.everything())
    assert {str(first), str(later)} <= everything.keys()
    for where, text in everything.items():
        _assert_clean(where, text, canaries)


@pytest.mark.parametrize(
    "operation",
    [
        "graph.applications.addPassword",
        "key_vault.secrets.set",
        "key_vault.secrets.get",
        "entra.token.v2",
        "arm.vaults.put",
    ],
)
def test_no_error_repr_traceback_or_log_line_holds_a_secret(
    trial: Trial, caplog: pytest.LogCaptureFixture, operation: str
) -> None:
    caplog.set_level(logging.DEBUG)
    onlooker = Onlooker()
    shown: list[str] = []

    async def run() -> None:
        async with trial.opened() as tenant:
            shown.extend([repr(tenant), repr(tenant.clients.credential), repr(tenant.clients.graph)])
            trial.fault(operation, "status", status=400, count=None)
            shown.append(repr(await rounds(tenant, trial.spec(), onlooker)))

    try:
        asyncio.run(run())
    except ProvisionerError as error:
        shown += traceback.format_exception(error)
    errors = [result.error for result in onlooker.results if result.error]
    assert errors, "nothing failed"
    for each in errors:
        shown += [repr(each), repr(vars(each)), *traceback.format_exception(each)]
    for text in (*shown, *onlooker.said, caplog.text):
        _assert_clean("an error, a repr or a log line", text, {"the runner's secret": RUNNER_SECRET})
