"""Entra's refusals as our errors: what is read of its text, what is asked again, what is only told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from provisioner.clients.clouds import endpoints
from provisioner.clients.entra import EntraClient
from provisioner.clients.proof import SecretProof
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.clients.sign_in_remedies import REMEDIES
from provisioner.core.clock import Clock
from provisioner.core.errors import SignInError
from provisioner.core.secret import Secret
from provisioner.emulator.seed.directory import CONTOSO, RUNNER_SECRET
from tests.clients.answering import Answering
from tests.rehearsal import Cloud, served

PASSING = {"error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred."}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@dataclass
class Passing:
    """The first `times` token requests are answered so with the code of a passing fault."""

    times: int
    status: int = 400
    sent: int = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.sent += 1
        if self.sent > self.times:
            return await handler(request)
        return await Answering("/token", json.dumps(PASSING).encode(), self.status)(request, handler)


def _prove(cloud: Cloud, passing: Passing) -> list[float]:
    """One request of an application for a token; how long was waited between its repetitions."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    async def run() -> None:
        clock = Clock(wait=wait)
        host, _, port = cloud.description["address"].partition(":")
        endpoint = EmulatorEndpoint(host, int(port), Path(cloud.description["ca"]))
        async with open_session(clock, emulator=endpoint, innermost=[passing]) as session:
            proof = SecretProof(Secret(RUNNER_SECRET))
            where = endpoints("public")
            await EntraClient(session, where, CONTOSO.id, CONTOSO.runner.client_id, proof, clock).prove_credential()

    asyncio.run(run())
    return waited


@pytest.mark.parametrize("status", [400, 500, 503])
def test_a_passing_fault_is_asked_again_ever_later(cloud: Cloud, status: int) -> None:
    assert _prove(cloud, Passing(3, status)) == [1.0, 2.0, 4.0]


def test_a_fault_that_does_not_pass_is_told_when_the_budget_is_spent(cloud: Cloud) -> None:
    passing = Passing(100)
    with pytest.raises(SignInError) as refused:
        _prove(cloud, passing)
    assert (refused.value.code, passing.sent) == ("AADSTS90033", 5)
    assert refused.value.next_step == REMEDIES["90033"].told


def test_the_ids_of_a_refusal_are_its_place_and_not_its_text() -> None:
    trace = "2f6c1f43-5e0a-4f2b-9a7d-0c1b7a9d3e55"
    text = f"AADSTS50057: The user account is disabled. Trace ID: {trace} Correlation ID: {trace} Timestamp: now"
    error = sign_in_error("redeem", text)
    assert error.message == "The user account is disabled."
    assert trace in error.where
    assert trace not in error.what


def test_the_command_of_a_remedy_names_the_application_that_entra_names() -> None:
    app_id = "44f838ee-51a3-4522-a823-51b0c89bb882"
    error = sign_in_error("redeem", f"AADSTS7000112: Application '{app_id}'(Sam) is disabled.")
    assert f"az ad sp update --id {app_id} --set accountEnabled=true" in error.next_step


def test_a_code_nobody_wrote_a_remedy_for_leads_to_its_explanation() -> None:
    assert sign_in_error("redeem", "AADSTS123456: new").next_step.endswith("/error?code=123456")
    assert sign_in_error("redeem", "", error="server_error").next_step == ""
