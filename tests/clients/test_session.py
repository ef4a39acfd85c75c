"""On the emulator nothing leaves for anywhere else, not even to an address, which no resolver sees."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from provisioner import __version__
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.core.clock import Clock
from tests.trial import Trial


def test_every_request_names_product_and_command_after_the_sdk_that_sends_it(applied: Trial) -> None:
    applied.plan()
    agents = {each["request"]["headers"]["user-agent"] for each in applied.requests() if not each["inner"]}
    ours = f"provisioner/{__version__} (plan)"
    assert ours in agents
    assert all(agent.endswith(ours) for agent in agents)
    assert {agent.partition("/")[0] for agent in agents - {ours}} == {
        "azsdk-python-identity",
        "azsdk-python-keyvault-secrets",
    }


def test_an_address_that_is_not_the_emulator_s_is_never_connected_to(applied: Trial) -> None:
    host, _, port = applied.cloud.description["address"].partition(":")
    endpoint = EmulatorEndpoint(host, int(port), Path(applied.cloud.description["ca"]))
    asked: list[str] = []

    async def another(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response()

    async def run() -> None:
        application = web.Application()
        application.router.add_get("/metadata", another)
        async with TestServer(application) as server, open_session(Clock(), emulator=endpoint) as session:
            with pytest.raises(aiohttp.InvalidUrlClientError, match="nothing is sent anywhere else"):
                await session.get(server.make_url("/metadata"))

    asyncio.run(run())
    assert asked == []
