"""From when until when a credential is valid, as a client asks for it."""

from __future__ import annotations

from datetime import UTC, datetime

from ..store import Document
from . import credential_errors
from .documents import moment


def period(sent: Document, now: float, *, years: int) -> tuple[float, float]:
    """Start and end in epoch seconds: now, and so many years later, where not given."""
    try:
        start = moment(sent["startDateTime"]) if sent.get("startDateTime") else now
        end = moment(sent["endDateTime"]) if sent.get("endDateTime") else _years_later(start, years)
    except (ValueError, OverflowError) as error:
        raise credential_errors.credential_lifetime_invalid() from error
    if end <= start or end <= now:
        raise credential_errors.credential_lifetime_invalid()
    return start, end


def _years_later(start: float, years: int) -> float:
    begin = datetime.fromtimestamp(start, UTC)
    day = 28 if (begin.month, begin.day) == (2, 29) else begin.day
    return begin.replace(year=begin.year + years, day=day).timestamp()
