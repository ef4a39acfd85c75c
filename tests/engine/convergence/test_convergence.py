"""The property: any valid spec, any starting tenant → `apply` converges and the next one writes nothing.

A case is one spec applied to whatever is there: a tenant in which nobody set up anything, or what an earlier spec of
the same name and others' acts since made of it. A history is a few of them in one tenant. 300 cases and more run in a
few chunks, the same ones each time. CONVERGENCE=n runs n cases instead, at random, and prints the figures:

    CONVERGENCE=5000 pytest tests/engine/convergence -s
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, Tenant
from tests.engine.convergence.case import Case, cases, run
from tests.engine.convergence.estate import Estate
from tests.rehearsal import served

WANTED = int(os.environ.get("CONVERGENCE", "0"))
CHUNKS = tuple((tenant, number) for tenant in (CONTOSO, FABRIKAM) for number in range(3))
_HISTORIES = 25


@pytest.fixture(scope="module")
def estates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Tenant, Estate]]:
    """A tenant each that nobody has set up anything in; the snapshot is `new`."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        made = {tenant: Estate(cloud, tenant, ()) for tenant in (CONTOSO, FABRIKAM)}
        for estate in made.values():
            estate.appoint()
        cloud.control("POST", "snapshot", {"name": "new"})
        yield made


@pytest.mark.parametrize(("tenant", "number"), CHUNKS, ids=lambda value: getattr(value, "name", value))
def test_apply_converges_and_the_next_writes_nothing(
    estates: dict[Tenant, Estate], tenant: Tenant, number: int
) -> None:
    estate, figures = estates[tenant], Counter[str]()
    _histories(estate, figures, histories=_HISTORIES, at=number)
    print(f"\n{tenant.name} {number}: {dict(figures)}")


def _histories(estate: Estate, figures: Counter[str], *, histories: int, at: int) -> None:
    @seed(at)
    @settings(
        max_examples=histories,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(st.lists(cases(estate.tenant), min_size=1, max_size=4))
    def history(one: list[Case]) -> None:
        estate.back_to("new")
        for case in one:
            run(case, estate, figures)

    history()
