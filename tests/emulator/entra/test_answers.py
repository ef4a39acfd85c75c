"""Answers as the real service gives them: members, types, headers; credentials wherever they are registered."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote

import pytest

from provisioner.emulator import dispatch, kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.store import Store
from tests.emulator.entra.world import API_OF_V2, ARM, SECRET, WEB, Certificate, World, claims, json_of, web

_REQUEST = "3d1f6a51-9c1b-4a0d-8d7e-5f0f6d1c2b3a"
_V2_MEMBERS = {
    *("token_endpoint", "token_endpoint_auth_methods_supported", "jwks_uri", "response_modes_supported"),
    *("subject_types_supported", "id_token_signing_alg_values_supported", "response_types_supported"),
    *("scopes_supported", "issuer", "request_uri_parameter_supported", "userinfo_endpoint", "authorization_endpoint"),
    *("device_authorization_endpoint", "http_logout_supported", "frontchannel_logout_supported"),
    *("end_session_endpoint", "claims_supported", "kerberos_endpoint", "tenant_region_scope", "cloud_instance_name"),
    *("cloud_graph_host_name", "msgraph_host", "rbac_url"),
}


@pytest.fixture
def world(store: Store) -> World:
    return World(store).add_application()


def _metadata(store: Store, path: str, host: str = "login.microsoftonline.com") -> Reply:
    return dispatch.handle(store, "GET", f"https://{host}{path}")


def test_metadata_has_the_members_of_the_real_document(store: Store, world: World) -> None:
    v2 = _metadata(store, f"/{world.tenant.domain}/v2.0/.well-known/openid-configuration")
    v1 = _metadata(store, "/common/.well-known/openid-configuration")
    assert json_of(v2).keys() == _V2_MEMBERS
    assert json_of(v1).keys() == _V2_MEMBERS | {"microsoft_multi_refresh_token"}
    assert json_of(v1)["issuer"] == "https://sts.windows.net/{tenantid}/"
    assert v2.headers["Access-Control-Allow-Origin"] == "*"


def test_token_answers_are_never_kept_and_tell_who_answered(world: World) -> None:
    world.headers = {"client-request-id": _REQUEST, "return-client-request-id": "true"}
    headers = world.as_application().headers
    assert headers["Cache-Control"] == "no-store, no-cache"
    assert headers["client-request-id"] == _REQUEST
    assert {"Pragma", "Expires", "P3P", "x-ms-request-id", "x-ms-ests-server"} <= headers.keys()


def test_refusal_repeats_the_clients_id_and_links_its_explanation(world: World) -> None:
    world.headers = {"client-request-id": _REQUEST}
    reply = world.as_application(client_secret="wrong")
    body = json_of(reply)
    assert (body["correlation_id"], body["error_codes"]) == (_REQUEST, [7000215])
    assert body["trace_id"] == reply.headers["x-ms-request-id"]
    assert body["error_uri"].endswith("code=7000215")


def test_suberror_tells_what_a_person_could_do(world: World) -> None:
    token = world.refresh_token()
    policies = [{"users": "all", "apps": "all", "result": "block"}]
    world.change(kinds.TENANT, world.tenant.id, "", _conditionalAccess=policies)
    body = json_of(world.refresh(token))
    assert (body["error"], body["suberror"]) == ("invalid_grant", "message_only")
    assert "capolids" in body["claims"]


def test_application_token_of_v1_names_its_issuer_as_identity_provider(world: World) -> None:
    token = claims(json_of(world.as_application())["access_token"])
    assert token.keys() >= {"aio", "appid", "appidacr", "idp", "oid", "rh", "sub", "tid", "uti", "ver"}
    assert (token["idp"], token["oid"], token["idtyp"]) == (token["iss"], token["sub"], "app")


def test_api_of_a_tenants_own_that_wants_v2_tokens_gets_them_from_either_endpoint(world: World, store: Store) -> None:
    api = World(store).add_application(api=API_OF_V2, web=web())
    token = claims(json_of(world.as_application(scope=f"{api.client_id}/.default"))["access_token"])
    assert (token["ver"], token["azp"], token["azpacr"]) == ("2.0", world.client_id, "1")
    assert "appid" not in token


def test_basic_authentication_is_as_good_as_fields(world: World) -> None:
    pair = f"{quote(world.client_id, safe='')}:{quote(SECRET, safe='')}"
    world.headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    assert world.as_application(client_id=None, client_secret=None).status == 200


def test_broken_basic_authentication_is_malformed(world: World) -> None:
    world.headers = {"Authorization": "Basic nonsense!"}
    assert json_of(world.as_application(client_id=None, client_secret=None))["error_codes"] == [9002313]


def test_credentials_of_the_service_principal_count(world: World) -> None:
    certificate = Certificate.make()
    world.change_principal(keyCredentials=[certificate.credential()])
    assert world.as_application(**certificate.assertion(world)).status == 200


def test_assertion_may_be_sent_again_and_its_thumbprint_in_ordinary_base64(store: Store) -> None:
    certificate = Certificate.make()
    world = World(store).add_application(keyCredentials=[certificate.credential()])
    digest = hashlib.sha1(certificate.der, usedforsecurity=False).digest()
    header = {"x5t": base64.b64encode(digest).decode()}
    fields = certificate.assertion(world, algorithm="RS256", header=header)
    assert [world.as_application(**fields).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("path", ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", ""])
def test_assertion_may_name_any_address_of_the_tenant(store: Store, path: str) -> None:
    certificate = Certificate.make()
    world = World(store).add_application(keyCredentials=[certificate.credential()])
    audience = f"https://login.microsoftonline.com/{world.tenant.domain}{path}"
    assert world.as_application(**certificate.assertion(world, aud=audience)).status == 200


def test_organizations_takes_the_person_where_they_live(store: Store) -> None:
    world = World(store).add_application(signInAudience="AzureADMultipleOrgs")
    code = world.code(alias="organizations")
    given = json_of(world.redeem(code, alias="organizations"))
    again = world.token(2, "organizations", grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert claims(json_of(again)["access_token"])["tid"] == world.tenant.id


def test_domain_hint_passes_over_the_session_of_another_domain(world: World) -> None:
    world.code()
    assert world.authorize(domain_hint="elsewhere.example").status == 200
    assert world.authorize(domain_hint=world.tenant.domain).status == 302


def test_group_is_enough_to_be_assigned(world: World) -> None:
    token = world.refresh_token()
    world.change_principal(appRoleAssignmentRequired=True)
    principal = world.principal(world.client_id)
    with world.store.transaction() as tx:
        group = {"id": "group-1", "displayName": "Users", "_members": [world.tenant.operator_id]}
        tx.put(kinds.GROUP, world.tenant.id, "group-1", group)
        assignment = {"id": "a", "principalId": "group-1", "resourceId": principal["id"], "appRoleId": ARM}
        tx.put(kinds.APP_ROLE_ASSIGNMENT, world.tenant.id, "a", assignment)
    assert world.refresh(token).status == 200


def test_signing_out_ends_the_session_and_no_refresh_token(world: World) -> None:
    token = world.refresh_token()
    back = world.get(f"/{world.tenant.id}/oauth2/v2.0/logout", client_id=world.client_id, post_logout_redirect_uri=WEB)
    assert (back.status, back.headers["Location"]) == (302, WEB)
    assert world.authorize().status == 200
    assert world.refresh(token).status == 200


def test_sign_out_never_leads_to_an_address_nobody_registered(world: World) -> None:
    uri = "https://attacker.example/"
    reply = world.get("/common/oauth2/logout", client_id=world.client_id, post_logout_redirect_uri=uri)
    assert "Location" not in reply.headers


@pytest.mark.parametrize("path", ["oauth2/token", "oauth2/v2.0/token"])
def test_browser_may_ask_before_it_posts(store: Store, path: str) -> None:
    headers = {"Origin": "https://localhost:3000", "Access-Control-Request-Headers": "x-client-sku"}
    url = f"https://login.microsoftonline.com/common/{path}"
    reply = dispatch.handle(store, "OPTIONS", url, headers)
    assert (reply.status, reply.headers["Access-Control-Allow-Headers"]) == (200, "x-client-sku")


def test_hosts_of_one_cloud_are_one_authority(store: Store) -> None:
    asked = "authorization_endpoint=https://login.partner.microsoftonline.cn/common/oauth2/v2.0/authorize"
    found = json_of(_metadata(store, f"/common/discovery/instance?api-version=1.1&{asked}"))
    china = next(entry for entry in found["metadata"] if "login.chinacloudapi.cn" in entry["aliases"])
    assert china["preferred_network"] == "login.partner.microsoftonline.cn"
    assert found["tenant_discovery_endpoint"].startswith("https://login.chinacloudapi.cn/common/")
