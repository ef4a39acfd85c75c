"""Which emulator a command is about: its note, its state folder, and its control surface.

The control surface is asked over the state folder itself, in this process: a row is a row, whoever else serves the
folder, and so every command works where no emulator runs. What it answers and refuses is what it does over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import click

from provisioner.core.errors import ProvisionerError

if TYPE_CHECKING:
    from provisioner.emulator.note import Note

STATE = click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder (one cloud).")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_START = "provisioner emulator start --detach"


def running(state: Path | None) -> Note | None:
    """The note of the live emulator of a folder, or of the one a command would use."""
    from provisioner.emulator.note import folder_note, is_alive, live_note, read_note

    try:
        note = live_note() if state is None else read_note(folder_note(state))
    except ValueError as error:
        raise ProvisionerError(str(error), next_step="start the emulator again") from error
    return note if note is not None and is_alive(note) else None


def required(state: Path | None) -> Note:
    """The same; raises ProvisionerError when none runs."""
    note = running(state)
    if note is None:
        raise ProvisionerError("no emulator is running", next_step=_START)
    return note


def folder_of(state: Path | None) -> Path:
    """The state folder: the one named, else that of the emulator that runs, else the default."""
    from provisioner.emulator.note import default_state

    note = running(state)
    return Path(note.state) if note is not None else (state or default_state())


class Surface:
    """The control surface of a state folder. `made`: the folder must hold a cloud already."""

    def __init__(self, folder: Path, *, made: bool = True) -> None:
        from provisioner.emulator.store import StateError, Store

        self.folder = folder
        if made and not (folder / "emulator.sqlite").exists():
            raise ProvisionerError(f"there is no cloud in {folder}", next_step=_START)
        try:
            self._store = Store(folder)
        except (StateError, OSError) as error:
            raise ProvisionerError(str(error), next_step="name another folder with --state") from error

    def ask(self, method: str, name: str, body: Any = None, /, *, advice: str = "", **query: str) -> Any:
        """The answer. Raises click.UsageError for what it refuses as malformed, ProvisionerError for other refusals.

        advice: what to do about another refusal.
        """
        from provisioner.emulator import control
        from provisioner.emulator.dispatch import handle

        with self._store.transaction() as tx:
            headers = {"Authorization": f"Bearer {control.token(tx)}"}
        url = f"https://localhost/control/{name}?{urlencode(query)}"
        reply = handle(self._store, method, url, headers, b"" if body is None else json.dumps(body).encode())
        if reply.status == 400:
            raise click.UsageError(_text(reply.body))
        if reply.status >= 400:
            raise ProvisionerError(_text(reply.body), where=str(self.folder), next_step=advice)
        return reply.body

    def close(self) -> None:
        self._store.close()


def surface(state: Path | None) -> Surface:
    """The control surface of the cloud a command is about."""
    return Surface(folder_of(state))


def _text(body: Mapping[str, Any]) -> str:
    return str(body["error"])
