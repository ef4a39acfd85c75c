"""apply with a person there: when a sign-in is begun, what is told when it fails, and how its token is renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from provisioner.consent.answer import SignInCancelledError
from provisioner.core.report import Outcome, StepResult
from provisioner.core.step import Action, Step
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out
from provisioner.operations.plan import look
from provisioner.spec.model import Spec
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.rehearsal import SECRET, served
from tests.trial import NAME, Trial

TOKEN = f"{NAME}/refresh_token/{SECRET}"
GRAPH = "00000003-0000-0000-c000-000000000000"


@dataclass
class Applicant(Player):
    """Somebody who looks on while steps are carried out, and then signs in."""

    results: list[StepResult] = field(default_factory=list)

    def step_started(self, step: Step) -> None:
        self.said.append(str(step.address))

    def step_done(self, result: StepResult) -> None:
        self.results.append(result)


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """As `applied`, with a reply URL that this machine can listen on."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        trial.put_in_place()
        cloud.control("POST", "snapshot", {"name": "in place"})
        yield trial


@pytest.fixture
def trial(in_place: Trial) -> Trial:
    return in_place.back_to("in place")


def _apply(trial: Trial, player: Applicant, spec: Spec | None = None) -> ApplyResult:
    async def run() -> ApplyResult:
        async with trial.opened(spec=spec) as tenant:
            seen = await look(tenant, spec or trial.spec())
            return await carry_out(tenant, spec or trial.spec(), seen, player, ApplyOptions())

    return asyncio.run(run())


def _applicant(trial: Trial) -> Applicant:
    return Applicant(trial.cloud.robot, trial.operator)


def _leave_grants_to_an_administrator(trial: Trial) -> None:
    """The grants are gone, and the runner may not make them."""
    for grant in trial.grants():
        trial.graph("DELETE", f"oauth2PermissionGrants/{grant['id']}")
    published = trial.principal(GRAPH)["appRoles"]
    [role] = [role["id"] for role in published if role["value"] == "DelegatedPermissionGrant.ReadWrite.All"]
    held = f"servicePrincipals/{trial.tenant.runner.object_id}/appRoleAssignments"
    for assignment in trial.graph("GET", held)["value"]:
        if assignment["appRoleId"] == role:
            trial.graph("DELETE", f"{held}/{assignment['id']}")


def test_no_sign_in_is_begun_while_grants_wait_for_an_administrator(trial: Trial) -> None:
    trial.change_application(displayName="moved")
    _leave_grants_to_an_administrator(trial)
    player = _applicant(trial)
    result = _apply(trial, player)
    assert result.exit_code() == 3, result.report
    assert player.endings == []
    assert result.report is not None
    assert {each.outcome for each in result.report.results} == {Outcome.DONE}


def test_a_cancelled_sign_in_fails_and_what_was_written_before_is_told(trial: Trial) -> None:
    trial.change_application(displayName="moved")
    player = _applicant(trial)
    result = _apply(trial, replace(player, person=replace(player.person, at_password="cancel")))
    assert result.exit_code() == 1
    assert result.report is not None
    written, refused = result.report.results[0], result.report.results[-1]
    assert (written.step.address.kind, written.outcome) == ("application", Outcome.DONE)
    assert (str(refused.step.address), refused.outcome) == (TOKEN, Outcome.FAILED)
    assert isinstance(refused.error, SignInCancelledError)
    assert result.outputs["applicationId"] == trial.application()["appId"]
    assert not result.another_round


def test_a_due_token_is_renewed_by_apply_and_no_news_for_plan(trial: Trial) -> None:
    assert _apply(trial, _applicant(trial)).exit_code() == 0
    before = trial.token()
    trial.cloud.control("POST", "clock", {"advanceSeconds": timedelta(days=8).total_seconds()})
    plan = trial.plan()
    assert plan.exit_code() == 0
    [step] = [step for step in plan.pending if str(step.address) == TOKEN]
    assert (step.action, "the next apply renews it" in step.reason) == (Action.UPDATE, True)
    result = trial.apply()
    assert result.exit_code() == 0
    after = trial.token()
    assert before is not None
    assert after is not None
    assert after["value"] != before["value"]
