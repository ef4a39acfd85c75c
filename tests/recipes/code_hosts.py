"""Stand-ins for GitHub, Azure DevOps and GitLab: the few REST calls by which recipes tell people, on the loopback.

Written from the hosts' own API references, and strict: a wrong token, an unknown address or a body too long is refused.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "a-job-s-own-token"
REPOSITORY = "contoso/partner"
_GITHUB_LIMIT = 65_536


class Refused(Exception):
    """Raised with the status."""


@dataclass
class CodeHosts:
    """comments and issues: what a person would see, whichever the host; `open` False once it is closed."""

    address: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def forget(self) -> None:
        for told in (self.comments, self.issues, self.asked):
            told.clear()

    def answer(
        self, method: str, path: str, query: dict[str, str], body: Any, proofs: tuple[str | None, ...]
    ) -> tuple[int, Any]:
        """Raises Refused."""
        self.asked.append(f"{method} {path}")
        if TOKEN not in proofs:
            raise Refused(401)
        if path.startswith("/azure/") and query.get("api-version") != "7.1":
            raise Refused(400)
        for pattern, method_, handle in _ROUTES:
            if method == method_ and (found := re.fullmatch(pattern, path)):
                return handle(self, found.groups(), query, body)
        raise Refused(404)

    # GitHub

    def github_comments(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, _page(self.comments, query)

    def github_comment(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        made = {"id": len(self.comments) + 1, "body": _fits(body["body"]), "user": {"type": "Bot"}}
        self.comments.append(made)
        return 201, made

    def github_edit_comment(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        comment = _of(self.comments, "id", found[0])
        comment["body"] = _fits(body["body"])
        return 200, comment

    def github_issues(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        label, state = query.get("labels", ""), query.get("state", "open")
        matching = [each for each in self.issues if label in each["labels"] and each["state"] == state]
        return 200, _page(matching, query)

    def github_issue(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        made = {"number": len(self.issues) + 7, "state": "open", "open": True, **body, "body": _fits(body["body"])}
        self.issues.append(made)
        return 201, made

    def github_edit_issue(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        issue = _of(self.issues, "number", found[0])
        issue |= body
        issue["open"] = issue["state"] == "open"
        return 200, issue

    # Azure DevOps

    def azure_threads(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, {"value": [{"id": each["id"] + 40, "comments": [_thread_comment(each)]} for each in self.comments]}

    def azure_thread(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        (comment,) = body["comments"]
        made = {"id": len(self.comments) + 1, "body": comment["content"]}
        self.comments.append(made)
        return 200, {"id": made["id"] + 40, "comments": [_thread_comment(made)]}

    def azure_edit_comment(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        comment = _of(self.comments, "id", str(int(found[0]) - 40))
        comment["body"] = body["content"]
        return 200, _thread_comment(comment)

    def azure_wiql(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        tag = re.search(r"\[System\.Tags\] CONTAINS '([^']+)'", body["query"])
        assert tag is not None
        return 200, {"workItems": [{"id": each["id"]} for each in self.issues if each["System.Tags"] == tag[1]]}

    def azure_work_item(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        made: dict[str, Any] = {"id": len(self.issues) + 100, "type": found[0], "open": True}
        self.issues.append(made)
        return 200, _patched(made, body)

    def azure_edit_work_item(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, _patched(_of(self.issues, "id", found[0]), body)

    # GitLab

    def gitlab_notes(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, _page(self.comments, query)

    def gitlab_note(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.comments.append({"id": len(self.comments) + 1, "body": body["body"]})
        return 201, self.comments[-1]

    def gitlab_edit_note(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        comment = _of(self.comments, "id", found[0])
        comment["body"] = body["body"]
        return 200, comment

    def gitlab_issues(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        matching = [each for each in self.issues if query["labels"] == each["labels"] and each["open"]]
        return 200, _page(matching, query)

    def gitlab_issue(self, _: Any, query: dict[str, str], body: Any) -> tuple[int, Any]:
        self.issues.append({"iid": len(self.issues) + 1, "open": True, **body})
        return 201, self.issues[-1]

    def gitlab_edit_issue(self, found: tuple[str, ...], query: dict[str, str], body: Any) -> tuple[int, Any]:
        issue = _of(self.issues, "iid", found[0])
        issue |= body
        issue["open"] = body.get("state_event") != "close"
        return 200, issue


_GITHUB, _AZURE, _GITLAB = f"/github/repos/{REPOSITORY}", "/azure/contoso/Partner%20Center/_apis", "/gitlab/projects/5"
_PULL = f"{_AZURE}/git/repositories/repository-1/pullRequests/12/threads"
_Handler = Callable[[CodeHosts, tuple[str, ...], dict[str, str], Any], tuple[int, Any]]
_ROUTES: tuple[tuple[str, str, _Handler], ...] = (
    (f"{_GITHUB}/issues/12/comments", "GET", CodeHosts.github_comments),
    (f"{_GITHUB}/issues/12/comments", "POST", CodeHosts.github_comment),
    (rf"{_GITHUB}/issues/comments/(\d+)", "PATCH", CodeHosts.github_edit_comment),
    (f"{_GITHUB}/issues", "GET", CodeHosts.github_issues),
    (f"{_GITHUB}/issues", "POST", CodeHosts.github_issue),
    (rf"{_GITHUB}/issues/(\d+)", "PATCH", CodeHosts.github_edit_issue),
    (_PULL, "GET", CodeHosts.azure_threads),
    (_PULL, "POST", CodeHosts.azure_thread),
    (rf"{_PULL}/(\d+)/comments/1", "PATCH", CodeHosts.azure_edit_comment),
    (f"{_AZURE}/wit/wiql", "POST", CodeHosts.azure_wiql),
    (rf"{_AZURE}/wit/workitems/\$(\w+)", "POST", CodeHosts.azure_work_item),
    (rf"{_AZURE}/wit/workitems/(\d+)", "PATCH", CodeHosts.azure_edit_work_item),
    (f"{_GITLAB}/merge_requests/12/notes", "GET", CodeHosts.gitlab_notes),
    (f"{_GITLAB}/merge_requests/12/notes", "POST", CodeHosts.gitlab_note),
    (rf"{_GITLAB}/merge_requests/12/notes/(\d+)", "PUT", CodeHosts.gitlab_edit_note),
    (f"{_GITLAB}/issues", "GET", CodeHosts.gitlab_issues),
    (f"{_GITLAB}/issues", "POST", CodeHosts.gitlab_issue),
    (rf"{_GITLAB}/issues/(\d+)", "PUT", CodeHosts.gitlab_edit_issue),
)


def _of(entries: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    for each in entries:
        if str(each[key]) == value:
            return each
    raise Refused(404)


def _page(entries: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size, page = int(query["per_page"]), int(query["page"])
    return entries[(page - 1) * size : page * size]


def _fits(body: str) -> str:
    if len(body) > _GITHUB_LIMIT:
        raise Refused(422)
    return body


def _thread_comment(comment: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "content": comment["body"]}


def _patched(item: dict[str, Any], patch: Any) -> dict[str, Any]:
    for operation in patch:
        assert operation["op"] == "add"
        item[operation["path"].removeprefix("/fields/")] = operation["value"]
    return item


@contextmanager
def code_hosts() -> Iterator[CodeHosts]:
    hosts = CodeHosts()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            proofs = (self.headers.get("PRIVATE-TOKEN"), (self.headers.get("Authorization") or "")[7:])
            try:
                status, answered = hosts.answer(self.command, url.path, query, body, proofs)
            except Refused as refused:
                status, answered = int(str(refused)), {"message": "refused"}
            data = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = answer

        def log_message(self, format: str, *arguments: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hosts.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield hosts
        server.shutdown()
        thread.join()
