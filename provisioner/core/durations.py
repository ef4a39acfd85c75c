"""Lengths of time as a sentence has them."""

from __future__ import annotations


def in_words(seconds: float) -> str:
    """`30 minutes`, `45 seconds`, `2 hours`: one unit, the largest of which there are at least two."""
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}s"
    return f"{seconds:.3g} second{'' if seconds == 1 else 's'}"
