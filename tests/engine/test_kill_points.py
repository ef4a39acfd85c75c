"""Killed anywhere, the next run finishes the job: every kill point of a first apply.

We keep no state of our own, so to the cloud a process killed at request N is one from which nothing gets out from N
on, or which hears no answer to N.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ServerDisconnectedError

from tests.trial import CREDENTIAL, Trial

SHARES = 2  # of the kill points, so that they can run side by side


class Killed(BaseException):
    """Not an error anybody could handle: the process is gone."""


@dataclass
class Silent:
    """From request `at` on (from 1) nothing gets out and the process is dead."""

    at: int
    sent: int = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent += self.counts(request)
        if self.sent < self.at:
            return await handler(request)
        return await self.struck(request, handler)

    def counts(self, request: ClientRequest) -> bool:
        return True

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        raise Killed


class Unanswered(Silent):
    """Write `at` is carried out, and the process dies before it hears of it. (A read unheard changes nothing.)"""

    def counts(self, request: ClientRequest) -> bool:
        reads = request.method in ("GET", "HEAD") or request.url.path.endswith(("/token", "/$batch"))
        return not reads

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        (await handler(request)).release()
        raise Killed


class CutOff(Unanswered):
    """Write `at` is carried out and unheard, then the network is gone; the process lives and tries to clean up."""

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if self.sent == self.at and self.counts(request):
            (await handler(request)).release()
        raise ServerDisconnectedError


def _all_is_in_place_once(trial: Trial, kill_point: str) -> None:
    plan = trial.plan()
    assert [(step.address.kind, step.operation) for step in plan.steps] == [("refresh_token", "consent")], kill_point
    application = trial.application()
    applications = trial.graph("GET", "applications")["value"]
    assert [each["id"] for each in applications if each["displayName"] == "Trial"] == [application["id"]], kill_point
    principals = trial.graph("GET", "servicePrincipals")["value"]
    assert len([each for each in principals if each["appId"] == application["appId"]]) == 1, kill_point
    grants = trial.grants()
    assert len(grants) == len({grant["resourceId"] for grant in grants}) == 2, kill_point
    stored = trial.secrets("GET", f"secrets/{CREDENTIAL}")
    assert [each["keyId"] for each in application["passwordCredentials"]] == [stored["tags"]["keyId"]], kill_point
    assert trial.mints_a_token(stored["value"]), kill_point
    assert [each["id"].rsplit("/", 1)[-1] for each in trial.secrets("GET", "secrets")["value"]] == [CREDENTIAL]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("ending", [Silent, Unanswered, CutOff])
def test_killed_anywhere_the_next_run_finishes(trial: Trial, ending: type[Silent], share: int) -> None:
    for at in count(1 + share, SHARES):
        trial.back_to("new")
        kill = ending(at)
        with suppress(Killed):
            trial.apply(None, kill)
        if kill.sent < at:
            return  # an apply that nobody cut short sends no more
        point = f"{ending.__name__} at {at}, after {[each['operation'] for each in trial.requests()[-1:]]}"
        assert trial.apply().exit_code() == 3, point
        _all_is_in_place_once(trial, point)
