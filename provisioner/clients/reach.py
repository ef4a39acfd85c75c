"""Whether a host answers at all, and what time it has: one request without a token, whatever it is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from provisioner.core.errors import UnreachableError


async def reach(session: aiohttp.ClientSession, url: str) -> datetime | None:
    """The time in the answer's Date header, UTC; None when it has none. Raises UnreachableError."""
    try:
        async with session.get(url, allow_redirects=False) as response:
            told = response.headers.get("Date", "")
    except (aiohttp.ClientError, TimeoutError) as error:
        host = url.split("/")[2]
        text = f"{host} does not answer ({type(error).__name__})"
        raise UnreachableError(
            host, "reach", 0, "", text, next_step=f"curl -sv https://{host}/ -o /dev/null   # name, route, proxy, TLS"
        ) from error
    try:
        return parsedate_to_datetime(told).astimezone(UTC)
    except ValueError:
        return None
