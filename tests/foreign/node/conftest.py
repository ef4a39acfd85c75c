"""Clients for Node, as they come from the registry. Their stories are collected where FOREIGN_NODE names a node."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.foreign import program
from tests.foreign.cloud import Cloud

_VARIABLE = "FOREIGN_NODE"
_HERE = Path(__file__).parent
collect_ignore_glob = [] if _VARIABLE in os.environ else ["test_*.py"]

Node = Callable[..., Any]


@pytest.fixture(scope="session")
def node(cloud: Cloud) -> Node:
    """Runs a program of this folder with more variables than the shell of `emulator env` has; its result."""
    assert (_HERE / "node_modules").is_dir(), "the packages are missing: `make test-node` installs them"
    command = [os.environ[_VARIABLE], "--import", str(_HERE / "proxy.mjs")]

    def run(name: str, **variables: str) -> Any:
        environment = cloud.environment | {"AZURE_TENANT_ID": cloud.tenant["id"]} | variables
        return program.run([*command, str(_HERE / name)], environment, cloud)

    return run
