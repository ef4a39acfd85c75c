"""consent --mode device: the person types a code elsewhere, while we ask for tokens at the pace Entra wants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from provisioner.consent.answer import SignInCancelledError
from provisioner.core.errors import ConsentTimeoutError, ProvisionerError, SignInError
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from provisioner.resources.token_checks import MfaMissingError, WrongAccountError
from tests.consent.elsewhere import DevicePlayer, Elsewhere
from tests.rehearsal import served
from tests.robot import StuckError

REPLY_URLS = ("http://localhost:8400/",)
POLLS = "entra.token.v2"


@pytest.fixture(scope="module")
def in_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Elsewhere]]:
    """Contoso, where Partner Center asks for MFA, and Fabrikam, where nothing does."""
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        both = {tenant.id: Elsewhere(cloud, tenant, REPLY_URLS) for tenant in (CONTOSO, FABRIKAM)}
        for trial in both.values():
            trial.put_in_place()
        cloud.control("POST", "snapshot", {"name": "in place"})
        yield both


@pytest.fixture
def contoso(in_place: dict[str, Elsewhere]) -> Elsewhere:
    return _fresh(in_place[CONTOSO.id])


@pytest.fixture
def fabrikam(in_place: dict[str, Elsewhere]) -> Elsewhere:
    return _fresh(in_place[FABRIKAM.id])


def _fresh(trial: Elsewhere) -> Elsewhere:
    trial.back_to("in place")
    return Elsewhere(trial.cloud, trial.tenant, trial.reply_urls)


def _player(trial: Elsewhere) -> DevicePlayer:
    return DevicePlayer(trial.cloud.robot, trial.operator)


def _stores_nothing(trial: Elsewhere, player: DevicePlayer, error: type[ProvisionerError]) -> Any:
    with pytest.raises(error) as raised:
        trial.consent(player, "device")
    assert trial.token() is None
    assert trial.written() == []
    return raised.value


def test_a_code_typed_elsewhere_stores_a_token_of_a_confidential_client(contoso: Elsewhere) -> None:
    player = _player(contoso)
    contoso.during[2] = player.sign_in
    result = contoso.consent(player, "device")
    stored = contoso.token()
    assert stored is not None
    assert stored["id"].endswith(result.version)
    tags = stored["tags"]
    assert (tags["account"], tags["mfa"], tags["clientType"]) == (contoso.tenant.operator, "true", "confidential")
    assert contoso.waits == [5.0, 5.0], "Entra's interval, and no poll before the first of them is over"


def test_the_person_reads_where_what_and_as_whom(contoso: Elsewhere) -> None:
    player = _player(contoso)
    contoso.during[1] = player.sign_in
    contoso.consent(player, "device")
    told = next(text for text in player.said if "devicelogin" in text)
    assert "    https://microsoft.com/devicelogin\n" in told
    assert f"as {contoso.tenant.operator}, with MFA. The code is good for 15 minutes" in told


def test_slow_down_is_honoured(contoso: Elsewhere) -> None:
    player = _player(contoso)
    contoso.pace = 0.3  # to Entra we seem to hurry
    contoso.during[4] = player.sign_in
    contoso.consent(player, "device")
    assert contoso.waits == [5.0, 5.0, 10.0, 15.0]


def test_an_outage_while_waiting_is_waited_out(contoso: Elsewhere) -> None:
    player = _player(contoso)
    contoso.during[1] = lambda: contoso.fault(POLLS, "status", status=503, count=6)
    contoso.during[8] = player.sign_in
    assert contoso.consent(player, "device").account == contoso.tenant.operator


def test_a_no_on_the_device_page_is_told(contoso: Elsewhere) -> None:
    player = _player(contoso)
    contoso.during[1] = player.cancel
    _stores_nothing(contoso, player, SignInCancelledError)


def test_nobody_comes_before_the_code_is_over(contoso: Elsewhere) -> None:
    error = _stores_nothing(contoso, _player(contoso), ConsentTimeoutError)
    assert "within 15 minutes" in error.what
    assert "--mode paste" in error.next_step
    assert sum(contoso.waits) == pytest.approx(900, abs=5)


def test_somebody_else_s_sign_in_is_refused(contoso: Elsewhere) -> None:
    colleague = _player(contoso).as_person(username=contoso.tenant.colleague)
    assert isinstance(colleague, DevicePlayer)
    contoso.cloud.control("PATCH", f"tenants?id={contoso.tenant.id}", {"mfa": {"requireForApps": []}})
    contoso.during[1] = colleague.sign_in
    _stores_nothing(contoso, colleague, WrongAccountError)


def test_without_mfa_the_ways_that_can_ask_for_it_are_named(fabrikam: Elsewhere) -> None:
    player = _player(fabrikam)
    fabrikam.during[1] = player.sign_in
    error = _stores_nothing(fabrikam, player, MfaMissingError)
    assert "cannot ask Entra for MFA" in error.next_step
    assert "--mode browser, or --mode paste" in error.next_step


@pytest.mark.parametrize(("result", "code"), [("block", 53003), ("requireDevice", 50097), ("securityDefaults", 530035)])
def test_a_policy_that_stops_device_codes_sends_to_the_browser(contoso: Elsewhere, result: str, code: int) -> None:
    player = _player(contoso)

    def sign_in_and_be_blocked() -> None:
        with suppress(StuckError):
            player.sign_in()
        policy = [{"users": "all", "apps": "all", "result": result}]
        contoso.cloud.control("PATCH", f"tenants?id={contoso.tenant.id}", {"conditionalAccess": policy})

    contoso.during[1] = sign_in_and_be_blocked
    error = _stores_nothing(contoso, player, SignInError)
    assert error.code == f"AADSTS{code}"
    assert "Conditional Access" in error.next_step
    assert "--mode browser, or --mode paste" in error.next_step


def test_an_application_of_public_flows_gets_no_token_that_a_password_change_kills(contoso: Elsewhere) -> None:
    contoso.change_application(isFallbackPublicClient=True)
    contoso.forget()
    player = _player(contoso)
    contoso.during[1] = player.sign_in
    error = _stores_nothing(contoso, player, SignInError)
    assert error.code == "AADSTS700025"
    assert "isFallbackPublicClient: false" in error.next_step
