"""Where a report is told: GitHub, Azure DevOps and GitLab, over their REST APIs, with what a job of theirs has.

Each host keeps ONE comment a pull request and ONE open issue a key, found by a mark that readers do not see.

Sources: GitHub REST API 2022-11-28 ("issue comments", "issues", "labels"); Azure DevOps REST API 7.1 ("Pull Request
Threads", "Wiql", "Work Items"); GitLab REST API v4 ("Notes", "Issues").
"""

from __future__ import annotations

import html
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

_TIMEOUT_S = 60
_PAGE = 100
_LABEL = "provisioner"


class CodeHostError(Exception):
    """In words: what the host answered, and what to do."""


class CodeHost(Protocol):
    """Both say what they did. settled: all is well, so the issue is closed if there is one, and none is opened."""

    def comment(self, report: str) -> str: ...
    def issue(self, key: str, title: str, report: str, *, settled: bool) -> str: ...


def code_host(environment: Mapping[str, str]) -> CodeHost:
    """The one whose job this is. Raises CodeHostError."""
    known: dict[str, type[GitHub] | type[AzureDevOps] | type[GitLab]] = {
        "GITHUB_ACTIONS": GitHub,
        "TF_BUILD": AzureDevOps,
        "GITLAB_CI": GitLab,
    }
    for variable, host in known.items():
        if environment.get(variable):
            return host(environment)
    raise CodeHostError(f"this is no job of GitHub, Azure DevOps or GitLab: none of {', '.join(known)} is set")


