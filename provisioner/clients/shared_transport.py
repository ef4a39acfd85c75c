"""azure-core's transport over the one session that everything we send goes through."""

from __future__ import annotations

import aiohttp
from azure.core.pipeline.transport import AioHttpTransport

from provisioner.core.clock import Clock


class _SharedTransport(AioHttpTransport):  # type: ignore[misc]  # azure-core exports it without its type
    """Waits by our clock: pollers of long operations ask their transport to sleep."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        super().__init__(session=session, session_owner=False)
        self._clock = clock

    async def sleep(self, duration: float) -> None:
        await self._clock.sleep(duration)


def shared_transport(session: aiohttp.ClientSession, clock: Clock) -> AioHttpTransport:
    """azure-core's transport over our session; one for each client, none of which closes it."""
    return _SharedTransport(session, clock)
