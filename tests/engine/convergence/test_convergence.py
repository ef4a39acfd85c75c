"""The property: any valid spec, any starting tenant → `apply` converges and the next one writes nothing.

A case is one spec applied to whatever is there: a tenant in which nobody set up anything, or what an earlier spec of
the same name and others' acts since made of it. A history is a few of them in one tenant. A few chunks of histories
make more than 300 cases, the same ones each time. CONVERGENCE=n runs some n cases instead, others than those:

    CONVERGENCE=5000 python -m pytest -n 2 tests/engine/convergence

CONVERGENCE_SEED names their first chunk (1000 unless told), so that a run can be repeated or others be tried. The run
ends with a line of figures. A case that fails is printed as it can be made again: see `Case`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, Tenant
from tests.engine.convergence.case import Case, cases, run
from tests.engine.convergence.estate import Estate
from tests.rehearsal import served

WANTED = int(os.environ.get("CONVERGENCE", "0"))
_FIRST = int(os.environ.get("CONVERGENCE_SEED", "1000")) if WANTED else 0
_HISTORIES = 24
_CASES = 50
"""That a chunk has at least; it tells if the generation goes thin."""
TENANTS = (CONTOSO, FABRIKAM)
CHUNKS = range(_FIRST, _FIRST + (WANTED // _CASES or 6))


@pytest.fixture(scope="module")
def estates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Tenant, Estate]]:
    """Tenants that nobody has set up anything in; the snapshot is `new`."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        made = {tenant: Estate(cloud, tenant, ()) for tenant in TENANTS}
        for estate in made.values():
            estate.appoint()
        cloud.control("POST", "snapshot", {"name": "new"})
        yield made


@pytest.mark.parametrize("chunk", CHUNKS)
def test_apply_converges_and_the_next_writes_nothing(
    estates: dict[Tenant, Estate], chunk: int, record_property: Callable[[str, object], None]
) -> None:
    figures = histories(estates[TENANTS[chunk % 2]], chunk)
    record_property("convergence", dict(figures))
    assert sum(figures.values()) >= _CASES
    assert len(figures) >= 3, f"always the same comes of it: {figures}"


def histories(estate: Estate, chunk: int, *, examples: int = _HISTORIES) -> Counter[str]:
    """How many cases had which outcome. Raises AssertionError for one that had none of the legitimate ones."""
    figures: Counter[str] = Counter()

    @seed(chunk)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),  # histories are short and read well as they are; making them smaller takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(cases(estate.tenant), min_size=2, max_size=4))
    def history(one: list[Case]) -> None:
        estate.back_to("new")
        for case in one:
            figures[run(case, estate)] += 1

    history()
    return figures
