"""What an access token must show: one row for each thing that can be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.core.errors import ConsentError
from provisioner.resources.token_checks import (
    ExpectedToken,
    MfaMissingError,
    PublicClientError,
    WrongAccountError,
    WrongApplicationError,
    WrongAudienceError,
    WrongTenantError,
    check_access_token,
    first_error,
    identity,
)

TENANT = "8fcac301-9624-4c0c-a156-555ee0be95e3"
OBJECT = "7e2cbdd3-6505-40b9-bc0f-99c2847edf2e"
CLIENT = "1ce3668a-9558-4782-b767-513962725f72"
AUDIENCE = "https://api.partnercenter.microsoft.com"
EXPECTED = ExpectedToken(TENANT, "sam@fabrikam.example", CLIENT, AUDIENCE)
GOOD: dict[str, Any] = {
    "tid": TENANT,
    "oid": OBJECT,
    "upn": "SAM@fabrikam.example",
    "appid": CLIENT,
    "aud": AUDIENCE,
    "amr": ["pwd", "mfa"],
}


def test_a_good_token_shows_five_things() -> None:
    findings = check_access_token(GOOD, EXPECTED)
    assert [finding.name for finding in findings] == ["tenant", "account", "application", "audience", "mfa"]
    assert first_error(findings) is None


@pytest.mark.parametrize(
    ("claims", "error", "said"),
    [
        ({"tid": CLIENT}, WrongTenantError, CLIENT),
        ({"tid": None}, WrongTenantError, TENANT),
        ({"upn": "eve@fabrikam.example"}, WrongAccountError, "eve@fabrikam.example"),
        ({"upn": None, "oid": None}, WrongAccountError, "sam@fabrikam.example"),
        ({"appid": TENANT}, WrongApplicationError, TENANT),
        ({"appidacr": "0"}, PublicClientError, "public client"),
        ({"aud": "https://graph.microsoft.com"}, WrongAudienceError, "https://graph.microsoft.com"),
        ({"aud": AUDIENCE + ".evil.example"}, WrongAudienceError, "evil"),
        ({"amr": ["pwd"]}, MfaMissingError, "pwd"),
        ({"amr": None}, MfaMissingError, "empty"),
        ({"amr": "mfa"}, MfaMissingError, "empty"),  # a text is not a list of methods
    ],
)
def test_each_wrong_claim_has_its_own_error(claims: dict[str, Any], error: type[ConsentError], said: str) -> None:
    shown = {name: value for name, value in (GOOD | claims).items() if value is not None}
    found = first_error(check_access_token(shown, EXPECTED))
    assert type(found) is error
    assert said in found.what
    assert found.where
    assert found.next_step


def test_an_account_may_be_named_by_its_object_id() -> None:
    by_id = ExpectedToken(TENANT, OBJECT.upper(), CLIENT, AUDIENCE)
    assert first_error(check_access_token(GOOD, by_id)) is None


def test_without_an_account_in_the_spec_anybody_of_the_tenant_may_sign_in() -> None:
    anybody = ExpectedToken(TENANT, None, CLIENT, AUDIENCE + "")
    assert first_error(check_access_token(GOOD | {"aud": AUDIENCE + "/"}, anybody)) is None


@pytest.mark.parametrize(
    ("claims", "client_type"),
    [
        ({}, "confidential"),  # silent: it came with our credential
        ({"appidacr": "1"}, "confidential"),
        ({"appidacr": "2"}, "confidential"),
        ({"azpacr": "1"}, "confidential"),
        ({"appidacr": "0"}, "public"),
        ({"azpacr": 0}, "public"),
    ],
)
def test_a_token_says_how_its_application_asked_for_it(claims: dict[str, Any], client_type: str) -> None:
    assert identity(GOOD | claims).client_type == client_type
