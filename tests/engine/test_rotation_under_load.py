"""A consumer that mints tokens all through a rotation never fails, however late and unevenly Entra's nodes learn.

The emulator delays each new credential by 4 to 18 seconds, in which its nodes refuse at random.
"""

from __future__ import annotations

import pytest

from tests.engine.consumers import Interleaved, minting_all_the_time
from tests.engine.rotations import ROTATIONS, Loaded, advance, shown
from tests.trial import failures

each_rotation = pytest.mark.parametrize("name", ROTATIONS)


@each_rotation
def test_a_consumer_that_mints_before_every_request_of_a_rotation_never_fails(loaded: Loaded, name: str) -> None:
    rotation, trial = ROTATIONS[name], loaded.trial
    consumer, spec = loaded.before(rotation), loaded.spec(rotation.after)
    rotating, retiring = Interleaved(consumer), Interleaved(consumer)
    result = trial.apply(spec, rotating)
    assert result.exit_code() == 3, failures(result)
    consumer.mints()
    assert consumer.failed == []
    assert tuple(rotating.phases) == rotation.phases
    assert min(rotating.phases.values()) > 0
    assert [step.endswith(" later") for step in shown(trial, spec)] == [True], "what was replaced stays for the overlap"
    advance(trial, 8)
    assert trial.apply(spec, retiring).exit_code() == 3
    consumer.mints()
    assert consumer.failed == []
    assert tuple(retiring.phases) == rotation.retirement
    assert [label.split()[0] for label in consumer.minted] == rotation.kinds, "the old one, then the new one"
    assert shown(trial, spec) == []


@each_rotation
def test_a_consumer_beside_a_rotation_never_fails(loaded: Loaded, name: str) -> None:
    rotation, trial = ROTATIONS[name], loaded.trial
    consumer, spec = loaded.before(rotation), loaded.spec(rotation.after)
    with minting_all_the_time(consumer):
        result = trial.apply(spec)
    consumer.mints()
    assert result.exit_code() == 3, failures(result)
    assert consumer.failed == []
    assert sum(consumer.minted.values()) > 5
