"""Every request we send, and every answer the emulator gives to it, against Microsoft's own API descriptions.

What the descriptions do not speak of is named below with a reason; a line nobody needs fails.
"""

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
from tests.contracts import NotDescribed, check_answer, check_request
from tests.rehearsal import served
from tests.resources.cases import CASES
from tests.trial import Request, Trial

DESCRIBED = ("arm", "graph", "key_vault", "partner_center")
NOT_DESCRIBED = {
    "graph.batch": "an envelope; its inner requests are checked one by one",
    "arm.providers.get": "the contract of Microsoft.Resources is cut to resource groups",
    "arm.providers.register": "the contract of Microsoft.Resources is cut to resource groups",
}


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


def _checkable(requests: list[Request]) -> Iterator[Request]:
    """Entra's endpoints follow OAuth's texts, which no description here puts in a schema."""
    return (each for each in requests if each["service"] in DESCRIBED and each["operation"] not in NOT_DESCRIBED)


def test_every_request_we_send_is_as_microsoft_describes_it(whole_life: list[Request]) -> None:
    for each in _checkable(whole_life):
        parts = urlsplit(each["url"])
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        check_request(each["service"], each["method"], parts.path, query, each["request"]["body"])


def test_every_answer_of_the_emulator_is_as_microsoft_describes_it(whole_life: list[Request]) -> None:
    for each in _checkable(whole_life):
        path = urlsplit(each["url"]).path
        check_answer(each["service"], each["method"], path, each["status"], each["response"]["body"])


def test_everything_was_exercised_and_nothing_is_excused_in_vain(whole_life: list[Request]) -> None:
    assert {each["service"] for each in whole_life} == {*DESCRIBED, "entra"}
    for operation in NOT_DESCRIBED:
        sent = [each for each in whole_life if each["operation"] == operation]
        assert sent, f"{operation} is never sent"
        with pytest.raises(NotDescribed):
            check_request(sent[0]["service"], sent[0]["method"], urlsplit(sent[0]["url"]).path)
