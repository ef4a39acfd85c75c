"""The sign-in pages as a person meets them: in a real browser, through the proxy, down to the application."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as there
from selenium.webdriver.support.wait import WebDriverWait

from provisioner.emulator import kinds
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.emulator.store import Store
from tests.chromium import chromium
from tests.emulator.entra.world import SCOPE, World, json_of, web
from tests.rehearsal import Cloud, served

pytestmark = pytest.mark.browser
_LOGIN = "https://login.microsoftonline.com"
_PATIENCE_S = 20
_NARROW = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": False}
_GRAPH_ADMIN_SCOPE = "https://graph.microsoft.com/Directory.AccessAsUser.All"


@dataclass
class Application:
    """A web application on localhost that only notes what the browser brings it."""

    uri: str
    brought: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Screen:
    """What a person does with a page."""

    driver: webdriver.Chrome

    def open(self, url: str) -> Screen:
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        return self.go_to(url)

    def go_to(self, url: str) -> Screen:
        self.driver.get(url)
        return self

    @property
    def heading(self) -> str:
        (heading,) = self.driver.find_elements(By.TAG_NAME, "h1")
        return heading.text

    @property
    def text(self) -> str:
        return self.driver.find_element(By.TAG_NAME, "main").text

    def details(self) -> str:
        self.driver.find_element(By.CSS_SELECTOR, "main details:first-of-type > summary").click()
        return self.driver.find_element(By.CSS_SELECTOR, "main details[open]").text

    def fill(self, name: str, text: str) -> Screen:
        box = self.driver.find_element(By.ID, name)
        box.clear()
        box.send_keys(text)
        return self

    def press(self, name: str) -> Screen:
        return self._then(lambda: self.driver.find_element(By.ID, name).click())

    def type(self, *keys: str) -> Screen:
        """Keys to whatever has the focus; the last one leads to another page."""
        return self._then(lambda: ActionChains(self.driver).send_keys(*keys).perform())

    def _then(self, act: Callable[[], None]) -> Screen:
        before = self.driver.find_element(By.TAG_NAME, "html")
        act()
        # asked in the middle of a navigation, the driver may answer with an error of its own: ask again
        patiently = WebDriverWait(self.driver, _PATIENCE_S, ignored_exceptions=(WebDriverException,))
        patiently.until(there.staleness_of(before))
        patiently.until(lambda driver: driver.find_elements(By.TAG_NAME, "h1"))
        return self

    def as_person(self, username: str, password: str = OPERATOR_PASSWORD) -> Screen:
        return self.fill("username", username).press("next").fill("password", password).press("next")

    def with_code(self, code: str = OPERATOR_OTP) -> Screen:
        return self.fill("otp", code).press("verify")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def store(cloud: Cloud) -> Iterator[Store]:
    made = Store(Path(cloud.description["state"]))
    yield made
    made.close()


@pytest.fixture(scope="module")
def driver(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(cloud.description, tmp_path_factory.mktemp("browser")) as driver:
        yield driver


@pytest.fixture
def screen(driver: webdriver.Chrome) -> Screen:
    return Screen(driver)


@pytest.fixture
def application() -> Iterator[Application]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    noted = Application(f"http://localhost:{server.server_port}/answer")

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._note(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _note(self, fields: str) -> None:
            if self.path.startswith("/answer"):
                noted.brought.append(dict(parse_qsl(fields)))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Application</title><h1>Back at the application</h1>")

        def log_message(self, *_: Any) -> None:
            """Nothing to standard error."""

    server.RequestHandlerClass = Noting
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield noted
    server.shutdown()
    server.server_close()


@pytest.fixture
def world(store: Store, application: Application) -> Iterator[World]:
    """Fabrikam, which asks for MFA here, and a new application in it."""
    world = World(store).require_mfa(everybody=True)
    yield world.add_application(
        web=web(application.uri), signInAudience="AzureADMultipleOrgs", isFallbackPublicClient=True
    )
    world.require_mfa()


def _asked(world: World, application: Application, alias: str = FABRIKAM.id, **changed: str) -> str:
    query = {
        "client_id": world.client_id,
        "redirect_uri": application.uri,
        "response_type": "code",
        "state": "s-1",
        "scope": SCOPE,
    }
    return f"{_LOGIN}/{alias}/oauth2/v2.0/authorize?{urlencode(query | changed)}"


def _device_code(world: World) -> dict[str, Any]:
    form = {"client_id": world.client_id, "scope": SCOPE}
    return json_of(world.post(f"/{FABRIKAM.id}/oauth2/v2.0/devicecode", form))


# --- the way through ---


def test_user_password_code_and_consent_bring_a_code_that_can_be_redeemed(
    screen: Screen, world: World, application: Application
) -> None:
    screen.open(_asked(world, application)).as_person(FABRIKAM.operator).with_code()
    assert screen.heading == "Permissions requested"
    risks = {line.text for line in screen.driver.find_elements(By.CLASS_NAME, "risk")}
    assert risks == {"Low risk", "Medium risk", "High risk"}
    assert "Partner Integration" in screen.text
    screen.driver.find_element(By.ID, "tenant_wide").click()
    screen.press("accept")
    (brought,) = application.brought
    assert brought["state"] == "s-1"
    assert world.redeem(brought["code"], redirect_uri=application.uri).status == 200
    principal = world.principal(world.client_id)["id"]
    with world.store.transaction() as tx:
        assert [g["consentType"] for g in tx.find(kinds.GRANT, FABRIKAM.id, "clientId", principal)] == ["AllPrincipals"]


@pytest.mark.parametrize("at", ["account", "password", "code", "consent"])
def test_cancel_goes_back_to_the_application_as_access_denied(
    screen: Screen, world: World, application: Application, at: str
) -> None:
    screen.open(_asked(world, application))
    if at != "account":
        screen.fill("username", FABRIKAM.operator).press("next")
    if at in ("code", "consent"):
        screen.fill("password", OPERATOR_PASSWORD).press("next")
    if at == "consent":
        screen.with_code()
    screen.press("cancel")
    (brought,) = application.brought
    assert (brought["error"], brought["state"]) == ("access_denied", "s-1")
    assert "AADSTS65004" in brought["error_description"]


def test_wrong_password_and_wrong_code_are_told_and_the_right_ones_go_on(
    screen: Screen, world: World, application: Application
) -> None:
    screen.open(_asked(world, application)).as_person(FABRIKAM.operator, "not this")
    assert "incorrect" in screen.text
    assert re.search(r"AADSTS50126.*Correlation id\n[0-9a-f-]{36}.*Timestamp\n20", screen.details(), re.DOTALL)
    screen.fill("password", OPERATOR_PASSWORD).press("next").with_code("000000")
    assert "AADSTS500121" in screen.details()
    assert screen.with_code().press("accept").heading == "Back at the application"


def test_person_of_another_tenant_is_turned_away_there_and_welcome_at_common(
    screen: Screen, world: World, application: Application
) -> None:
    screen.open(_asked(world, application)).fill("username", CONTOSO.operator).press("next")
    assert "does not exist in the organization" in screen.text
    assert "AADSTS50020" in screen.details()
    asked = _asked(world, application, "common", scope="https://graph.microsoft.com/User.Read")
    screen.open(asked).as_person(CONTOSO.operator)
    assert screen.press("accept").heading == "Back at the application"
    assert "code" in application.brought[-1]


def test_signed_in_browser_picks_its_account_or_another(screen: Screen, world: World, application: Application) -> None:
    screen.open(_asked(world, application)).as_person(FABRIKAM.operator).with_code().press("accept")
    screen.go_to(_asked(world, application, prompt="select_account"))
    assert screen.heading == "Pick an account"
    assert screen.press("choose").heading == "Back at the application"
    screen.go_to(_asked(world, application, prompt="select_account")).press("another")
    assert screen.as_person(FABRIKAM.colleague).heading == "More information required"
    screen.press("leave")
    assert "AADSTS50079" in application.brought[-1]["error_description"]


def test_keyboard_alone_signs_in(screen: Screen, world: World, application: Application) -> None:
    screen.open(_asked(world, application))
    screen.type(FABRIKAM.operator, Keys.ENTER)
    screen.type(OPERATOR_PASSWORD, Keys.ENTER)
    screen.type("111111", Keys.ENTER)
    screen.type(OPERATOR_OTP, Keys.TAB, Keys.ENTER)
    _tab_to(screen, "tenant_wide")
    ActionChains(screen.driver).send_keys(Keys.SPACE).perform()
    _tab_to(screen, "accept")
    screen.type(Keys.ENTER)
    assert "code" in application.brought[-1]


def _tab_to(screen: Screen, name: str) -> None:
    for _ in range(12):
        ActionChains(screen.driver).send_keys(Keys.TAB).perform()
        if screen.driver.switch_to.active_element.get_attribute("id") == name:
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_device_code_is_typed_confirmed_and_approved(screen: Screen, world: World) -> None:
    code = _device_code(world)
    screen.open(f"{_LOGIN}/common/oauth2/deviceauth").fill("otc", "ABC-DEF-GHJ").press("next")
    assert "did not work" in screen.text
    typed = code["user_code"].lower()
    screen.fill("otc", f"{typed[:4]}-{typed[4:]}").press("next").as_person(FABRIKAM.operator).with_code()
    assert screen.heading == "Are you trying to sign in to Partner Integration?"
    assert code["user_code"] in screen.text
    assert screen.press("continue").press("accept").heading == "You are signed in"
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    answered = world.token(2, client_secret=None, scope=None, grant_type=grant, device_code=code["device_code"])
    assert "access_token" in json_of(answered)


def test_declined_device_code_is_declined_for_the_program(screen: Screen, world: World) -> None:
    code = _device_code(world)
    screen.open(f"{_LOGIN}/common/oauth2/deviceauth?otc={code['user_code']}").press("next")
    assert screen.press("cancel").heading == "You declined the sign-in"
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    answered = world.token(2, client_secret=None, scope=None, grant_type=grant, device_code=code["device_code"])
    assert json_of(answered)["error"] == "authorization_declined"


@pytest.mark.parametrize(
    ("changed", "number", "advice"),
    [
        ({"redirect_uri": "https://elsewhere.example/"}, "50011", "Add exactly this redirect URI"),
        ({"client_id": "2f6c1f43-5e0a-4f2b-9a7d-0c1b7a9d3e55"}, "700016", "Check the client id"),
    ],
)
def test_error_that_may_not_go_to_the_application_says_what_to_do(
    screen: Screen, world: World, application: Application, changed: dict[str, str], number: str, advice: str
) -> None:
    screen.open(_asked(world, application, **changed))
    assert advice in screen.text
    assert screen.driver.switch_to.active_element.get_attribute("role") == "alert"
    assert f"AADSTS{number}" in screen.details()


def test_form_post_sends_itself(screen: Screen, world: World, application: Application) -> None:
    screen.open(_asked(world, application, response_mode="form_post")).as_person(FABRIKAM.operator).with_code()
    screen.driver.find_element(By.ID, "accept").click()
    WebDriverWait(screen.driver, _PATIENCE_S).until(there.title_is("Application"))
    assert "code" in application.brought[-1]


def test_without_scripts_the_same_pages_work_and_form_post_has_a_button(
    cloud: Cloud, world: World, application: Application, tmp_path: Path
) -> None:
    with chromium(cloud.description, tmp_path / "browser", scripts=False) as driver:
        screen = Screen(driver).open(_asked(world, application, response_mode="form_post"))
        screen.as_person(FABRIKAM.operator).with_code().press("accept")
        assert "Scripts are off" in screen.text
        assert screen.press("continue").heading == "Back at the application"
    assert "code" in application.brought[-1]


# --- every page, as assistive technology and a narrow screen see it ---


def _pages(screen: Screen, world: World, application: Application) -> Iterator[str]:
    """Goes through every page; the name of each as it stands on the screen."""
    screen.open(_asked(world, application, prompt="consent"))
    yield "account"
    screen.fill("username", "nobody@fabrikam-partner.onmicrosoft.com").press("next")
    yield "account, unknown"
    screen.fill("username", FABRIKAM.operator).press("next")
    yield "password"
    screen.fill("password", "not this").press("next")
    yield "password, wrong"
    screen.fill("password", OPERATOR_PASSWORD).press("next")
    yield "code"
    screen.with_code("000000")
    yield "code, wrong"
    screen.with_code()
    yield "consent"
    screen.go_to(_asked(world, application, prompt="select_account"))
    yield "picker"
    screen.open(_asked(world, application)).as_person(FABRIKAM.colleague)
    yield "more information"
    world.require_mfa()
    screen.open(_asked(world, application, scope=_GRAPH_ADMIN_SCOPE)).as_person(FABRIKAM.colleague)
    yield "approval needed"
    admin = {"client_id": world.client_id, "redirect_uri": application.uri}
    screen.open(f"{_LOGIN}/{FABRIKAM.id}/adminconsent?{urlencode(admin)}").as_person(FABRIKAM.operator)
    yield "consent for all"
    code = _device_code(world)["user_code"]
    screen.open(f"{_LOGIN}/common/oauth2/deviceauth").fill("otc", "nothing").press("next")
    yield "device code, wrong"
    screen.fill("otc", code).press("next").as_person(FABRIKAM.operator)
    yield "device confirmation"
    screen.press("cancel")
    yield "done"
    screen.open(_asked(world, application, redirect_uri="https://elsewhere.example/"))
    yield "error"


def _accessible(driver: webdriver.Chrome) -> list[dict[str, Any]]:
    """Chromium's accessibility tree as {role, name, description, focused, invalid}, ignored nodes left out."""
    driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        {
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            "description": node.get("description", {}).get("value", ""),
            **{member["name"]: member["value"].get("value") for member in node.get("properties", ())},
        }
        for node in nodes
        if not node["ignored"]
    ]


