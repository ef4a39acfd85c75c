"""What is sent again, and what is not: the session's middleware between the guard and the wire.

An answer counts when it has come whole: a connection may be cut in the middle of a body, and a proxy may send half of
one as if it were all. So the body is read here, for whoever sent the request, an SDK or ourselves.

A read is repeated. A write that was not heard of may have been carried out, so it is not sent again: whoever asked for
it looks first, then decides (design section 5).
"""

from __future__ import annotations

import json

import aiohttp
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from aiohttp.payload import Payload

from provisioner.clients.guard import is_read
from provisioner.core.clock import Clock

MAX_BODY_BYTES = 16 * 1024 * 1024
LONGEST_WAIT_S = 120.0
_ATTEMPTS = 5
_NOT_DONE = 429
_PASSING = frozenset({_NOT_DONE, 502, 503, 504})


class NoAnswerError(aiohttp.ClientConnectionError):
    """No whole answer came. write: what was asked may have been done all the same.

    Not one of the classes for which aiohttp itself sends a PUT or DELETE, or all of our repeats, once more.
    """

    def __init__(self, cause: str, *, write: bool) -> None:
        super().__init__(cause)
        self.write = write


class _TooLargeError(aiohttp.ClientPayloadError):
    """A body larger than any documented answer."""


class WholeResponse(ClientResponse):
    """A response whose body is bounded, whoever reads it."""

    async def read(self) -> bytes:
        """The body. Raises aiohttp.ClientPayloadError when it is cut short, or larger than any documented answer."""
        if self._body is None:
            try:
                self._body = await self._bounded()
            except BaseException:
                self.close()
                raise
        return await super().read()

    async def _bounded(self) -> bytes:
        chunks: list[bytes] = []
        left = MAX_BODY_BYTES
        while chunk := await self.content.read(left + 1):
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0:
                raise _TooLargeError(f"the answer is larger than {MAX_BODY_BYTES} bytes")
        return b"".join(chunks)


def retry_after_s(value: str | None, attempt: int) -> float:
    """Seconds to wait before attempt number `attempt` + 1: what the service asked, else 1, 2, 4, 8 (sam-facts 6.3)."""
    if value is not None and value.strip().isdigit():
        return max(float(value), 1.0)
    return float(2**attempt)


def retry(clock: Clock) -> ClientMiddlewareType:
    """Repeats within a budget what may be repeated. Raises NoAnswerError; what aiohttp raises for what never got out.

    429 says that nothing was done, and so does a connection that was never made: those are repeated for writes too.
    An answer that stays half of one is given as it is: whoever asked says that it is not in its documented shape.
    """

    async def retried(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        attempt = 0
        while True:
            last = attempt == _ATTEMPTS - 1
            wait = retry_after_s(None, attempt)
            try:
                response = await handler(request)
                whole = _is_whole(response, await response.read())
            except (aiohttp.ConnectionTimeoutError, _TooLargeError):
                raise
            except aiohttp.ClientConnectorError:
                if last:
                    raise
            except _LOST as error:
                spent = last or isinstance(error, TimeoutError)  # which has taken long enough
                if spent or not await _repeatable(request):
                    raise NoAnswerError(type(error).__name__, write=not await _repeatable(request)) from error
            else:
                if response.status in _PASSING:
                    wait = retry_after_s(response.headers.get("Retry-After"), attempt)
                elif whole:
                    return response
                harmless = response.status == _NOT_DONE or await _repeatable(request)
                if not (harmless or whole):
                    raise NoAnswerError("half of the answer is missing", write=True)
                if last or not harmless or wait > LONGEST_WAIT_S:
                    return response
            await clock.sleep(wait)
            attempt += 1

    return retried


# The request went out, or may have. What else aiohttp raises (for an address that is none, say) is no lost answer.
_LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)


def _is_whole(response: ClientResponse, body: bytes) -> bool:
    """Whether a body that should be JSON is."""
    if not body or "json" not in response.headers.get("Content-Type", "").lower():
        return True
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


async def _repeatable(request: ClientRequest) -> bool:
    """Whatever only reads, but for a token request that redeems a code, which works once."""
    if not await is_read(request):
        return False
    if not request.url.path.endswith("/token") or not isinstance(request.body, Payload):
        return True
    return b"authorization_code" not in await request.body.as_bytes()
