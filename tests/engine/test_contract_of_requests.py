"""Every request we send, against Microsoft's own API descriptions (answers: tests/contract_report.py, in all tests)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.verify import verify
from tests.conftest import REPLY_URLS
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.contracts import NotDescribed, check_request
from tests.contracts.allowed import ALLOWED
from tests.rehearsal import served
from tests.resources.cases import CASES
from tests.trial import Request, Trial

DESCRIBED = ("arm", "graph", "key_vault", "partner_center")


@pytest.fixture(scope="module")
def whole_life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Request]]:
    """The requests of plan, apply, a sign-in, verify, and of a repair of every kind; the administrator's left out."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        trial = Trial(cloud, CONTOSO, (f"http://localhost:{free_port()}/", *REPLY_URLS[1:]))
        ours: list[Request] = []

        def ours_in(act: Callable[[], object]) -> None:
            trial.forget()
            act()
            ours.extend(trial.requests())

        ours_in(trial.apply)
        ours_in(lambda: asyncio.run(_sign_in_and_verify(trial)))
        for case in CASES.values():
            if case.drifts:
                case.drifts(trial)
                ours_in(trial.apply)
        yield ours


async def _sign_in_and_verify(trial: Trial) -> None:
    async with trial.opened() as tenant:
        player = Player(trial.cloud.robot, trial.operator)
        await consent(tenant.clients, trial.spec(), player, ConsentOptions(timeout_s=20))
        await verify(tenant.clients, trial.spec())


def test_every_request_we_send_is_as_microsoft_describes_it(whole_life: list[Request]) -> None:
    """What is not described is on the list of answers that are not; Entra's endpoints follow OAuth's texts."""
    described = [each for each in whole_life if each["service"] in DESCRIBED]
    for each in described:
        parts = urlsplit(each["url"])
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            check_request(each["service"], each["method"], parts.path, query, each["request"]["body"])
        except NotDescribed:
            assert each["operation"] in ALLOWED, f"{each['method']} {parts.path} is in no contract"
    assert {each["service"] for each in described} == set(DESCRIBED)
