from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.emulator.clouds import CLOUDS
from provisioner.emulator.identity import signing_key
from provisioner.emulator.seed import plant
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import Store


@pytest.fixture(scope="session")
def as_new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a cloud as it is when new, its signing keys made: making them is most of a small test."""
    folder = tmp_path_factory.mktemp("as-new")
    made = Store(folder)
    with made.transaction() as tx:
        plant(tx)
        for cloud in CLOUDS:
            signing_key(tx, cloud)
        tx.sql.execute("DELETE FROM meta WHERE name IN ('control_token', 'endpoint')")
    made.close()
    return made.path


@pytest.fixture
def store(tmp_path: Path, as_new: Path) -> Iterator[Store]:
    """A cloud as it is when new."""
    shutil.copy(as_new, tmp_path)
    made = Store(tmp_path)
    yield made
    made.close()


@pytest.fixture
def emulator(tmp_path: Path, as_new: Path) -> Iterator[Emulator]:
    """A new cloud, served."""
    shutil.copy(as_new, tmp_path)
    made = Emulator(tmp_path)
    made.start()
    yield made
    made.stop()
