"""The recipes as files: by the platforms' own schemas, by what attackers look for, and every block by shellcheck."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.recipes.machine import ROOT

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "recipes" / "github").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
PIPELINES = sorted((ROOT / ".github" / "recipes" / "azure-devops").glob("*.yml"))
GITLAB = [ROOT / ".github" / "recipes" / "gitlab" / ".gitlab-ci.yml"]
SCHEMAS = (
    *((file, "vendor.github-workflows") for file in WORKFLOWS),
    *((file, "vendor.github-actions") for file in ACTIONS),
    *((file, "vendor.gitlab-ci") for file in GITLAB),
    *((file, "vendor.azure-pipelines") for file in PIPELINES),
)
DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def judged(file: Path, schema: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Azure Pipelines reads every scalar as text, and its schema is written for that."""
    if schema == "vendor.azure-pipelines":
        as_text = folder / "pipeline.json"
        as_text.write_text(json.dumps(yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)), encoding="utf-8")
        file = as_text
    command = [BIN / "check-jsonschema", "--builtin-schema", schema, "--regex-variant", "nonunicode", file]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("file", "schema"), SCHEMAS, ids=lambda value: getattr(value, "name", None))
def test_a_recipe_obeys_its_platform_s_schema(file: Path, schema: str, tmp_path: Path) -> None:
    ended = judged(file, schema, tmp_path)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("file", "schema", "good", "bad"),
    [
        (WORKFLOWS[0], "vendor.github-workflows", "runs-on:", "run-on:"),
        (ACTIONS[0], "vendor.github-actions", "using: composite", "using: composition"),
        (PIPELINES[0], "vendor.azure-pipelines", "jobs:", "job_list:"),
        (GITLAB[0], "vendor.gitlab-ci", "expire_in:", "expires:"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_schema_finds_a_slip(file: Path, schema: str, good: str, bad: str, tmp_path: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert good in text
    broken = tmp_path / file.name
    broken.write_text(text.replace(good, bad), encoding="utf-8")
    assert judged(broken, schema, tmp_path).returncode == 1


def audited(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / "zizmor", "--offline", "--pedantic", "--strict-collection", "--no-progress", *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_workflows_and_actions_have_no_hole_that_zizmor_knows() -> None:
    """Least permissions, pinned actions, no expression in a script, no kept credentials."""
    ended = audited(*WORKFLOWS, *ACTIONS)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    ("good", "bad", "found"),
    [
        ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@main", "unpinned-uses"),
        ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
    ],
)
def test_zizmor_finds_a_hole(good: str, bad: str, found: str, tmp_path: Path) -> None:
    text = (ROOT / ".github" / "recipes" / "github" / "plan.yml").read_text(encoding="utf-8")
    assert good in text
    broken = tmp_path / "plan.yml"
    broken.write_text(text.replace(good, bad), encoding="utf-8")
    ended = audited(broken)
    assert ended.returncode != 0
    assert found in ended.stdout


def blocks() -> Iterator[tuple[str, str]]:
    """Every script in a recipe, with where it stands."""
    for file in (*ACTIONS, *WORKFLOWS, *PIPELINES):
        for place, block in _scripts(yaml.safe_load(file.read_text(encoding="utf-8"))):
            yield f"{file.parent.name}/{file.name}: {place}", block
    for name, job in yaml.safe_load(GITLAB[0].read_text(encoding="utf-8")).items():
        for key in ("before_script", "script", "after_script"):
            if isinstance(job, dict) and key in job:
                yield f"{name}: {key}", "\n".join(job[key])


def _scripts(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for each in node:
            yield from _scripts(each, place)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "bash", "inlineScript") and isinstance(value, str):
                yield place or key, value
            else:
                yield from _scripts(value, str(node.get("name", place)))


@pytest.mark.shellcheck
def test_every_block_and_script_passes_shellcheck(tmp_path: Path) -> None:
    files = [ROOT / ".github" / "recipes" / "install.sh"]
    for number, (_, block) in enumerate(blocks()):
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/usr/bin/env bash\n{block}", encoding="utf-8")
        files.append(file)
    assert len(files) > 10
    ended = subprocess.run(["shellcheck", "--severity", "style", *files], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("path", re.findall(r"\]\(([^):#]+)\)", DOCUMENT))
def test_a_file_the_document_links_to_exists(path: str) -> None:
    assert (ROOT / "docs" / path).exists()


def test_everything_a_recipe_needs_to_be_set_is_in_the_document() -> None:
    texts = [file.read_text(encoding="utf-8") for file, _ in SCHEMAS]
    needed = {name for text in texts for name in re.findall(r"\b(?:vars\.|\$)?(PROVISIONER_[A-Z_]+)\b", text)}
    needed -= {"PROVISIONER_ID_TOKEN"}  # GitLab makes it
    assert needed
    assert needed <= set(re.findall(r"PROVISIONER_[A-Z_]+", DOCUMENT))


def test_the_document_says_what_each_recipe_lets_pass() -> None:
    """Its table of exit codes against the recipes themselves: the codes that end green."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([\d, ]+) \|$", DOCUMENT, re.MULTILINE))
    told = {name: {int(code) for code in codes.split(",")} for name, codes in rows.items()}
    found: dict[str, set[int]] = {}
    for file in WORKFLOWS:
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                if "command" in step.get("with", {}):
                    verb = "plan" if file.stem == "apply" and "--out" in step["with"]["command"] else file.stem
                    found.setdefault(verb, set()).update(int(code) for code in step["with"]["allow"].split())
    assert told == found
