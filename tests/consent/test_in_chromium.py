"""The same sign-in in a real browser: the pages, the redirect to the loopback, and the page that says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as there
from selenium.webdriver.support.wait import WebDriverWait

from provisioner.operations.consent import ConsentOptions, consent
from tests.chromium import chromium
from tests.consent.player import Player
from tests.rehearsal import Cloud, Rehearsal, clients_of
from tests.robot import Ending, Person

pytestmark = pytest.mark.browser
_PATIENCE_S = 30
_MOST_PAGES = 8


@dataclass
class Chromium:
    """Plays the person like `Robot` does, in a real browser."""

    driver: webdriver.Chrome

    def sign_in(self, url: str, person: Person, *, deliver: bool = True) -> Ending:
        assert deliver, "a browser always follows the redirect"
        self.driver.get(url)
        for _ in range(_MOST_PAGES):
            shown = WebDriverWait(self.driver, _PATIENCE_S).until(self._something_to_do)
            if shown.tag_name == "main":
                return Ending(self.driver.current_url, {}, 200, shown.text)
            self._answer(shown.get_attribute("id") or "", person)
            WebDriverWait(self.driver, _PATIENCE_S).until(there.staleness_of(shown))
        raise AssertionError(f"no end: {self.driver.page_source}")

    def _something_to_do(self, driver: webdriver.Chrome) -> WebElement | None:
        """The page's field or button to use next; our own page, once the browser is on localhost."""
        at_home = urlsplit(driver.current_url).hostname == "localhost"  # the sign-in page's query names it too
        names = ("proceed-link", "main > h1") if at_home else ("username", "password", "otp")
        for name in names:
            selector = name if " " in name else f"#{name}"
            if found := driver.find_elements(By.CSS_SELECTOR, selector):
                return driver.find_element(By.TAG_NAME, "main") if " " in name else found[0]
        return None

    def _answer(self, name: str, person: Person) -> None:
        if name == "proceed-link":  # the certificate was made for this sign-in, and the person was told so
            self.driver.find_element(By.ID, "details-button").click()
            self.driver.find_element(By.ID, "proceed-link").click()
        elif name == "otp":
            self.driver.find_element(By.ID, "otp").send_keys(person.otp)
            self.driver.find_element(By.ID, "verify").click()
        elif name == "username":
            self.driver.find_element(By.ID, "username").send_keys(person.username)
            self.driver.find_element(By.ID, "next").click()
        else:
            self.driver.find_element(By.ID, "password").send_keys(person.password)
            self.driver.find_element(By.ID, "next").click()


@pytest.fixture
def browser(cloud: Cloud, tmp_path: Path) -> Iterator[Chromium]:
    with chromium(cloud.description, tmp_path / "profile") as driver:
        yield Chromium(driver)


async def _signed_in(rehearsal: Rehearsal, browser: Chromium) -> Player:
    player = Player(lambda: browser, rehearsal.operator)  # type: ignore[arg-type,return-value]  # plays like a Robot
    async with clients_of(rehearsal) as clients:
        await consent(clients, rehearsal.spec(), player, ConsentOptions(timeout_s=60))
    assert "The sign-in is done" in await player.last_page()
    assert rehearsal.tenant.operator in await player.last_page()
    return player


def test_a_person_signs_in_with_a_real_browser(contoso: Rehearsal, browser: Chromium) -> None:
    before = contoso.token()
    asyncio.run(_signed_in(contoso, browser))
    assert contoso.token() != before


def test_a_real_browser_takes_the_self_made_certificate_and_posts_the_answer(
    fabrikam: Rehearsal, browser: Chromium
) -> None:
    player = asyncio.run(_signed_in(fabrikam, browser))
    assert len(player.endings) == 2  # no policy asks for MFA here: the repetition over v1 does
    assert fabrikam.token() is not None
