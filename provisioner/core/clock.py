"""The only reader of time. On the emulator it is the emulator's clock, and sleeping may advance that clock instead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


async def _wait(seconds: float) -> None:
    await asyncio.sleep(seconds)


@dataclass
class Clock:
    """offset: what the emulator's clock is ahead of this machine's. wait: how a sleep of so many seconds is spent."""

    offset: timedelta = timedelta(0)
    wait: Callable[[float], Awaitable[None]] = field(default=_wait)

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC) + self.offset

    async def sleep(self, seconds: float) -> None:
        await self.wait(seconds)

    def monotonic_s(self) -> float:
        """For deadlines and durations: seconds that never run backwards, sleeps on an advanced clock included."""
        return time.monotonic() + self.offset.total_seconds()
