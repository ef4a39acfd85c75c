from __future__ import annotations

from collections.abc import Iterator

import pytest

from .cloud import Cloud, started
from .estate import Estate


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """One emulator for all stories of a test process; each story makes objects of its own."""
    with started(tmp_path_factory.mktemp("foreign")) as running:
        yield running


@pytest.fixture(scope="session")
def estate(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    return Estate(cloud, tmp_path_factory.mktemp("estate"))
