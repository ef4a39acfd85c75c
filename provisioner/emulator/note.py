"""The note a running emulator leaves, by which commands find it.

A JSON object, mode 0600, in the user's state folder as `emulator.json` (the last one started wins) and in the state
folder as `endpoint.json`:

  address  "127.0.0.1:PORT" of the TLS listener       proxy  "http://127.0.0.1:PORT" of the CONNECT proxy
  pid      of the serving process                     ca     file with the CA certificate, PEM
  state    the state folder                           lock   file the process holds a lock on while it lives
  control  {"url", "token"} of the control surface

The note outlives a killed process, the lock does not: a note whose lock can be taken is stale. The environment
variable PROVISIONER_EMULATOR names another note file.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_data_path, user_state_path

VARIABLE = "PROVISIONER_EMULATOR"


@dataclass(frozen=True)
class Control:
    """Where the control surface is, and the bearer token it wants."""

    url: str
    token: str


@dataclass(frozen=True)
class Note:
    """See the module: the members are the file's."""

    address: str
    proxy: str
    pid: int
    ca: str
    state: str
    lock: str
    control: Control


def default_state() -> Path:
    """The state folder used when none is named."""
    return user_data_path("provisioner", appauthor=False) / "emulator"


def user_note() -> Path:
    """The note of the emulator started last by this user."""
    return user_state_path("provisioner", appauthor=False) / "emulator.json"


def folder_note(folder: Path) -> Path:
    """The note of the emulator that serves this state folder."""
    return folder / "endpoint.json"


def live_note() -> Note | None:
    """The emulator a command uses, while it lives: the one the environment names; else the one started last, or that of
    the default folder, which may go on when a later one has been stopped.

    Raises ValueError when there is a file that is not a note.
    """
    named = os.environ.get(VARIABLE)
    places = [Path(named)] if named else [user_note(), folder_note(default_state())]
    notes = (read_note(path) for path in places)
    return next((note for note in notes if note is not None and is_alive(note)), None)


def write_note(note: Note, path: Path) -> None:
    """Replace the file at once, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(note), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def read_note(path: Path) -> Note | None:
    """The note in a file; None when there is no file. Raises ValueError when it is not a note."""
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
        return Note(**{**members, "control": Control(**members["control"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} cannot be read as the note of an emulator: {error}") from error


def is_alive(note: Note) -> bool:
    """True while the process that wrote the note lives."""
    lock = Path(note.lock)
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True
