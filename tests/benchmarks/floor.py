"""The floor: what one clean plan must at least cost. Bare aiohttp, tokens by azure-identity, no comparison, no output.

Standard input holds {"ca", "host", "port", "tenant", "client", "secret", "rounds": [[{"method", "url", "body"}]]}: the
requests of one plan, those of a round at the same time. Prints nothing; run as a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import ClientSecretCredential
from yarl import URL

_AUDIENCES = {
    "graph.microsoft.com": "https://graph.microsoft.com",
    "management.azure.com": "https://management.azure.com",
}


class _Loopback(AbstractResolver):
    def __init__(self, wanted: dict[str, Any]) -> None:
        self._wanted = wanted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        address, number = self._wanted["host"], self._wanted["port"]
        return [
            ResolveResult(hostname=host, host=address, port=number, family=socket.AF_INET, proto=0, flags=0),
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def main(wanted: dict[str, Any]) -> None:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=wanted["ca"]), resolver=_Loopback(wanted))
    async with aiohttp.ClientSession(connector=connector) as session:
        transport = AioHttpTransport(session=session, session_owner=False)
        credential = ClientSecretCredential(wanted["tenant"], wanted["client"], wanted["secret"], transport=transport)
        audiences = ("https://graph.microsoft.com", "https://management.azure.com", "https://vault.azure.net")
        tokens = await asyncio.gather(*(credential.get_token(f"{audience}/.default") for audience in audiences))
        held = dict(zip(audiences, (token.token for token in tokens), strict=True))

        async def send(request: dict[str, Any]) -> None:
            host = URL(request["url"]).host or ""
            token = held[_AUDIENCES.get(host, "https://vault.azure.net")]
            headers = {"Authorization": f"Bearer {token}"}
            async with session.request(
                request["method"], request["url"], json=request["body"], headers=headers
            ) as response:
                json.loads(await response.read())
                response.raise_for_status()

        for requests in wanted["rounds"]:
            await asyncio.gather(*map(send, requests))
        await credential.close()


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
