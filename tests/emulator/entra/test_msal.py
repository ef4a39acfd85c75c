"""Microsoft's own library signs in: what it reads, sends and expects is the measure of what Entra must answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msal
import pytest
import requests

from provisioner.emulator import kinds
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import Store
from tests.emulator.entra.world import ARM, PARTNER_CENTER, SECRET, WEB, World
from tests.robot import Person, Robot, through_proxy


@pytest.fixture
def http(emulator: Emulator) -> Iterator[requests.Session]:
    cloud = emulator.description()
    with through_proxy(cloud["proxy"], cloud["ca"]) as session:
        yield session


@pytest.fixture
def world(emulator: Emulator) -> World:
    return World(Store(emulator.folder)).add_application()


def test_code_flow_account_and_refresh_for_another_api(
    world: World, http: requests.Session, emulator: Emulator
) -> None:
    authority = f"https://login.microsoftonline.com/{FABRIKAM.id}"
    application = msal.ConfidentialClientApplication(
        world.client_id, client_credential=SECRET, authority=authority, http_client=http
    )
    scopes = [f"{PARTNER_CENTER}/user_impersonation"]
    flow = application.initiate_auth_code_flow(
        [*scopes, f"{ARM}/user_impersonation"], redirect_uri=WEB, response_mode="form_post", prompt="login"
    )
    cloud = emulator.description()
    person = Person(**cloud["tenants"][1]["operator"])
    ending = Robot(cloud["proxy"], cloud["ca"]).sign_in(flow["auth_uri"], person, deliver=False)
    result: dict[str, Any] = application.acquire_token_by_auth_code_flow(flow, ending.fields, scopes=scopes)
    assert "error" not in result, result
    assert result["id_token_claims"]["tid"] == FABRIKAM.id
    account = application.get_accounts()[0]
    assert account["home_account_id"] == f"{FABRIKAM.operator_id}.{FABRIKAM.id}"
    again = application.acquire_token_by_refresh_token(result["refresh_token"], [f"{ARM}/user_impersonation"])
    assert "error" not in again, again


def test_application_token_is_cached_by_the_authority_it_came_from(world: World, http: requests.Session) -> None:
    authority = f"https://login.microsoftonline.com/{FABRIKAM.domain}"
    application = msal.ConfidentialClientApplication(
        world.client_id, client_credential=SECRET, authority=authority, http_client=http
    )
    first = application.acquire_token_for_client([f"{ARM}/.default"])
    second = application.acquire_token_for_client([f"{ARM}/.default"])
    assert (first["token_source"], second["token_source"]) == ("identity_provider", "cache")


def test_wrong_secret_comes_back_as_the_error_msal_expects(world: World, http: requests.Session) -> None:
    authority = f"https://login.microsoftonline.com/{FABRIKAM.id}"
    application = msal.ConfidentialClientApplication(
        world.client_id, client_credential="wrong", authority=authority, http_client=http
    )
    result = application.acquire_token_for_client([f"{ARM}/.default"])
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def test_device_flow_of_a_public_client(world: World, http: requests.Session) -> None:
    world.change(kinds.APPLICATION, world.object_id, isFallbackPublicClient=True)
    world.code()  # the consent
    authority = f"https://login.microsoftonline.com/{FABRIKAM.id}"
    application = msal.PublicClientApplication(world.client_id, authority=authority, http_client=http)
    scopes = [f"{PARTNER_CENTER}/user_impersonation"]
    flow = application.initiate_device_flow(scopes)
    pending = application.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)
    assert pending["error"] == "authorization_pending"
    world.decide(flow["user_code"])
    result: dict[str, Any] = application.acquire_token_by_device_flow(flow)
    assert result["id_token_claims"]["oid"] == FABRIKAM.operator_id
    silent: dict[str, Any] = application.acquire_token_silent(scopes, application.get_accounts()[0], force_refresh=True)
    assert "access_token" in silent
