"""Partner Center's oddities (sam-facts 4.5): marks, pages, errors; each odd reply from a server of one function."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from provisioner.clients.clouds import endpoints
from provisioner.clients.partner_center import Page, PartnerCenterClient, next_page
from provisioner.core.errors import (
    ApiReplyError,
    ForbiddenError,
    ServiceUnavailableError,
    UnauthorizedError,
    UnreachableError,
)
from provisioner.core.secret import Secret

TOKEN = "header.canary-token.signature"


def _next(uri: str, *headers: tuple[str, str]) -> dict[str, Any]:
    link = {"uri": uri, "method": "GET", "headers": [{"key": key, "value": value} for key, value in headers]}
    return {"links": {"next": link}}


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("/v1/customers?size=40&seekOperation=Next", "/v1/customers?size=40&seekOperation=Next"),
        ("/customers?size=40&seekOperation=Next", "/v1/customers?size=40&seekOperation=Next"),  # lacks /v1
        ("customers?size=40", "/v1/customers?size=40"),
        ("/customers?size=40?seekOperation=Next", "/v1/customers?size=40&seekOperation=Next"),  # two question marks
        ("https://elsewhere.example/v1/customers?size=1", "/v1/customers?size=1"),  # the origin is never an answer's
        ("/customers", "/v1/customers"),
    ],
)
def test_the_address_of_a_next_page_is_mended(uri: str, path: str) -> None:
    assert next_page(_next(uri)) == Page(path)


def test_a_next_page_cannot_change_who_asks() -> None:
    page = next_page(_next("/customers", ("MS-ContinuationToken", "abc"), ("Authorization", "x"), ("Host", "y")))
    assert page == Page("/v1/customers", (("MS-ContinuationToken", "abc"),))


@pytest.mark.parametrize("body", [{}, {"links": None}, {"links": {"self": {"uri": "/x"}}}, {"links": {"next": None}}])
def test_no_next_link_is_the_last_page(body: dict[str, Any]) -> None:
    assert next_page(body) is None


def _asked(answer: Callable[[web.Request], web.Response], call: Callable[[PartnerCenterClient], Any]) -> Any:
    """What a client's call gives against a server of one function."""

    async def run() -> Any:
        async def handle(request: web.Request) -> web.Response:
            return answer(request)

        application = web.Application()
        application.router.add_get("/{path:.*}", handle)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        cloud = replace(endpoints("public"), partner_center=f"http://127.0.0.1:{port}")
        try:
            async with aiohttp.ClientSession() as session:
                return await call(PartnerCenterClient(session, cloud, Secret(TOKEN)))
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def _json(body: Any, status: int = 200, **headers: str) -> web.Response:
    return web.Response(status=status, body=b"\xef\xbb\xbf" + json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize(("said", "mfa"), [("true", True), ("False", False), ("", None), (None, None)])
def test_the_mfa_header_has_three_answers(said: str | None, mfa: bool | None) -> None:
    def answer(request: web.Request) -> web.Response:
        assert request.headers["ValidateMfa"] == "true"
        assert request.headers["MS-Contract-Version"] == "v1"
        headers = {} if said is None else {"isMfaCompliant": said}
        return _json({"tenantId": "ABC", "companyName": "Contoso", "domain": "c.example"}, **headers)

    profile, found = _asked(answer, lambda client: client.get_organization_profile(validate_mfa=True))
    assert (profile.tenant_id, found) == ("abc", mfa)


def test_pages_are_followed_with_their_headers_until_the_limit() -> None:
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.headers.get("MS-ContinuationToken", ""))
        items = [{"id": f"{len(asked)}-{number}", "companyProfile": {}} for number in range(2)]
        return _json({"items": items, **_next("/customers?seek", ("MS-ContinuationToken", str(len(asked))))})

    found = _asked(answer, lambda client: client.list_customers(5))
    assert len(found) == 5
    assert asked == ["", "1", "2"]


def test_pages_that_never_end_are_an_error_not_a_hang() -> None:
    def answer(request: web.Request) -> web.Response:
        return _json({"items": [], **_next("/customers?seek", ("MS-ContinuationToken", "same"))})

    with pytest.raises(ApiReplyError, match="pages do not end"):
        _asked(answer, lambda client: client.list_customers())


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (401, b'\xef\xbb\xbf{"code":900421,"description":"MFA","data":[],"source":"x"}', UnauthorizedError, "900421"),
        (401, b"", UnauthorizedError, ""),
        (403, b'{"code":"2032","description":"Access denied."}', ForbiddenError, "2032"),
        (500, b'{"statusCode":500,"message":"oops"}', ServiceUnavailableError, "500"),
        (502, b"<html><body>Bad gateway canary</body></html>", ServiceUnavailableError, ""),
        (200, b"<html>", ApiReplyError, ""),
        (200, b"[]", ApiReplyError, ""),
        (200, b'{"items":"none"}', ApiReplyError, ""),
    ],
)
def test_every_shape_of_error_is_ours(status: int, body: bytes, error: type[Exception], code: str) -> None:
    with pytest.raises(error) as raised:
        _asked(lambda request: web.Response(status=status, body=body), lambda client: client.list_customers())
    assert raised.value.code == code  # type: ignore[attr-defined]  # all of them are ApiErrors
    assert "canary" not in str(raised.value)


def test_no_answer_is_unreachable() -> None:
    async def run() -> None:
        cloud = replace(endpoints("public"), partner_center="http://127.0.0.1:9")
        async with aiohttp.ClientSession() as session:
            await PartnerCenterClient(session, cloud, Secret(TOKEN)).list_customers()

    with pytest.raises(UnreachableError):
        asyncio.run(run())
