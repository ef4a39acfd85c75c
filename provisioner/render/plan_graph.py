"""Where everything stands in the picture of a plan: a box for each kind, a row for each thing, a line for each need.

Two pictures of one plan. The wide one has its kinds in layers, from what needs nothing to what needs most; the narrow
one, for a telephone and for paper, has them one below the other with the lines beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import groupby

from provisioner.render.layout import count
from provisioner.render.standing import MEANING, Mark, Standing

_WIDE_BOX = 262
_NARROW_BOX = 300
_BETWEEN_LAYERS = 44
_BETWEEN_BOXES = 16
_HEAD = 28
_ROW = 20
_ROW_OF_TWO = 34
_FOOT = 8
_EDGE = 2
_LANE = 9
_MOST_ROWS = 10
_LETTERS = 31  # of a title; in fonts that are not the widest a few more would fit
_TAIL = 12
_GUID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One row of a box: a thing, or how many more there are. of: whose or of what, where that has no room beside it.
    full: for whoever points at it.
    """

    text: str
    of: str
    full: str
    mark: Mark | None
    y: int


@dataclass(frozen=True)
class Box:
    """One kind."""

    kind: str
    lines: tuple[Line, ...]
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.y + _HEAD // 2


@dataclass(frozen=True)
class Picture:
    """edges: the `d` of a path each, from what is needed to what needs it."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    edges: tuple[str, ...]


@dataclass
class _Kind:
    """A kind before it has a place. needs: the kinds it needs directly, those beyond them left out."""

    name: str
    things: list[Standing]
    needs: set[str] = field(default_factory=set)
    layer: int = 0

    @property
    def shown(self) -> list[Standing]:
        """Not many more than a reader takes in; of the others their number is told."""
        return self.things if len(self.things) <= _MOST_ROWS + 1 else self.things[:_MOST_ROWS]

    @property
    def height(self) -> int:
        more = _ROW if len(self.shown) < len(self.things) else 0
        return _HEAD + sum(map(_height, self.titles)) + more + _FOOT

    @property
    def titles(self) -> list[tuple[str, str]]:
        """A title, and what of it stands below: of roles, whose they are. The whole stands in the report's table."""
        parts = [one.title.partition("/") for one in self.shown]
        if not any(slash and len(one.title) > _LETTERS for one, (_, slash, _) in zip(self.shown, parts, strict=True)):
            return [(_short(one.title), "") for one in self.shown]
        return [(_short(head), _short(rest)) for head, _, rest in parts]


def wide(standings: Sequence[Standing]) -> Picture:
    """The kinds in layers, left to right; in a layer each as near as can be to what it needs."""
    kinds = _kinds(standings)
    layers: dict[int, list[_Kind]] = {}
    for kind in kinds.values():
        layers.setdefault(kind.layer, []).append(kind)
    boxes: dict[str, Box] = {}
    for layer, members in sorted(layers.items()):
        x = _EDGE + layer * (_WIDE_BOX + _BETWEEN_LAYERS)
        wished = {kind.name: _wish(kind, boxes) for kind in members}
        y = _EDGE
        for kind in sorted(members, key=lambda one: wished[one.name]):
            y = max(y, wished[kind.name])
            boxes[kind.name] = _box(kind, x, y, _WIDE_BOX)
            y += kind.height + _BETWEEN_BOXES
    edges = [_curve(boxes[need], boxes[kind.name]) for kind in kinds.values() for need in sorted(kind.needs)]
    width = max((box.x + box.width for box in boxes.values()), default=0) + _EDGE
    height = max((box.y + box.height for box in boxes.values()), default=0) + _EDGE
    return Picture(width, height, tuple(boxes.values()), tuple(edges))


def narrow(standings: Sequence[Standing]) -> Picture:
    """The kinds one below the other, in their order; each line in a lane of its own beside those it would cross."""
    kinds = _kinds(standings)
    order = list(TopologicalSorter({name: sorted(kind.needs) for name, kind in kinds.items()}).static_order())
    order.sort(key=lambda name: (_rank(name, kinds), list(kinds).index(name)))
    pairs = [(need, name) for name in order for need in sorted(kinds[name].needs)]
    place = {name: position for position, name in enumerate(order)}
    lanes = _lanes([(place[need], place[name]) for need, name in pairs])
    left = _EDGE + _LANE * (max(lanes, default=-1) + 1) + (_LANE if pairs else 0)
    boxes: dict[str, Box] = {}
    y = _EDGE
    for name in order:
        boxes[name] = _box(kinds[name], left, y, _NARROW_BOX)
        y += kinds[name].height + _BETWEEN_BOXES // 2
    edges = [
        _detour(boxes[need], boxes[name], left - _LANE * (lane + 1))
        for (need, name), lane in zip(pairs, lanes, strict=True)
    ]
    return Picture(left + _NARROW_BOX + _EDGE, y + _EDGE, tuple(boxes.values()), tuple(edges))


