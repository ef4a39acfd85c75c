"""Where everything stands in the picture of what ends on its own: a bar for each life, cut where its meaning changes.

Made for a width, as a telephone's picture is no smaller picture: it has fewer dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from provisioner.core.plan import Life, Mortal, Plan
from provisioner.render import plan_view

WIDE, NARROW = 1000, 330
_PAST, _FUTURE = timedelta(days=100), timedelta(days=400)
_MARGIN = 4
_AXIS = 34
_ROW = 58
_BAR = 14
_NAME = 64  # a month's
_MONTHS = (1, 2, 3, 6, 12)


@dataclass(frozen=True)
class Part:
    """A stretch of a bar. phase: `good`, `due` (apply renews it), `ending` (it is warned of), `over`, `foreign`."""

    phase: str
    x: int
    width: int


@dataclass(frozen=True)
class Bar:
    """One life. name and told stand above it. before, beyond: it goes on where the picture begins, or ends. overlap: x
    and width of the time in which a successor works beside it; None where there is none.
    """

    name: str
    told: str
    parts: tuple[Part, ...]
    before: bool
    beyond: bool
    overlap: tuple[int, int] | None
    y: int


@dataclass(frozen=True)
class Tick:
    """The beginning of a month, or a moment at which a step becomes due."""

    x: int
    text: str


@dataclass(frozen=True)
class Timeline:
    """now: its x. bar_height and row_height for whoever draws. steps: what is due later."""

    width: int
    height: int
    now: int
    bars: tuple[Bar, ...]
    months: tuple[Tick, ...]
    steps: tuple[Tick, ...]
    bar_height: int = _BAR


def timeline(plan: Plan, width: int) -> Timeline | None:
    """None where nothing that is known ends on its own."""
    lives = [life for life in plan.life if life.expires_at is not None]
    if not lives:
        return None
    scale = _scale(lives, plan, width)
    bars = tuple(_bar(life, position, plan, scale) for position, life in enumerate(lives))
    waiting = (step for step in plan.steps if plan_view.waits(step, plan.made_at))
    later = {step.not_before for step in waiting if step.not_before is not None}
    steps = tuple(Tick(scale.x(moment), f"{moment:%Y-%m-%d}") for moment in sorted(later) if scale.holds(moment))
    return Timeline(width, _AXIS + _ROW * len(bars) + 4, scale.x(plan.made_at), bars, _months(scale), steps)


@dataclass(frozen=True)
class _Scale:
    """From a time to a place."""

    start: datetime
    end: datetime
    width: int

    def x(self, moment: datetime) -> int:
        share = (moment - self.start) / (self.end - self.start)
        return round(_MARGIN + min(max(share, 0), 1) * (self.width - 2 * _MARGIN))

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment <= self.end


def _scale(lives: Sequence[Life], plan: Plan, width: int) -> _Scale:
    """From the oldest beginning to the last end, but not so far that the near future has no room."""
    now = plan.made_at
    known = [moment for life in lives for moment in (life.since, life.expires_at) if moment is not None]
    start = max(min(known), now - _PAST)
    end = min(max([*known, now + timedelta(days=14)]), now + _FUTURE)
    room = (end - start) / 40
    return _Scale(min(start, now) - room, end + room, width)


def _bar(life: Life, position: int, plan: Plan, scale: _Scale) -> Bar:
    assert life.expires_at is not None, "only what ends has a bar"
    start = max(life.since or plan.made_at, scale.start)
    cuts = [(start, "foreign" if life.what is Mortal.FOREIGN_CREDENTIAL else "good")]
    turns = ((life.due_at, "due"), (life.warn_at, "ending"))
    cuts += [(moment, phase) for moment, phase in turns if moment is not None and moment < life.expires_at]
    cuts.sort(key=lambda cut: cut[0])
    cuts.append((life.expires_at, "over"))
    if life.expires_at < plan.made_at:
        cuts.append((plan.made_at, ""))
    parts = []
    for (begins, phase), (ends, _) in pairwise(cuts):
        left, right = scale.x(max(begins, start)), scale.x(max(ends, start))
        parts += [Part(phase, left, right - left)] if right > left else []
    overlap = None
    if life.due_at is not None and life.overlap_until is not None:
        overlap = (scale.x(life.due_at), max(scale.x(life.overlap_until) - scale.x(life.due_at), 2))
    told = plan_view.end(life, plan.made_at).removeprefix(f"{life.type}, ")
    return Bar(
        plan_view.named(life),
        told,
        tuple(parts),
        before=life.since is not None and life.since < scale.start,
        beyond=life.expires_at > scale.end,
        overlap=overlap,
        y=_AXIS + _ROW * position,
    )


def _months(scale: _Scale) -> tuple[Tick, ...]:
    """As many as have room for their name."""
    firsts = [first for first in _firsts(scale.start, scale.end) if scale.holds(first)]
    firsts = [first for first in firsts if scale.x(first) <= scale.width - _NAME]
    for every in _MONTHS:
        ticks = [Tick(scale.x(first), f"{first:%b %Y}") for first in firsts if (first.month - 1) % every == 0]
        if all(later.x - tick.x >= _NAME for tick, later in pairwise(ticks)):
            return tuple(ticks)
    return ()


def _firsts(start: datetime, end: datetime) -> list[datetime]:
    first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = []
    while first <= end:
        found.append(first)
        first = (first + timedelta(days=32)).replace(day=1)
    return found
