"""The pictures of a report: every thing has its place, nothing lies on anything else, time runs from left to right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.core.plan import Cause, Life, Mortal
from provisioner.render.plan_graph import Box, narrow, told, wide
from provisioner.render.plan_html import plans_html
from provisioner.render.plan_timeline import NARROW, WIDE, timeline
from provisioner.render.standing import Mark, Standing, standings
from tests.render.plans import ALL, DRIFT, FIRST, NOW, TOKEN, UNKNOWN, alive, checked, plan, token_alive


@st.composite
def things(draw: st.DrawFn) -> list[Standing]:
    """Kinds that need earlier kinds only, as the kinds of resources do."""
    found: list[Standing] = []
    for kind in range(draw(st.integers(0, 9))):
        earlier = [position for position, one in enumerate(found) if one.kind != f"kind {kind}"]
        for _ in range(draw(st.integers(1, 14))):
            needs = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if earlier else []
            title = draw(st.text("abc/ -", min_size=1, max_size=70))
            found.append(Standing(f"kind {kind}", title, draw(st.sampled_from(Mark)), "there", tuple(needs)))
    return found


def _overlap(one: Box, other: Box) -> bool:
    apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (apart_x or apart_y)


@settings(max_examples=60, deadline=None)
@given(things())
def test_every_kind_has_a_box_of_its_own_and_every_thing_is_in_it_or_counted(found: list[Standing]) -> None:
    for picture in (wide(found), narrow(found)):
        assert [box.kind for box in sorted(picture.boxes, key=lambda box: box.kind)] == sorted(
            {one.kind for one in found}
        )
        assert not [pair for pair in combinations(picture.boxes, 2) if _overlap(*pair)]
        for box in picture.boxes:
            assert box.x >= 0
            assert box.x + box.width <= picture.width
            assert box.y + box.height <= picture.height
            here = [one for one in found if one.kind == box.kind]
            more = int(box.lines[-1].text.split()[1]) if box.lines[-1].mark is None else 0
            assert sum(line.mark is not None for line in box.lines) + more == len(here)
            assert all(box.y < line.y < box.y + box.height for line in box.lines)


@settings(max_examples=60, deadline=None)
@given(things())
def test_what_is_needed_stands_before_what_needs_it(found: list[Standing]) -> None:
    across = {box.kind: box.x for box in wide(found).boxes}
    down = {box.kind: box.y for box in narrow(found).boxes}
    for one in found:
        for need in one.depends_on:
            assert across[found[need].kind] < across[one.kind]
            assert down[found[need].kind] < down[one.kind]


def test_a_thing_shows_what_happens_to_it_and_else_whether_it_is_there() -> None:
    drift = {one.title: one.mark for one in standings(DRIFT)}
    assert drift["Key Vault Reader/08a320e2-c54e-4fbf-842f-8a2063b2d934"] is Mark.DELETE
    assert drift["contoso-sam-credential"] is Mark.LATER
    assert drift["partner-refresh-token"] is Mark.OK
    assert {one.mark for one in standings(FIRST) if one.kind in ("vault", "application")} == {Mark.CREATE}
    assert {one.mark for one in standings(UNKNOWN) if one.kind == "vault"} == {Mark.UNKNOWN}


def test_the_picture_is_told_in_words_for_whoever_cannot_see_it() -> None:
    words = told(standings(DRIFT))
    assert words.startswith("12 things: 8 in order, 2 to change, 1 to delete, 1 later. ")
    assert "Vault needs resource group; role assignment needs vault" in words


moments = st.none() | st.integers(-900, 900).map(lambda days: NOW + timedelta(days=days, hours=1))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.builds(Life, st.just(TOKEN), st.sampled_from(Mortal), st.just("due"), expires_at=moments,
       since=moments, due_at=moments, warn_at=moments, overlap_until=moments), max_size=4),
       st.sampled_from((WIDE, NARROW)))  # fmt: skip
def test_every_life_with_an_end_has_a_bar_within_the_picture(lives: list[Life], width: int) -> None:
    drawn = timeline(plan(cause=Cause.NONE, life=tuple(lives)), width)
    ending = [life for life in lives if life.expires_at is not None]
    if drawn is None:
        assert not ending
        return
    assert len(drawn.bars) == len(ending)
    assert 0 <= drawn.now <= width
    for bar in drawn.bars:
        assert all(part.width > 0 and part.x >= 0 and part.x + part.width <= width for part in bar.parts)
        assert all(part.x + part.width <= later.x for part, later in pairwise(bar.parts))
    assert all(tick.x + 60 <= later.x for tick, later in pairwise(drawn.months)), "names of months do not run together"


def test_a_bar_is_cut_where_its_meaning_changes() -> None:
    life = alive("certificate", 60)
    drawn = timeline(plan(cause=Cause.NONE, life=(life,)), WIDE)
    assert drawn is not None
    [bar] = drawn.bars
    assert [part.phase for part in bar.parts] == ["good", "due"]
    assert bar.parts[0].x < drawn.now < bar.parts[1].x
    assert bar.overlap is not None
    assert bar.overlap[0] == bar.parts[1].x


def test_what_began_or_ends_outside_the_picture_is_torn_there() -> None:
    lives = (alive("certificate", 20), token_alive(40), replace(alive("secret", 800), since=NOW))
    for width in (WIDE, NARROW):
        drawn = timeline(plan(cause=Cause.NONE, life=lives), width)
        assert drawn is not None
        assert [(bar.before, bar.beyond) for bar in drawn.bars] == [(True, False), (False, False), (False, True)]
    page = plans_html([checked(plan(cause=Cause.NONE, life=lives))])
    assert page.count('class="torn"') == 5, "one in each picture for each, and the legend's"


def test_what_is_over_reaches_from_its_end_to_now() -> None:
    drawn = timeline(ALL["over"], WIDE)
    assert drawn is not None
    last = drawn.bars[-1].parts[-1]
    assert (last.phase, last.x + last.width) == ("over", drawn.now)
