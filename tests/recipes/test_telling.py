"""One comment and one issue, whatever the host: renewed and closed, never doubled; refusals in words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recipes.code_hosts import REPOSITORY, TOKEN, CodeHosts, code_hosts
from tests.recipes.machine import ROOT

HOSTS = ("github", "azure", "gitlab")
LIMIT = 65_536


@pytest.fixture(scope="module")
def served() -> Iterator[CodeHosts]:
    with code_hosts() as hosts:
        yield hosts


@pytest.fixture
def hosts(served: CodeHosts) -> CodeHosts:
    served.forget()
    return served


def environment(hosts: CodeHosts, host: str, token: str = TOKEN) -> dict[str, str]:
    """What a job of the host has."""
    known = {
        "github": {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{hosts.address}/github",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": token,
            "PULL_REQUEST": "12",
        },
        "azure": {
            "TF_BUILD": "True",
            "BUILD_REPOSITORY_ID": "repository-1",
            "SYSTEM_COLLECTIONURI": f"{hosts.address}/azure/contoso/",
            "SYSTEM_TEAMPROJECT": "Partner Center",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "12",
            "SYSTEM_ACCESSTOKEN": token,
        },
        "gitlab": {
            "GITLAB_CI": "true",
            "CI_API_V4_URL": f"{hosts.address}/gitlab",
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "12",
            "PROVISIONER_GITLAB_TOKEN": token,
        },
    }
    return known[host]


def tell(variables: dict[str, str], folder: Path, *verb: str, code: int = 2, report: str = "a report") -> str:
    """What ci.py says, whether it told it or not."""
    for name, text in (("exit-code", str(code)), ("title", f"the title of {code}"), ("report.md", report)):
        (folder / name).write_text(text, encoding="utf-8")
    return said(variables, folder, *verb)


def said(variables: dict[str, str], folder: Path, *verb: str) -> str:
    command = [sys.executable, ROOT / ".github" / "recipes" / "ci.py", *verb, folder]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert "Traceback" not in ended.stderr
    assert (ended.returncode == 0) == (not ended.stderr)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("host", HOSTS)
def test_a_pull_request_gets_one_comment_which_each_run_renews(hosts: CodeHosts, host: str, tmp_path: Path) -> None:
    variables = environment(hosts, host)
    hosts.comments += [{"id": n + 1, "body": "a person's", "user": {"type": "User"}} for n in range(130)]  # pages
    assert "commented" in tell(variables, tmp_path, "comment", report="the first")
    assert "renewed" in tell(variables, tmp_path, "comment", report="the second")
    (ours,) = (each["body"] for each in hosts.comments if each["body"] != "a person's")
    assert "the second" in ours
    assert "the first" not in ours


@pytest.mark.parametrize("host", HOSTS)
def test_an_issue_is_opened_once_renewed_and_settled(hosts: CodeHosts, host: str, tmp_path: Path) -> None:
    variables = environment(hosts, host)
    told = [tell(variables, tmp_path, "issue", "--key", "drift", code=code) for code in (0, 2, 4, 0)]
    assert ["none is needed" in told[0], "opened" in told[1], "renewed" in told[2]] == [True, True, True]
    assert "settled" in told[3] if host == "azure" else "closed" in told[3]
    (issue,) = hosts.issues
    assert issue["open"] is (host == "azure")  # there a person closes it
    assert "the title of 0" in str(issue)


@pytest.mark.parametrize("host", HOSTS)
def test_each_key_has_an_issue_of_its_own(hosts: CodeHosts, host: str, tmp_path: Path) -> None:
    for key in ("drift", "renew", "drift"):
        tell(environment(hosts, host), tmp_path, "issue", "--key", key)
    assert len(hosts.issues) == 2


@pytest.mark.parametrize("host", HOSTS)
def test_a_refusal_is_told_in_words_without_the_token(hosts: CodeHosts, host: str, tmp_path: Path) -> None:
    told = tell(environment(hosts, host, "of-somebody-else"), tmp_path, "comment")
    assert "answered 401 to GET" in told
    assert "of-somebody-else" not in told


def test_a_comment_fits_where_github_takes_it_and_says_that_it_is_cut(hosts: CodeHosts, tmp_path: Path) -> None:
    tell(environment(hosts, "github"), tmp_path, "comment", report="x" * (LIMIT + 1))
    (comment,) = hosts.comments
    assert len(comment["body"]) == LIMIT
    assert comment["body"].endswith("the whole report is on the page of this run\n")


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_not_set_is_named(hosts: CodeHosts, host: str, tmp_path: Path) -> None:
    for name in environment(hosts, host):
        left = {key: value for key, value in environment(hosts, host).items() if key != name}
        if name == "GITHUB_API_URL":
            continue  # GitHub's own is the default
        told = tell(left, tmp_path, "comment")
        assert "error: " in told
        assert f"{name} is not set" in told or "this is no job of GitHub" in told


def test_without_a_report_it_says_so(hosts: CodeHosts, tmp_path: Path) -> None:
    assert "holds no report" in said(environment(hosts, "github"), tmp_path / "nothing", "comment")


@pytest.mark.parametrize(
    ("variables", "command"),
    [
        ({"GITHUB_ACTIONS": "true"}, "::add-path::/of/somebody"),
        ({"TF_BUILD": "True"}, "a name ##vso[task.prependpath]/of/somebody"),
    ],
)
def test_a_name_in_a_tenant_is_no_command_to_the_platform(
    variables: dict[str, str], command: str, tmp_path: Path
) -> None:
    program, python = tmp_path / "provisioner", tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho '{command}'\n", encoding="utf-8")
    program.chmod(0o700)
    python.symlink_to(sys.executable)
    run = [python, ROOT / ".github" / "recipes" / "ci.py", "run", tmp_path / "out", "plan"]
    log = subprocess.run(run, env=variables, capture_output=True, text=True, check=True).stdout
    if "TF_BUILD" in variables:
        assert not re.search(r"##vso\[task\.prepend", log)
        return
    before, _, after = log.partition(command)
    (until,) = re.findall(r"^::stop-commands::(\w+)$", before, re.MULTILINE)
    assert f"::{until}::" in after
