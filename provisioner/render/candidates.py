"""What `import --all` found, as text and as JSON. `command` makes the ready command for an appId."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from rich.text import Text

from provisioner.render.layout import BLANK, Lines, count, paragraph
from provisioner.render.values import visible

FORMAT_VERSION = 1


class Listed(Protocol):
    """An application, and why it is listed."""

    @property
    def display_name(self) -> str: ...
    @property
    def app_id(self) -> str: ...
    @property
    def created_at(self) -> datetime | None: ...


Command = Callable[[str], str]
Rows = Sequence[tuple[Listed, Sequence[str]]]


def candidate_lines(rows: Rows, looked_at: int, command: Command, width: int) -> Lines:
    """Each with its reasons and its command, then how many there are."""
    lines: Lines = []
    for application, reasons in rows:
        made = f", created {application.created_at:%Y-%m-%d}" if application.created_at else ""
        lines.append(Text(visible(application.display_name) or "(without a name)", "bold"))
        lines += paragraph(f"appId {application.app_id}{made}", width, first="  ", style="dim")
        for reason in reasons:
            lines += paragraph(reason, width, first="  · ")
        lines += [Text(f"  {command(application.app_id)}", "cyan"), BLANK]
    verb = "looks" if len(rows) == 1 else "look"
    told = f"{len(rows)} of {count(looked_at, 'application')} in the tenant {verb} like a set-up"
    return lines + paragraph(told, width, rest="  ")


def candidates_json(rows: Rows, looked_at: int, unread: Sequence[str], command: Command) -> str:
    """`applications` in the same order; `unread`: what could not be read, in sentences."""
    applications = [
        {
            "displayName": application.display_name,
            "appId": application.app_id,
            "createdDateTime": None if application.created_at is None else application.created_at.isoformat(),
            "reasons": list(reasons),
            "command": command(application.app_id),
        }
        for application, reasons in rows
    ]
    document = {
        "formatVersion": FORMAT_VERSION,
        "applications": applications,
        "lookedAt": looked_at,
        "unread": list(unread),
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
