"""The sign-in pages without a browser: who may send them, what a browser may do with them, what can be read on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import provisioner.emulator
from provisioner.emulator import kinds
from provisioner.emulator.entra import risk
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_PASSWORD
from provisioner.emulator.store import Store
from tests.contrast import contrast
from tests.emulator.entra.world import World, answer, hidden_fields

_STYLE = (Path(provisioner.emulator.__file__).parent / "pages" / "style.html").read_text(encoding="utf-8")
# (ink, what it stands on), as style.html uses them
_PAIRS = [
    ("ink", "paper"),
    ("ink", "ground"),
    ("ink", "note"),
    ("soft", "paper"),
    ("soft", "ground"),
    ("soft", "note"),
    ("accent", "paper"),
    ("accent-ink", "accent"),
    ("banner-ink", "banner"),
    ("bad", "bad-ground"),
    ("low", "low-ground"),
    ("medium", "medium-ground"),
]


@pytest.fixture
def world(store: Store) -> World:
    return World(store).add_application()


def _handle(page: Reply) -> str:
    return hidden_fields(page)["handle"]


def _password(world: World, page: Reply, password: str) -> Reply:
    return world.post("/common/login", {"handle": _handle(page), "password": password, "action": "next"})


def _schemes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", _STYLE, re.DOTALL)
    colours = [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": colours[0], "dark": colours[1]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_and_every_edge_of_a_field_can_be_seen(scheme: str) -> None:
    colours = _schemes()[scheme]
    poor = {(ink, ground) for ink, ground in _PAIRS if contrast(colours[ink], colours[ground]) < 4.5}
    assert not poor
    assert contrast(colours["edge"], colours["paper"]) >= 3  # WCAG 2.2, 1.4.11


def test_colours_are_named_once_and_used_by_name() -> None:
    rules = _STYLE[_STYLE.index("*, *::before") :]
    assert not re.findall(r"#[0-9a-f]{3,6}\b", rules)
    assert _schemes()["light"].keys() == _schemes()["dark"].keys()


def test_a_page_runs_only_its_own_script_cannot_be_framed_and_is_kept_nowhere(world: World) -> None:
    pages = [world.authorize(), world.authorize(redirect_uri="https://elsewhere.example/")]
    pages.append(world.sign_in(world.authorize(response_mode="form_post")))
    nonces = set()
    for page in pages:
        policy, html = page.headers["Content-Security-Policy"], page.body.decode()
        (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
        nonces.add(nonce)
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert html.count(f'nonce="{nonce}"') == len(re.findall(r"<(?:script|style)\b", html))
        assert "no-store" in page.headers["Cache-Control"]
    assert len(nonces) == len(pages)


def test_cookies_are_for_https_and_not_for_scripts(world: World) -> None:
    begun = world.authorize()
    cookies = [begun.headers["Set-Cookie"], world.sign_in(begun).headers["Set-Cookie"]]
    assert all({"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; ")) for cookie in cookies)
    assert cookies[0].startswith("__Host-")


def test_handle_is_good_for_one_post(world: World) -> None:
    page = world.authorize()
    form = {"handle": _handle(page), "username": world.tenant.operator, "action": "next"}
    following = world.post("/common/login", form)
    assert _handle(following) != _handle(page)
    assert (again := world.post("/common/login", form)).status == 400
    assert "AADSTS90014" in again.body.decode()
    assert "code" in answer(world.sign_in(following))


def test_nobody_else_can_go_on_with_a_sign_in_and_its_own_browser_still_can(world: World) -> None:
    page, mine = world.authorize(), world.cookie
    world.cookie = ""
    form = {"handle": _handle(page), "username": world.tenant.operator, "action": "next"}
    assert world.post("/common/login", form).status == 400
    world.cookie = mine
    assert "code" in answer(world.sign_in(page))


def test_login_hint_of_a_known_person_skips_the_account_page_and_an_unknown_one_fills_it_in(world: World) -> None:
    assert "password" in hidden_fields(world.authorize(login_hint=world.tenant.operator.upper()))
    nobody = "nobody@fabrikam-partner.onmicrosoft.com"
    assert hidden_fields(world.authorize(login_hint=nobody))["username"] == nobody
    assert "password" not in hidden_fields(world.authorize(login_hint=CONTOSO.operator))


def test_domain_hint_completes_a_user_name(store: Store) -> None:
    world = World(store).add_application(signInAudience="AzureADMultipleOrgs")
    page = world.authorize(alias="common", domain_hint=FABRIKAM.domain)
    assert "code" in answer(world.sign_in(page, username="sam-operator"))


def test_account_locks_after_many_wrong_passwords_even_for_the_right_one_and_opens_by_itself(world: World) -> None:
    page = world.authorize(login_hint=world.tenant.operator)
    for attempt in range(10):
        page = _password(world, page, f"wrong-{attempt}")
        assert "AADSTS50126" in page.body.decode()
    page = _password(world, page, OPERATOR_PASSWORD)
    assert "AADSTS50053" in page.body.decode()
    world.pass_time(61)
    assert "code" in answer(world.sign_in(page))


def test_picked_account_of_another_tenant_is_turned_away(store: Store) -> None:
    elsewhere = World(store, tenant=CONTOSO).add_application()
    scope = "https://graph.microsoft.com/User.Read"
    elsewhere.sign_in(elsewhere.authorize(scope=scope))
    here = World(store).add_application()
    here.cookie = elsewhere.cookie
    page = here.authorize(prompt="select_account")
    picked = here.post("/common/login", {"handle": _handle(page), "action": "choose"})
    assert "AADSTS50020" in picked.body.decode()


def test_what_a_person_typed_is_shown_as_text(world: World) -> None:
    shown = world.sign_in(world.authorize(), username='"><script>alert(1)</script>').body.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown


def test_disabled_account_is_told_only_to_who_knows_the_password(world: World) -> None:
    world.change(kinds.USER, world.tenant.operator_id, accountEnabled=False)
    wrong = world.sign_in(world.authorize(), password="guess")
    assert "50057" not in wrong.body.decode()


@pytest.mark.parametrize(
    ("value", "needs_admin", "word"),
    [
        ("User.Read", False, "low"),
        ("User.Read.All", True, "medium"),
        ("Calendars.ReadWrite", False, "medium"),  # one's own
        ("Directory.ReadWrite.All", True, "high"),
        ("RoleManagement.ReadWrite.Directory", True, "high"),
        ("user_impersonation", False, "high"),
        ("Directory.AccessAsUser.All", True, "high"),
    ],
)
def test_risk_of_a_delegated_permission(value: str, needs_admin: bool, word: str) -> None:
    assert risk.of_delegated(value, needs_admin=needs_admin) == word


def test_application_permissions_are_never_low() -> None:
    assert risk.of_application("User.Read.All") == "medium"
    assert risk.of_application("Application.ReadWrite.OwnedBy") == "high"
