"""What was open for a person at the last complete apply, as short digests in a tag: it is no drift while it stays so.

A note, not proof: each is cut so short that some dozens fit into one tag (256 characters, sam-facts 6.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from provisioner.core.step import Action, Step

OpenItems = frozenset[str]
_LENGTH = 6
_LONGEST = 256
_NONE, _TOO_MANY = "none", "too-many"


def open_items(steps: Iterable[Step]) -> OpenItems:
    """Each field that only a person can put right. The sign-in has a life of its own; what is asked for on demand
    follows from the step that asks, and what is due by the calendar from the calendar.
    """
    return frozenset(
        _digest(f"{step.address} {change.path} {change.before} {change.after}")
        for step in steps
        if step.action is Action.PERSON and not (step.on_demand or step.scheduled)
        for change in step.fields
    )


def as_tag(items: OpenItems) -> str:
    text = " ".join(sorted(items)) or _NONE
    return text if len(text) <= _LONGEST else _TOO_MANY


def from_tag(text: str) -> OpenItems | None:
    """None where nothing was noted, or not all of it."""
    if text in ("", _TOO_MANY):
        return None
    return frozenset(() if text == _NONE else text.split())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
