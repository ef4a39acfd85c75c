"""A tenant signed in to, for what keeps it alive; made once a module for each type of credential."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from tests.consent.conftest import free_port
from tests.kept import TYPES, Kept, put_in_place
from tests.rehearsal import served
from tests.trial import Trial


@pytest.fixture(scope="module")
def every_type(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kept]]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        reply_urls = (f"http://localhost:{free_port()}/", "https://localhost:44395/")
        trial = Trial(cloud, CONTOSO, reply_urls)
        cloud.control("POST", "snapshot", {"name": "new"})
        yield {kind: put_in_place(trial, kind) for kind in TYPES}


@pytest.fixture(params=TYPES)
def kept(every_type: dict[str, Kept], request: pytest.FixtureRequest) -> Kept:
    """One with a client secret, one with a certificate."""
    return _fresh(every_type[request.param])


@pytest.fixture
def kept_by_secret(every_type: dict[str, Kept]) -> Kept:
    """Where the type of the credential makes no difference."""
    return _fresh(every_type["secret"])


def _fresh(kept: Kept) -> Kept:
    kept.trial.back_to(kept.type)
    return kept
