"""Runs workflows and composite actions of GitHub, as far as the recipes use them; what it does not know fails.

Expressions are looked up in a table, `==`, `!=`, `&&` and `!cancelled()` are understood, a condition without a status
function asks for success. Of GitHub's own actions only what they leave on the machine is done.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.recipes.code_hosts import REPOSITORY, TOKEN
from tests.recipes.machine import ROOT, Checkout, Machine

EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
_OURS = re.compile(r"OWNER/provisioner/\.github/actions/(\w+)@0{40}")
_NOTHING_TO_DO = ("actions/checkout@", "actions/setup-python@")


@dataclass(frozen=True)
class Ended:
    """green: what the platform would call it. jobs: the outputs of those that ran. log: all that was printed."""

    green: bool
    jobs: Mapping[str, Mapping[str, str]]
    log: str


@dataclass
class Workflow:
    """job_variables: the environment of a new job with this subject. event: values of `github.event.…`.

    approval: what happens while a job waits for its environment's reviewers.
    """

    name: str
    checkout: Checkout
    specs: Path
    folder: Path
    job_variables: Callable[[str], Mapping[str, str]]
    variables: Mapping[str, str]
    event: Mapping[str, str]
    approval: Callable[[], object] = lambda: None
    ref: str = "refs/heads/main"
    artifacts: dict[str, Path] = field(default_factory=dict)

    def run(self) -> Ended:
        document = yaml.safe_load(
            (ROOT / ".github" / "recipes" / "github" / f"{self.name}.yml").read_text(encoding="utf-8")
        )
        outputs: dict[str, dict[str, str]] = {}
        green, log = True, ""
        for name, job in document["jobs"].items():
            needs = {f"needs.{name}.outputs.{key}": value for name in outputs for key, value in outputs[name].items()}
            context = self._context() | needs
            if not green or not holds(job.get("if", "success()"), context, ok=True):
                continue
            done = self._job(name, job, context)
            green, log = green and done.ok, log + done.log
            told = job.get("outputs", {})
            outputs[name] = {key: resolved(value, done.context) for key, value in told.items()}
        return Ended(green, outputs, log)

    def _context(self) -> dict[str, str]:
        return {
            **{f"vars.{name}": value for name, value in self.variables.items()},
            **{f"github.event.{name}": value for name, value in self.event.items()},
            "github.repository": REPOSITORY,
            "github.ref": self.ref,
            "github.token": TOKEN,
        }

    def _job(self, name: str, job: dict[str, Any], context: dict[str, str]) -> _Job:
        assert job["permissions"].get("id-token") == "write"
        environment = job.get("environment")
        if environment:
            self.approval()
        about = f"environment:{environment}" if environment else self.event.get("about", f"ref:{self.ref}")
        machine = Machine(self.folder / name, self.job_variables(f"repo:{REPOSITORY}:{about}"))
        has_specs = any(step.get("uses", "").startswith("actions/checkout@") for step in job["steps"])
        machine.prepare(self.specs if has_specs else None)
        running = _Job(machine, self, context)
        for step in job["steps"]:
            running.step(step)
        return running


@dataclass
class _Job:
    machine: Machine
    workflow: Workflow
    context: dict[str, str]
    ok: bool = True

    @property
    def log(self) -> str:
        return "".join(self.machine.log)

    def step(self, step: dict[str, Any]) -> None:
        """A step of the job."""
        if not holds(step.get("if", "success()"), self.context, ok=self.ok):
            return
        with_ = {name: resolved(str(value), self.context) for name, value in step.get("with", {}).items()}
        uses = step.get("uses", "")
        if found := _OURS.fullmatch(uses):
            outputs = self._composite(found[1], with_)
            self.context |= {f"steps.{step.get('id')}.outputs.{name}": value for name, value in outputs.items()}
        elif uses.startswith("actions/upload-artifact@"):
            self.workflow.artifacts[with_["name"]] = self.machine.workspace / with_["path"]
            assert self.workflow.artifacts[with_["name"]].is_file()
        elif uses.startswith("actions/download-artifact@"):
            shutil.copy(self.workflow.artifacts[with_["name"]], self.machine.workspace)
        else:
            assert uses.startswith(_NOTHING_TO_DO), f"nobody here knows {uses}"

    def _composite(self, name: str, given: Mapping[str, str]) -> dict[str, str]:
        """One of our actions; its outputs, whether or not it failed."""
        folder = self.workflow.checkout.folder / ".github" / "actions" / name
        action = yaml.safe_load((folder / "action.yml").read_text(encoding="utf-8"))
        assert given.keys() <= action["inputs"].keys()
        assert all(key in given for key, each in action["inputs"].items() if each.get("required"))
        defaults = {key: resolved(str(each.get("default", "")), self.context) for key, each in action["inputs"].items()}
        context = self.context | {f"inputs.{key}": value for key, value in {**defaults, **given}.items()}
        for step in action["runs"]["steps"]:
            if "run" in step and self.ok_inside(step, context, folder):
                continue
            if "run" in step:
                self.ok = False
                break
            assert step["uses"].startswith(_NOTHING_TO_DO)
        return {key: resolved(each["value"], context) for key, each in action.get("outputs", {}).items()}

    def ok_inside(self, step: dict[str, Any], context: dict[str, str], action: Path) -> bool:
        """A `run:` block of an action; what it put into GITHUB_OUTPUT is added to the context."""
        assert step["shell"] == "bash"
        assert not EXPRESSION.search(step["run"]), "an expression in a script is an injection"
        files = {name: self.machine.temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        files["GITHUB_OUTPUT"].write_text("", encoding="utf-8")
        environment = {
            "GITHUB_ACTION_PATH": str(action),
            "RUNNER_TEMP": str(self.machine.temp),
            **{name: str(path) for name, path in files.items()},
            **{name: resolved(str(value), context) for name, value in step.get("env", {}).items()},
        }
        code = self.machine.bash(step["run"], environment, options="-eo pipefail")
        for line in files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            context[f"steps.{step['id']}.outputs.{key}"] = value
        return code == 0


def resolved(text: str, context: Mapping[str, str]) -> str:
    return EXPRESSION.sub(lambda found: _value(found[1], context), text)


def holds(condition: str, context: Mapping[str, str], *, ok: bool) -> bool:
    """Whether a step or job with this condition is run."""
    condition = condition.removeprefix("${{").removesuffix("}}").strip()
    parts = condition.split(" && ")
    if not any(part in ("success()", "!cancelled()") for part in parts):
        parts.append("success()")
    return all(_holds(part, context, ok=ok) for part in parts)


def _holds(part: str, context: Mapping[str, str], *, ok: bool) -> bool:
    if part in ("success()", "!cancelled()"):
        return ok if part == "success()" else True
    found = re.fullmatch(r"(\S+) (==|!=) (\S+)", part)
    assert found is not None, f"nobody here knows the condition {part}"
    same = _value(found[1], context) == _value(found[3], context)
    return same if found[2] == "==" else not same


def _value(name: str, context: Mapping[str, str]) -> str:
    if name.startswith("'"):
        return name.strip("'")
    if re.fullmatch(r"(steps|needs)\.[\w-]+\.outputs\.[\w-]+", name) or name == "github.event.pull_request.number":
        return context.get(name, "")  # of a step that did not run, of an event of another kind
    return context[name]
