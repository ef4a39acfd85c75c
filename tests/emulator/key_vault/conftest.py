from __future__ import annotations

import pytest

from provisioner.emulator.store import Store

from ..azure import Azure, runner
from .world import ADMINISTRATOR


@pytest.fixture
def azure(store: Store) -> Azure:
    """The runner, with a vault and the right to all its data."""
    made = runner(store)
    made.ready_vault()
    made.assign(ADMINISTRATOR)
    return made
