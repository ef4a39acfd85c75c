"""consent from end to end, a robot playing the person on the real sign-in pages."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from provisioner.clients.clouds import endpoints
from provisioner.clients.proof import SecretProof
from provisioner.consent.answer import SignInCancelledError, StateMismatchError
from provisioner.core.errors import ConsentTimeoutError, SignInError
from provisioner.core.secret import Secret
from provisioner.emulator.seed.directory import TAILSPIN, WINGTIP, Tenant
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.consent_store import ConsentResult
from provisioner.resources.token_checks import MfaMissingError, WrongAccountError
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.rehearsal import NAME, Cloud, Rehearsal, clients_of
from tests.robot import Ending, Person
from tests.trial import could_write


async def _consent(
    rehearsal: Rehearsal, player: Player, options: ConsentOptions | None = None, **changed: Any
) -> ConsentResult:
    async with clients_of(rehearsal) as clients:
        return await consent(clients, rehearsal.spec(**changed), player, options or ConsentOptions(timeout_s=20))


def _player(rehearsal: Rehearsal, person: Person | None = None) -> Player:
    return Player(rehearsal.cloud.robot, person or rehearsal.operator)


def test_browser_sign_in_stores_a_token_that_says_whose_it_is(contoso: Rehearsal) -> None:
    player = _player(contoso)

    async def run() -> str:
        await _consent(contoso, player)
        return await player.last_page()

    assert "The sign-in is done" in asyncio.run(run())
    stored = contoso.token()
    assert stored is not None
    tags = stored["tags"]
    assert (tags["provisioner"], tags["account"]) == (NAME, contoso.tenant.operator)
    assert (tags["oid"], tags["tenant"]) == (contoso.tenant.operator_id, contoso.tenant.id)
    assert (tags["appId"], tags["mfa"], tags["clientType"]) == (contoso.app_id, "true", "confidential")
    assert stored["attributes"]["exp"] - stored["attributes"]["created"] == pytest.approx(90 * 86400, abs=5)


def test_hybrid_sign_in_verifies_the_id_token_and_stores(contoso: Rehearsal) -> None:
    result = asyncio.run(_consent(contoso, _player(contoso), ConsentOptions(hybrid=True, timeout_s=20)))
    stored = contoso.token()
    assert stored is not None
    assert stored["id"].endswith(result.version)


def test_without_mfa_one_repetition_is_offered_and_a_yes_brings_mfa(fabrikam: Rehearsal) -> None:
    player = _player(fabrikam)
    result = asyncio.run(_consent(fabrikam, player))
    assert result.account == fabrikam.tenant.operator
    assert len(player.endings) == 2
    assert any("asking Entra for MFA" in text for text in player.said)


def test_an_address_pasted_from_the_native_client_page_is_enough(contoso: Rehearsal) -> None:
    before = len(contoso.versions())
    asyncio.run(_consent(contoso, _player(contoso), ConsentOptions(mode="paste")))
    assert len(contoso.versions()) == before + 1


def test_older_versions_than_the_newest_two_are_disabled(contoso: Rehearsal) -> None:
    for _ in range(3):
        contoso.cloud.control("POST", "clock", {"advanceSeconds": 2})  # the vault's times are whole seconds
        asyncio.run(_consent(contoso, _player(contoso)))
    by_age = sorted(contoso.versions(), key=lambda version: version["attributes"]["created"])
    assert sum(version["attributes"]["enabled"] for version in by_age) == 2


def test_consent_writes_to_the_vault_and_nowhere_else(contoso: Rehearsal) -> None:
    contoso.cloud.control("DELETE", "requests")
    asyncio.run(_consent(contoso, _player(contoso)))
    sent = contoso.cloud.control("GET", "requests")["requests"]
    hosts = {(entry["method"], urlsplit(entry["url"]).hostname) for entry in sent if entry["method"] != "GET"}
    vault = f"{contoso.vault}.vault.azure.net"
    assert hosts == {("POST", "login.microsoftonline.com"), ("PUT", vault), ("PATCH", vault)}


@pytest.mark.parametrize("tenant", [TAILSPIN, WINGTIP], ids=["usgov", "china"])
def test_other_clouds_are_asked_at_their_own_addresses(cloud: Cloud, tenant: Tenant) -> None:
    made = Rehearsal(cloud, tenant, (f"http://localhost:{free_port()}/",))
    made.prepare()
    cloud.control("DELETE", "requests")
    asyncio.run(_consent(made, _player(made)))
    sent = cloud.control("GET", "requests")["requests"]
    where = endpoints(tenant.cloud)
    ours = {urlsplit(url).hostname for url in (where.authority, where.graph, where.arm, where.vault_url(made.vault))}
    assert {urlsplit(entry["url"]).hostname for entry in sent} == ours
    assert made.token() is not None


def test_a_tenant_named_by_its_domain_is_known_by_its_id(contoso: Rehearsal) -> None:
    async def run() -> str:
        async with clients_of(contoso) as clients:
            named = replace(clients, tenant=contoso.tenant.domain)
            return await named.entra(contoso.app_id, SecretProof(Secret(contoso.credential))).tenant_id()

    assert asyncio.run(run()) == contoso.tenant.id


def _stores_nothing(rehearsal: Rehearsal, run: Coroutine[Any, Any, Any], error: type[Exception]) -> Exception:
    before = rehearsal.token()
    rehearsal.cloud.control("DELETE", "requests")
    with pytest.raises(error) as raised:
        asyncio.run(run)
    sent = rehearsal.cloud.control("GET", "requests")["requests"]
    written = [each["operation"] for each in sent if could_write(each) and not each["operation"].startswith("entra.")]
    assert written == []
    assert rehearsal.token() == before
    return raised.value


def test_somebody_else_signing_in_is_told_and_stores_nothing(fabrikam: Rehearsal) -> None:
    player = _player(fabrikam).as_person(username=fabrikam.tenant.colleague)

    async def run() -> None:
        try:
            await _consent(fabrikam, player)
        finally:
            assert "Nothing was stored" in await player.last_page()

    error = _stores_nothing(fabrikam, run(), WrongAccountError)
    assert fabrikam.tenant.colleague in str(error)


def test_no_mfa_and_no_wish_to_repeat_stores_nothing(fabrikam: Rehearsal) -> None:
    player = _player(fabrikam)
    player.says_yes = False
    _stores_nothing(fabrikam, _consent(fabrikam, player), MfaMissingError)


def test_a_cancelled_sign_in_is_told_and_stores_nothing(contoso: Rehearsal) -> None:
    player = _player(contoso).as_person(at_password="cancel")
    _stores_nothing(contoso, _consent(contoso, player), SignInCancelledError)


def test_the_code_of_an_earlier_sign_in_is_refused_and_stores_nothing(contoso: Rehearsal) -> None:
    codes: list[str] = []

    def keep(ending: Ending) -> str:
        codes.append(ending.fields["code"])
        return codes[0]

    player = _player(contoso)
    player.pasted = keep
    asyncio.run(_consent(contoso, player, ConsentOptions(mode="paste")))
    again = _player(contoso)
    again.pasted = keep
    error = _stores_nothing(contoso, _consent(contoso, again, ConsentOptions(mode="paste")), SignInError)
    assert isinstance(error, SignInError)
    assert error.code == "AADSTS501481"  # PKCE: the code belongs to another verifier


def test_a_code_replayed_within_its_own_sign_in_is_refused(contoso: Rehearsal) -> None:
    async def redeem_twice() -> None:
        async with clients_of(contoso) as clients:
            entra = clients.entra(contoso.app_id, SecretProof(Secret(contoso.credential)))
            request = await entra.begin(contoso.reply_urls[0], login_hint=contoso.tenant.operator)
            robot = contoso.cloud.robot()
            ending = await asyncio.to_thread(robot.sign_in, request.url, contoso.operator, deliver=False)
            await entra.redeem_code(request, Secret(ending.fields["code"]))
            with pytest.raises(SignInError) as raised:
                await entra.redeem_code(request, Secret(ending.fields["code"]))
            assert raised.value.code == "AADSTS54005"

    asyncio.run(redeem_twice())


def test_an_answer_of_another_sign_in_is_refused_and_stores_nothing(contoso: Rehearsal) -> None:
    player = _player(contoso)
    player.pasted = lambda ending: ending.address.replace(ending.fields["state"], "somebody-elses")
    _stores_nothing(contoso, _consent(contoso, player, ConsentOptions(mode="paste")), StateMismatchError)


class _NobodyThere(Player):
    async def open_browser(self, url: str) -> bool:
        return False


def test_nobody_signing_in_ends_at_the_deadline_and_stores_nothing(contoso: Rehearsal) -> None:
    player = _NobodyThere(contoso.cloud.robot, contoso.operator)
    _stores_nothing(contoso, _consent(contoso, player, ConsentOptions(timeout_s=0.05)), ConsentTimeoutError)
