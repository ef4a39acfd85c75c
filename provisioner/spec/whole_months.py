"""A certificate's life as Key Vault counts it: in whole months (sam-facts 6.4)."""

from __future__ import annotations

from datetime import timedelta

_FEWEST_DAYS = (28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334, 365)
"""Of 1 to 12 months in a row: a February without a leap day is among them."""


def months(lifetime: timedelta) -> int:
    """Rounded down, at least one: 365d are 12, 90d are 2."""
    return max(1, lifetime.days * 12 // 365)


def shortest(count: int) -> timedelta:
    """The fewest days that so many months can have; count is at least 1."""
    years, left = divmod(count - 1, 12)
    return timedelta(days=365 * years + _FEWEST_DAYS[left])
