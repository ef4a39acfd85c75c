"""Killed anywhere in a rotation, the next run finishes it: the consumer never fails, nothing is left over.

To the cloud a process killed before a request and one killed while reading are the same, so writes make the kill
points; what kills between the writes of roles do is test_kill_points.py's.
"""

from __future__ import annotations

import asyncio
import base64
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisioner.resources.marks import TAG
from tests.engine.consumers import Consumer, is_write
from tests.engine.endings import CutOff, Killed, Unanswered
from tests.engine.rotations import ROTATIONS, Loaded, Rotation, advance, shown
from tests.trial import CREDENTIAL, NAME, Trial, failures

_LAG_IS_OVER_DAYS = 1 / 24
_ADDING = ("create", "stage", "register")
each_rotation = pytest.mark.parametrize("name", ROTATIONS)


class Dead(Unanswered):
    """The process is gone."""

    def counts(self, request: ClientRequest) -> bool:
        return is_write(request)


class Deaf(CutOff):
    """The network is gone; the process lives, and tries to clean up."""

    def counts(self, request: ClientRequest) -> bool:
        return is_write(request)


@dataclass
class Onlooking:
    """The consumer mints after each write of somebody else's session. most: credentials of ours on the application."""

    consumer: Consumer
    most: int = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if is_write(request):
            await asyncio.to_thread(self.consumer.mints)
            self.most = max(self.most, len(on_application(self.consumer.trial)))
        return response


def on_application(trial: Trial) -> list[str]:
    """What the application has of ours: keyIds of secrets, thumbprints of certificates."""
    application = trial.application()
    ours = [
        entry
        for entry in (*application["passwordCredentials"], *application["keyCredentials"])
        if entry["displayName"].startswith(f"{TAG}:{NAME}:")
    ]
    return [entry.get("customKeyIdentifier") or entry["keyId"] for entry in ours]


def given_out(consumer: Consumer) -> set[str]:
    """What the vault gives out of ours: the keyIds of secrets, the thumbprints of certificate versions, if enabled."""
    secrets = consumer.sees("secrets")["value"]
    found = {each["tags"]["keyId"] for each in secrets if each["attributes"]["enabled"] and not each.get("managed")}
    for name in (CREDENTIAL, f"{CREDENTIAL}-certificate"):
        for each in consumer.sees(f"certificates/{name}/versions").get("value", ()):
            if each["attributes"]["enabled"]:
                found.add(base64.urlsafe_b64decode(each["x5t"] + "==").hex().upper())
    return found


def _added_by_plan(trial: Trial, loaded: Loaded, rotation: Rotation) -> int:
    pending = trial.plan(loaded.spec(rotation.after)).pending
    return len([step for step in pending if step.address.kind == "credential" and step.operation in _ADDING])


def _retire(trial: Trial, loaded: Loaded, rotation: Rotation, consumer: Consumer) -> None:
    """After the overlap one is left, on the application and in the vault, and it is what the consumer uses."""
    spec = loaded.spec(rotation.after)
    onlooking = Onlooking(consumer)
    result = trial.apply(spec, onlooking)
    assert result.exit_code() == 3, failures(result)
    consumer.mints()
    assert consumer.failed == []
    [left] = on_application(trial)
    assert given_out(consumer) == {left}
    assert shown(trial, spec) == []


@pytest.mark.parametrize("ending", [Dead, Deaf])
@each_rotation
def test_a_rotation_killed_at_any_write_is_finished_by_the_next_run(
    loaded: Loaded, name: str, ending: type[Dead | Deaf]
) -> None:
    rotation, trial = ROTATIONS[name], loaded.trial
    spec = loaded.spec(rotation.after)
    for at in count(1):
        consumer = loaded.before(rotation)
        kill = ending(at)
        with suppress(Killed):
            trial.apply(spec, kill)
        consumer.mints()
        assert consumer.failed == [], f"killed at {at}"
        if kill.sent < at:
            break
        advance(trial, _LAG_IS_OVER_DAYS)
        planned = len(on_application(trial)) + _added_by_plan(trial, loaded, rotation)
        onlooking = Onlooking(consumer)
        result = trial.apply(spec, onlooking)
        assert result.exit_code() == 3, f"killed at {at}: {failures(result)}"
        assert onlooking.most <= planned, f"killed at {at}"
        assert (len(on_application(trial)), len(shown(trial, spec))) == (2, 1), f"killed at {at}"
        advance(trial, 8)
        _retire(trial, loaded, rotation, consumer)
    assert at > len(rotation.phases) - 1


@each_rotation
def test_a_retirement_killed_at_any_write_is_finished_by_the_next_run(loaded: Loaded, name: str) -> None:
    rotation, trial = ROTATIONS[name], loaded.trial
    spec = loaded.spec(rotation.after)
    consumer = loaded.before(rotation)
    assert trial.apply(spec).exit_code() == 3
    trial.cloud.control("POST", "snapshot", {"name": "rotated"})
    for at in count(1):
        trial.back_to("rotated")
        advance(trial, 8)
        kill = Dead(at)
        with suppress(Killed):
            trial.apply(spec, kill)
        consumer.mints()
        assert consumer.failed == [], f"killed at {at}"
        if kill.sent < at:
            break
        _retire(trial, loaded, rotation, consumer)
    assert at > len(rotation.retirement) - 1
