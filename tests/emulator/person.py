"""A person with a browser, as far as the sign-in needs one: reads the form on a page, fills it in, presses a button."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class _Form(HTMLParser):
    """The first form of a page: where it posts, and the hidden and text fields it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = values["action"]
        if tag == "input" and values.get("type") != "checkbox":
            self.fields[values["name"]] = values.get("value", "")


@dataclass
class Person:
    """Signs in with these; `on_consent` is the button pressed on the consent screen."""

    http: requests.Session
    username: str
    password: str
    otp: str = ""
    on_consent: str = "accept"
    tenant_wide: bool = False
    seen: list[str] = field(default_factory=list)

    def sign_in(self, url: str, parameters: dict[str, str]) -> tuple[str, dict[str, str] | None]:
        """Follow the pages to the end: (address, fields of the form post) or (address redirected to, None)."""
        answer = self.http.get(url, params=parameters, allow_redirects=False)
        for _ in range(5):
            if answer.status_code == 302:
                return answer.headers["Location"], None
            form = _Form(answer.text)
            if form.action is None:
                raise AssertionError(f"a page without a form: {answer.text}")
            target = urljoin(answer.url, form.action)
            if "handle" not in form.fields:
                return target, form.fields
            answer = self.http.post(target, data=form.fields | self._filled_in(form), allow_redirects=False)
        raise AssertionError(f"the sign-in does not end: {answer.text}")

    def _filled_in(self, form: _Form) -> dict[str, str]:
        if "password" in form.fields:
            self.seen.append("password")
            return {"username": self.username, "password": self.password, "action": "next"}
        if "otp" in form.fields:
            self.seen.append("otp")
            return {"otp": self.otp, "action": "verify"}
        self.seen.append("consent")
        return {"action": self.on_consent} | ({"tenant_wide": "yes"} if self.tenant_wide else {})
