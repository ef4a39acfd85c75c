"""What `validate` found, as text."""

from __future__ import annotations

from provisioner.render.errors import warning_lines
from provisioner.render.layout import Lines, count, paragraph
from provisioner.spec.read import Loaded

_NAMED = 12


def valid_lines(loaded: Loaded, width: int = 80) -> Lines:
    """The warnings, then how many specs are valid; their names while they are few."""
    lines = warning_lines(loaded.warnings, width)
    names = [entry.spec.name for entry in loaded.specs]
    files = len({entry.file for entry in loaded.specs})
    told = f": {', '.join(names)}" if len(names) <= _NAMED else ""
    verb = "is" if len(names) == 1 else "are"
    return lines + paragraph(
        f"{count(len(names), 'spec')} in {count(files, 'file')} {verb} valid{told}", width, rest="  "
    )
