"""How long a refresh token lives, and what ends it (sam-facts 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from provisioner.emulator import kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.store import Store
from tests.emulator.entra.world import NATIVE, SINGLE_PAGE, VERIFIER, World, claims, json_of

_DAY = 86400
_WEEK = 7 * _DAY


@pytest.fixture
def world(store: Store) -> World:
    return World(store).add_application()


def _public(world: World) -> Callable[[], Reply]:
    """A refresh of a token that the application got as a public client."""
    code = world.code(redirect_uri=NATIVE)
    token = json_of(world.redeem(code, redirect_uri=NATIVE, client_secret=None))["refresh_token"]
    return lambda: world.refresh(token, client_secret=None)


def _confidential(world: World) -> Callable[[], Reply]:
    token = world.refresh_token()
    return lambda: world.refresh(token)


def test_weekly_use_keeps_a_grant_alive_for_more_than_a_year(store: Store) -> None:
    world = World(store).add_application()
    world.change(kinds.APPLICATION, world.object_id, passwordCredentials=[_lasting(world)])
    token = world.refresh_token()
    for _ in range(400 // 7 + 1):
        given = json_of(world.pass_time(_WEEK).refresh(token))
        assert given["refresh_token"] != token
        token = given["refresh_token"]
    assert world.pass_time(89 * _DAY).refresh(token).status == 200
    assert json_of(world.pass_time(2 * _DAY).refresh(token))["error_codes"] == [700082]


def _lasting(world: World) -> dict[str, object]:
    """The application's secret, good for longer than the test."""
    with world.store.transaction() as tx:
        application = tx.get(kinds.APPLICATION, world.tenant.id, world.object_id)
    assert application is not None
    return dict(application["passwordCredentials"][0] | {"endDateTime": "2099-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("member", "confidential", "public"),
    [
        ("_passwordChanged", 200, 400),  # the person changed it, or it was reset elsewhere than in Entra's admin center
        ("_tokensValidFrom", 400, 400),  # sessions revoked, or reset in Entra's admin center
    ],
)
def test_what_ends_a_grant_depends_on_the_client(world: World, member: str, confidential: int, public: int) -> None:
    as_web, as_native = _confidential(world), _public(world)
    with world.pass_time(60).store.transaction() as tx:
        now = tx.now
    changed: dict[str, Any] = {member: now}
    world.change(kinds.USER, world.tenant.operator_id, **changed)
    assert (as_web().status, as_native().status) == (confidential, public)


def test_expired_password_ends_no_grant(world: World) -> None:
    refreshes = [_confidential(world), _public(world)]
    world.change(kinds.USER, world.tenant.operator_id, _passwordExpired=True)
    assert [refresh().status for refresh in refreshes] == [200, 200]


def test_sign_in_after_a_revocation_gives_a_good_grant_and_the_old_session_does_not_count(world: World) -> None:
    world.code()
    with world.pass_time(60).store.transaction() as tx:
        now = tx.now
    world.change(kinds.USER, world.tenant.operator_id, _tokensValidFrom=now)
    page = world.authorize()
    assert page.status == 200  # asked to sign in again
    assert world.refresh(world.refresh_token()).status == 200


def test_a_code_nobody_has_redeemed_ends_with_the_sessions(world: World) -> None:
    code = world.code()
    with world.pass_time(60).store.transaction() as tx:
        now = tx.now
    world.change(kinds.USER, world.tenant.operator_id, _tokensValidFrom=now)
    assert json_of(world.redeem(code))["error_codes"] == [50173]


def test_refresh_token_of_a_public_client_wants_no_credential(world: World) -> None:
    code = world.code(redirect_uri=NATIVE)
    token = json_of(world.redeem(code, redirect_uri=NATIVE, client_secret=None))["refresh_token"]
    assert json_of(world.refresh(token))["error_codes"] == [700025]


def test_single_page_grant_ends_a_day_after_the_sign_in_however_often_it_is_used(world: World) -> None:
    code = world.code(redirect_uri=SINGLE_PAGE, code_challenge=VERIFIER)
    world.headers = {"Origin": "https://localhost:3000"}
    first = world.redeem(code, redirect_uri=SINGLE_PAGE, client_secret=None, code_verifier=VERIFIER)
    assert first.headers["Access-Control-Allow-Origin"] == "https://localhost:3000"
    token = json_of(first)["refresh_token"]
    token = json_of(world.pass_time(_DAY / 2).refresh(token, client_secret=None))["refresh_token"]
    assert json_of(world.pass_time(_DAY / 2).refresh(token, client_secret=None))["error_codes"] == [700084]


def test_claims_challenge_is_answered_by_a_grant_that_is_strong_enough(world: World) -> None:
    """`acrs` needs MFA, and the token says which context it proves; capabilities come back as xms_cc."""
    challenge = '{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["CP1"]}}}'
    weak = world.refresh_token()
    assert json_of(world.refresh(weak, claims=challenge))["error_codes"] == [50076]
    strong = json_of(world.redeem(world.code(claims=challenge)))["refresh_token"]
    token = claims(json_of(world.refresh(strong, claims=challenge))["access_token"])
    assert (token["acrs"], token["xms_cc"]) == (["c1"], ["cp1"])
