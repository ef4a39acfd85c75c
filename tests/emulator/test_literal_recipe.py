"""The recipe of the old Secure Application Model documents, step by step, with nothing but an HTTP client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import pytest
import requests

from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.server import Emulator
from tests.robot import Ending, Person, Robot, through_proxy

PARTNER_CENTER = "https://api.partnercenter.microsoft.com"
PARTNER_CENTER_APP = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
USER_IMPERSONATION = "1cebfa2a-fb4d-419e-b5f9-839b4383e05a"
LOGIN = f"https://login.microsoftonline.com/{CONTOSO.id}"
GRAPH = "https://graph.microsoft.com/v1.0"
REPLY_URL = "https://localhost:44395/"
OOB = "urn:ietf:wg:oauth:2.0:oob"
V1_TIMES = ("expires_in", "ext_expires_in", "expires_on", "not_before")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    emulator = Emulator(tmp_path_factory.mktemp("cloud"))
    emulator.start()
    yield emulator.description()
    emulator.stop()


@pytest.fixture(scope="module")
def http(cloud: dict[str, Any]) -> Iterator[requests.Session]:
    with through_proxy(cloud["proxy"], cloud["ca"]) as session:
        yield session


@pytest.fixture(scope="module")
def application(http: requests.Session, cloud: dict[str, Any]) -> dict[str, str]:
    """What the recipe takes for granted: an application with its secret, made by the tenant's administrator."""
    runner = cloud["tenants"][0]["runner"]
    form = {
        "grant_type": "client_credentials",
        "client_id": runner["clientId"],
        "client_secret": runner["clientSecret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    token = _ok(http.post(f"{LOGIN}/oauth2/v2.0/token", data=form))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    def create(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return _ok(http.post(f"{GRAPH}/{path}", json=body, headers=headers))

    create("servicePrincipals", {"appId": PARTNER_CENTER_APP})
    access = {"resourceAppId": PARTNER_CENTER_APP, "resourceAccess": [{"id": USER_IMPERSONATION, "type": "Scope"}]}
    web = {"redirectUris": [REPLY_URL, OOB], "implicitGrantSettings": {"enableIdTokenIssuance": True}}
    made = create("applications", {"displayName": "Recipe", "web": web, "requiredResourceAccess": [access]})
    create("servicePrincipals", {"appId": made["appId"]})
    secret = create(f"applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "recipe"}})
    return {"client_id": made["appId"], "client_secret": secret["secretText"]}


def _sign_in(cloud: dict[str, Any], query: str) -> Ending:
    """The operator opens the v1 authorize address in a fresh browser."""
    person = Person(**cloud["tenants"][0]["operator"])
    return Robot(cloud["proxy"], cloud["ca"]).sign_in(f"{LOGIN}/oauth2/authorize?{query}", person, deliver=False)


def _ok(answer: requests.Response) -> dict[str, Any]:
    assert answer.ok, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _users(http: requests.Session, token: str) -> requests.Response:
    url = f"{PARTNER_CENTER}/v1/customers/{CONTOSO.customers[0].id}/users"
    return http.get(url, headers={"Authorization": f"Bearer {token}", "X-Locale": "en-US"})


def _redeem(http: requests.Session, application: dict[str, str], code: str, **fields: str) -> dict[str, Any]:
    form = {"grant_type": "authorization_code", "code": code, "resource": PARTNER_CENTER}
    return _ok(http.post(f"{LOGIN}/oauth2/token", data=form | application | fields))


@pytest.mark.parametrize("by_policy", [False, True], ids=["amr_values", "security_defaults"])
def test_form_post_recipe_ends_at_the_customers_users(
    http: requests.Session, cloud: dict[str, Any], application: dict[str, str], by_policy: bool
) -> None:
    """The recipe's own URL asks for no MFA: a tenant-wide policy does, or `amr_values`."""
    _set_security_defaults(http, cloud, by_policy)
    nonce, state = str(uuid4()), str(uuid4())
    query = "response_mode=form_post&response_type=code%20id_token&scope=openid%20profile&"
    parameters = {
        "client_id": application["client_id"],
        "redirect_uri": REPLY_URL,
        "nonce": nonce,
        "state": state,
    }
    ending = _sign_in(cloud, query + urlencode(parameters | ({} if by_policy else {"amr_values": "mfa"})))
    _set_security_defaults(http, cloud, False)

    posted = ending.fields
    assert (ending.address, ending.asked[:2], posted["state"]) == (REPLY_URL, ("password", "code"), state)
    claims = _verified(http, posted["id_token"], application["client_id"])
    assert (claims["nonce"], claims["amr"]) == (nonce, ["pwd", "mfa"])

    first = _redeem(http, application, posted["code"])
    assert all(isinstance(first[name], str) for name in V1_TIMES)
    assert first["resource"] == PARTNER_CENTER

    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "scope": "openid"}
    second = _ok(http.post(f"{LOGIN}/oauth2/token", data=form | {"resource": PARTNER_CENTER} | application))
    assert second["access_token"] != first["access_token"]
    assert _verified(http, second["id_token"], application["client_id"])["tid"] == CONTOSO.id

    answer = _users(http, second["access_token"])
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "userPrincipalName" in answer.content.decode("utf-8-sig")


def test_terminal_recipe_with_a_pasted_code_works(
    http: requests.Session, cloud: dict[str, Any], application: dict[str, str]
) -> None:
    parameters = {
        "client_id": application["client_id"],
        "redirect_uri": OOB,
        "response_type": "code",
        "resource": PARTNER_CENTER,
    }
    ending = _sign_in(cloud, urlencode(parameters))
    assert ending.address.startswith(f"{OOB}?")

    tokens = _redeem(http, application, ending.fields["code"], redirect_uri=OOB)
    assert _users(http, tokens["access_token"]).status_code == 200


def test_a_request_that_names_no_api_is_not_asked_for_mfa_and_gets_no_partner_center_token(
    http: requests.Session, cloud: dict[str, Any], application: dict[str, str]
) -> None:
    parameters = {"client_id": application["client_id"], "redirect_uri": REPLY_URL, "response_type": "code"}
    ending = _sign_in(cloud, urlencode(parameters))
    assert "code" not in ending.asked

    form = {"grant_type": "authorization_code", "code": ending.fields["code"], "resource": PARTNER_CENTER}
    refused = http.post(f"{LOGIN}/oauth2/token", data=form | application)
    assert (refused.status_code, refused.json()["error_codes"]) == (400, [50076])


def _set_security_defaults(http: requests.Session, cloud: dict[str, Any], enabled: bool) -> None:
    control = cloud["control"]
    headers = {"Authorization": f"Bearer {control['token']}"}
    url = f"{control['url']}tenants?id={CONTOSO.id}"
    _ok(http.patch(url, json={"mfa": {"securityDefaults": enabled}}, headers=headers))


def _verified(http: requests.Session, token: str, audience: str) -> dict[str, Any]:
    """Claims of an ID token whose signature the published keys prove."""
    keys = _ok(http.get(f"{LOGIN}/discovery/v2.0/keys"))["keys"]
    by_id = {key["kid"]: jwt.PyJWK(key) for key in keys}
    key = by_id[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key.key, algorithms=["RS256"], audience=audience)
    return claims
