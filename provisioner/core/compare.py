"""The shared pure comparison: rows for what differs between what is wanted and what was seen."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from provisioner.core.step import Change


def scalar(path: str, wanted: Any, seen: Any) -> tuple[Change, ...]:
    """One row when `wanted` is owned (not None) and differs from what was seen."""
    return () if wanted is None or wanted == seen else (Change(path, seen, wanted),)


def entries(
    path: str, wanted: Collection[str] | None, seen: Collection[str], *, exact: bool = False
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Rows for a list of set semantics, and the entries of others that stay.

    Entries are compared as they are: a kind normalises before. Without `exact` an entry that the spec does not name
    is kept; None means the list is not owned and nothing is said of it.
    """
    if wanted is None:
        return (), ()
    added = tuple(Change(path, None, entry) for entry in _in_order(wanted) if entry not in seen)
    extra = tuple(sorted(entry for entry in seen if entry not in wanted))
    if exact:
        return added + tuple(Change(path, entry, None) for entry in extra), ()
    return added, extra


def _in_order(entries: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(entries))
