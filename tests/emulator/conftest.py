from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.emulator.seed import plant
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A cloud as it is when new."""
    made = Store(tmp_path)
    with made.transaction() as tx:
        plant(tx)
    yield made
    made.close()


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A new cloud, served."""
    made = Emulator(tmp_path)
    made.start()
    yield made
    made.stop()
