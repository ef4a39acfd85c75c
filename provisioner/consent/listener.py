"""A listener on the loopback for one answer to one sign-in.

Only a request to the reply URL's path, by the method Entra was asked to use, with the state that was sent, is the
answer; anything else is refused and changes nothing, and the wait goes on until the deadline. The browser gets its
page when the caller says what came of the answer, so the page never promises what did not happen.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web

from provisioner.consent import page
from provisioner.consent.answer import SignInAnswer, read_answer, same_state
from provisioner.consent.certificate import localhost_context
from provisioner.core.clock import Clock
from provisioner.core.durations import in_words
from provisioner.core.errors import ConsentError, ConsentTimeoutError

MAX_BODY_BYTES = 64 * 1024
_SHUTDOWN_S = 2
_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_HEADERS = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Listener:
    """Waits for the answer whose state is `state`; made by `listen`."""

    def __init__(self, path: str, state: str, response_mode: Literal["query", "form_post"]) -> None:
        self._path = path
        self._state = state
        self._method = "GET" if response_mode == "query" else "POST"
        self._fields: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        self._outcome: asyncio.Future[page.Page] = asyncio.get_running_loop().create_future()
        self._refused = 0

    async def answer(self, timeout_s: float) -> SignInAnswer:
        """The answer. Raises ConsentTimeoutError at the deadline, and what `read_answer` raises."""
        try:
            async with asyncio.timeout(timeout_s):
                return read_answer(await asyncio.shield(self._fields))
        except TimeoutError:
            raise ConsentTimeoutError(
                f"nobody finished the sign-in within {in_words(timeout_s)}{self._refusals()}",
                where="the sign-in",
                next_step="run the same command again, or use --mode paste if the browser is on another machine",
            ) from None

    def tell(self, outcome: page.Page) -> None:
        """Show the waiting browser what came of its answer; the first one told stays."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    async def handle(self, request: web.Request) -> web.Response:
        if request.path != self._path:
            return _reply(404, page.NOT_HERE)
        if request.method != self._method:
            return web.Response(status=405, headers={**_HEADERS, "Allow": self._method})
        fields = await _fields(request)
        if not same_state(self._state, fields.get("state", "")) or not fields.keys() & {"code", "error"}:
            self._refused += 1
            return _reply(400, page.NOT_THIS_SIGN_IN)
        if self._fields.done():
            return _reply(400, page.ALREADY_ANSWERED)
        self._fields.set_result(fields)
        return _reply(200, await asyncio.shield(self._outcome))

    def _refusals(self) -> str:
        return f" (answers of other sign-ins refused: {self._refused})" if self._refused else ""


@asynccontextmanager
async def listen(reply_url: str, state: str, response_mode: Literal["query", "form_post"]) -> AsyncIterator[Listener]:
    """Listen where a localhost reply URL points, on 127.0.0.1 and, where it exists, ::1.

    Raises: ConsentError when the port cannot be had.
    """
    parts = urlsplit(reply_url)
    listener = Listener(parts.path or "/", state, response_mode)
    context = localhost_context(Clock().now()) if parts.scheme == "https" else None
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.router.add_route("*", "/{path:.*}", listener.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        for loopback in _sockets(parts.port or (443 if context else 80), reply_url):
            await web.SockSite(runner, loopback, ssl_context=context).start()
        yield listener
    finally:
        listener.tell(page.STOPPED)
        await runner.cleanup()


def _sockets(port: int, reply_url: str) -> list[socket.socket]:
    """Both loopback addresses, or none: a stranger on one of them would get the browser's answer."""
    found: list[socket.socket] = []
    try:
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            if (bound := _bind(family, host, port)) is not None:
                found.append(bound)
    except OSError as error:
        for bound in found:
            bound.close()
        raise ConsentError(
            f"cannot listen on {reply_url}: {os.strerror(error.errno or 0)}",
            where="application.replyUrls",
            next_step="end the program that uses this port, put another port in the reply URL, or use --mode paste",
        ) from error
    return found


def _bind(family: socket.AddressFamily, host: str, port: int) -> socket.socket | None:
    """A bound socket; None when this machine has no such address (many have no IPv6)."""
    bound: socket.socket | None = None
    try:
        bound = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as error:
        if bound is not None:
            bound.close()
        if family == socket.AF_INET6 and error.errno in _NO_SUCH_FAMILY:
            return None
        raise
    return bound


async def _fields(request: web.Request) -> dict[str, str]:
    """The answer's fields. aiohttp answers 413 to a body above the bound, and 400 to a header above its own."""
    if request.method == "GET":
        return dict(request.query)
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _reply(status: int, shown: page.Page) -> web.Response:
    return web.Response(status=status, text=page.html(shown), content_type="text/html", headers=_HEADERS)
