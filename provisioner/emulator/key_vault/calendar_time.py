"""Months and ISO 8601 durations on the cloud's clock: certificates and rotation policies count in them."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime

_DURATION = re.compile(r"P(?=\d)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,5})D)?", re.IGNORECASE)
_DAY = 86400


def plus_months(start: int, months: int) -> int:
    """The same time of day so many months later; the last day of a shorter month."""
    moment = datetime.fromtimestamp(start, UTC)
    years, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(years, month + 1)[1])
    return int(moment.replace(year=years, month=month + 1, day=day).timestamp())


def plus_duration(start: int, duration: str, sign: int = 1) -> int:
    """`start` and a duration like "P90D" or "P1Y6M"; raises ValueError for any other form."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    years, months, days = (int(each or 0) for each in found.groups())
    return plus_months(start, sign * (12 * years + months)) + sign * days * _DAY
