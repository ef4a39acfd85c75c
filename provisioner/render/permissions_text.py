"""Permissions as text: the risk in a word, what differs between spec, application and tenant, and why it matters."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.text import Text

from provisioner.core.overview import PermissionRow
from provisioner.render.layout import Lines, paragraph
from provisioner.render.plan_view import three_ways

_STYLES = {"low": "green", "medium": "yellow", "high": "red", "critical": "bold red"}
GRAVE = ("high", "critical", "unknown")


_INDENT = 13


def permission_lines(rows: Iterable[PermissionRow], width: int, *, explained: Iterable[str] | None = None) -> Lines:
    """By API. explained: the risks of which the sentence is told; None: of all."""
    lines: Lines = []
    for api, of_api in groupby(rows, key=lambda row: row.api):
        listed = list(of_api)
        lines.append(Text(f"  {api}"))
        widest, longest = (max(len(told(row)) for row in listed) for told in (_value, _state))
        column = widest if _INDENT + widest + 2 + longest <= width else 0
        for row in listed:
            lines += _permission(row, width, column, told=explained is None or row.risk in explained)
    return lines


def _value(row: PermissionRow) -> str:
    return row.value


def _state(row: PermissionRow) -> str:
    return f"{row.kind}, {three_ways(row)}"


def _permission(row: PermissionRow, width: int, column: int, *, told: bool) -> Lines:
    head = Text("    ").append(row.risk.ljust(_INDENT - 4), _STYLES.get(row.risk, ""))
    value = row.value.ljust(column)
    fits = head.cell_len + len(value) + 2 + len(_state(row)) <= width
    head.append(f"{value}  " if fits else row.value).append(_state(row) if fits else "", "dim")
    indent = " " * _INDENT
    below = [] if fits else paragraph(_state(row), width, first=indent, style="dim")
    return [head, *below, *(paragraph(row.sentence, width, first=indent) if told else [])]
