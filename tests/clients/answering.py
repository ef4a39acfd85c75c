"""Answers no emulator should give, put in the place of the service's own between our session and the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, StreamReader
from aiohttp.base_protocol import BaseProtocol
from multidict import CIMultiDict, CIMultiDictProxy


@dataclass
class Answering:
    """What is asked of a path that ends so gets this answer. sent: every URL that came by since."""

    path: str
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent.append(str(request.url))
        response = await handler(request)
        if request.url.path.endswith(self.path):
            await response.content.read()
            loop = asyncio.get_running_loop()
            response.content = StreamReader(BaseProtocol(loop), 2**16 + len(self.body), loop=loop)
            response.content.feed_data(self.body)
            response.content.feed_eof()
            response.status = self.status
            answered: Any = response  # its headers cannot be set otherwise
            answered._headers = CIMultiDictProxy(CIMultiDict({**response.headers, **self.headers}))
        return response