@dataclass(frozen=True)
class _Api:
    """headers: what proves who asks. allowed: what to do when it does not suffice."""

    name: str
    root: str
    headers: Mapping[str, str]
    allowed: str

    def __call__(self, method: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """The answer's JSON. Raises CodeHostError."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": "provisioner", "Accept": "application/json", **self.headers}
        headers |= {"Content-Type": content_type} if data else {}
        request = urllib.request.Request(f"{self.root}{path}", data, headers, method=method)  # noqa: S310  the platform's own address
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            told = error.read(500).decode("utf-8", "replace")
            next_step = f"; {self.allowed}" if error.code in (401, 403, 404) else ""
            raise CodeHostError(f"{self.name} answered {error.code} to {method} {path}: {told}{next_step}") from None
        except (OSError, ValueError) as error:
            raise CodeHostError(f"{self.name} did not answer {method} {path}: {error}") from None

    def pages(self, path: str) -> Iterator[Any]:
        """The entries of all pages."""
        page = 1
        while True:
            entries = self("GET", f"{path}{'&' if '?' in path else '?'}per_page={_PAGE}&page={page}")
            yield from entries
            if len(entries) < _PAGE:
                return
            page += 1


def _mark(key: str) -> str:
    """The beginning of what is ours; nobody sees a comment of HTML."""
    return f"<!-- provisioner: {key} -->"


def _body(key: str, report: str, limit: int) -> str:
    """The marked report within the host's limit, cut where a reader sees it."""
    body = f"{_mark(key)}\n{report}"
    cut = "\n\n… cut: the whole report is on the page of this run\n"
    return body if len(body) <= limit else body[: limit - len(cut)] + cut


def _need(environment: Mapping[str, str], name: str, next_step: str) -> str:
    if value := environment.get(name):
        return value
    raise CodeHostError(f"{name} is not set: {next_step}")


class GitHub:
    """permissions: pull-requests: write for a comment, issues: write for an issue."""

    limit = 65_536

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        token = _need(environment, "GITHUB_TOKEN", "give the step env: GITHUB_TOKEN: ${{ github.token }}")
        repository = _need(environment, "GITHUB_REPOSITORY", "GitHub sets it in every job")
        self._api = _Api(
            "GitHub",
            f"{environment.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{repository}",
            {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"},
            "give the job permissions: pull-requests: write (a comment) or issues: write (an issue)",
        )

    def comment(self, report: str) -> str:
        number = int(_need(self._environment, "PULL_REQUEST", "the number of the pull request"))
        body = {"body": _body("plan", report, self.limit)}
        for each in self._api.pages(f"/issues/{number}/comments"):
            if (each["user"] or {}).get("type") == "Bot" and each["body"].startswith(_mark("plan")):
                self._api("PATCH", f"/issues/comments/{each['id']}", body)
                return f"renewed the comment of pull request {number}"
        self._api("POST", f"/issues/{number}/comments", body)
        return f"commented pull request {number}"

    def issue(self, key: str, title: str, report: str, *, settled: bool) -> str:
        body = {"title": title, "body": _body(key, report, self.limit)}
        for each in self._api.pages(f"/issues?state=open&labels={_LABEL}"):
            if "pull_request" not in each and (each["body"] or "").startswith(_mark(key)):
                self._api("PATCH", f"/issues/{each['number']}", body | ({"state": "closed"} if settled else {}))
                return f"{'closed' if settled else 'renewed'} issue {each['number']}"
        if settled:
            return "no issue is open, and none is needed"
        made = self._api("POST", "/issues", body | {"labels": [_LABEL]})
        return f"opened issue {made['number']}"


_OPEN_WITH_TAG = (
    "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project AND [System.Tags] CONTAINS 'TAG' "
    "AND [System.State] NOT IN ('Closed', 'Done', 'Removed', 'Resolved')"
)


class AzureDevOps:
    """The build service of the project may contribute to pull requests, and edit work items."""

    limit = 150_000

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        mapped = "map it in the step: env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)"
        token = _need(environment, "SYSTEM_ACCESSTOKEN", mapped)
        project = urllib.parse.quote(_need(environment, "SYSTEM_TEAMPROJECT", "Azure Pipelines sets it"))
        collection = _need(environment, "SYSTEM_COLLECTIONURI", "Azure Pipelines sets it")
        self._api = _Api(
            "Azure DevOps",
            f"{collection.rstrip('/')}/{project}/_apis",
            {"Authorization": f"Bearer {token}"},
            "let the project's build service contribute to pull requests (repository, Security) and edit work items "
            "(area, Security)",
        )

    def comment(self, report: str) -> str:
        number = int(_need(self._environment, "SYSTEM_PULLREQUEST_PULLREQUESTID", "this run is of no pull request"))
        repository = _need(self._environment, "BUILD_REPOSITORY_ID", "Azure Pipelines sets it")
        threads = f"/git/repositories/{repository}/pullRequests/{number}/threads"
        content = _body("plan", report, self.limit)
        for thread in self._api("GET", f"{threads}?api-version=7.1")["value"]:
            first: dict[str, Any] = next(iter(thread["comments"]), {})
            if (first.get("content") or "").startswith(_mark("plan")):
                path = f"{threads}/{thread['id']}/comments/{first['id']}?api-version=7.1"
                self._api("PATCH", path, {"content": content})
                return f"renewed the comment of pull request {number}"
        comment = {"parentCommentId": 0, "content": content, "commentType": 1}
        self._api("POST", f"{threads}?api-version=7.1", {"comments": [comment], "status": 4})
        return f"commented pull request {number}"

    def issue(self, key: str, title: str, report: str, *, settled: bool) -> str:
        """A work item (type "Issue", or WORK_ITEM_TYPE). A person closes it: processes differ in what closed is."""
        tag = f"{_LABEL}-{key}"
        query = _OPEN_WITH_TAG.replace("TAG", tag)
        found = self._api("POST", "/wit/wiql?api-version=7.1&$top=1", {"query": query})["workItems"]
        if settled and not found:
            return "no work item is open, and none is needed"
        described = {"System.Description": f"<pre>{html.escape(report[: self.limit])}</pre>"}
        fields = {"System.Title": title, "System.History": title, **described}
        if found:
            number = found[0]["id"]
            self._write("PATCH", f"/wit/workitems/{number}", fields)
            return f"{'settled' if settled else 'renewed'} work item {number}"
        kind = urllib.parse.quote(self._environment.get("WORK_ITEM_TYPE") or "Issue")
        made = self._write("POST", f"/wit/workitems/${kind}", {**fields, "System.Tags": tag})
        return f"opened work item {made['id']}"

    def _write(self, method: str, path: str, fields: Mapping[str, str]) -> Any:
        patch = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in fields.items()]
        return self._api(method, f"{path}?api-version=7.1", patch, "application/json-patch+json")


class GitLab:
    """A job's own token may write neither notes nor issues: PROVISIONER_GITLAB_TOKEN is a project access token."""

    limit = 1_000_000

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        made = "make a project access token (role Reporter, scope api) and keep it as a masked variable"
        token = _need(environment, "PROVISIONER_GITLAB_TOKEN", made)
        root = _need(environment, "CI_API_V4_URL", "GitLab sets it")
        project = _need(environment, "CI_PROJECT_ID", "GitLab sets it")
        self._api = _Api("GitLab", f"{root}/projects/{project}", {"PRIVATE-TOKEN": token}, made)

    def comment(self, report: str) -> str:
        number = int(_need(self._environment, "CI_MERGE_REQUEST_IID", "this job is of no merge request"))
        notes = f"/merge_requests/{number}/notes"
        body = {"body": _body("plan", report, self.limit)}
        for each in self._api.pages(notes):
            if each["body"].startswith(_mark("plan")):
                self._api("PUT", f"{notes}/{each['id']}", body)
                return f"renewed the comment of merge request {number}"
        self._api("POST", notes, body)
        return f"commented merge request {number}"

    def issue(self, key: str, title: str, report: str, *, settled: bool) -> str:
        body = {"title": title, "description": _body(key, report, self.limit)}
        for each in self._api.pages(f"/issues?state=opened&labels={_LABEL}"):
            if (each["description"] or "").startswith(_mark(key)):
                self._api("PUT", f"/issues/{each['iid']}", body | ({"state_event": "close"} if settled else {}))
                return f"{'closed' if settled else 'renewed'} issue {each['iid']}"
        if settled:
            return "no issue is open, and none is needed"
        made = self._api("POST", "/issues", body | {"labels": _LABEL})
        return f"opened issue {made['iid']}"
