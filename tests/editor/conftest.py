"""The language server, as it comes from the registry. Its tests are collected where FOREIGN_NODE names a node."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .language_server import SERVER, Editor, editor

_VARIABLE = "FOREIGN_NODE"
SCHEMAS = Path(__file__).parents[2] / "schemas"
collect_ignore_glob = [] if _VARIABLE in os.environ else ["test_*.py"]


@pytest.fixture(scope="session")
def window() -> Iterator[Editor]:
    assert SERVER.exists(), "the server is missing: `make test-node` installs it"
    with editor(os.environ[_VARIABLE]) as window:
        yield window


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, the schemas beside the specs as `init` puts them."""
    folder = tmp_path_factory.mktemp("specs")
    for name in ("spec", "fleet"):
        shutil.copy(SCHEMAS / f"{name}.schema.json", folder)
    return folder
