"""What a person may paste, and what is refused."""

from __future__ import annotations

import pytest

from provisioner.consent.answer import SignInCancelledError, StateMismatchError
from provisioner.consent.paste import parse_pasted
from provisioner.consent.reply_url import for_browser, for_paste
from provisioner.core.errors import ConsentError, SignInError
from provisioner.spec.model import ReplyUrl

STATE = "s-1"
CODE = "1.AXEAMe4.AgABAwEAAAB"


@pytest.mark.parametrize(
    "pasted",
    [
        f"http://localhost:8400/?code={CODE}&state={STATE}&session_state=x",
        f"https://login.microsoftonline.com/common/oauth2/nativeclient?code={CODE}&state={STATE}",
        f"urn:ietf:wg:oauth:2.0:oob?code={CODE}&state={STATE}",
        f"https://localhost:44395/#code={CODE}&state={STATE}",
        f' "http://localhost/?code={CODE}\n&state={STATE}" ',  # a terminal broke the line
        CODE,
        f"  {CODE}\n",
    ],
)
def test_an_address_or_a_bare_code_is_understood(pasted: str) -> None:
    assert parse_pasted(pasted, STATE).code.reveal() == CODE


@pytest.mark.parametrize(
    ("pasted", "error"),
    [
        (f"http://localhost/?code={CODE}&state=other", StateMismatchError),
        (f"http://localhost/?code={CODE}", StateMismatchError),  # an address always has one
        (f"http://localhost/?error=access_denied&state={STATE}", SignInCancelledError),
        ("http://localhost/?error=access_denied&state=other", StateMismatchError),
        (
            f"http://localhost/?error=interaction_required&error_description=AADSTS50076%3A+MFA&state={STATE}",
            SignInError,
        ),
        (f"http://localhost/?code=&state={STATE}", ConsentError),
        ("", ConsentError),
        ("http://localhost/", ConsentError),
        ("I do not know", ConsentError),
        ("A" * 70_000, ConsentError),
    ],
)
def test_what_is_no_answer_to_this_sign_in_is_refused(pasted: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_pasted(pasted, STATE)


def test_a_pasted_code_never_shows_itself() -> None:
    assert CODE not in repr(parse_pasted(CODE, STATE))


def _urls(*uris: str, platform: str = "web") -> tuple[ReplyUrl, ...]:
    return tuple(ReplyUrl(uri=uri, platform=platform) for uri in uris)  # type: ignore[arg-type]  # two literals


def test_browser_listens_on_http_before_https() -> None:
    assert for_browser(_urls("https://localhost:44395/", "http://localhost:8400/")) == "http://localhost:8400/"


def test_browser_without_a_localhost_url_on_web_says_what_to_add() -> None:
    for urls in (_urls("https://app.example/"), _urls("http://localhost/", platform="publicClient"), ()):
        with pytest.raises(ConsentError) as raised:
            for_browser(urls)
        assert "--mode paste" in raised.value.next_step


def test_paste_prefers_pages_made_for_it() -> None:
    oob = "urn:ietf:wg:oauth:2.0:oob"
    assert for_paste(_urls("https://app.example/", "http://localhost:8400/", oob)) == oob
    assert for_paste(_urls("https://app.example/", "http://localhost:8400/")) == "http://localhost:8400/"
    assert for_paste(_urls("https://app.example/")) == "https://app.example/"