def test_every_page_says_what_it_is_and_fits_a_narrow_screen(
    screen: Screen, world: World, application: Application
) -> None:
    titles: dict[str, str] = {}
    for page in _pages(screen, world, application):
        nodes = _accessible(screen.driver)
        by_role: dict[str, list[dict[str, Any]]] = {}
        for node in nodes:
            by_role.setdefault(node["role"], []).append(node)
        assert len([node for node in by_role["heading"] if node["level"] == 1]) == 1, page
        assert {"main", "banner"} <= by_role.keys(), page
        for role in ("textbox", "button", "checkbox", "link"):
            assert all(node["name"].strip() for node in by_role.get(role, ())), (page, role)
        wrong = "wrong" in page or "unknown" in page
        assert bool(by_role.get("alert")) == (wrong or page == "error"), page
        if wrong:
            (box,) = [node for node in by_role["textbox"] if node.get("invalid") == "true"]
            assert screen.driver.find_element(By.ID, "problem").text in box["description"], page
        if "textbox" in by_role:
            assert [node["role"] for node in nodes if node.get("focused") and node["role"] == "textbox"], page
        assert screen.driver.execute_script("return document.documentElement.lang") == "en", page
        _check_narrow(screen.driver, page)
        titles[page] = screen.driver.title
    assert all(title.endswith("· Emulated sign-in") for title in titles.values())
    assert len({title.removeprefix("Problem: ") for title in titles.values()}) >= 11, titles


def _check_narrow(driver: webdriver.Chrome, page: str) -> None:
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _NARROW)
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= _NARROW["width"], page
