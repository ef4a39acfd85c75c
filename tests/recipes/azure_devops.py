"""Runs the pipeline of Azure DevOps, as far as the recipe uses it; what it does not know fails.

A task that needs a service connection has that connection's variables in its environment, as AzureCLI@2 sets them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from tests.recipes.github import Ended
from tests.recipes.machine import ROOT, Checkout, Machine

FOLDER = ROOT / ".github" / "recipes" / "azure-devops"
_MACRO = re.compile(r"\$\(([\w.]+)\)")
_PARAMETER = re.compile(r"\$\{\{ parameters\.(\w+) \}\}")
_OUTPUT = re.compile(r"^##vso\[task\.setvariable variable=(\w+);isOutput=true\](.*)$", re.MULTILINE)


@dataclass
class Pipeline:
    """connection: the environment of a new job that may use the service connection of this name."""

    checkout: Checkout
    specs: Path
    folder: Path
    connection: Callable[[str], Mapping[str, str]]
    about: Mapping[str, str]
    artifacts: dict[str, Path] = field(default_factory=dict)

    def run(self) -> Ended:
        document = yaml.safe_load((FOLDER / "azure-pipelines.yml").read_text(encoding="utf-8"))
        placed = {"PROVISIONER_URL": str(self.checkout.folder), "PROVISIONER_COMMIT": self.checkout.commit}
        assert document["variables"].keys() == placed.keys()
        variables = {**placed, **self.about}
        outputs: dict[str, dict[str, str]] = {}
        green, log = True, ""
        for stage in document["stages"]:
            before = {"outputs": {key: value for each in outputs.values() for key, value in each.items()}}
            after = stage["dependsOn"]
            if (after and after not in outputs) or not holds(stage["condition"], variables, ok=green, plan=before):
                continue
            (job,) = stage["jobs"]
            done = self._job(stage["stage"], job, variables)
            green, log = green and done.ok, log + "".join(done.machine.log)
            outputs[stage["stage"]] = {
                f"{job.get('job', 'apply')}.{name}": value for name, value in done.outputs.items()
            }
        return Ended(green, outputs, log)

    def _job(self, name: str, job: dict[str, Any], variables: dict[str, str]) -> _Job:
        steps = job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"]
        machine = Machine(
            self.folder / name, {key.upper().replace(".", "_"): value for key, value in variables.items()}
        )
        machine.prepare(self.specs if {"checkout": "self"} in steps else None)
        running = _Job(machine, self, dict(variables))
        for step in steps:
            running.step(step)
        return running


@dataclass
class _Job:
    machine: Machine
    pipeline: Pipeline
    variables: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    ok: bool = True

    def step(self, step: dict[str, Any]) -> None:
        if "template" in step:
            for inner in _template(step):
                self.step(inner)
            return
        if not holds(step.get("condition", "succeeded()"), self.variables | self.outputs, ok=self.ok):
            return
        if "bash" in step:
            self._bash(step["bash"], step, {})
        elif step.get("task") == "AzureCLI@2":
            inputs = step["inputs"]
            assert (inputs["scriptType"], inputs["scriptLocation"]) == ("bash", "inlineScript")
            self._bash(inputs["inlineScript"], step, self.pipeline.connection(inputs["azureSubscription"]))
        elif "publish" in step:
            self.pipeline.artifacts[step["artifact"]] = self.machine.workspace / step["publish"]
        elif step.get("download") == "current":
            place = self.machine.folder / step["artifact"]
            place.mkdir()
            shutil.copy(self.pipeline.artifacts[step["artifact"]], place)
        else:
            assert step.get("task") == "UsePythonVersion@0" or "checkout" in step, f"nobody here knows {step}"

    def _bash(self, block: str, step: dict[str, Any], connection: Mapping[str, str]) -> None:
        assert "${{" not in block
        assert not _MACRO.search(block), "a macro in a script is an injection"
        macros = {
            "System.AccessToken": connection.get("SYSTEM_ACCESSTOKEN", "a-job-s-own-token"),
            "Pipeline.Workspace": str(self.machine.folder),
        }
        mapped = {
            name: _MACRO.sub(lambda found: macros[found[1]], value) for name, value in step.get("env", {}).items()
        }
        environment = {"AGENT_TEMPDIRECTORY": str(self.machine.temp), **connection, **mapped}
        code = self.machine.bash(block, environment, options="")
        for name, value in _OUTPUT.findall(self.machine.log[-1]):
            self.outputs[f"{step['name']}.{name}"] = value
        self.ok = self.ok and code == 0


def _template(step: dict[str, Any]) -> list[dict[str, Any]]:
    """The template's steps with the parameters in their places."""
    text = (FOLDER / step["template"]).read_text(encoding="utf-8")
    known = {each["name"]: each.get("default") for each in yaml.safe_load(text)["parameters"]}
    assert step["parameters"].keys() <= known.keys()
    values = {**known, **step["parameters"]}

    def placed(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: placed(value) for key, value in node.items()}
        if isinstance(node, list):
            return [placed(each) for each in node]
        return _PARAMETER.sub(lambda found: values[found[1]], node) if isinstance(node, str) else node

    steps: list[dict[str, Any]] = placed(yaml.safe_load(text)["steps"])
    return steps


def holds(condition: str, variables: Mapping[str, str], *, ok: bool, **dependencies: Mapping[str, Any]) -> bool:
    """Azure's functions, by Python's grammar."""
    functions = {
        "and_": lambda *values: all(values),
        "not_": lambda value: not value,
        "in_": lambda value, *others: value in others,
        "eq": lambda one, other: one == other,
        "succeeded": lambda: ok,
        "canceled": lambda: False,
        "variables": _Unset(variables),
        "dependencies": SimpleNamespace(
            **{name: SimpleNamespace(outputs=_Unset(each["outputs"])) for name, each in dependencies.items()}
        ),
    }
    written = re.sub(r"\b(and|not|in)\(", r"\1_(", condition)
    return bool(eval(written, {"__builtins__": {}}, functions))


class _Unset(dict[str, str]):
    """An unset variable is empty."""

    def __missing__(self, key: str) -> str:
        return ""
