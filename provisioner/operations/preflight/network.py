"""Whether every host answers, and whether this machine's clock is right. Needs no identity."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import aiohttp

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.reach import reach
from provisioner.core.clock import Clock
from provisioner.core.errors import UnreachableError
from provisioner.operations.preflight.check import Check, failed, passed, unknown

CLOCK = "clock"
_TOLERATED = timedelta(minutes=5)  # Entra's own tolerance for assertions and tokens


async def hosts(session: aiohttp.ClientSession, cloud: CloudEndpoints, tenant: str, clock: Clock) -> tuple[Check, ...]:
    """The clock first, then one check for each service that a set-up needs from the start."""
    services = {
        "loginHost": f"{cloud.authority}/{tenant}/v2.0/.well-known/openid-configuration",
        "graphHost": f"{cloud.graph}/v1.0/organization",
        "armHost": f"{cloud.arm}/subscriptions?api-version=2022-12-01",
        "partnerCenterHost": f"{cloud.partner_center}/v1/profiles/organization",
    }
    answers = await asyncio.gather(*(_answer(session, name, url) for name, url in services.items()))
    times = [time for _, time in answers if time is not None]
    return (clock_check(times[0] if times else None, clock), *(check for check, _ in answers))


async def vault_host(session: aiohttp.ClientSession, url: str) -> Check:
    """The vault's; to be asked only once ARM says that it exists (negative DNS answers are cached)."""
    return (await _answer(session, "vaultHost", f"{url}/secrets?api-version=7.5"))[0]


async def _answer(session: aiohttp.ClientSession, name: str, url: str) -> tuple[Check, datetime | None]:
    host = url.split("/")[2]
    try:
        time = await reach(session, url)
    except UnreachableError as error:
        return failed(name, error.message, error.next_step), None
    return passed(name, f"{host} answers"), time


def clock_check(theirs: datetime | None, clock: Clock) -> Check:
    """Against this machine's own time: what the emulator's clock is ahead is no fault of the machine's."""
    if theirs is None:
        return unknown(CLOCK, "no service told its time", "mend what keeps the hosts from answering")
    off = clock.now() - clock.offset - theirs
    seconds = round(off.total_seconds())
    told = f"this machine's clock is {abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}"
    if abs(off) > _TOLERATED:
        return failed(CLOCK, f"{told}: signatures and tokens are refused", "sudo timedatectl set-ntp true")
    return passed(CLOCK, f"{told}, which is fine" if abs(seconds) > 1 else "this machine's clock is right")
