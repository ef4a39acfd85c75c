"""A saved plan on this machine's disk: readable by its owner, never half, never an older one under the same name."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from provisioner.core.errors import OutputError, SavedPlanError, UsageError
from provisioner.operations.plan_file import MAX_BYTES

_END = re.compile(rb'\n  "integrity": "[0-9a-f]{64}"\n}\n\Z')


def make_way(path: Path) -> None:
    """An older plan at the path is removed, so that it does not outlive a run that made no new one.

    Raises: UsageError when there is no folder to write to, or something else than a plan in the way.
    """
    place = Path(os.path.realpath(path))
    if not place.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {place.parent}", next_step="make it, or name another file")
    if place.exists() and not _is_plan(place):
        raise UsageError(
            f"--out {path}: there is something else than a saved plan, which is not overwritten",
            next_step="name another file, or move it",
        )
    try:
        place.unlink(missing_ok=True)
        with tempfile.TemporaryFile(dir=place.parent):
            """The folder can be written to."""
    except OSError as error:
        raise UsageError(
            f"--out {path} cannot be written: {error.strerror}",
            next_step="name a file in a folder that you may write to",
        ) from None


def _is_plan(place: Path) -> bool:
    """Or empty, as `mktemp` leaves it."""
    if not place.is_file():
        return False
    try:
        with place.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 100))
            return size == 0 or _END.search(file.read()) is not None
    except OSError:
        return False


def write(path: Path, text: str) -> None:
    """All of it or nothing: written beside, then moved. Raises OutputError."""
    place = Path(os.path.realpath(path))
    draft = ""
    try:
        descriptor, draft = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # 0600
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(place)
    except OSError as error:
        raise OutputError(
            f"the plan cannot be saved: {error.strerror}", where=str(path), next_step="save it elsewhere"
        ) from error
    finally:
        if draft:
            Path(draft).unlink(missing_ok=True)


def read(path: Path) -> bytes:
    """At most MAX_BYTES of it. Raises UsageError when it is not there, SavedPlanError when it is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"--plan {path} cannot be read: {error.strerror}", next_step="name a file that `plan --out` wrote"
        ) from None
    if len(content) > MAX_BYTES:
        raise SavedPlanError(
            f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB, and no saved plan is",
            where=str(path),
            next_step="name a file that `plan --out` wrote",
        )
    return content
