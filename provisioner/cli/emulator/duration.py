"""Spans of time on the command line: 90, 1.5s, 10m, 6h, 80d, 2w."""

from __future__ import annotations

import math
import re
from datetime import timedelta

import click

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)([smhdw]?)", re.ASCII)


def seconds_of(text: str) -> float:
    """The type of an argument or option. Raises click.BadParameter."""
    seconds = span(text)
    if seconds is None:
        raise click.BadParameter(f"{text} is not a number with a unit, s, m, h, d or w, as 80d; seconds without one")
    return seconds


def span(text: str) -> float | None:
    """The seconds of a span; None when it is none."""
    found = _SPAN.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _SECONDS[found[2]]


def told(seconds: float) -> str:
    """A span for people: `80 d`, `2 d 3 h`, `1.5 s`: the two largest units that count."""
    if not math.isfinite(seconds) or abs(seconds) < 60:
        return f"{seconds:g} s"
    whole, sign = timedelta(seconds=round(abs(seconds))), "-" if seconds < 0 else ""
    hours, rest = divmod(whole.seconds, 3600)
    parts = [(whole.days, "d"), (hours, "h"), (rest // 60, "min"), (rest % 60, "s")]
    largest = next(place for place, (number, _) in enumerate(parts) if number)
    return sign + " ".join(f"{number} {unit}" for number, unit in parts[largest : largest + 2] if number)
