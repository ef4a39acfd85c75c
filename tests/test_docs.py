"""The documents name what exists, and what exists is in the documents."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from provisioner.cli.main import BUILT, NOT_BUILT, cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ (.*?)(?:\s+#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("name", BUILT)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`provisioner {name} " in README


@pytest.mark.parametrize("name", NOT_BUILT)
def test_what_is_not_built_is_said_in_the_readme(name: str) -> None:
    section = README.split("## What is not built yet")[1].split("\n## ")[0]
    assert f"`{name}`" in section


@pytest.mark.parametrize("line", [line for line in SHOWN if line.startswith("provisioner ")])
def test_a_command_of_the_readme_is_accepted_by_the_parser(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = cli
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    command.make_context(command.name, words)


@pytest.mark.parametrize("target", re.findall(r"^\$ make (\w+)", README, re.MULTILINE))
def test_a_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\(([^):#]+)\)", README))
def test_a_file_the_readme_links_to_exists(path: str) -> None:
    assert (ROOT / path).exists()
