"""Microsoft's command line, as it comes from its package. Its stories are collected where FOREIGN_AZ names it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.foreign.cloud import Cloud

_VARIABLE = "FOREIGN_AZ"
collect_ignore_glob = [] if _VARIABLE in os.environ else ["test_*.py"]


class Az:
    """Runs az commands in one configuration folder. Options are keywords: `web_redirect_uris=[…]`, `yes=True`."""

    def __init__(self, program: Path, environment: dict[str, str]) -> None:
        self._program = program
        self.environment = environment

    def __call__(self, command: str, *values: str, **options: Any) -> Any:
        """What the command printed, as JSON; None when it printed nothing. It must succeed."""
        done = self._run(command, *values, **options)
        assert done.returncode == 0, f"az {command}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def refused(self, command: str, *values: str, **options: Any) -> str:
        """What az says of a command that must fail."""
        done = self._run(command, *values, **options)
        assert done.returncode != 0, f"az {command} was not refused: {done.stdout}"
        return done.stderr

    def _run(self, command: str, *values: str, **options: Any) -> subprocess.CompletedProcess[str]:
        line = [str(self._program), *command.split(), *values]
        for name, value in options.items():
            line.append(f"--{name.replace('_', '-')}")
            line += [] if value is True else [str(each) for each in (value if isinstance(value, list) else [value])]
        return subprocess.run(line, capture_output=True, text=True, timeout=120, env=self.environment)


@pytest.fixture(scope="session")
def program() -> Path:
    path = Path(os.environ[_VARIABLE]).absolute()
    assert path.is_file(), f"{_VARIABLE} names {path}, where no az is: `make test-az` installs it"
    return path


@pytest.fixture(scope="session")
def az_of(program: Path, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Az]:
    """Makes an az nobody has signed in to."""

    def made() -> Az:
        folder = str(tmp_path_factory.mktemp("az"))
        return Az(program, cloud.environment | {"AZURE_CONFIG_DIR": folder, "HOME": folder})

    return made


@pytest.fixture(scope="session")
def az(program: Path, cloud: Cloud) -> Az:
    """az as the shell of `emulator env` has it, signed in as the runner."""
    made = Az(program, cloud.environment)
    runner = cloud.tenant["runner"]
    made(
        "login",
        service_principal=True,
        username=runner["clientId"],
        password=runner["clientSecret"],
        tenant=cloud.tenant["id"],
    )
    made("provider register", namespace="Microsoft.KeyVault")  # a new subscription has never used it
    return made
