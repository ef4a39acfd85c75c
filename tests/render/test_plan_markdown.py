"""Markdown for a pull request: it fits, nothing in it is broken, and nothing that matters is hidden without a count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from syrupy.assertion import SnapshotAssertion

from provisioner.core.address import Address
from provisioner.core.errors import PlanError
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.checked import Checked
from provisioner.render.markdown import LIMIT, ROOM, size
from provisioner.render.plan_markdown import plans_markdown
from provisioner.render.plan_markdown_parts import LEGEND
from tests.render.plans import ALL, DRIFT, NAME, NOW, PERSON, SEVERAL, checked, permission, plan

GITHUB = MarkdownIt("commonmark").enable("table")
OURS = {"details", "summary", "b", "code", "br", "sub"}
HOSTILE = ("`", "```", "````", "~~~", "|", "\\", "<b>", "</details>", "<!--", "@octocat", "#12", "[a](https://x.y)",
           "https://evil.example/?a=b", "www.evil.example", "![i](u)", "&lt;", "\n", "\r\n\r\n", "- ", "* ", "_", "$x$",
           "\u202e", "\x1b[31m", "az ad", "\U0001f9ea", "GH-1")  # fmt: skip


@pytest.mark.parametrize("name", ["first", "drift", "quiet", "unknown", "person", "rotation"])
def test_a_comment_reads_as_reviewed(name: str, markdown_file: SnapshotAssertion) -> None:
    assert plans_markdown([checked(ALL[name])]) == markdown_file


def test_a_comment_on_several_tenants_reads_as_reviewed(markdown_file: SnapshotAssertion) -> None:
    assert plans_markdown(SEVERAL) == markdown_file


def test_a_tenant_that_failed_is_never_missing() -> None:
    page = plans_markdown([checked(ALL["clean"], "adatum-sam"), checked(None, "northwind-sam")])
    assert page.startswith("## provisioner plan · 2 tenants: 1 failed, 1 in order")
    assert "| northwind-sam | **failed** |" in page
    assert "provisioner plan specs/northwind-sam.yaml" in page
    assert "northwind-sam: failed" in plans_markdown([checked(None, "northwind-sam")])


def test_what_stands_between_backticks_is_code() -> None:
    step = replace(PERSON.steps[1], todo="ask whoever has `rg-contoso-sam` for it, and a ` alone")
    text = plans_markdown([checked(plan(step, cause=Cause.NONE))])
    assert "ask whoever has <code>rg-contoso-sam</code> for it, and a &#96; alone" in text


def test_the_page_of_consent_can_be_opened_and_no_other_address() -> None:
    page = plans_markdown([checked(PERSON)])
    assert re.findall(r"<(https://[^>]+)>", page) == re.findall(r"https://\S+client_id=[0-9a-f-]+", page)
    elsewhere = "open https://evil.example/adminconsent?client_id=0c6c7d0f-5e0a-4f2b-9a7d-0c1b7a9d3e55"
    other = plan(replace(PERSON.steps[0], todo=elsewhere), cause=Cause.CHANGE)
    assert "<https" not in plans_markdown([checked(other)])


# what is left out


def _many(number: int) -> list[Checked]:
    shown = [None, *ALL.values()]
    return [checked(shown[position % len(shown)], f"tenant-{position:03}-sam") for position in range(number)]


@pytest.mark.parametrize("number", [1, 20, 200, 2000])
def test_many_tenants_fit_in_one_comment_and_none_is_left_out_without_a_count(number: int) -> None:
    page = plans_markdown(_many(number))
    assert size(page) <= ROOM < LIMIT
    rows = len(re.findall(r"^\| tenant-\d+-sam", page, re.MULTILINE))
    more = sum(int(found) for found in re.findall(r"and (\d+) more tenants?, for which there is no room here:", page))
    assert rows + more == number


def test_with_two_hundred_tenants_what_changes_is_cut_before_the_table_and_what_a_person_has_to_do() -> None:
    tenants = _many(200)
    page = plans_markdown(tenants)
    assert page.count("\n| tenant-") == 200
    waiting = sum(tenant.plan.person_items for tenant in tenants if tenant.plan is not None)
    told = sum(map(page.count, ("provisioner consent contoso.yaml", "adminconsent?", "have the owner of")))
    assert told == waiting
    assert "No room here for the details of" in page


def test_a_step_without_room_is_told_in_brief() -> None:
    urls = [f"https://{number}.example/{'x' * 200}" for number in range(99)]
    big = replace(DRIFT.steps[0], fields=tuple(Change("application.replyUrls", url, None) for url in urls))
    page = plans_markdown([checked(replace(DRIFT, steps=(big, *DRIFT.steps[1:])))], room=9_000)
    assert "# no room for: 99 fields, 99 taken away, 1 kept\n" in page
    assert "**100 removals**" in page


texts = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=6), max_size=5).map("".join)
long_texts = texts | st.builds(lambda text, times: (text * times)[:9_000], texts, st.integers(1, 3_000))


@st.composite
def steps(draw: st.DrawFn, position: int) -> Step:
    action = draw(st.sampled_from(Action))
    changes = draw(st.lists(st.tuples(texts, st.none() | long_texts, st.none() | long_texts), max_size=3))
    return Step(
        Address(NAME, draw(st.sampled_from(("application", "grant", "role_assignment"))), f"k{position}k{draw(texts)}"),
        action,
        draw(texts),
        tuple(Change(*change) for change in changes),
        kept=tuple(draw(st.lists(long_texts, max_size=2))),
        irreversible=action.writes and draw(st.booleans()),
        removal=action.writes and draw(st.booleans()),
        reason=draw(long_texts),
        todo=draw(long_texts) if action in (Action.PERSON, Action.UNKNOWN) else "",
    )


@st.composite
def tenants(draw: st.DrawFn) -> list[Checked]:
    found: list[Checked] = []
    for number in range(draw(st.integers(1, 3))):
        if draw(st.integers(0, 4)) == 0:
            error = PlanError(draw(long_texts), where=draw(texts), next_step=draw(texts))
            found.append(replace(checked(None, f"t{number}"), error=error))
            continue
        many = [draw(steps(1000 * number + position)) for position in range(draw(st.integers(0, 7)))]
        row = replace(permission("User.Read"), value=draw(texts), sentence=draw(texts), api=draw(texts))
        found.append(checked(replace(plan(*many, cause=Cause.DRIFT), permissions=(row,)), f"t{number}"))
    return found


@settings(max_examples=40, deadline=None)
@given(tenants(), st.integers(9_000, 30_000))
def test_whatever_is_in_a_plan_the_comment_fits_is_whole_and_counts_what_it_hides(
    given_tenants: list[Checked], room: int
) -> None:
    page = plans_markdown(given_tenants, room)
    assert size(page) <= room
    _is_whole(page)
    _counts_what_it_hides(page, [tenant.plan for tenant in given_tenants if tenant.plan is not None])


def _tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())


def _is_whole(page: str) -> None:
    """No markup but ours, all of it closed, and nothing that GitHub would make a link or a mention of."""
    tokens = list(_tokens(GITHUB.parse(page)))
    markup = "".join(token.content for token in tokens if token.type in ("html_block", "html_inline"))
    tags = re.findall(r"<(/?)(\w+)[^>]*>", markup)
    assert {name for _, name in tags} <= OURS
    for name in OURS - {"br"}:
        assert tags.count(("", name)) == tags.count(("/", name)), name
    assert markup.count("<") == len(tags), "no comment, no instruction"
    assert page.endswith(LEGEND)
    assert tags[-1] == ("/", "sub"), "no fence was left open above it"
    assert not [token for token in tokens if token.type in ("image", "link_open", "code_block", "s_open")]
    assert all(token.markup == "_" for token in tokens if token.type == "em_open"), "our own notes"
    for token in tokens:
        if token.type == "text":
            assert not re.search(r"[@#]\w|\bGH-\d|www\.\w|://", token.content)
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", token.content)


def _counts_what_it_hides(page: str, plans: Sequence[Plan]) -> None:
    """What is taken away, could not be read or cannot be undone has its place or is counted as left out."""
    every = [step for shown in plans if shown.exit_code() or len(plans) == 1 for step in shown.steps]
    told = set(re.findall(r"^@@ \S (k\d+k)", page, re.MULTILINE))
    hidden = [step for step in every if re.findall(r"^k\d+k", step.address.key)[0] not in told]
    notes = " ".join(re.findall(r"_\d+ steps? left out[^_]*_", page))

    def noted(what: str) -> int:
        return sum(int(number) for number in re.findall(rf"(\d+) {what}", notes))

    assert noted("removals?") == sum(step.removed for step in hidden)
    assert noted("that could not be read") == sum(step.action is Action.UNKNOWN for step in hidden)
    grave = [step for step in hidden if step.irreversible]
    assert noted("that cannot be undone") == len(grave)


def test_the_time_of_a_report_is_when_it_was_looked_at() -> None:
    assert f"looked at {NOW:%Y-%m-%d %H:%M} UTC" in plans_markdown([checked(ALL["clean"])])
