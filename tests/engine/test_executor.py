"""Steps side by side: a bug in one hides nothing of the others."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisioner.core.report import Outcome
from tests.trial import Trial


@dataclass(frozen=True)
class Bug:
    """What no code of ours expects, in the middle of a write to a path that holds this."""

    path: str

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if request.method == "PUT" and self.path in request.url.path:
            raise ZeroDivisionError
        return await handler(request)


def test_a_bug_in_one_step_leaves_the_others_and_the_report(trial: Trial) -> None:
    result = trial.apply(None, Bug("/vaults/"))
    assert result.report is not None
    assert [type(defect.cause) for defect in result.report.defects] == [ZeroDivisionError]
    outcomes = {result.step.address.kind: result.outcome for result in result.report.results}
    assert outcomes["vault"] is Outcome.FAILED
    assert outcomes["service_principal"] is Outcome.DONE
    assert outcomes["credential"] is Outcome.SKIPPED
    assert result.exit_code() == 1
    assert trial.apply().exit_code() == 3
