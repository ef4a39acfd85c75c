"""A person at a browser, as far as a sign-in needs one: reads the form on a page, fills it in, presses a button.

Knows nothing of our code; the demo and the tests of `consent` have it play the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

_MOST_PAGES = 12
_ABOUT_THE_ACCOUNT = ("account", "other account")
_OURS_TO_SHOW = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Person:
    """What somebody knows and does. at_password: the button pressed there. at_consent: the one pressed there."""

    username: str
    password: str
    otp: str = ""
    at_password: Literal["next", "cancel"] = "next"
    at_consent: Literal["accept", "cancel"] = "accept"


@dataclass(frozen=True)
class Ending:
    """How a sign-in ended. address: the page the browser ends on. fields: the answer for the application.

    status and page: what the application showed; 0 and "" where nothing was asked to show it.
    asked: the pages gone through, of "password", "code", "device" (go on with a code typed) and "consent".
    """

    address: str
    fields: dict[str, str]
    status: int = 0
    page: str = ""
    asked: tuple[str, ...] = ()


class StuckError(Exception):
    """A page with nothing to press: the sign-in service shows an error."""


@dataclass
class _Form(HTMLParser):
    """The first form of a page. inputs: hidden and text fields; buttons: the values of `action`."""

    page: str
    action: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = values.get("action", "")
        elif tag == "input" and values.get("type") != "checkbox":
            self.inputs[values["name"]] = values.get("value", "")
        elif tag == "button" and values.get("name") == "action":
            self.buttons.append(values.get("value", ""))


def through_proxy(proxy: str, ca: str) -> requests.Session:
    """HTTP to the cloud behind a proxy, trusting its authority; what the environment says of proxies counts nothing."""
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": proxy}
    session.verify = ca
    return session


class Robot:
    """A fresh browser each: no cookies of another one. The cloud is reached through its proxy, localhost directly."""

    def __init__(self, proxy: str, ca: str) -> None:
        self._cloud = through_proxy(proxy, ca)

    def sign_in(self, url: str, person: Person, *, deliver: bool = True) -> Ending:
        """From an authorize address to the end; with `deliver` the answer is carried to a localhost reply URL.

        Raises: StuckError with the text of a page that leads nowhere.
        """
        asked: list[str] = []
        ending = self._walked(self._cloud.get(url, allow_redirects=False), person, asked, deliver=deliver)
        return replace(ending, asked=tuple(asked))

    def type_code(self, url: str, code: str, person: Person) -> Ending:
        """Open the page a program named, type its code there and sign in; ends on a page that has nothing to press.

        Raises: StuckError when the page shows an error instead.
        """
        page = self._cloud.get(url)
        form = _Form(page.text)
        answer = self._cloud.post(
            urljoin(page.url, form.action), data=form.inputs | {"otc": code}, allow_redirects=False
        )
        asked: list[str] = []
        try:
            self._walked(answer, person, asked, deliver=False)
        except StuckError as stuck:
            if "AADSTS" in str(stuck):
                raise
            return Ending(url, {}, 200, str(stuck), tuple(asked))
        raise StuckError("the device page sent the person elsewhere")

    def _walked(self, answer: requests.Response, person: Person, asked: list[str], *, deliver: bool) -> Ending:
        last = ""
        for _ in range(_MOST_PAGES):
            if answer.is_redirect:
                address = urljoin(answer.url, answer.headers["Location"])
                if urlsplit(address).hostname != urlsplit(answer.url).hostname:
                    return self._redirected(address, deliver=deliver)
                if _answer_in(address):
                    return Ending(address, _answer_in(address))  # the nativeclient page: the person copies its address
                answer = self._cloud.get(address, allow_redirects=False)
                continue
            form = _Form(answer.text)
            if form.action is None:
                raise StuckError(answer.text)
            target = urljoin(answer.url, form.action)
            if urlsplit(target).hostname != urlsplit(answer.url).hostname:
                return self._posted(target, form.inputs, deliver=deliver)
            page = _asks(form, person)
            if page == last and "AADSTS" in answer.text:  # it stays, and says what is wrong with what was typed
                raise StuckError(answer.text)
            last = page
            if page not in _ABOUT_THE_ACCOUNT:
                asked.append(page)
            answer = self._cloud.post(target, data=form.inputs | _filled_in(page, person), allow_redirects=False)
        raise StuckError(f"no end after {_MOST_PAGES} pages: {answer.text}")

    def _redirected(self, address: str, *, deliver: bool) -> Ending:
        if not deliver or urlsplit(address).hostname not in _OURS_TO_SHOW:
            return Ending(address, _answer_in(address))
        shown = _application().get(address, allow_redirects=False)
        return Ending(address, _answer_in(address), shown.status_code, shown.text)

    def _posted(self, target: str, fields: dict[str, str], *, deliver: bool) -> Ending:
        if not deliver or urlsplit(target).hostname not in _OURS_TO_SHOW:
            return Ending(target, fields)
        shown = _application().post(target, data=fields, allow_redirects=False)
        return Ending(target, fields, shown.status_code, shown.text)


def _application() -> requests.Session:
    """Localhost has a certificate made for one sign-in: the person says yes to the browser's question."""
    session = requests.Session()
    session.trust_env = False
    session.verify = False
    return session


def _answer_in(address: str) -> dict[str, str]:
    parts = urlsplit(address)
    return dict(parse_qsl(parts.query or parts.fragment))


def _asks(form: _Form, person: Person) -> str:
    if "password" in form.inputs:
        mine = form.inputs.get("username", "").lower() == person.username.lower()
        return "password" if mine else "other account"
    if "otp" in form.inputs:
        return "code"
    if "continue" in form.buttons:
        return "device"
    return "account" if "username" in form.inputs else "consent"


def _filled_in(asked: str, person: Person) -> dict[str, str]:
    if asked == "account":
        return {"username": person.username, "action": "next"}
    if asked == "other account":
        return {"action": "back"}
    if asked == "password":
        return {"password": person.password, "action": person.at_password}
    if asked == "device":
        return {"action": "continue"}
    if asked == "code":
        return {"otp": person.otp, "action": "verify"}
    return {"action": person.at_consent}
