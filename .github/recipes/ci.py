"""What every recipe does around a command of provisioner: run it, keep what it said, tell people.

    ci.py run [--allow "0 2 3"] FOLDER "plan --detailed-exitcode --format markdown specs"
    ci.py comment FOLDER                  the report as one comment of the pull request, renewed each time
    ci.py issue --key drift FOLDER        the report as one issue, renewed each time, closed when all is well

`run` leaves in FOLDER `exit-code`, `title` and `report.md`, and ends with 0 when the command's code is allowed, else
with the code. Needs Python and nothing else, so that it also works where the installation failed.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from code_hosts import CodeHostError, code_host

MEANINGS = {
    0: "nothing to report",
    1: "failed",
    2: "changes are pending",
    3: "a person must act",
    4: "could not tell",
    5: "a check failed",
    64: "wrong usage",
    130: "interrupted",
}
_MOST_MESSAGES = 20_000  # of a report: what does not fit is in the log
_REPORT = ("exit-code", "title", "report.md")


@dataclass(frozen=True)
class Told:
    """What `run` left in a folder."""

    code: int
    title: str
    report: str


def run(words: Sequence[str], allowed: frozenset[int], folder: Path, environment: Mapping[str, str]) -> int:
    """Runs the program that lies beside this Python. What it prints goes to the log as well."""
    program = Path(sys.executable).with_name("provisioner")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _REPORT:
        (folder / name).unlink(missing_ok=True)
    ended = subprocess.run([program, *words], capture_output=True, text=True, check=False)  # noqa: S603  no shell
    _show(ended.stdout + ended.stderr, environment)
    title = f"provisioner {words[0]}: {MEANINGS.get(ended.returncode, f'ended with {ended.returncode}')}"
    report = _report(title, words, ended)
    for name, text in zip(_REPORT, (str(ended.returncode), title, report), strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    _publish(ended.returncode, title, folder, environment)
    return 0 if ended.returncode in allowed else ended.returncode


def _show(text: str, environment: Mapping[str, str]) -> None:
    """In the log, as text: a name that somebody gave in a tenant must not become a command to the platform."""
    if environment.get("TF_BUILD"):
        print(re.sub(r"##(?=vso\[|\[)", "# #", text))
    elif environment.get("GITHUB_ACTIONS"):
        until = secrets.token_hex(16)
        print(f"::stop-commands::{until}\n{text}\n::{until}::")
    else:
        print(text)


def _report(title: str, words: Sequence[str], ended: subprocess.CompletedProcess[str]) -> str:
    """The result as it is when it is Markdown; what was said beside it only where it tells what to do."""
    is_markdown = "markdown" in words and words[words.index("markdown") - 1] == "--format"
    parts = [f"**{title}** (exit code {ended.returncode})"]
    if ended.stdout.strip():
        parts.append(ended.stdout.strip() if is_markdown else _fenced(ended.stdout))
    told_in_full = (0, 2, 3) if is_markdown else (0,)
    if ended.returncode not in told_in_full and ended.stderr.strip():
        parts.append(_fenced(ended.stderr))
    return "\n\n".join(parts) + "\n"


def _fenced(text: str) -> str:
    """As it was printed; its end where it is long, for the errors stand there."""
    cut = text.strip()
    if len(cut) > _MOST_MESSAGES:
        cut = f"(the beginning is in the log)\n{cut[-_MOST_MESSAGES:]}"
    fence = "```"
    while fence in cut:
        fence += "`"
    return f"{fence}text\n{cut}\n{fence}"


def _publish(code: int, title: str, folder: Path, environment: Mapping[str, str]) -> None:
    """To the steps after this one and to the run's page, where the platform has such things."""
    report = folder / "report.md"
    if output := environment.get("GITHUB_OUTPUT"):
        _append(output, f"exit-code={code}\nreport={folder}\n")
        _append(environment["GITHUB_STEP_SUMMARY"], report.read_text(encoding="utf-8"))
        if code == 3:
            print(f"::warning title=provisioner::{title}")
    elif environment.get("TF_BUILD"):
        print(f"##vso[task.setvariable variable=exitCode;isOutput=true]{code}")
        print(f"##vso[task.uploadsummary]{report.resolve()}")
        if code == 3:
            print(f"##vso[task.logissue type=warning]{title}")


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def told(folder: Path) -> Told:
    """Raises SystemExit when nothing was left: the installation failed, say."""
    try:
        code, title, report = ((folder / name).read_text(encoding="utf-8") for name in _REPORT)
    except FileNotFoundError:
        sys.exit(f"error: {folder} holds no report: the step before did not come as far as running provisioner")
    return Told(int(code), title, report)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="ci.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    running = verbs.add_parser("run")
    running.add_argument("--allow", default="0")
    running.add_argument("folder", type=Path)
    running.add_argument("command")
    commenting = verbs.add_parser("comment")
    commenting.add_argument("folder", type=Path)
    opening = verbs.add_parser("issue")
    opening.add_argument("--key", required=True)
    opening.add_argument("folder", type=Path)
    asked = parser.parse_args(arguments)
    if asked.verb == "run":
        allowed = frozenset(int(code) for code in asked.allow.split())
        return run(shlex.split(asked.command), allowed, asked.folder, environment)
    found = told(asked.folder)
    try:
        host = code_host(environment)
        if asked.verb == "comment":
            print(host.comment(found.report))
        else:
            print(host.issue(asked.key, found.title, found.report, settled=found.code == 0))
    except CodeHostError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
