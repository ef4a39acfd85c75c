"""The one way out: an aiohttp session whose middlewares guard, retry and log everything this process sends.

On the emulator the host names stay Microsoft's; only the connection goes elsewhere (a resolver below TLS, and the
emulator's CA), so no URL in the code knows the difference, and nothing leaves the loopback.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from provisioner import __version__
from provisioner.clients.guard import guard
from provisioner.clients.retry import WholeResponse, retry
from provisioner.clients.sdk_logs import silence_sdks
from provisioner.core.clock import Clock

_SECRET_QUERY = frozenset({"code", "client_secret", "access_token", "refresh_token", "id_token", "state", "nonce"})
_REQUEST_ID_HEADERS = ("request-id", "x-ms-request-id", "MS-RequestId")


@dataclass(frozen=True)
class EmulatorEndpoint:
    """Where a running emulator listens, and the file of the CA that signed its certificates."""

    host: str
    port: int
    ca_file: Path


class _Loopback(AbstractResolver):
    """Every host name is the emulator."""

    def __init__(self, endpoint: EmulatorEndpoint) -> None:
        self._endpoint = endpoint

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=self._endpoint.host,
                port=self._endpoint.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


class RequestLog:
    """`--json-log`: one JSON line for each request sent.

    failure: why no more lines can be written (a full disk, say). The requests go on: an answer is worth more.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, request: ClientRequest, status: int, ms: float, request_id: str) -> None:
        line = {
            "method": request.method,
            "url": str(masked(request.url)),
            "status": status,
            "ms": round(ms, 1),
            "requestId": request_id,
        }
        if self.failure is None:
            try:
                self._stream.write(json.dumps(line) + "\n")
                self._stream.flush()
            except OSError as error:
                self.failure = error


def masked(url: URL) -> URL:
    """The URL with the values of secret query parameters replaced by `***`."""
    pairs = [(name, "***" if name in _SECRET_QUERY else value) for name, value in url.query.items()]
    return url.with_query(pairs) if pairs else url


def open_session(
    clock: Clock,
    *,
    emulator: EmulatorEndpoint | None = None,
    log: RequestLog | None = None,
    verb: str = "",
    innermost: Sequence[ClientMiddlewareType] = (),
) -> aiohttp.ClientSession:
    """A session to Microsoft's clouds, or to the emulator when one is given. The caller closes it.

    verb: the command that asks; each request names it, so that a service's log tells a plan from an apply.
    innermost: between everything here and the wire, each attempt of a request passing through; a test cuts the wire.
    """
    silence_sdks()
    context = ssl.create_default_context(cafile=None if emulator is None else str(emulator.ca_file))
    connector = aiohttp.TCPConnector(
        ssl=context, resolver=None if emulator is None else _Loopback(emulator), limit=100, keepalive_timeout=30
    )
    agent = user_agent(verb)
    middlewares = [_named(agent), guard, retry(clock), *([_logged(log)] if log else []), *innermost]
    if emulator is not None:
        middlewares.append(_only_to(emulator))
    return aiohttp.ClientSession(
        connector=connector,
        response_class=WholeResponse,
        middlewares=middlewares,
        headers={"User-Agent": agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=emulator is None,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60),
    )


def user_agent(verb: str) -> str:
    """`provisioner/0.1.0 (plan)`."""
    return f"provisioner/{__version__}" + (f" ({verb})" if verb else "")


def _named(agent: str) -> ClientMiddlewareType:
    async def named(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """An SDK says who it is: we are named after it."""
        told = request.headers.get("User-Agent", "")
        if agent not in told:
            request.headers["User-Agent"] = f"{told} {agent}".strip()
        return await handler(request)

    return named


def _only_to(emulator: EmulatorEndpoint) -> ClientMiddlewareType:
    async def only_to_it(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """An address is not a name: the resolver never sees it, and a managed identity is asked at one."""
        if _is_address(request.url.host) and (request.url.host, request.url.port) != (emulator.host, emulator.port):
            raise aiohttp.InvalidUrlClientError(request.url, "on the emulator nothing is sent anywhere else")
        return await handler(request)

    return only_to_it


def _is_address(host: str | None) -> bool:
    try:
        ipaddress.ip_address(host or "")
    except ValueError:
        return False
    return True


def _logged(log: RequestLog) -> ClientMiddlewareType:
    async def logged(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        started = time.perf_counter()
        try:
            response = await handler(request)
        except aiohttp.ClientError:
            log.write(request, 0, (time.perf_counter() - started) * 1000, "")
            raise
        request_id = next((response.headers[name] for name in _REQUEST_ID_HEADERS if name in response.headers), "")
        log.write(request, response.status, (time.perf_counter() - started) * 1000, request_id)
        return response

    return logged
