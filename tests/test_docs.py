"""The documents name what exists, and what exists is in the documents."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import click
import pytest
import yaml
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from provisioner.cli.main import BUILT, cli
from provisioner.core.overview import Presence
from provisioner.core.plan import Cause, Life, Mortal
from provisioner.core.step import Action
from provisioner.render.checked import Checked
from provisioner.render.plan_schema import plan_schema
from provisioner.render.prometheus import textfile
from tests.render.plans import CREDENTIAL, LIVING, NAME, NOW

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


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_a_link_of_a_page_leads_somewhere(page: Path) -> None:
    for path, place in re.findall(r"\]\(([^):#]*)(?:#([\w-]+))?\)", page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        assert target.exists(), path
        if place:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


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


MONITORING = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
METRIC = re.compile(r"^\| `(provisioner_\w+)` \|(.*?)\|", re.MULTILINE)


def test_every_metric_is_documented_with_its_labels() -> None:
    """What the textfile of every kind of life has, a tenant that failed among them, is what the page lists."""
    foreign = Life(CREDENTIAL, Mortal.FOREIGN_CREDENTIAL, "foreign", "portal", "secret", NOW)
    shown = replace(LIVING, life=(*LIVING.life, foreign))
    text = textfile([Checked(NAME, LIVING.tenant, shown, NOW), Checked("failed-sam", "", None, NOW)])
    found = {sample.name: set(sample.labels) for one in text_string_to_metric_families(text) for sample in one.samples}
    told = {name: {"spec", "tenant", *re.findall(r"`(\w+)`", labels)} for name, labels in METRIC.findall(MONITORING)}
    assert told == found
    states = {sample.labels.get("state") for one in text_string_to_metric_families(text) for sample in one.samples}
    assert all(f"`{state}`" in MONITORING for state in states if state)


def test_alerts_are_of_metrics_that_exist() -> None:
    [alerts] = re.findall(r"```yaml\n(.*?)```", MONITORING, re.DOTALL)
    rules = yaml.safe_load(alerts)["groups"][0]["rules"]
    named = {name for rule in rules for name in re.findall(r"provisioner_\w+", rule["expr"])}
    assert named <= {name for name, _ in METRIC.findall(MONITORING)}


@pytest.mark.parametrize("page", ["README.md", "docs/monitoring.md"])
@pytest.mark.parametrize(
    ("printed", "code", "kept"), [("new", 0, "new"), ("one failed", 1, "one failed"), ("", 1, "old"), ("", 64, "old")]
)
def test_the_monitors_recipe_hides_no_failure(tmp_path: Path, page: str, printed: str, code: int, kept: str) -> None:
    told = re.findall(r"^ *(provisioner plan --format prometheus .*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    stand_in = tmp_path / "provisioner"
    stand_in.write_text(f"#!/bin/sh\nprintf '%s' '{printed}'\nexit {code}\n", encoding="utf-8")
    stand_in.chmod(0o755)
    (tmp_path / "sam.prom").write_text("old", encoding="utf-8")
    [recipe] = told
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(["/bin/sh", "-c", recipe], cwd=tmp_path, env={"PATH": path}, check=False)
    assert (tmp_path / "sam.prom").read_text(encoding="utf-8") == kept


@pytest.mark.parametrize("kind", [Action, Cause, Mortal, Presence])
def test_every_word_of_the_plans_json_is_documented(kind: type[StrEnum]) -> None:
    assert all(f"`{word}`" in PLAN_JSON for word in kind)
