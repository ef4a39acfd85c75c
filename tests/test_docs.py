"""The documents name what exists, and what exists is in the documents."""

from __future__ import annotations

import json
import re
import shlex
from enum import StrEnum
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from provisioner.cli.main import BUILT, cli
from provisioner.core.overview import Presence
from provisioner.core.plan import Cause, Mortal
from provisioner.core.step import Action
from provisioner.render.plan_schema import plan_schema

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^\$ (.*?)(?:\s+#.*)?$", README, re.MULTILINE)


@pytest.mark.parametrize("name", BUILT)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`provisioner {name} " in README


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


def _keys(schema: object) -> set[str]:
    """Every key of the plan's JSON."""
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*(_keys(value) for value in schema.values()))
    return set().union(*map(_keys, schema)) if isinstance(schema, list) else set()


PLAN_JSON = (ROOT / "docs" / "plan-json.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", sorted(_keys(plan_schema())))
def test_every_key_of_the_plans_json_is_documented(key: str) -> None:
    told = re.sub(r"```json.*?```", "", PLAN_JSON, flags=re.DOTALL)
    assert f"`{key}`" in told or f'"{key}"' in told


def test_the_documented_plan_obeys_the_schema() -> None:
    [example] = re.findall(r"```json\n(.*?)```", PLAN_JSON, re.DOTALL)
    Draft202012Validator(plan_schema()).validate(json.loads(example))


@pytest.mark.parametrize("kind", [Action, Cause, Mortal, Presence])
def test_every_word_of_the_plans_json_is_documented(kind: type[StrEnum]) -> None:
    assert all(f"`{word}`" in PLAN_JSON for word in kind)
