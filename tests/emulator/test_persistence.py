"""What a state folder survives: several real processes at once, a kill in the middle of writing, other versions."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from provisioner.emulator import requests_log
from provisioner.emulator.dispatch import handle
from provisioner.emulator.seed.directory import CONTOSO, RUNNER_SECRET
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import StateError, Store
from tests.robot import through_proxy

APPLICATIONS = "https://graph.microsoft.com/v1.0/applications"
WRITERS = 4
EACH = 15


class _Process:
    """A real emulator process over a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        command = [sys.executable, "-m", "provisioner.cli.emulator", "start", "--json", "--state", str(folder)]
        environment = os.environ | {"XDG_STATE_HOME": str(folder / name)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.description: dict[str, Any] = json.loads(self.process.stdout.readline())

    def session(self) -> requests.Session:
        """A client of its own connections, with a token for Graph."""
        http = through_proxy(self.description["proxy"], self.description["ca"])
        form = {
            "grant_type": "client_credentials",
            "client_id": CONTOSO.runner.client_id,
            "client_secret": RUNNER_SECRET,
            "scope": "https://graph.microsoft.com/.default",
        }
        answer = http.post(f"https://login.microsoftonline.com/{CONTOSO.id}/oauth2/v2.0/token", data=form)
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return http

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def _processes(folder: Path, count: int) -> Iterator[list[_Process]]:
    with ExitStack() as stack:
        started = [_Process(folder, f"home-{number}") for number in range(count)]
        for each in started:
            stack.callback(each.kill)
        yield started


def _create(http: requests.Session, name: str) -> str:
    answer = http.post(APPLICATIONS, json={"displayName": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _survivors(folder: Path) -> set[str]:
    """Ids of the applications in the folder, as a new process would see them; the file itself must be whole."""
    with closing(sqlite3.connect(folder / "emulator.sqlite")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    store = Store(folder)
    with store.transaction() as tx:
        found = {str(each["id"]) for each in tx.list("application", CONTOSO.id)}
    store.close()
    return found


def test_two_processes_writing_at_once_lose_nothing_and_read_each_other(tmp_path: Path) -> None:
    with _processes(tmp_path, 2) as processes:
        sessions = [processes[number % 2].session() for number in range(WRITERS)]

        def write(number: int) -> list[str]:
            other = processes[(number + 1) % 2].session()
            made = []
            for turn in range(EACH):
                made.append(_create(sessions[number], f"writer {number} turn {turn}"))
                assert other.get(f"{APPLICATIONS}/{made[-1]}").status_code == 200
            return made

        with ThreadPoolExecutor(WRITERS) as pool:
            acknowledged = [key for made in pool.map(write, range(WRITERS)) for key in made]
    assert len(set(acknowledged)) == WRITERS * EACH
    assert set(acknowledged) <= _survivors(tmp_path)


def test_kill_in_a_storm_of_writes_loses_nothing_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    enough = threading.Event()
    with _processes(tmp_path, 1) as [served]:
        sessions = [served.session() for _ in range(WRITERS)]

        def write(number: int) -> None:
            try:
                for turn in range(10_000):
                    acknowledged.append(_create(sessions[number], f"storm {number}.{turn}"))
                    if len(acknowledged) >= WRITERS * EACH:
                        enough.set()
            except requests.RequestException:
                return  # the server is gone

        with ThreadPoolExecutor(WRITERS) as pool:
            storm = [pool.submit(write, number) for number in range(WRITERS)]
            assert enough.wait(timeout=60)
            served.kill()
            for each in storm:
                each.result()
    assert len(acknowledged) >= WRITERS * EACH
    assert set(acknowledged) <= _survivors(tmp_path)


def test_write_ahead_log_is_written_back_while_serving(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(3000):
        with store.transaction() as tx:
            tx.put("group", "", "the same", {"id": "the same", "number": number, "filling": "x" * 4000})
    log = tmp_path / "emulator.sqlite-wal"
    assert log.stat().st_size < 8 * 1024 * 1024
    store.close()


def test_list_of_requests_keeps_the_newest_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_log, "KEPT", 50)
    monkeypatch.setattr(requests_log, "PRUNED_EVERY", 10)
    for _ in range(200):
        handle(store, "GET", "https://graph.microsoft.com/v1.0/me")
    with store.transaction() as tx:
        listed = [entry["seq"] for entry in requests_log.listed(tx)]
    assert listed == list(range(151, 201))


def test_file_that_is_no_database_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "emulator.sqlite").write_bytes(b"not a database, and longer than a header has to be " * 20)
    with pytest.raises(StateError, match=r"emulator\.sqlite cannot be read.*--state"):
        Emulator(tmp_path)


@pytest.mark.parametrize(("version", "age"), [(0, "an older"), (999, "a newer")])
def test_folder_of_another_version_is_refused_and_left_alone(tmp_path: Path, version: int, age: str) -> None:
    Store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "emulator.sqlite")) as raw:
        raw.execute(f"PRAGMA user_version={version}")
        raw.execute("INSERT INTO meta VALUES ('kept', 'yes')")
        raw.commit()
    with pytest.raises(StateError, match=f"made by {age} version"):
        Store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "emulator.sqlite")) as raw:
        assert raw.execute("SELECT value FROM meta WHERE name='kept'").fetchone() == ("yes",)
