"""The loopback listener over real sockets: only the answer to its own sign-in changes anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from provisioner.consent.answer import SignInAnswer, SignInCancelledError
from provisioner.consent.listener import MAX_BODY_BYTES, Listener, listen
from provisioner.consent.page import Page
from provisioner.core.errors import ConsentError, ConsentTimeoutError
from tests.consent.conftest import free_port

STATE = "the-state"
DONE = Page(True, "The sign-in is done", "All <well>.")
GOOD = {"code": "the-code", "state": STATE}


def _listening(
    play: Callable[[Listener, aiohttp.ClientSession, str], Awaitable[Any]], *, mode: Any = "query", tls: bool = False
) -> Any:
    """What `play` gives, called with a listener, an HTTP client and the reply URL."""

    async def run() -> Any:
        url = f"{'https' if tls else 'http'}://localhost:{free_port()}/signed/in"
        connector = aiohttp.TCPConnector(ssl=False)
        async with listen(url, STATE, mode) as listener, aiohttp.ClientSession(connector=connector) as browser:
            return await play(listener, browser, url)

    return asyncio.run(run())


async def _finish(listener: Listener, request: Awaitable[aiohttp.ClientResponse]) -> tuple[SignInAnswer, int, str]:
    asked = asyncio.ensure_future(request)
    answer = await listener.answer(5)
    listener.tell(DONE)
    response = await asked
    return answer, response.status, await response.text()


def test_the_answer_in_a_query_is_taken_and_its_page_says_what_came_of_it() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        return await _finish(listener, browser.get(url, params=GOOD))

    answer, status, text = _listening(play)
    assert (answer.code.reveal(), status) == ("the-code", 200)
    assert "The sign-in is done" in text
    assert "All &lt;well&gt;." in text


def test_the_answer_in_a_form_post_is_taken_over_tls() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        return await _finish(listener, browser.post(url, data=GOOD | {"id_token": "a.b.c"}))

    answer, status, _ = _listening(play, mode="form_post", tls=True)
    assert status == 200
    assert answer.id_token.reveal() == "a.b.c"


@pytest.mark.parametrize(
    ("method", "path", "fields", "status"),
    [
        ("GET", "/", GOOD, 404),
        ("GET", "/signed/in/", GOOD, 404),
        ("GET", "/favicon.ico", {}, 404),
        ("GET", "/signed/in", {}, 400),
        ("GET", "/signed/in", {"code": "x"}, 400),
        ("GET", "/signed/in", {"code": "x", "state": "other"}, 400),
        ("GET", "/signed/in", {"error": "access_denied", "state": "other"}, 400),
        ("GET", "/signed/in", {"state": STATE}, 400),
        ("HEAD", "/signed/in", GOOD, 405),
        ("POST", "/signed/in", GOOD, 405),
    ],
)
def test_anything_else_is_refused_and_the_wait_goes_on(
    method: str, path: str, fields: dict[str, str], status: int
) -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        strange = url.removesuffix("/signed/in") + path
        async with browser.request(method, strange, params=fields) as refused:
            assert refused.status == status
        return await _finish(listener, browser.get(url, params=GOOD))

    answer, _, _ = _listening(play)
    assert answer.code.reveal() == "the-code"


def test_an_oversized_answer_is_refused_and_the_wait_goes_on() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        async with browser.post(url, data=GOOD | {"code": "x" * (MAX_BODY_BYTES + 1)}) as refused:
            assert refused.status == 413
        return await _finish(listener, browser.post(url, data=GOOD))

    answer, _, _ = _listening(play, mode="form_post")
    assert answer.code.reveal() == "the-code"


def test_a_second_answer_does_not_replace_the_first() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        first = asyncio.ensure_future(browser.get(url, params=GOOD))
        answer = await listener.answer(5)
        async with browser.get(url, params=GOOD | {"code": "another"}) as second:
            assert second.status == 400
        listener.tell(DONE)
        assert (await first).status == 200
        return answer

    assert _listening(play).code.reveal() == "the-code"


def test_a_cancelled_sign_in_is_its_own_error() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> None:
        asked = asyncio.ensure_future(browser.get(url, params={"error": "access_denied", "state": STATE}))
        with pytest.raises(SignInCancelledError):
            await listener.answer(5)
        listener.tell(DONE)
        await asked

    _listening(play)


def test_the_deadline_ends_the_wait_and_counts_what_was_refused() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> str:
        async with browser.get(url, params={"code": "x", "state": "other"}):
            pass
        with pytest.raises(ConsentTimeoutError) as raised:
            await listener.answer(0.01)
        return raised.value.what

    assert "other sign-ins refused: 1" in _listening(play)


def test_a_browser_left_waiting_is_told_that_nothing_was_stored() -> None:
    async def run() -> str:
        url = f"http://localhost:{free_port()}/"
        async with aiohttp.ClientSession() as browser:
            async with listen(url, STATE, "query") as listener:
                asked = asyncio.ensure_future(browser.get(url, params=GOOD))
                await listener.answer(5)
            return await (await asked).text()

    assert "Nothing was stored" in asyncio.run(run())


def test_a_port_in_use_is_an_error_that_names_the_reply_url() -> None:
    async def run(port: int) -> None:
        async with listen(f"http://localhost:{port}/", STATE, "query"):
            pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConsentError) as raised:
            asyncio.run(run(port))
    assert f"http://localhost:{port}/" in raised.value.what
    assert "--mode paste" in raised.value.next_step


def test_ipv6_loopback_is_served_where_it_exists() -> None:
    async def play(listener: Listener, browser: aiohttp.ClientSession, url: str) -> Any:
        hosts = ["127.0.0.1", *(["[::1]"] if _has_ipv6_loopback() else [])]
        for host in hosts:
            async with browser.get(url.replace("localhost", host) + "/elsewhere") as answer:
                assert answer.status == 404

    _listening(play)


def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
