"""Every answer the emulator gave, judged: what the contracts say of it, or why none of them speaks.

An answer is noted when it is given and judged when its test has run: `settle` raises for what broke a contract. Errors
are judged twice, by the operation's contract and by the shape all errors of the service have.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import check_answer
from .allowed import ALLOWED
from .envelopes import ERRORS, check_error, check_headers, check_success
from .graph import check_context, check_items
from .members import ContractViolation, NotDescribed
from .own import OWN


@dataclass(frozen=True)
class Answer:
    """One answer; `body` is JSON, bytes (JSON, a page) or None. `path` is the request's, without the query."""

    service: str
    operation: str
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.operation}: {self.method} {self.path} -> {self.status}"


@dataclass
class Ledger:
    """The answers of one test process, and the figures to tell at its end."""

    validated: Counter[str] = field(default_factory=Counter)
    """Answers that a contract was found to describe, and kept to, by operation."""
    errors: int = 0
    """How many of those were errors."""
    allowed: Counter[str] = field(default_factory=Counter)
    """Good answers no contract describes, by the operation's entry in ALLOWED."""
    pages: int = 0
    """Answers for people: HTML, redirects."""
    _waiting: list[Answer] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Keep an answer until `settle`. Safe from any thread."""
        self._waiting.append(answer)

    def settle(self) -> None:
        """Judge what is waiting. Raises ContractViolation naming every answer that breaks a contract."""
        waiting, self._waiting = self._waiting, []
        broken = []
        for answer in waiting:
            try:
                self.judge(answer)
            except ContractViolation as violation:
                broken.append(f"{answer}: {violation}")
        if broken:
            raise ContractViolation("\n".join(dict.fromkeys(broken)))

    def judge(self, answer: Answer) -> None:
        """Count one answer. Raises ContractViolation when it breaks a contract, or no entry allows it without one."""
        if answer.status < 200:
            return  # a fault cut the connection: nothing was sent
        body = _json(answer)
        if answer.service in OWN and (body is None or answer.status == 302):
            self.pages += 1
            return
        check_headers(answer.service, answer.headers)
        if answer.status >= 400 and answer.method != "HEAD":
            check_error(answer.service, body)
        elif answer.status < 400:
            check_success(answer.service, answer.status, answer.headers, body)
        if _is_minimal(answer):
            self.validated[answer.operation] += 1
            return
        try:
            if answer.service in OWN:
                OWN[answer.service].answer(answer.method, answer.path, answer.status, body)
            else:
                check_answer(answer.service, answer.method, answer.path, answer.status, body)
        except NotDescribed:
            if answer.status < 400:
                self._excuse(answer, body)
                return
        self.validated[answer.operation or f"{answer.service}.unknown"] += 1
        self.errors += answer.status >= 400

    def _excuse(self, answer: Answer, body: Any) -> None:
        if answer.operation not in ALLOWED:
            raise ContractViolation("no contract describes it, and no entry says why")
        if answer.service == "graph" and isinstance(body, dict) and answer.operation != "graph.batch":
            check_context("an object", body)
            if "value" in body:
                check_items("a list", body)
        self.allowed[answer.operation] += 1

    def figures(self) -> dict[str, Any]:
        """The sums as JSON, so that several processes' can be added."""
        return {
            "validated": dict(self.validated),
            "errors": self.errors,
            "allowed": dict(self.allowed),
            "pages": self.pages,
        }

    def add(self, figures: Mapping[str, Any]) -> None:
        """Take in another process's figures."""
        self.validated.update(figures["validated"])
        self.errors += figures["errors"]
        self.allowed.update(figures["allowed"])
        self.pages += figures["pages"]

    def line(self) -> str:
        """The figures in words."""
        return (
            f"contracts: {len(self.validated)} operations, {self.validated.total()} answers validated "
            f"({self.errors} errors), {self.allowed.total()} allowed with a reason "
            f"({len(self.allowed)} of {len(ALLOWED)} entries), {self.pages} pages"
        )


def _is_minimal(answer: Answer) -> bool:
    """Asked by `Prefer: return=minimal`, Graph leaves the body of a create away, and says so in a header."""
    return answer.status == 204 and answer.headers.get("Preference-Applied") == "return=minimal" and answer.body is None


def _json(answer: Answer) -> Any:
    """The body as JSON; None for none, and for a page."""
    if answer.method == "HEAD":
        return None  # what a handler says of the body is not sent
    if not isinstance(answer.body, bytes):
        return answer.body
    if not answer.body or answer.service not in ERRORS or "html" in _content_type(answer.headers):
        return None
    return json.loads(answer.body.decode("utf-8-sig"))


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")
