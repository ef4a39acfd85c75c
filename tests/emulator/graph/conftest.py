from __future__ import annotations

import pytest

from provisioner.emulator.store import Store

from .world import Graph, make_certificate


@pytest.fixture
def graph(store: Store) -> Graph:
    return Graph(store)


@pytest.fixture(scope="session")
def certificate() -> str:
    """The base64 DER of a self-made certificate."""
    return make_certificate()
