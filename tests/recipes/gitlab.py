"""Runs the jobs of GitLab, as far as the recipe uses them; what it does not know fails."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.recipes.github import Ended
from tests.recipes.machine import ROOT, Checkout, Machine

RECIPE = ROOT / ".github" / "recipes" / "gitlab" / ".gitlab-ci.yml"
_KNOWN = {
    *("extends", "stage", "rules", "variables", "script", "before_script", "after_script", "artifacts", "needs"),
    *("resource_group", "environment", "timeout", "image", "id_tokens"),
}
_NO_JOB = ("stages", "variables", ".provisioner")


@dataclass
class Pipeline:
    """about: what GitLab and the project's settings set. id_token: a token of this audience for this pipeline."""

    checkout: Checkout
    specs: Path
    folder: Path
    about: Mapping[str, str]
    id_token: Callable[[str], str]

    def run(self) -> Ended:
        document = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
        placed = {"PROVISIONER_URL": str(self.checkout.folder), "PROVISIONER_COMMIT": self.checkout.commit}
        assert document["variables"].keys() == placed.keys()
        jobs = {name: job for name, job in document.items() if name not in _NO_JOB}
        ran: dict[str, dict[str, str]] = {}
        machines: dict[str, Machine] = {}
        green, log = True, ""
        for name, job in sorted(jobs.items(), key=lambda entry: document["stages"].index(entry[1]["stage"])):
            if not green or not any(_holds(rule["if"], self.about) for rule in job["rules"]):
                continue
            whole = _extended(job, document)
            machine = machines[name] = Machine(self.folder / name.replace(" ", "-"), {})
            machine.prepare(self.specs)
            for before in job.get("needs", []):
                for path in jobs[before]["artifacts"]["paths"]:
                    _copy(machines[before].workspace / path, machine.workspace / path)
            green = self._job(machine, whole, placed)
            log += "".join(machine.log)
            ran[name] = {"exit-code": (machine.workspace / "report" / "exit-code").read_text(encoding="utf-8")}
        return Ended(green, ran, log)

    def _job(self, machine: Machine, job: dict[str, Any], placed: dict[str, str]) -> bool:
        """The script in one shell, which stops at the first failure; the after_script in another, in any case."""
        assert job.keys() <= _KNOWN, job.keys() - _KNOWN
        known = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(machine.workspace), **placed, **self.about}
        tokens = {name: self.id_token(each["aud"]) for name, each in job["id_tokens"].items()}
        environment = known | tokens
        for name, value in job["variables"].items():
            environment[name] = re.sub(r"\$(\w+)", lambda found: environment[found[1]], value)
        lines = [*job["before_script"], *job["script"]]
        code = machine.bash("\n".join(lines), environment, options="-eo pipefail")
        if after := job.get("after_script"):
            machine.bash("\n".join(after), environment, options="")
        return code == 0


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def _extended(job: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """`extends`: the job's keys over its base's, variables joined."""
    base = document[job["extends"]]
    whole: dict[str, Any] = {**base, **job, "variables": {**base["variables"], **job["variables"]}}
    return whole


def _holds(rule: str, variables: Mapping[str, str]) -> bool:
    return all(_compared(part, variables) for part in rule.split(" && "))


def _compared(part: str, variables: Mapping[str, str]) -> bool:
    found = re.fullmatch(r"(\S+) (==|!=) (\S+)", part)
    assert found is not None, f"nobody here knows the rule {part}"
    one, other = (
        each.strip('"') if each.startswith('"') else variables.get(each.removeprefix("$"), "")
        for each in (found[1], found[3])
    )
    return (one == other) == (found[2] == "==")
