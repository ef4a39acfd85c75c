"""The report as a file: complete in itself, whole whatever is in a plan, and readable by everybody on anything."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import provisioner.render
from provisioner.core.errors import ProvisionerError
from provisioner.core.plan import Cause, Plan
from provisioner.core.step import Change
from provisioner.render.checked import Checked
from provisioner.render.plan_html import plans_html
from provisioner.render.standing import MEANING, Mark
from tests.chromium import offline_chromium
from tests.contrast import contrast
from tests.render.plans import ALL, DRIFT, LIVING, NOW, PERSON, SEVERAL, UNKNOWN, checked, permission, plan

STYLE = (Path(provisioner.render.__file__).parent / "pages" / "plan_style.html").read_text(encoding="utf-8")
VOID = {"meta", "link", "br"}
HOSTILE = "</style></svg></td><script>alert(1)</script>\"'<img src=x onerror=y>{{ 7*7 }}\u202e\x1b[31m&lt;"
LONG = "https://very-long.example/" + "a1b2c3d4" * 60


@dataclass
class Page(HTMLParser):
    """What is in a page: its elements with their attributes, in order, and whether each was closed."""

    text: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        assert self.open == [], "all is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} is closed out of turn"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, *tags: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.elements if tag in tags)


def _hostile() -> Plan:
    step = replace(DRIFT.steps[0], fields=(Change(HOSTILE, HOSTILE, LONG),), kept=(HOSTILE, LONG), reason=HOSTILE)
    person = replace(PERSON.steps[0], todo=f"az ad {HOSTILE}\n{LONG}")
    row = replace(permission("User.Read"), value=HOSTILE, api=LONG, sentence=HOSTILE)
    return replace(plan(step, person, cause=Cause.DRIFT), permissions=(row,), tenant=LONG, runner=HOSTILE)


PAGES = {name: [checked(shown)] for name, shown in ALL.items()} | {
    "several": list(SEVERAL),
    "failed": [checked(None)],
    "hostile": [checked(_hostile())],
}


@pytest.mark.parametrize("tenants", PAGES.values(), ids=PAGES)
def test_the_file_loads_nothing_and_runs_nothing(tenants: list[Checked]) -> None:
    text = plans_html(tenants)
    page = Page(text)
    assert not list(page.of("script", "iframe", "object", "embed", "form", "img", "base", "audio", "video"))
    assert [attributes["href"] for attributes in page.of("link")] == ["data:,"]
    assert all(not name.startswith("on") and name != "style" for _, found in page.elements for name in found)
    uses = [attributes["href"] or "" for attributes in page.of("use")]
    assert all(re.fullmatch(r"#m-\w+", use) for use in uses)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert "@import" not in style
    assert set(re.findall(r"url\((.*?)\)", style)) <= {"#due", "#ending", "#over", "#foreign"}
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [found["content"] for found in page.of("meta") if found.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "unsafe" not in policy


def test_only_the_page_of_consent_can_be_followed() -> None:
    links = [attributes["href"] or "" for attributes in Page(plans_html([checked(PERSON)])).of("a")]
    outside = [link for link in links if not link.startswith("#")]
    assert len(outside) == 1
    assert outside[0].startswith("https://login.microsoftonline.com/7d1a0f3c-95b1-4f0e-8a39-3a3d6f2f6f10/adminconsent?")
    assert all(
        (link or "").startswith("#") for link in (found["href"] for found in Page(plans_html(SEVERAL[:4])).of("a"))
    )


@pytest.mark.parametrize("tenants", PAGES.values(), ids=PAGES)
def test_a_screen_reader_finds_its_way(tenants: list[Checked]) -> None:
    page = Page(plans_html(tenants))
    assert next(page.of("html"))["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= level + 1 for level, later in pairwise(levels)), "no level is left out"
    assert all(found.get("scope") in ("col", "row") for found in page.of("th"))
    ids = [found["id"] for _, found in page.elements if "id" in found]
    assert len(ids) == len(set(ids))
    for pictured in (found for found in page.of("svg") if found.get("role") == "img"):
        named = (pictured["aria-labelledby"] or "").split()
        assert len(named) == 2
        assert set(named) <= set(ids)
    unnamed = [found for found in page.of("svg") if found.get("role") != "img" and "x" not in found]
    assert all(found.get("aria-hidden") == "true" for found in unnamed), "a mark is read as the word beside it"


def test_a_tenant_that_failed_is_never_missing() -> None:
    text = plans_html(SEVERAL)
    assert text.count("northwind-sam</a>") == 1
    assert "No plan could be made" in text
    assert "AADSTS7000215" in text
    assert '<code class="command">provisioner plan' not in text, "advice in a sentence stays one"
    assert "renew the runner&#39;s secret; then: provisioner plan specs/northwind-sam.yaml" in text
    assert "failed" in Page(plans_html([checked(None)])).words


def test_what_a_person_has_to_do_stands_before_the_tenants_with_its_commands() -> None:
    page = Page(plans_html(SEVERAL))
    headings = [tag for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[:3] == ["h1", "h2", "h2"]
    words = [word.strip() for word in page.words if word.strip()]
    assert words.count("For a person to do") == 1, "told once, not at each tenant again"
    assert (
        words.index("For a person to do") < words.index("provisioner consent contoso.yaml") < words.index("5 tenants")
    )
    links = [link["href"] for link in page.of("a")]
    ids = {found["id"] for _, found in page.elements if "id" in found}
    assert "#todo" in links, "the count leads to the list"
    assert {link[1:] for link in links if link and link.startswith("#")} <= ids


def test_what_ends_when_and_the_gravest_risk_stand_at_the_top_of_one_tenant() -> None:
    words = [word.strip() for word in Page(plans_html([checked(LIVING)])).words if word.strip()]
    top = words[: words.index("To be known")]
    assert top[top.index("credential") + 1] == "2026-05-04, 63 days left"
    assert top[top.index("token") + 1] == "2026-03-14, 12 days left"
    assert top[top.index("highest risk") + 1] == "critical"


def test_the_gravest_permission_stands_first_and_one_that_is_not_rated_before_what_is_harmless() -> None:
    values = ("User.Read", "Unrated.All", "user_impersonation", "Directory.AccessAsUser.All")
    shown = replace(plan(cause=Cause.NONE), permissions=tuple(permission(value) for value in values))
    text = plans_html([checked(shown)])
    risks = re.findall(r'data-label="risk"><span class="risk (\w+)"', text)
    assert risks == ["critical", "high", "unknown", "low"]


def test_what_stands_between_backticks_is_code() -> None:
    error = ProvisionerError("no such tenant", next_step="`provisioner emulator status` lists the tenants; a ` alone")
    text = plans_html([Checked("ghost-sam", "ghost", None, NOW, error)])
    assert "<p><code>provisioner emulator status</code> lists the tenants; a ` alone</p>" in text


def test_what_could_not_be_read_is_told_apart_from_what_is_not_there() -> None:
    words = " ".join(Page(plans_html([checked(UNKNOWN)])).words)
    assert "Nothing to do" not in words
    assert words.count(MEANING[Mark.UNKNOWN]) >= 4
    assert 'answer unknown">unknown' in plans_html([checked(UNKNOWN)])


texts = st.text(max_size=30) | st.just(HOSTILE)


@settings(max_examples=25, deadline=None)
@given(texts, texts, texts, texts)
def test_whatever_is_in_a_plan_the_file_is_whole(value: str, reason: str, todo: str, sentence: str) -> None:
    step = replace(DRIFT.steps[0], fields=(Change("application.x", value, reason),), kept=(value,), reason=reason)
    person = replace(PERSON.steps[0], todo=todo, reason=value)
    row = replace(permission("User.Read"), value=value, sentence=sentence)
    page = Page(plans_html([checked(replace(plan(step, person, cause=Cause.DRIFT), permissions=(row,)))]))
    assert "script" not in {tag for tag, _ in page.elements}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", "".join(page.words))


# what is seen


def _schemes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    return {
        name: dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", block))
        for name, block in zip(("light", "dark", "print"), blocks, strict=True)
    }


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_all_text_can_be_read_and_every_mark_be_seen(scheme: str) -> None:
    colours = _schemes()[scheme]
    assert colours.keys() == _schemes()["light"].keys()
    inks = ("ink", "soft", "accent", "low", "medium", "high", "critical", *(mark.value for mark in Mark))
    pairs = {(ink, ground) for ink in inks for ground in ("paper", "note")}
    pairs |= {(ink, "ground") for ink in ("ink", "soft", "accent", *(mark.value for mark in Mark))}
    pairs |= {("ink", "added"), ("ink", "gone"), ("ink", "alert"), ("soft", "alert")}
    assert {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == set()
    assert contrast(colours["edge"], colours["paper"]) >= 3
    assert contrast(colours["alert-edge"], colours["paper"]) >= 3


def test_colours_are_named_once_and_used_by_name() -> None:
    rules = STYLE[STYLE.index("*, *::before") :]
    assert not re.findall(r"#[0-9a-f]{3,6}\b", rules)


def test_every_mark_has_a_shape_a_colour_and_a_word() -> None:
    shapes = (Path(provisioner.render.__file__).parent / "pages" / "marks.html").read_text(encoding="utf-8")
    for mark in Mark:
        assert f'id="m-{mark}"' in shapes
        assert f"--{mark}:" in STYLE
        assert MEANING[mark]
    assert len(set(re.findall(r'<symbol id="m-\w+" viewBox="0 0 16 16">(.*?)</symbol>', shapes))) == len(Mark)


APART = """return [...document.querySelectorAll('table.fields tr')].filter(e => e.querySelector('.after'))
    .map(row => [...row.children].map(e => e.getBoundingClientRect()))
    .map(([label, before, after]) => Math.max(before.left - label.right, after.left - before.right))"""
ARROW = "return getComputedStyle(document.querySelector('.fields .after'), '::before').content"
SIDEWAYS = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """return [...document.querySelectorAll('main *:not(svg *)')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.className)"""
PICTURES = """return [...document.querySelectorAll('svg[role=img]')]
    .filter(e => e.getBoundingClientRect().width).map(e => e.getAttribute('class'))"""
TALLEST = "return Math.max(0, ...[...document.querySelectorAll('figure')].map(e => e.getBoundingClientRect().height))"
CROSSED = """const box = e => e.getBoundingClientRect();
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return [...document.querySelectorAll('svg.time[role=img]')].filter(e => box(e).width).flatMap(picture => {
        const lines = [...picture.querySelectorAll('path.now, path.step, rect.bar')].map(box);
        return [...picture.querySelectorAll('text')].filter(t => lines.some(line => meet(box(t), line)))
            .map(t => t.textContent);
    })"""
A4_MM = 269  # of the height, without the margins
A4_WIDTH = 695  # in pixels, without the margins
PIXEL_MM = 25.4 / 96


@pytest.mark.browser
def test_in_chromium_short_tenants_share_a_page_of_paper(tmp_path: Path) -> None:
    failed = [checked(None, f"failed-{number}-sam") for number in range(4)]
    (tmp_path / "page.html").write_text(plans_html(failed), encoding="utf-8")
    with offline_chromium(tmp_path / "profile") as driver:
        driver.get((tmp_path / "page.html").as_uri())
        paper = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    assert len(re.findall(rb"/Type /Page\b", paper)) in (1, 2)


@pytest.mark.browser
def test_in_chromium_the_old_and_the_new_value_stand_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(plans_html([checked(DRIFT)]), encoding="utf-8")
    with offline_chromium(tmp_path / "profile") as driver:
        size = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get((tmp_path / "page.html").as_uri())
        assert max(driver.execute_script(APART)) < 20, "also where another row's value is long"
        assert driver.execute_script(ARROW) == '"→ "'


@pytest.mark.browser
def test_in_chromium_it_fits_a_telephone_a_screen_and_paper(tmp_path: Path) -> None:
    names = ("first", "hostile", "several", "living", "rotation")
    for name in names:
        (tmp_path / f"{name}.html").write_text(plans_html(PAGES[name]), encoding="utf-8")
    with offline_chromium(tmp_path / "profile") as driver:
        for name in names:
            driver.get((tmp_path / f"{name}.html").as_uri())
            for width in (360, 800, 1400):
                size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                assert driver.execute_script(SIDEWAYS) <= 0, f"{name} at {width} pixels scrolls sideways"
                assert driver.execute_script(CUT_OFF) == [], f"{name} at {width} pixels"
                assert driver.execute_script(CROSSED) == [], f"a line runs through words: {name} at {width} pixels"
                pictures = driver.execute_script(PICTURES)
                assert all(("narrow" in one) == (width <= 960) for one in pictures)
            assert driver.get_log("browser") == []  # type: ignore[attr-defined]  # Chromium's own
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size | {"width": A4_WIDTH})
            assert driver.execute_script(CUT_OFF) == [], f"{name} on paper"
            assert driver.execute_script(SIDEWAYS) <= 0
            tallest = driver.execute_script(TALLEST)
            assert tallest * PIXEL_MM < A4_MM, "a picture is never cut by the end of a page"
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
