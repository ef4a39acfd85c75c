"""Where a spec's requests go: Microsoft's clouds, or the emulator. One session for each, never shared between them.

The emulator a command uses is the one PROVISIONER_EMULATOR names, else the one started last while it lives, else the
default folder, served by who does already or by this very process (design section 8).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from provisioner.cli.emulator_runners import EmulatorRunners, emulator_runners
from provisioner.clients.runner_identities import RunnerIdentity
from provisioner.clients.session import EmulatorEndpoint, RequestLog, open_session
from provisioner.core.clock import Clock
from provisioner.core.errors import ProvisionerError
from provisioner.emulator.note import VARIABLE, Note, default_state, live_note
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class Target:
    """A session and what goes with it. note and runners: the emulator's."""

    session: aiohttp.ClientSession
    clock: Clock
    note: Note | None = None
    runners: EmulatorRunners | None = None

    def identity(self, spec: Spec) -> RunnerIdentity | None:
        """Who applies this spec; None: as it says itself, or the environment. Raises ProvisionerError."""
        return None if self.runners is None else self.runners.of(spec).identity

    def passed_over(self, spec: Spec) -> str:
        """What to tell the person of an identity that is not taken; "" otherwise."""
        return "" if self.runners is None else self.runners.of(spec).passed_over


def goes_to_emulator(spec: Spec, *, only_emulator: bool) -> bool:
    """True when the spec's requests go to the emulator. only_emulator: `--emulator` was given."""
    return only_emulator or spec.cloud == "emulator"


class Targets:
    """Opens each target at its first use; all are closed together."""

    def __init__(self, stack: AsyncExitStack, log: RequestLog | None, verb: str, *, only_emulator: bool) -> None:
        self._stack = stack
        self._log = log
        self._verb = verb
        self._only_emulator = only_emulator
        self._opened: dict[bool, Target] = {}
        self._lock = asyncio.Lock()

    async def of(self, spec: Spec) -> Target:
        """The target of a spec. Raises ProvisionerError when the emulator cannot be reached."""
        emulated = goes_to_emulator(spec, only_emulator=self._only_emulator)
        async with self._lock:
            if emulated not in self._opened:
                opening = (_emulator if emulated else _microsoft)(self._log, self._verb)
                self._opened[emulated] = await self._stack.enter_async_context(opening)
            target = self._opened[emulated]
            if target.runners is not None:
                await target.runners.learn(spec)
            return target


@asynccontextmanager
async def open_targets(log: RequestLog | None, verb: str, *, only_emulator: bool) -> AsyncIterator[Targets]:
    """verb: the command's name. only_emulator: `--emulator` was given, so every spec goes there whatever its cloud."""
    async with AsyncExitStack() as stack:
        yield Targets(stack, log, verb, only_emulator=only_emulator)


@asynccontextmanager
async def _microsoft(log: RequestLog | None, verb: str) -> AsyncIterator[Target]:
    clock = Clock()
    async with open_session(clock, log=log, verb=verb) as session:
        yield Target(session, clock)


@asynccontextmanager
async def _emulator(log: RequestLog | None, verb: str) -> AsyncIterator[Target]:
    async with AsyncExitStack() as stack:
        note = _running()
        if note is None:
            note = await stack.enter_async_context(_served())
        host, _, port = note.address.rpartition(":")
        endpoint = EmulatorEndpoint(host, int(port), Path(note.ca))
        control = _Control(endpoint, note)
        state, time = await control.ask("state", "clock")
        clock = Clock(offset=timedelta(seconds=time["offset"]))
        session = await stack.enter_async_context(open_session(clock, emulator=endpoint, log=log, verb=verb))
        yield Target(session, clock, note, emulator_runners(state["tenants"], session, clock, control.tenants_of))


def _running() -> Note | None:
    try:
        note = live_note()
    except ValueError as error:
        raise ProvisionerError(str(error), next_step=_START) from error
    if note is None and (named := os.environ.get(VARIABLE)):
        raise ProvisionerError(f"the emulator that {VARIABLE} names ({named}) is not running", next_step=_START)
    return note


_START = f"run `provisioner emulator start`, or unset {VARIABLE}"


@asynccontextmanager
async def _served() -> AsyncIterator[Note]:
    from provisioner.emulator.server import Emulator

    emulator = Emulator(default_state())
    await asyncio.to_thread(emulator.start)
    try:
        assert emulator.note is not None, "start() makes it"
        yield emulator.note
    finally:
        await asyncio.to_thread(emulator.stop)


@dataclass(frozen=True)
class _Control:
    """The emulator's control surface, by sessions of its own: `--json-log` is about Microsoft's services."""

    endpoint: EmulatorEndpoint
    note: Note

    async def ask(self, *names: str) -> list[Any]:
        """The answers, in the order of the names. Raises ProvisionerError."""
        headers = {"Authorization": f"Bearer {self.note.control.token}"}
        async with open_session(Clock(), emulator=self.endpoint) as session:

            async def get(name: str) -> Any:
                async with session.get(f"{self.note.control.url.rstrip('/')}/{name}", headers=headers) as response:
                    response.raise_for_status()
                    return json.loads(await response.read())

            try:
                return await asyncio.gather(*map(get, names))
            except aiohttp.ClientError as error:
                raise ProvisionerError(
                    f"the emulator at {self.note.address} does not answer: {error}", next_step=_START
                ) from error

    async def tenants_of(self, client_id: str) -> frozenset[str]:
        """Ids of the tenants in which an application can sign in. Raises ProvisionerError."""
        (found,) = await self.ask(f"clients?appId={quote(client_id)}")
        return frozenset(found["tenants"])
