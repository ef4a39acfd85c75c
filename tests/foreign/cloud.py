"""The emulator as its user has it: a process the command line started, and a shell set up by `emulator env`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.robot import Person

_KEPT = ("PATH", "LANG", "LC_ALL")
_PRINT_ENVIRONMENT = "import json, os; print(json.dumps(dict(os.environ)))"


@dataclass(frozen=True)
class Cloud:
    """description: what `emulator start --json` printed. environment: the whole of a shell after `emulator env`."""

    description: dict[str, Any]
    environment: dict[str, str]

    @property
    def tenant(self) -> dict[str, Any]:
        """The first of the seeded partner tenants."""
        tenant: dict[str, Any] = self.description["tenants"][0]
        return tenant

    @property
    def as_runner(self) -> dict[str, str]:
        """The environment with the variables by which Microsoft's libraries find an identity: the seeded runner."""
        runner = self.tenant["runner"]
        return self.environment | {
            "AZURE_TENANT_ID": self.tenant["id"],
            "AZURE_CLIENT_ID": runner["clientId"],
            "AZURE_CLIENT_SECRET": runner["clientSecret"],
            "AZURE_SUBSCRIPTION_ID": self.tenant["subscription"],
        }

    @property
    def operator(self) -> Person:
        return Person(**self.tenant["operator"])


@contextmanager
def started(folder: Path) -> Iterator[Cloud]:
    """A new cloud in a folder that is also the user's home; stopped at the end."""
    homes = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "DATA", "CACHE")}
    plain = {name: os.environ[name] for name in _KEPT if name in os.environ} | homes | {"HOME": str(folder)}
    description = json.loads(_emulator(plain, "start", "--detach", "--json"))
    try:
        yield Cloud(description, _shell(plain, _emulator(plain, "env")))
    finally:
        _emulator(plain, "stop")


def _emulator(environment: dict[str, str], *words: str) -> str:
    command = [str(Path(sys.executable).with_name("provisioner")), "emulator", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, cwd=environment["HOME"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def _shell(environment: dict[str, str], exports: str) -> dict[str, str]:
    """The environment after eval "$(provisioner emulator env)"."""
    command = ["sh", "-c", 'eval "$1"; exec "$2" -c "$3"', "sh", exports, sys.executable, _PRINT_ENVIRONMENT]
    found: dict[str, str] = json.loads(subprocess.check_output(command, text=True, env=environment))
    return found
