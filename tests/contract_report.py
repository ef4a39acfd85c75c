"""A pytest plugin: every answer any emulator gives during the tests is checked against `contracts/`.

The plugin listens where the emulator records a request instead of reading its list afterwards, because tests clear
that list, restore snapshots over it and roll requests back. Emulators that ran as programs of their own are read from
their state folders at the end.

The same listening tells what commands that must not write have sent (`reads_only`).

A test whose answers break a contract fails, the requests named; so does one whose plan wrote. The run ends with a line
of figures for each.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from provisioner.emulator import requests_log
from provisioner.emulator.kernel import Call, Reply
from provisioner.emulator.store import StateError, Store
from tests.contracts.ledger import Answer, Ledger
from tests.reads_only import ReadsOnly

_FIGURES = "contracts"
_READS = "reads only"


class ContractReport:
    """One test process's ledger; that of the process that starts the others sums theirs."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.reads = ReadsOnly()
        self._heard: set[str] = set()

    @pytest.hookimpl
    def pytest_sessionstart(self) -> None:
        record = requests_log.record

        def heard(call: Call, service: str, reply: Reply, *, inner: bool) -> int:
            self._heard.add(_file_of(call))
            self.reads.note(call.operation, call.method, call.path, call.headers, call.body)
            if service != "issuers":
                answer = (service, call.operation, call.method, call.path, reply.status, reply.headers, reply.body)
                self.ledger.note(Answer(*answer))
            return record(call, service, reply, inner=inner)

        requests_log.record = heard

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        result = yield
        self.reads.settle()
        self.ledger.settle()
        return result

    def hear_other_processes(self, folder: Path) -> None:
        """Judge what emulators that ran elsewhere, below a folder, got and answered.

        Raises: ContractViolation, WroteError.
        """
        for file in folder.rglob("emulator.sqlite"):
            if str(file.resolve()) not in self._heard:
                for each in _recorded(file):
                    self._note_recorded(each)
        self.reads.settle()
        self.ledger.settle()

    def _note_recorded(self, each: Mapping[str, Any]) -> None:
        """One row of an emulator's list of requests."""
        operation, method, path = each["operation"], each["method"], urlsplit(each["url"]).path
        self.reads.note(operation, method, path, each["request"]["headers"], each["request"]["body"])
        body = each["response"]["body"]
        if each["service"] != "issuers" and not (isinstance(body, str) and body.endswith(" bytes")):
            answer = (each["service"], operation, method, path, each["status"])
            self.ledger.note(Answer(*answer, each["response"]["headers"], body))

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_FIGURES] = self.ledger.figures()
            output[_READS] = self.reads.figures()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process that died has no figures to tell."""
        if figures := getattr(node, "workeroutput", {}).get(_FIGURES):
            self.ledger.add(figures)
            self.reads.add(node.workeroutput[_READS])

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.ledger.validated:
            terminalreporter.write_line(self.ledger.line())
        if self.reads.requests:
            terminalreporter.write_line(self.reads.line())


def _file_of(call: Call) -> str:
    [(_, _, file)] = call.tx.sql.execute("PRAGMA database_list").fetchall()
    return _resolved(file)


@cache
def _resolved(file: str) -> str:
    return str(Path(file).resolve())


def _recorded(file: Path) -> list[dict[str, Any]]:
    """What an emulator's list of requests holds; nothing when no emulator can read the file, as some tests want it."""
    try:
        store = Store(file.parent)
    except StateError:
        return []
    with store.transaction() as tx:
        listed = requests_log.listed(tx)
    store.close()
    return listed
