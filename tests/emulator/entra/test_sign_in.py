"""What a sign-in gives: codes, tokens and grants, and the strength that travels with them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from provisioner.emulator import dispatch, kinds, requests_log
from provisioner.emulator.graph import microsoft_apps
from provisioner.emulator.kernel import Reply
from provisioner.emulator.lag import change_settings
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_OTP, OPERATOR_PASSWORD
from provisioner.emulator.store import Document, Store
from tests.emulator.entra.world import (
    ARM,
    NATIVE,
    PARTNER_CENTER,
    SCOPE,
    SECRET,
    VERIFIER,
    WEB,
    Certificate,
    World,
    answer,
    challenge,
    claims,
    hidden_fields,
    json_of,
    web,
)

_MFA = ["pwd", "mfa"]


@pytest.fixture
def world(store: Store) -> World:
    return World(store).add_application()


def _grants(world: World) -> list[Document]:
    with world.store.transaction() as tx:
        return tx.list(kinds.GRANT, world.tenant.id)


def _error(reply: Reply) -> list[int]:
    return list(json_of(reply)["error_codes"])


def test_mfa_of_the_sign_in_shows_in_v1_tokens_and_survives_refreshing(world: World) -> None:
    world.require_mfa(microsoft_apps.PARTNER_CENTER)
    first = json_of(world.redeem(world.code()))
    second = json_of(world.refresh(first["refresh_token"]))
    token = claims(second["access_token"])
    assert (token["amr"], token["ver"], token["aud"]) == (_MFA, "1.0", PARTNER_CENTER)
    assert (token["scp"], token["appid"], token["tid"]) == ("user_impersonation", world.client_id, world.tenant.id)
    assert (token["oid"], token["upn"]) == (world.tenant.operator_id, world.tenant.operator)
    assert token["iss"] == f"https://sts.windows.net/{world.tenant.id}/"


def test_without_policy_or_amr_values_nobody_asks_for_mfa(world: World) -> None:
    token = json_of(world.redeem(world.code()))["access_token"]
    assert claims(token)["amr"] == ["pwd"]


def test_amr_values_forces_mfa_on_v1_where_no_policy_does(world: World) -> None:
    token = json_of(world.redeem(world.code(1, amr_values="mfa"), 1))["access_token"]
    assert claims(token)["amr"] == _MFA


def test_policy_of_an_api_counts_only_when_the_request_names_it(world: World) -> None:
    world.require_mfa(microsoft_apps.PARTNER_CENTER)
    page = world.authorize(1, resource=None)
    assert "code" in answer(world.sign_in(page, otp="never asked"))


def test_id_tokens_of_v2_carry_no_amr(world: World) -> None:
    token = claims(json_of(world.redeem(world.code(nonce="n-1")))["id_token"])
    assert "amr" not in token
    assert (token["ver"], token["nonce"], token["aud"]) == ("2.0", "n-1", world.client_id)
    assert token["iss"] == f"https://login.microsoftonline.com/{world.tenant.id}/v2.0"


def test_refresh_token_comes_only_with_offline_access_on_v2_and_always_on_v1(world: World) -> None:
    scope = f"{PARTNER_CENTER}/user_impersonation"
    assert "refresh_token" not in json_of(world.redeem(world.code(scope=scope)))
    assert "refresh_token" in json_of(world.redeem(world.code(1), 1))


def test_old_refresh_token_stays_good_after_use_and_each_new_one_has_its_own_ninety_days(world: World) -> None:
    old = json_of(world.redeem(world.code()))["refresh_token"]
    world.pass_time(80 * 86400)
    new = json_of(world.refresh(old))["refresh_token"]
    assert world.refresh(old).status == 200
    world.pass_time(80 * 86400)
    assert _error(world.refresh(old)) == [700082]
    assert world.refresh(new).status == 200


def test_one_refresh_token_serves_every_api_that_has_a_grant(world: World) -> None:
    token = json_of(world.redeem(world.code(scope=f"{SCOPE} {ARM}/user_impersonation")))["refresh_token"]
    for_arm = json_of(world.refresh(token, scope=f"{ARM}/.default"))
    assert claims(for_arm["access_token"])["aud"] == ARM


def test_v1_answers_times_as_strings_and_v2_as_numbers(world: World) -> None:
    v1, v2 = json_of(world.redeem(world.code(1), 1)), json_of(world.redeem(world.code()))
    assert [type(v1[name]) for name in ("expires_in", "ext_expires_in", "expires_on", "not_before")] == [str] * 4
    assert v1["resource"] == PARTNER_CENTER
    assert isinstance(v2["expires_in"], int)
    assert "resource" not in v2


def test_pkce_s256_and_plain_are_honoured(world: World) -> None:
    hashed = world.code(code_challenge=challenge(), code_challenge_method="S256")
    plain = world.code(code_challenge=VERIFIER)
    assert world.redeem(hashed, code_verifier=VERIFIER).status == 200
    assert world.redeem(plain, code_verifier=VERIFIER).status == 200


def test_port_of_localhost_is_ignored_and_its_path_is_not(world: World) -> None:
    uri = NATIVE.replace(":8400", ":51234")
    assert world.redeem(world.code(redirect_uri=uri), redirect_uri=uri, client_secret=None).status == 200
    for other in (f"{uri}/x", f"{uri}#x", uri.replace("localhost", "user@localhost")):
        assert "50011" in str(world.authorize(redirect_uri=other).body), other


def test_code_over_common_is_redeemed_in_its_own_cloud_only(store: Store) -> None:
    world = World(store).add_application(signInAudience="AzureADMultipleOrgs")
    form = {
        "grant_type": "authorization_code",
        "code": world.code(alias="common"),
        "redirect_uri": WEB,
        "client_id": world.client_id,
        "client_secret": SECRET,
    }
    url = "https://login.microsoftonline.us/common/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert _error(dispatch.handle(store, "POST", url, headers, urlencode(form).encode())) == [70000]


def test_uri_without_path_comes_back_with_a_slash(store: Store) -> None:
    world = World(store).add_application(web=web("https://app.example"))
    reply = world.sign_in(world.authorize(redirect_uri="https://app.example"))
    assert reply.headers["Location"].startswith("https://app.example/?code=")


def test_answer_goes_by_query_fragment_or_form_as_asked(store: Store) -> None:
    world = World(store).add_application(web=web(WEB, id_token=True))
    assert world.sign_in(world.authorize()).headers["Location"].startswith(f"{WEB}?code=")
    assert f"{WEB}#code=" in world.authorize(response_mode="fragment").headers["Location"]
    posted = answer(world.authorize(response_mode="form_post", response_type="code id_token", nonce="n"))
    assert posted.keys() >= {"code", "id_token", "state", "session_state"}
    assert "c_hash" in claims(posted["id_token"])
    assert f"{WEB}#code=" in world.authorize(response_type="code id_token", nonce="n").headers["Location"]


def test_error_before_the_redirect_uri_is_known_to_be_good_is_a_page(world: World) -> None:
    reply = world.authorize(redirect_uri="https://attacker.example/")
    assert (reply.status, "Location" in reply.headers) == (400, False)


def test_accepting_for_oneself_grants_to_this_person_only(world: World) -> None:
    world.sign_in(world.authorize(), username=world.tenant.colleague)
    assert [(grant["consentType"], grant["principalId"]) for grant in _grants(world)] == [
        ("Principal", world.tenant.colleague_id)
    ]


def test_administrator_may_accept_for_everybody_and_nobody_is_asked_again(world: World) -> None:
    world.sign_in(world.authorize(), tenant_wide="yes")
    assert [(grant["consentType"], grant["scope"]) for grant in _grants(world)] == [
        ("AllPrincipals", "user_impersonation")
    ]
    world.cookie = ""
    assert "code" in answer(world.sign_in(world.authorize(), username=world.tenant.colleague, consent="cancel"))


def test_ticking_the_box_without_being_an_administrator_grants_for_oneself(world: World) -> None:
    world.sign_in(world.authorize(), username=world.tenant.colleague, tenant_wide="yes")
    assert {grant["consentType"] for grant in _grants(world)} == {"Principal"}


def test_admin_consent_page_grants_all_that_is_declared_and_returns(world: World) -> None:
    page = world.get(f"/{world.tenant.id}/adminconsent", client_id=world.client_id, redirect_uri=WEB, state="s")
    back = answer(world.sign_in(page))
    assert back == {"admin_consent": "True", "tenant": world.tenant.id, "state": "s"}
    assert [grant["consentType"] for grant in _grants(world)] == ["AllPrincipals", "AllPrincipals"]


def test_consent_in_another_tenant_makes_the_service_principal_there(store: Store) -> None:
    home = World(store).add_application(signInAudience="AzureADMultipleOrgs", tenant=CONTOSO, principal=False)
    answered = answer(home.sign_in(home.authorize()))
    assert home.principal(home.client_id)["appOwnerOrganizationId"] == CONTOSO.id
    assert home.redeem(answered["code"]).status == 200


def test_session_skips_the_password_unless_login_is_asked(world: World) -> None:
    world.code()
    assert world.authorize().status == 302
    assert "username" in hidden_fields(world.authorize(prompt="login"))


def test_session_without_mfa_is_asked_for_the_second_factor_when_it_is_needed(world: World) -> None:
    world.code()
    world.require_mfa(microsoft_apps.PARTNER_CENTER)
    assert "otp" in hidden_fields(world.authorize())


def test_common_takes_the_tenant_of_the_person(store: Store) -> None:
    world = World(store).add_application(signInAudience="AzureADMultipleOrgs")
    code = world.code(alias="common")
    assert claims(json_of(world.redeem(code, alias="common"))["access_token"])["tid"] == FABRIKAM.id


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
def test_assertion_signed_by_a_registered_certificate_is_accepted(store: Store, algorithm: str) -> None:
    certificate = Certificate.make()
    world = World(store).add_application(keyCredentials=[certificate.credential()])
    reply = world.as_application(**certificate.assertion(world, algorithm=algorithm))
    assert claims(json_of(reply)["access_token"])["appidacr"] == "2"


def test_new_secret_is_called_wrong_until_it_has_spread(world: World) -> None:
    with world.store.transaction() as tx:
        change_settings(tx, {"secret": 30.0})
        value = tx.find(kinds.CREDENTIAL_VALUE, world.tenant.id, "appId", world.client_id)[0]
        tx.put(kinds.CREDENTIAL_VALUE, world.tenant.id, value["keyId"], value | {"_usableFrom": tx.now + 30})
    assert _error(world.as_application()) == [7000215]
    assert world.pass_time(31).as_application().status == 200


def test_disabled_person_cannot_refresh(world: World) -> None:
    token = json_of(world.redeem(world.code()))["refresh_token"]
    world.change(kinds.USER, world.tenant.operator_id, accountEnabled=False)
    assert _error(world.refresh(token)) == [50057]


def test_refresh_after_the_grant_is_gone_is_refused(world: World) -> None:
    token = json_of(world.redeem(world.code()))["refresh_token"]
    with world.store.transaction() as tx:
        for grant in tx.list(kinds.GRANT, world.tenant.id):
            tx.delete(kinds.GRANT, world.tenant.id, grant["id"])
    assert _error(world.refresh(token)) == [65001]


def test_no_copy_of_the_state_holds_a_code_or_a_refresh_token(world: World) -> None:
    code = world.code()
    tokens = json_of(world.redeem(code))
    with world.store.transaction() as tx:
        kept = "\n".join(tx.sql.iterdump())
    for secret in (code, tokens["refresh_token"], tokens["access_token"], tokens["id_token"]):
        assert secret not in kept
    for secret in (OPERATOR_PASSWORD, OPERATOR_OTP):
        assert secret not in "\n".join(line for line in kept.splitlines() if 'INTO "requests"' in line)


def test_recorded_answers_hold_no_code_whatever_the_redirect_uri(store: Store) -> None:
    oob = "urn:ietf:wg:oauth:2.0:oob"
    world = World(store).add_application(web=web(oob, id_token=True))
    code = world.code(redirect_uri=oob)
    with store.transaction() as tx:
        assert code not in json.dumps(requests_log.listed(tx))


@pytest.mark.parametrize(
    ("host", "issuer"),
    [
        ("login.microsoftonline.us", "https://login.microsoftonline.us/{tenantid}/v2.0"),
        ("login.chinacloudapi.cn", "https://login.chinacloudapi.cn/{tenantid}/v2.0"),
    ],
)
def test_each_cloud_names_itself_in_its_metadata(store: Store, host: str, issuer: str) -> None:
    reply = dispatch.handle(store, "GET", f"https://{host}/common/v2.0/.well-known/openid-configuration")
    assert json_of(reply)["issuer"] == issuer
