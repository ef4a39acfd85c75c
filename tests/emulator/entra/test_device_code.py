"""A program without a browser: codes, polling, and the person who decides elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.emulator import dispatch
from provisioner.emulator.store import Store
from tests.emulator.entra.world import PARTNER_CENTER, World, claims, json_of


@pytest.fixture
def world(store: Store) -> World:
    made = World(store).add_application(isFallbackPublicClient=True)
    made.code()  # the consent
    return made


def test_answer_to_a_v2_request_names_code_page_and_pace(world: World) -> None:
    asked = world.device()
    assert asked.keys() == {"user_code", "device_code", "verification_uri", "expires_in", "interval", "message"}
    assert (asked["expires_in"], asked["interval"]) == (900, 5)
    assert asked["verification_uri"] == "https://microsoft.com/devicelogin"
    assert asked["user_code"] in asked["message"]


def test_answer_to_a_v1_request_has_strings_and_a_verification_url(world: World) -> None:
    asked = world.device(1)
    assert (asked["expires_in"], asked["interval"]) == ("900", "5")
    assert asked["verification_url"] == "https://microsoft.com/devicelogin"


def test_tokens_carry_the_strength_of_the_sign_in_on_the_page(world: World) -> None:
    asked = world.device()
    given = json_of(world.decide(asked["user_code"]).poll(asked["device_code"], client_secret=None))
    token = claims(given["access_token"])
    assert (token["aud"], token["scp"], token["amr"]) == (PARTNER_CENTER, "user_impersonation", ["pwd", "mfa"])
    assert token["appidacr"] == "0"
    assert {"refresh_token", "id_token"} <= given.keys()


def test_short_name_of_the_grant_is_taken_at_v2_too(world: World) -> None:
    """msal-node sends it."""
    asked = world.device()
    given = world.decide(asked["user_code"]).poll(asked["device_code"], client_secret=None, grant_type="device_code")
    assert given.status == 200


def test_v1_grant_with_its_own_names_gives_a_v1_answer(world: World) -> None:
    asked = world.device(1)
    form = {"resource": PARTNER_CENTER, "client_secret": None}
    given = json_of(world.decide(asked["user_code"]).poll(asked["device_code"], 1, **form))
    assert (given["resource"], type(given["expires_in"])) == (PARTNER_CENTER, str)
    assert "refresh_token" in given


def test_application_without_public_flows_uses_its_credential_and_stays_confidential(store: Store) -> None:
    world = World(store).add_application()
    world.code()
    asked = world.device()
    given = json_of(world.decide(asked["user_code"]).poll(asked["device_code"]))
    assert claims(given["access_token"])["appidacr"] == "1"
    assert world.refresh(given["refresh_token"]).status == 200


def test_code_is_found_as_people_type_it_and_only_while_it_is_open(world: World) -> None:
    asked = world.device()
    typed = asked["user_code"].lower()
    world.decide(f" {typed[:4]}-{typed[4:]} ")
    assert json_of(world.poll(asked["device_code"], client_secret=None)).keys() >= {"access_token"}
    late = world.device()["user_code"]
    with pytest.raises(AssertionError):
        world.pass_time(901).decide(late)


def test_polling_at_the_pace_that_was_told_is_never_too_fast(world: World) -> None:
    code = world.device()["device_code"]
    errors = [json_of(world.pass_time(5).poll(code, client_secret=None))["error"] for _ in range(4)]
    assert errors == ["authorization_pending"] * 4


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://microsoft.com/devicelogin", "login.microsoftonline.com"),
        ("https://www.microsoft.com/deviceloginus", "login.microsoftonline.us"),
        ("https://microsoft.com/deviceloginchina", "login.chinacloudapi.cn"),
        ("https://login.microsoft.com/device", "login.microsoftonline.com"),
    ],
)
def test_short_links_lead_to_the_page_of_their_cloud(store: Store, url: str, login: str) -> None:
    reply = dispatch.handle(store, "GET", url)
    assert (reply.status, reply.headers["Location"]) == (302, f"https://{login}/common/oauth2/deviceauth")


def test_person_types_the_code_and_signs_in_on_the_page(world: World) -> None:
    asked = world.device()
    world.cookie = ""
    page = world.post("/common/oauth2/deviceauth", {"otc": asked["user_code"]})
    world.sign_in(page, consent="continue")  # the page names the program before it gets anything
    given: dict[str, Any] = json_of(world.poll(asked["device_code"], client_secret=None))
    assert claims(given["access_token"])["oid"] == world.tenant.operator_id


def test_cancel_on_the_page_is_told_to_the_program(store: Store) -> None:
    world = World(store).add_application()
    asked = world.device()
    page = world.post("/common/oauth2/deviceauth", {"otc": asked["user_code"]})
    world.sign_in(page, consent="cancel")
    assert json_of(world.poll(asked["device_code"]))["error"] == "authorization_declined"
