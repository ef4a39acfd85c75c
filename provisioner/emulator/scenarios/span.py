"""Spans of time in a scenario: `340d`, `6h`, `30s` (s, m, h, d, w)."""

from __future__ import annotations

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def seconds(span: str | float) -> float:
    """Of a span the schema has checked; a number is seconds already."""
    return span if isinstance(span, int | float) else float(span[:-1]) * _SECONDS[span[-1]]
