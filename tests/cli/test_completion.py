"""Completion in the shells themselves: the script is sourced there, and Tab is pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from provisioner.cli.main import BUILT
from tests.cli.test_main import HEAVY

PROGRAMS = Path(sys.executable).parent
LONGEST_S = 30
LINES = {
    "provisioner vali": "provisioner validate",
    "provisioner plan --format js": "provisioner plan --format json",
    "provisioner token contoso.yaml --resource part": "provisioner token contoso.yaml --resource partnercenter",
    "provisioner plan conto": "provisioner plan contoso.yaml",
    "provisioner init --subs": "provisioner init --subscription",
    "provisioner emulator sna": "provisioner emulator snapshot",
}
"""What is typed before Tab, and the line after it."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    (folder / "contoso.yaml").touch()
    return folder


def environment(home: Path) -> dict[str, str]:
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    kept = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return kept | {"HOME": str(home), "PATH": path, "TERM": "dumb", "LANG": "C.UTF-8"}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, command: list[str], home: Path) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            become(command, home)
        self._heard = ""

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def hear(self, pattern: str) -> re.Match[str]:
        """Wait for it; what was heard up to its end is forgotten."""
        while (found := re.search(pattern, self._heard)) is None:
            ready, _, _ = select.select([self._terminal], [], [], LONGEST_S)
            assert ready, f"nothing like {pattern!r} in {self._heard!r}"
            self._heard += os.read(self._terminal, 4096).decode(errors="replace")
        self._heard = self._heard[found.end() :]
        return found

    def completed(self, typed: str) -> str:
        """The line after Tab: instead of running it, it is turned into an echo of itself."""
        self.type(f"{typed}\t\x01echo is: \n")
        return self.hear(r"\nis: (.*?)\s*\r?\n").group(1)

    def end(self) -> None:
        self.type("exit\n")
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


def become(command: list[str], home: Path) -> NoReturn:
    os.chdir(home)
    os.execvpe(command[0], command, environment(home))


@pytest.fixture(scope="module", params=["bash", "zsh"])
def shell(request: pytest.FixtureRequest, home: Path) -> Iterator[Shell]:
    commands = {
        "bash": (["bash", "--norc", "--noprofile", "-i"], ""),
        "zsh": (["zsh", "-f", "-i"], "unsetopt zle_bracketed_paste; autoload -U compinit && compinit -u -D; "),
    }
    command, first = commands[request.param]
    started = Shell(command, home)
    started.type(f'{first}eval "$(provisioner completion {request.param})" && echo sourc""ed\n')
    started.hear("sourced")
    yield started
    started.end()


@pytest.mark.shells
@pytest.mark.parametrize("typed", LINES)
def test_tab_completes(shell: Shell, typed: str) -> None:
    assert shell.completed(typed) == LINES[typed]


@pytest.mark.shells
def test_fish_completes(home: Path) -> None:
    asked = "; ".join(f"complete -C '{typed}'; echo ===" for typed in LINES)
    script = f"provisioner completion fish | source; {asked}"
    ended = subprocess.run(
        ["fish", "--no-config", "-c", script],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=True,
    )
    answers = [block.split("\t")[0].strip() for block in ended.stdout.split("===\n")[: len(LINES)]]
    wanted = [line.rpartition(" ")[2] for line in LINES.values()]
    assert answers == wanted


@pytest.mark.parametrize(
    "words", ["provisioner ", "provisioner plan --", "provisioner init --cl", "provisioner emulator "]
)
def test_completion_imports_nothing_heavy(words: str) -> None:
    script = (
        "import sys, os\nfrom provisioner.cli.main import run\n"
        "try:\n    run([])\nexcept SystemExit: pass\n"
        f"loaded = sorted(set(sys.modules) & set({HEAVY!r}))\nsys.exit(repr(loaded) if loaded else 0)"
    )
    asked = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_PROVISIONER_COMPLETE": "bash_complete",
    }
    ended = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "plain," in ended.stdout
    if words == "provisioner ":
        assert {line.removeprefix("plain,") for line in ended.stdout.split()} == set(BUILT)