def told(standings: Sequence[Standing]) -> str:
    """The picture in words: how many things of which kind stand how."""
    marks = {mark: sum(one.mark is mark for one in standings) for mark in MEANING}
    numbers = ", ".join(f"{number} {MEANING[mark]}" for mark, number in marks.items() if number)
    needs = "; ".join(
        f"{kind.name} needs {' and '.join(sorted(kind.needs))}" for kind in _kinds(standings).values() if kind.needs
    )
    return f"{count(len(standings), 'thing')}: {numbers}. {needs[:1].upper()}{needs[1:]}."


def _kinds(standings: Sequence[Standing]) -> dict[str, _Kind]:
    kinds: dict[str, _Kind] = {}
    for one in standings:
        kinds.setdefault(one.kind, _Kind(one.kind, [])).things.append(one)
    needs = {
        name: {standings[need].kind for one in kind.things for need in one.depends_on} - {name}
        for name, kind in kinds.items()
    }
    for name, kind in kinds.items():
        beyond = set().union(*(_all_needs(need, needs) for need in needs[name]))
        kind.needs = needs[name] - beyond
    for name in TopologicalSorter(needs).static_order():
        kinds[name].layer = max((kinds[need].layer + 1 for need in kinds[name].needs), default=0)
    return kinds


def _all_needs(name: str, needs: Mapping[str, set[str]]) -> set[str]:
    """What it needs, and what those need, and so on."""
    return needs[name].union(*(_all_needs(need, needs) for need in needs[name]))


def _rank(name: str, kinds: Mapping[str, _Kind]) -> int:
    """After all it needs, at the place its kind has: where the things of the plan stand in that order, that one."""
    own = list(kinds).index(name)
    return max([own, *(_rank(need, kinds) for need in kinds[name].needs)])


def _wish(kind: _Kind, boxes: Mapping[str, Box]) -> int:
    """Where its top would best be: at the middle of what it needs."""
    tops = [boxes[need].y for need in kind.needs]
    return sum(tops) // len(tops) if tops else _EDGE


def _box(kind: _Kind, x: int, y: int, width: int) -> Box:
    lines: list[Line] = []
    at = y + _HEAD
    for one, (text, of) in zip(kind.shown, kind.titles, strict=True):
        lines.append(Line(text, of, f"{one.title}: {one.meaning}", one.mark, at + _ROW // 2))
        at += _height((text, of))
    if more := kind.things[len(kind.shown) :]:
        lines.append(Line(_more(more), "", _more(more), None, at + _ROW // 2))
    return Box(kind.name, tuple(lines), x, y, width, kind.height)


def _height(parts: tuple[str, str]) -> int:
    return _ROW_OF_TWO if parts[1] else _ROW


def _more(things: Sequence[Standing]) -> str:
    """`and 12 more: 3 to create`: what is in order needs no word."""
    news = [(mark, len(list(of_mark))) for mark, of_mark in groupby(sorted(one.mark for one in things))]
    told = ", ".join(f"{number} {MEANING[mark]}" for mark, number in news if mark is not Mark.OK)
    return f"and {len(things)} more{f': {told}' if told else ''}"


def _short(title: str) -> str:
    """An id by its beginning; of what is too long the beginning and the end."""
    title = _GUID.sub(r"\1…", title)
    return title if len(title) <= _LETTERS else f"{title[: _LETTERS - _TAIL - 1]}…{title[-_TAIL:]}"


def _curve(parent: Box, child: Box) -> str:
    start, end = parent.x + parent.width, child.x - 5
    bend = max((end - start) // 2, 20)
    return f"M{start} {parent.middle}C{start + bend} {parent.middle} {end - bend} {child.middle} {end} {child.middle}"


def _detour(parent: Box, child: Box, x: int) -> str:
    """Out to the left, down, and back in: out below the middle and in above it, so that no two lie on each other."""
    start, end = parent.middle + 6, child.middle - 4
    return f"M{parent.x} {start}H{x + 4}Q{x} {start} {x} {start + 4}V{end - 4}Q{x} {end} {x + 4} {end}H{child.x - 5}"


def _lanes(spans: Iterable[tuple[int, int]]) -> list[int]:
    """The nearest free lane of each; a shorter one lies nearer."""
    listed = list(spans)
    taken: list[list[tuple[int, int]]] = []
    lanes = [0] * len(listed)
    for position in sorted(range(len(listed)), key=lambda one: listed[one][1] - listed[one][0]):
        start, end = listed[position]
        lane = next((n for n, used in enumerate(taken) if all(end <= s or e <= start for s, e in used)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((start, end))
        lanes[position] = lane
    return lanes
