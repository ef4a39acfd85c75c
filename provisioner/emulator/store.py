"""The emulated cloud's only memory: JSON documents in one SQLite file.

Everything that matters is a row (objects, codes, sessions, signing keys, clock, faults, recorded requests), so any
number of server processes over one folder are one cloud, and kill -9 loses nothing that was acknowledged: a request
is one `BEGIN IMMEDIATE` transaction in WAL mode.

A document is (kind, scope, id) -> JSON object. `scope` is what the service keeps apart: a tenant id, a subscription
id, a vault's name, or "" for what is global. Kinds in use are listed in kinds.py.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE documents (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL,
  body TEXT NOT NULL, UNIQUE (kind, scope, id));
CREATE INDEX by_app_id ON documents (kind, scope, json_extract(body, '$.appId'));
CREATE INDEX by_unique_name ON documents (kind, scope, json_extract(body, '$.uniqueName'));
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, operation TEXT NOT NULL, method TEXT NOT NULL,
  url TEXT NOT NULL, status INTEGER NOT NULL, detail TEXT NOT NULL);
"""

# Raised when the tables, or what other versions must not read as their own, change. 0: before versions were kept.
_SCHEMA_VERSION = 1
_WAY_OUT = "Remove the folder to begin anew, or name another one with --state."
# The log shrinks to this when it is written back (SQLite does that every 1,000 pages, about 4 MB).
_LARGEST_IDLE_WAL = 16 * 1024 * 1024


class Transaction:
    """One request's view of the cloud. Reads see its own writes; nobody else's until it ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._meta: dict[str, str | None] = {}  # rows read or written in this transaction

    @property
    def now(self) -> float:
        """The cloud's time, UTC, in epoch seconds: the machine's clock plus what `clock advance` added."""
        return time.time() + self.clock_offset

    @property
    def clock_offset(self) -> float:
        """Seconds the cloud's clock is ahead of the machine's."""
        return float(self.meta("clock_offset") or 0.0)

    def advance_clock(self, seconds: float) -> None:
        self.set_meta("clock_offset", str(self.clock_offset + seconds))

    def get(self, kind: str, scope: str, key: str) -> Document | None:
        row = self._db.execute(
            "SELECT body FROM documents WHERE kind=? AND scope=? AND id=?", (kind, scope, key)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def find(self, kind: str, scope: str, member: str, value: str) -> list[Document]:
        """Documents whose top-level `member` equals `value`, oldest first (indexed for appId and uniqueName)."""
        rows = self._db.execute(
            f"SELECT body FROM documents WHERE kind=? AND scope=? AND json_extract(body, '$.{member}')=? "  # noqa: S608  member is a name in our code
            "ORDER BY seq",
            (kind, scope, value),
        )
        return [json.loads(row[0]) for row in rows]

    def list(self, kind: str, scope: str | None = None) -> list[Document]:
        """All documents of a kind, oldest first; of every scope when scope is None."""
        if scope is None:
            rows = self._db.execute("SELECT body FROM documents WHERE kind=? ORDER BY seq", (kind,))
        else:
            rows = self._db.execute("SELECT body FROM documents WHERE kind=? AND scope=? ORDER BY seq", (kind, scope))
        return [json.loads(row[0]) for row in rows]

    def put(self, kind: str, scope: str, key: str, body: Document) -> Document:
        """Insert or replace; a replaced document keeps its place in the order."""
        self._db.execute(
            "INSERT INTO documents (kind, scope, id, body) VALUES (?,?,?,?) ON CONFLICT (kind, scope, id) "
            "DO UPDATE SET body=excluded.body",
            (kind, scope, key, json.dumps(body)),
        )
        return body

    def delete(self, kind: str, scope: str, key: str) -> bool:
        """True when there was such a document."""
        done = self._db.execute("DELETE FROM documents WHERE kind=? AND scope=? AND id=?", (kind, scope, key))
        return done.rowcount > 0

    def meta(self, name: str) -> str | None:
        if name not in self._meta:
            row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
            self._meta[name] = None if row is None else str(row[0])
        return self._meta[name]

    def set_meta(self, name: str, value: str) -> None:
        self._meta[name] = value
        self._db.execute(
            "INSERT INTO meta (name, value) VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=excluded.value",
            (name, value),
        )

    def delete_meta(self, name: str) -> None:
        self._meta[name] = None
        self._db.execute("DELETE FROM meta WHERE name=?", (name,))

    @property
    def sql(self) -> sqlite3.Connection:
        """For the request list and snapshots, which are not documents."""
        self._meta.clear()  # whoever asks for it may change that table too
        return self._db


class StateError(Exception):
    """A state folder this version cannot serve; the message says what to do."""


class Store:
    """A folder's `emulator.sqlite`; one connection a thread. Raises StateError for a file it cannot use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / "emulator.sqlite"
        self._local = threading.local()
        try:
            with self.transaction() as tx:
                _prepare(tx.sql, self.path)
        except sqlite3.DatabaseError as error:
            self.close()
            raise StateError(f"{self.path} cannot be read as the emulator's state: {error}. {_WAY_OUT}") from error
        self.path.chmod(0o600)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30.0, isolation_level=None)
            self._local.connection = connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA journal_size_limit={_LARGEST_IDLE_WAL}")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """BEGIN IMMEDIATE … COMMIT; rolled back when the block raises."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(connection)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


def _prepare(sql: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file. Raises StateError for a file of another schema."""
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    (tables,) = sql.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and version != _SCHEMA_VERSION:
        age = "an older" if version < _SCHEMA_VERSION else "a newer"
        raise StateError(f"{path} was made by {age} version of the emulator. {_WAY_OUT}")
    if not tables:
        for statement in _SCHEMA.split(";"):
            sql.execute(statement)
        sql.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
