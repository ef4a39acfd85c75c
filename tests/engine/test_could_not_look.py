""" "I could not look" is never "all is well": with any one read spoiled, in any way and any state, no plan is clean.

What could not be looked at says why, and nothing that depends on it is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Plan
from provisioner.core.report import Outcome
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.spec.model import Spec
from tests.conftest import REPLY_URLS
from tests.inherited import Inherited
from tests.kept import Kept, put_in_place
from tests.rehearsal import served
from tests.resources.cases import CASES
from tests.trial import Trial, failures

STATES = ("secret", "certificate", "federated", "rotation due", "adopted", "used")


@dataclass(frozen=True)
class Scene:
    """A tenant with everything in place; the snapshot has the state's name."""

    trial: Trial
    spec: Spec

    def plan(self, *innermost: Spoiled) -> Plan:
        return self.trial.plan(self.spec, *innermost)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scene]]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, REPLY_URLS)
        cloud.control("POST", "snapshot", {"name": "new"})
        made: dict[str, Scene] = {}

        def keep(state: str, scene: Scene) -> None:
            cloud.control("POST", "snapshot", {"name": state})
            made[state] = scene

        for kind in ("secret", "certificate"):
            keep(kind, Scene(trial, put_in_place(trial, kind).spec()))
        kept = Kept(trial.back_to("certificate"), "certificate")
        kept.advance(timedelta(days=160))
        keep("rotation due", Scene(trial, kept.spec()))
        kept = Kept(trial.back_to("new"), "federated")
        kept.apply()
        keep("federated", Scene(trial, kept.spec()))
        inherited = Inherited(cloud, CONTOSO, REPLY_URLS)
        inherited.back_to("new")
        inherited.make()
        inherited.put_in_place()
        keep("adopted", Scene(inherited, inherited.spec()))
        used = Inherited(cloud, CONTOSO, REPLY_URLS, app_id=inherited.app_id, mode="use")
        keep("used", Scene(used, used.spec()))
        yield made


@pytest.fixture
def scene(scenes: dict[str, Scene], state: str) -> Scene:
    scenes[state].trial.back_to(state)
    return scenes[state]


def _half(response: ClientResponse) -> None:
    response._body = response._body[: len(response._body) // 2]  # type: ignore[index]  # it was read


def _page(response: ClientResponse) -> None:
    """As a proxy that wants somebody to sign in first answers, with 200."""
    response._body = b"<html><body>Sign in to the network</body></html>"
    response._headers = response._headers.copy()
    response._headers["Content-Type"] = "text/html"


def _another_shape(response: ClientResponse) -> None:
    response._body = b'["not", "an", "object"]'


def _too_late(response: ClientResponse) -> None:
    raise TimeoutError


SPOILED = (_half, _page, _another_shape, _too_late)


@dataclass
class Spoiled:
    """The answer to the n-th request (from 1), and to each repetition of it, is spoiled."""

    at: int
    how: Callable[[ClientResponse], None]
    sent: int = 0
    spoiled: str = ""

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent += 1
        if self.sent == self.at:
            self.spoiled = str(request.url)
        response = await handler(request)
        if str(request.url) == self.spoiled:
            await response.read()
            self.how(response)
        return response


def _code(plan: Callable[[], Plan]) -> int:
    try:
        return plan().exit_code()
    except ProvisionerError as error:
        return error.exit_code


@pytest.mark.parametrize("how", SPOILED, ids=lambda how: how.__name__.strip("_").replace("_", " "))
@pytest.mark.parametrize("state", STATES)
def test_no_plan_is_clean_when_any_one_answer_is_spoiled(scene: Scene, how: Callable[[ClientResponse], None]) -> None:
    scene.plan()
    sent = len([each for each in scene.trial.requests() if not each["inner"]])
    assert sent >= 8
    codes = [_code(lambda at=at: scene.plan(Spoiled(at, how))) for at in range(1, sent + 1)]  # type: ignore[misc]
    assert set(codes[:3]) == {1}, "without the runner's tokens there is no plan"
    assert set(codes[3:]) <= {1, 4}, codes
    assert 4 in codes[3:]


NO_ANSWERS = {
    "not signed in": {"action": "status", "status": 401},
    "absent, but not the thing": {"action": "status", "status": 404, "code": "TenantNotFound"},
    "forbidden": {"action": "deny"},
}


@pytest.mark.parametrize("fault", NO_ANSWERS.values(), ids=NO_ANSWERS)
@pytest.mark.parametrize("state", STATES)
def test_no_plan_is_clean_when_any_one_read_is_refused(scene: Scene, fault: dict[str, object]) -> None:
    scene.plan()
    codes = {}
    for operation in _reads(scene.trial):
        scene.trial.fault(operation, count=None, **fault)  # type: ignore[arg-type]
        codes[operation] = _code(scene.plan)
        scene.trial.cloud.control("DELETE", "faults")
    assert set(codes.values()) <= {1, 4}, codes
    assert len(codes) >= 6


@pytest.mark.parametrize("state", ["secret", "certificate", "federated", "adopted"])
def test_what_could_not_be_looked_at_says_why_and_what_depends_on_it_is_not_touched(scene: Scene) -> None:
    trial = scene.trial
    for kind in ("vault", "application", "grant", "app_role_assignment", "role_assignment"):
        drifts = CASES[kind].drifts
        assert drifts is not None
        drifts(trial)
    trial.cloud.control("POST", "snapshot", {"name": "drifted"})
    trial.forget()
    pending = {step.address for step in scene.plan().pending}
    refused = 0
    for operation in _reads(trial):
        trial.back_to("drifted")
        trial.fault(operation, "deny", count=None)
        result = trial.apply(scene.spec)
        assert result.report is not None, operation
        unknown = {step.address for step in result.plan.unknown}
        assert all(step.reason and step.todo for step in result.plan.unknown), operation
        done = [each.step for each in result.report.results if each.outcome is Outcome.DONE]
        assert not [step for step in done if unknown & {step.address, *step.needs}], operation
        assert result.exit_code() in (1, 4), (operation, failures(result))
        refused += bool(pending - {step.address for step in done})
    assert refused >= 4


def _reads(trial: Trial) -> list[str]:
    """The operations that a plan has just sent, tokens apart."""
    return sorted({each["operation"] for each in trial.requests()} - {"entra.token.v2", "graph.batch"})
