"""apply --wait-consent: a pipeline waits in one place, a person signs in at another, and they meet in the vault."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioner.core.clock import Clock
from provisioner.core.report import StepResult
from provisioner.core.step import Step
from provisioner.emulator.seed.directory import CONTOSO, OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.plan import look
from tests.consent.conftest import free_port
from tests.consent.elsewhere import Elsewhere
from tests.consent.player import Player
from tests.laptop import Laptop, laptop_of
from tests.rehearsal import SECRET, served
from tests.robot import Person
from tests.trial import could_write

PROGRAM = Path(sys.executable).with_name("provisioner")
ROOT = Path(__file__).parents[2]
THIRTY_MINUTES_S = 1800.0


@dataclass
class Pipeline(Player):
    """Looks on while steps are carried out. At a pipeline nobody signs in."""

    results: list[StepResult] = field(default_factory=list)

    def step_started(self, step: Step) -> None:
        self.said.append(str(step.address))

    def step_done(self, result: StepResult) -> None:
        self.results.append(result)

    async def open_browser(self, url: str) -> bool:
        raise AssertionError("a pipeline has no browser")


@dataclass
class Unhurried(Elsewhere):
    """Waits a moment in real time, so that another thread comes to its turn; the cloud's clock follows."""

    def clock(self) -> Clock:
        clock = Clock(timedelta(seconds=self.cloud.control("GET", "clock")["offset"]))

        async def moment(seconds: float) -> None:
            await asyncio.sleep(0.05)
            clock.offset += timedelta(seconds=seconds)

        clock.wait = moment
        return clock


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Elsewhere(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        cloud.control("POST", "snapshot", {"name": "new"})
        trial.put_in_place()
        cloud.control("POST", "snapshot", {"name": "in place"})
        yield trial


@pytest.fixture
def trial(in_place: Elsewhere) -> Elsewhere:
    in_place.back_to("in place")
    in_place.waits.clear()
    in_place.during.clear()
    return in_place


def _apply(trial: Elsewhere, ui: Player, spec: Any = None, wait_s: float = THIRTY_MINUTES_S) -> ApplyResult:
    async def run() -> ApplyResult:
        wanted = spec or trial.spec()
        async with trial.opened(spec=wanted) as tenant:
            options = ApplyOptions(with_consent=False, wait_consent_s=wait_s)
            return await carry_out(tenant, wanted, await look(tenant, wanted), ui, options)

    return asyncio.run(run())


def _pipeline(trial: Elsewhere) -> Pipeline:
    return Pipeline(trial.cloud.robot, trial.operator)


def _colleague_s_laptop(trial: Elsewhere) -> Laptop:
    return laptop_of(trial, Person(trial.tenant.colleague, OPERATOR_PASSWORD, OPERATOR_OTP))


def test_the_pipeline_goes_on_once_an_operator_has_signed_in_elsewhere(trial: Elsewhere) -> None:
    both = Unhurried(trial.cloud, trial.tenant, trial.reply_urls)
    spec = both.spec(
        application__credential={"type": "certificate"},
        consent__operators=[both.tenant.colleague_id],
        vault__access=None,
    )
    both.back_to("new")
    laptop = _colleague_s_laptop(both)
    person, pipeline = Player(both.cloud.robot, both.operator), _pipeline(both)
    ended: list[ApplyResult] = []
    waiting = threading.Thread(target=lambda: ended.append(_apply(both, pipeline, spec)))
    waiting.start()

    async def sign_in() -> None:
        async with laptop.opened(spec) as tenant:
            await consent(tenant.clients, spec, person, ConsentOptions("paste"))

    while not any("To be signed in by" in text for text in list(pipeline.said)):
        waiting.join(0.05)
        assert waiting.is_alive(), ended
    asyncio.run(sign_in())
    waiting.join(60)
    [result] = ended
    assert result.exit_code() == 0, (result.checks, result.after)
    assert result.consent is not None
    assert result.consent.account == both.tenant.operator
    assert result.checks


def test_while_it_waits_the_pipeline_reads_versions_and_no_value(trial: Elsewhere) -> None:
    trial.apply()
    trial.forget()
    result = _apply(trial, _pipeline(trial), wait_s=60)
    assert result.exit_code() == 3
    asked = [each["operation"] for each in trial.requests() if each["operation"].startswith("key_vault.")]
    assert "key_vault.secrets.versions" in asked or "key_vault.secrets.list_versions" in asked, set(asked)
    assert "key_vault.secrets.get" not in asked
    assert not any(could_write(each) for each in trial.requests())


def test_nobody_signing_in_is_exit_3_with_the_command_and_all_a_person_needs(trial: Elsewhere) -> None:
    pipeline = _pipeline(trial)
    result = _apply(trial, pipeline)
    assert result.exit_code() == 3
    assert sum(trial.waits) == pytest.approx(THIRTY_MINUTES_S, abs=120)
    assert "Nobody signed in within 30 minutes." in pipeline.said
    told = next(text for text in pipeline.said if "To be signed in by" in text)
    for needed in (
        trial.tenant.operator,
        f"    az login --tenant {trial.tenant.id}\n    provisioner consent SPEC\n",
        f"on vault {trial.vault}: Key Vault Secrets Officer",
        trial.tenant.operator_id,
    ):
        assert needed in told
    [step] = result.after.for_a_person
    assert "provisioner consent SPEC" in step.todo


def test_a_token_that_does_not_serve_is_told_and_waited_on(trial: Elsewhere) -> None:
    pipeline = _pipeline(trial)
    strange = {"provisioner": "trial", "appId": "00000000-0000-0000-0000-000000000000"}
    trial.during[2] = lambda: trial.put_secret(SECRET, "not a token", tags=strange)
    result = _apply(trial, pipeline, wait_s=60)
    assert result.exit_code() == 3
    assert any("does not serve this spec" in text for text in pipeline.said)


def test_nobody_is_waited_for_where_the_secret_is_another_spec_s(trial: Elsewhere) -> None:
    trial.put_secret(SECRET, "theirs", tags={"provisioner": "neighbour"})
    result = _apply(trial, _pipeline(trial))
    assert result.exit_code() == 3
    assert trial.waits == []
    [step] = result.after.for_a_person
    assert "neighbour" in step.reason


def test_a_token_that_came_between_the_plan_and_the_wait_is_seen(trial: Elsewhere) -> None:
    async def run() -> ApplyResult:
        async with trial.opened() as tenant:
            seen = await look(tenant, trial.spec())
            person = Player(trial.cloud.robot, trial.operator)
            await consent(tenant.clients, trial.spec(), person, ConsentOptions("paste"))
            trial.waits.clear()
            options = ApplyOptions(with_consent=False, wait_consent_s=60)
            return await carry_out(tenant, trial.spec(), seen, _pipeline(trial), options)

    assert asyncio.run(run()).exit_code() == 0
    assert trial.waits == []


def test_an_outage_of_the_vault_is_waited_out(trial: Elsewhere) -> None:
    trial.during[1] = lambda: trial.fault("key_vault.*", "status", status=503, count=12)
    person = Player(trial.cloud.robot, trial.operator)
    trial.during[20] = lambda: asyncio.run(_sign_in(trial, person))
    assert _apply(trial, _pipeline(trial)).exit_code() == 0


async def _sign_in(trial: Elsewhere, person: Player) -> None:
    async with trial.opened() as tenant:
        await consent(tenant.clients, trial.spec(), person, ConsentOptions("paste"))


def _environment(trial: Elsewhere, home: Path) -> dict[str, str]:
    return {
        "PROVISIONER_EMULATOR": f"{trial.cloud.description['state']}/endpoint.json",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": os.environ["PATH"],
        "BROWSER": f"{sys.executable} -m tests.browser %s &",
    }


@pytest.fixture
def waiting(trial: Elsewhere, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The program in a pipeline, waiting."""
    spec = tmp_path / "trial.yaml"
    spec.write_text(json.dumps(trial.document()))
    command: list[str | Path] = [PROGRAM, "apply", spec, "--emulator", "--auto-approve", "--wait-consent", "30m"]
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=_environment(trial, tmp_path), cwd=ROOT, text=True, **streams) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "waiting for the sign-in" in line:
                break
        yield process
        process.kill()


def test_two_processes_meet_in_the_vault(trial: Elsewhere, waiting: subprocess.Popen[str], tmp_path: Path) -> None:
    spec = tmp_path / "trial.yaml"
    signed_in = subprocess.run(
        [PROGRAM, "consent", spec, "--emulator"],
        env=_environment(trial, tmp_path),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert signed_in.returncode == 0, signed_in.stderr
    shown, said = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, said
    assert "signed in with MFA" in shown


def test_an_interrupt_ends_the_wait_and_leaves_everything_as_it_is(
    trial: Elsewhere, waiting: subprocess.Popen[str]
) -> None:
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert "Traceback" not in said
    assert trial.token() is None
    assert trial.written() == []
