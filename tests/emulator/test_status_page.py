"""The status page: who may see it, what it shows, what its buttons do; and that it works in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from provisioner.emulator.seed.directory import CONTOSO, OPERATOR_OTP, TENANTS
from provisioner.emulator.server import Emulator
from tests.chromium import chromium
from tests.rehearsal import Cloud

_PATIENCE_S = 20


@pytest.fixture
def cloud(emulator: Emulator) -> Cloud:
    return Cloud(emulator.description())


def visitor(cloud: Cloud, *, admitted: bool = True) -> tuple[requests.Session, str]:
    """A browser's session, and the page's address without the token."""
    session = requests.Session()
    session.trust_env, session.verify = False, cloud.description["ca"]
    page = cloud.description["page"]
    if admitted:
        assert session.get(page, timeout=10).status_code == 200
    return session, page.partition("?")[0]


def test_the_token_opens_the_page_once_and_leaves_the_address(cloud: Cloud) -> None:
    session, _ = visitor(cloud, admitted=False)
    answer = session.get(cloud.description["page"], allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("__Host-", "HttpOnly", "Secure", "SameSite=Strict"))
    assert cloud.description["control"]["token"] not in cookie
    assert session.get(cloud.description["page"], timeout=10).url.endswith("/")


def test_without_the_token_it_tells_nothing(cloud: Cloud) -> None:
    session, page = visitor(cloud, admitted=False)
    for query in ("", "?token=", "?token=no"):
        answer = session.get(page + query, timeout=10)
        assert answer.status_code == 401
        assert CONTOSO.id not in answer.text
    assert session.get(f"{page}now", timeout=10).status_code == 401
    assert session.post(f"{page}clock", data={"seconds": "86400"}, timeout=10).status_code == 401


def test_it_shows_tenants_applications_vaults_requests_and_faults(cloud: Cloud) -> None:
    cloud.control("POST", "scenario", {"name": "healthy", "reset": True})
    cloud.control("POST", "faults", {"operation": "graph.[<b>a]*", "action": "status", "status": 429, "count": 3})
    cloud.http.get(f"https://login.microsoftonline.com/{CONTOSO.id}/discovery/v2.0/keys", timeout=10)
    session, page = visitor(cloud)
    shown = session.get(page, timeout=10).text
    for text in (
        *(part for tenant in TENANTS for part in (tenant.id, tenant.domain, tenant.operator, tenant.runner.client_id)),
        *(
            OPERATOR_OTP,
            "Contoso Partner Integration",
            "kv-contoso-sam",
            "healthy",
            "entra.keys",
            "graph.[&lt;b&gt;a]*",
        ),
    ):
        assert text in shown
    assert "<b>" not in shown
    assert cloud.description["control"]["token"] not in shown


def test_what_changes_something_must_come_from_the_page_itself(cloud: Cloud) -> None:
    session, page = visitor(cloud)
    own = {"Origin": page.rstrip("/")}
    for origin in ({}, {"Origin": "null"}, {"Origin": "https://localhost:1"}, {"Origin": "https://evil.example"}):
        assert session.post(f"{page}clock", data={"seconds": "86400"}, headers=origin, timeout=10).status_code == 403
    assert session.post(f"{page}clock", data={"seconds": "1"}, headers=own, timeout=10).status_code == 400
    assert cloud.control("GET", "clock")["offset"] == 0
    for path, form in (("clock", {"seconds": "86400"}), ("faults", {"operation": "arm.*"})):
        assert session.post(page + path, data=form, headers=own, timeout=10).status_code == 200
    assert cloud.control("GET", "clock")["offset"] == 86400
    assert [fault["operation"] for fault in cloud.control("GET", "faults")["faults"]] == ["arm.*"]
    session.post(f"{page}faults/clear", headers=own, timeout=10)
    assert cloud.control("GET", "faults")["faults"] == []


def test_another_host_name_on_the_same_port_is_not_the_page(cloud: Cloud) -> None:
    session, page = visitor(cloud)
    assert session.get(page, headers={"Host": "rebound.example"}, timeout=10).status_code == 421


@pytest.mark.browser
def test_in_chromium_it_keeps_up_to_date_and_its_buttons_work(cloud: Cloud, tmp_path: Path) -> None:
    with chromium(cloud.description, tmp_path / "profile") as driver:
        driver.get(cloud.description["page"])
        assert "token" not in driver.current_url
        cloud.http.get(f"https://login.microsoftonline.com/{CONTOSO.id}/discovery/v2.0/keys", timeout=10)
        _until(driver, "requests", "entra.keys")
        Select(driver.find_element(By.NAME, "seconds")).select_by_visible_text("80 days")
        _press(driver, "Advance")
        _until(driver, "facts", "80 d ahead")
        _press(driver, "Throttle")
        _until(driver, "faults", "graph.*")
        _press(driver, "Clear all faults")
        _until(driver, "faults", "Nothing fails on purpose")
        assert driver.get_log("browser") == []  # type: ignore[attr-defined]  # Chromium's own
        for width in (400, 1400):
            size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            wide = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            assert driver.execute_script(wide), f"at {width} pixels it scrolls sideways"


def _patiently(driver: webdriver.Chrome) -> WebDriverWait[webdriver.Chrome]:
    """Asks again when what was found is gone: a form leads to a new page, and the page renews its parts by itself."""
    return WebDriverWait(driver, _PATIENCE_S, ignored_exceptions=(WebDriverException,))


def _press(driver: webdriver.Chrome, name: str) -> None:
    """Once: a click on what is gone reaches nothing, and is made again."""

    def click(there: webdriver.Chrome) -> bool:
        there.find_element(By.XPATH, f"//button[.='{name}']").click()
        return True

    _patiently(driver).until(click)


def _until(driver: webdriver.Chrome, part: str, text: str) -> None:
    _patiently(driver).until(lambda there: text in there.find_element(By.ID, part).text)
