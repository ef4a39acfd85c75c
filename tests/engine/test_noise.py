"""Server noise never shows: however an answer is put, the plan is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.core.plan import Plan
from provisioner.emulator.seed.directory import CONTOSO
from tests.conftest import REPLY_URLS
from tests.engine.noise import Noise
from tests.kept import Kept, put_in_place
from tests.rehearsal import served
from tests.resources.cases import CASES
from tests.trial import Trial


def _in_place(trial: Trial) -> None:
    """As apply and a sign-in left it."""


def _with_others_entries(trial: Trial) -> None:
    for case in CASES.values():
        if case.adds is not None:
            case.adds(trial)


def _drifted(trial: Trial) -> None:
    for kind in ("vault", "application", "grant", "role_assignment", "app_role_assignment"):
        drifts = CASES[kind].drifts
        assert drifts is not None
        drifts(trial)


STATES: dict[str, Callable[[Trial], None]] = {
    "in place": _in_place,
    "with others' entries": _with_others_entries,
    "drifted": _drifted,
}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kept]]:
    """A tenant by type of credential: in place and, where it can be, signed in. The snapshot has the type's name."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, REPLY_URLS)
        cloud.control("POST", "snapshot", {"name": "new"})
        kept = {kind: put_in_place(trial, kind) for kind in ("secret", "certificate")}
        kept["federated"] = Kept(trial.back_to("new"), "federated")
        kept["federated"].apply()
        cloud.control("POST", "snapshot", {"name": "federated"})
        yield kept


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["secret", "certificate", "federated"])
def test_the_plan_is_the_same_however_the_services_put_it(everything: dict[str, Kept], kind: str, state: str) -> None:
    kept = everything[kind]
    kept.trial.back_to(kind)
    STATES[state](kept.trial)
    told = _timeless(kept.plan())
    assert bool(told.pending) == (state == "drifted")

    @settings(max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**32))
    def same(seed: int) -> None:
        noise = Noise(seed)
        assert _timeless(kept.trial.plan(kept.spec(), noise)) == told
        assert noise.changed > 3

    same()


def _timeless(plan: Plan) -> Plan:
    return replace(
        plan, made_at=plan.made_at.replace(year=2000, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    )
