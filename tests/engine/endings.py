"""How a run may end before its time, as the innermost middleware of its session."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, ServerDisconnectedError


class Killed(BaseException):
    """Not an error anybody could handle: the process is gone."""


@dataclass
class Silent:
    """From request `at` on (from 1) nothing gets out and the process is dead."""

    at: int
    sent: int = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent += self.counts(request)
        if self.sent < self.at:
            return await handler(request)
        return await self.struck(request, handler)

    def counts(self, request: ClientRequest) -> bool:
        return True

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        raise Killed


class Unanswered(Silent):
    """Write `at` is carried out, and the process dies before it hears of it. (A read unheard changes nothing.)"""

    def counts(self, request: ClientRequest) -> bool:
        reads = request.method in ("GET", "HEAD") or request.url.path.endswith(("/token", "/$batch", "/sign"))
        return not reads

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        (await handler(request)).release()
        raise Killed


class Unsent(Unanswered):
    """Write `at` never gets out. (A read that never does leaves what the write before it left.)"""

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        raise Killed


class CutOff(Unanswered):
    """Write `at` is carried out and unheard, then the network is gone; the process lives and tries to clean up."""

    async def struck(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        if self.sent == self.at and self.counts(request):
            (await handler(request)).release()
        raise ServerDisconnectedError
