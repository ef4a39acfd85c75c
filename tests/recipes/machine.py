"""A build machine: runs the blocks of a recipe in bash as the platforms do, in an environment that holds what theirs
does and nothing of ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
_CHECKOUT = (
    *("provisioner", "schemas", ".github", "pyproject.toml", "setup.py", "README.md", "LICENSE"),
    *("requirements.txt", "requirements-build.txt"),
)
_INSTALLED = """#!/usr/bin/env bash
# what install.sh made on the first machine
set -euo pipefail
rm -rf "$1"
ln -s '{folder}' "$1"
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of this repository as a recipe fetches it. commit: its only one."""

    folder: Path
    commit: str
    installed: Path


def check_out(folder: Path) -> Checkout:
    """Installs for real, once, then lets install.sh hand out what it made: each machine would take seconds for it.

    Packages that lie beside pytest already are not fetched again: pip finds them where PYTHONPATH says.
    """
    source, installed = folder / "source", folder / "installed"
    source.mkdir()
    for name in _CHECKOUT:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(here, source / name)
    install = source / ".github" / "recipes" / "install.sh"
    subprocess.run([install, installed], env=_basics(folder), check=True)
    install.write_text(_INSTALLED.format(folder=installed), encoding="utf-8")
    for command in ("init --quiet", "add --all", "-c user.name=T -c user.email=t@t commit --quiet --message T"):
        subprocess.run(["git", *command.split()], cwd=source, env=_basics(folder), check=True)
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=source, env=_basics(folder), text=True).strip()
    return Checkout(source, commit, installed)


def _basics(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": PACKAGES,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LANG": "C.UTF-8",
    }


@dataclass
class Machine:
    """One job's. variables: what the platform sets. log: all that was printed."""

    folder: Path
    variables: Mapping[str, str]
    log: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        return self.folder / "work"

    @property
    def temp(self) -> Path:
        return self.folder / "temp"

    def prepare(self, specs: Path | None) -> None:
        """The repository's checkout; without specs an empty folder."""
        self.temp.mkdir(parents=True)
        self.workspace.mkdir()
        if specs is not None:
            shutil.copytree(specs, self.workspace / "specs")

    def bash(self, block: str, environment: Mapping[str, str], *, options: str) -> int:
        """The block's exit code. options: what the platform starts bash with."""
        script = self.temp / "block.sh"
        script.write_text(block, encoding="utf-8")
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", *options.split(), script],
            env=_basics(self.folder) | dict(self.variables) | dict(environment),
            cwd=self.workspace,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        self.log.append(ended.stdout)
        return ended.returncode
