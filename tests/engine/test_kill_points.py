"""Killed anywhere, the next run finishes the job: every kill point of a first apply.

We keep no state of our own, so to the cloud a process killed at request N is one from which nothing gets out from N
on, or which hears no answer to N.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest

from tests.engine.endings import CutOff, Killed, Silent, Unanswered
from tests.trial import CREDENTIAL, Trial

SHARES = 2  # of the kill points, so that they can run side by side


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
