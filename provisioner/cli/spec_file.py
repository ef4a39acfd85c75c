"""A spec we made, handed to the user: to a new file with the schema for editors beside it, or to standard output."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from rich.text import Text

from provisioner.cli.terminal import Terminal
from provisioner.core.errors import UsageError
from provisioner.operations.author import SCHEMA_FILE, Written
from provisioner.render.errors import warning_lines
from provisioner.render.layout import ANY_FILE, Lines, paragraph, with_emulator
from provisioner.spec.schema import schema_text

_NEXT = (
    ("provisioner validate {}", "offline"),
    ("provisioner explain {}{}", "who needs which rights"),
    ("provisioner doctor {}{}", "what would be in the way"),
    ("provisioner plan {}{}", "what would change; reads only"),
    ("provisioner apply {}{}", ""),
)


def refuse_existing(path: Path) -> None:
    """Raises UsageError when there is something at the path, or no folder to write it to."""
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} is there already, and is not overwritten", next_step="name another file, or move it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", next_step="make it, or name another file")


def deliver(made: Written, path: Path | None, terminal: Terminal) -> None:
    """Write it; then say where it is and what to do next. path None: standard output. Raises UsageError."""
    width = terminal.err.width
    if path is None:
        terminal.data(made.text.rstrip("\n"))
        told = [f"Editors look for {SCHEMA_FILE} beside the spec: provisioner init --schema spec > {SCHEMA_FILE}"]
    else:
        _write_new(path, made.text)
        told = [f"{path} is written.", _schema_beside(path)]
    terminal.message([line for text in told if text for line in paragraph(text, width)])
    terminal.message(warning_lines(made.warnings, width))
    terminal.message(_next_lines(str(path or ANY_FILE), with_emulator("", emulator=terminal.emulator)))


def _schema_beside(spec: Path) -> str:
    """Put the schema where the spec's first line names it, unless one is there; what to tell of it."""
    path = spec.parent / SCHEMA_FILE
    ours = schema_text("spec")
    if not path.exists():
        _write_new(path, ours)
        return f"{path} is beside it: editors complete and check the spec by it."
    if path.read_text(encoding="utf-8", errors="replace") == ours:
        return ""
    return (
        f"{path} is there already and says something else than this version's; to renew it:\n"
        f"  provisioner init --schema spec > {shlex.quote(str(path))}"
    )


def _next_lines(file: str, flags: str) -> Lines:
    lines: Lines = [Text("Next:", "bold")]
    commands = [(command.format(shlex.quote(file), flags), why) for command, why in _NEXT]
    longest = max(len(command) for command, _ in commands)
    for command, why in commands:
        line = Text(f"  {command}")
        lines.append(line.append(" " * (longest - len(command)) + f"  # {why}", "dim") if why else line)
    return lines


def _write_new(path: Path, text: str) -> None:
    """Readable by its owner only. Raises UsageError, also when somebody was there first."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", next_step="name a new file in a folder that you may write to"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
