"""Every code of the sign-in and token table (sam-facts 3.7): a request of ours provokes it, and ends in its remedy."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from provisioner.clients.entra import AuthorizationRequest, tenant_id_of
from provisioner.clients.sign_in_remedies import REMEDIES, Who
from provisioner.consent.answer import SignInCancelledError
from provisioner.core.errors import ConsentRequiredError, ProvisionerError, SignInError
from provisioner.core.secret import Secret
from provisioner.emulator.entra import conditional_access
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, OPERATOR_PASSWORD, TAILSPIN
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.resources.token_held import held_token, redeem
from tests.clients.sign_in_scene import NATIVE, Scene
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.emulator.certificates import self_signed
from tests.rehearsal import NAME, PARTNER_CENTER, Rehearsal, clients_of, served
from tests.robot import Person

FACTS = Path(__file__).parents[3] / "shared" / "reference" / "sam-facts.md"
NOBODY = "2f6c1f43-5e0a-4f2b-9a7d-0c1b7a9d3e55"
GITHUB = "https://token.actions.githubusercontent.com"
MAIN = "repo:contoso/partner:ref:refs/heads/main"
AUDIENCE = "api://AzureADTokenExchange"
ARM = "https://management.azure.com"
Act = Callable[[Scene], Awaitable[object]]
Change = Callable[[Scene], object]


@dataclass(frozen=True)
class Case:
    """change: what an administrator, or time, does first. act: the request of ours that is refused then."""

    act: Act
    change: Change = lambda scene: None


def _redeem(scope: str = "", tenant: str | None = None) -> Act:
    return lambda scene: scene.redeeming(scope or None, tenant)


def _sign_in(**changed: str | None) -> Act:
    return lambda scene: scene.signing_in(changed=changed)


def _code(**options: Any) -> Act:
    return lambda scene: scene.redeeming_code(**options)


def _without_permission(scene: Scene) -> None:
    """The grants are gone; the application still asks for the permission."""
    found = scene.graph("GET", f"servicePrincipals(appId='{scene.rehearsal.app_id}')/oauth2PermissionGrants")
    for grant in found["value"]:
        scene.graph("DELETE", f"oauth2PermissionGrants/{grant['id']}")


def _without_declaration(scene: Scene) -> None:
    _without_permission(scene)
    scene.change_application(requiredResourceAccess=[])


def _without_partner_center(scene: Scene) -> None:
    found = scene.graph("GET", f"servicePrincipals(appId='{PARTNER_CENTER}')")
    scene.graph("DELETE", f"servicePrincipals/{found['id']}")


def _without_second_factor(scene: Scene) -> None:
    scene.sign_in_without_mfa()
    scene.tenant(mfa={"securityDefaults": True, "requireForApps": []})
    scene.operator(otp=None)


def _mfa_wanted_later(scene: Scene) -> None:
    scene.sign_in_without_mfa()
    scene.policy("requireMfa")


def _trusting_main(scene: Scene) -> None:
    body = {"name": "pipeline", "issuer": GITHUB, "subject": MAIN, "audiences": [AUDIENCE]}
    scene.graph("POST", f"applications(appId='{scene.rehearsal.app_id}')/federatedIdentityCredentials", body)
    scene.later(minutes=2)


def _of_a_job(**changed: Any) -> Act:
    """A token of GitHub's for the branch main, but for `changed` claims."""

    async def act(scene: Scene) -> None:
        claims = {"sub": MAIN, "aud": AUDIENCE, **changed}
        minted = scene.control("POST", "tokens", {"issuer": GITHUB, "claims": claims})
        await scene.proving(minted["token"])

    return act


async def _of_another_issuer(scene: Scene) -> None:
    issuer = "https://oidc.cluster.example/"
    scene.control("POST", "issuers", {"issuer": issuer})
    minted = scene.control("POST", "tokens", {"issuer": issuer, "claims": {"sub": MAIN, "aud": AUDIENCE}})
    await scene.proving(minted["token"])


async def _of_a_finished_job(scene: Scene) -> None:
    minted = scene.control(
        "POST", "tokens", {"issuer": GITHUB, "claims": {"sub": MAIN, "aud": AUDIENCE}, "lifeSeconds": 60}
    )
    scene.later(minutes=20)
    await scene.proving(minted["token"])


async def _forged(scene: Scene) -> None:
    """It says it is GitHub's, and somebody else signed it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {"iss": GITHUB, "sub": MAIN, "aud": AUDIENCE, "exp": 4e9}
    await scene.proving(jwt.encode(claims, key, algorithm="RS256", headers={"kid": "1"}))


def _signed(aud: str = "", *, registered: bool = False) -> Act:
    """An assertion by a certificate, which is on the application if it is registered."""

    async def act(scene: Scene) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        der = self_signed(key, datetime.now(UTC) - timedelta(days=1), 30)
        if registered:
            entry = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}
            scene.change_application(keyCredentials=[entry])
            scene.later(minutes=2)
        app_id = scene.rehearsal.app_id
        endpoint = f"https://login.microsoftonline.com/{scene.rehearsal.tenant.id}/oauth2/v2.0/token"
        claims = {"iss": app_id, "sub": app_id, "aud": aud or endpoint, "exp": 4e9, "nbf": 0, "jti": NOBODY}
        await scene.proving(jwt.encode(claims, key, algorithm="PS256", headers={"x5t#S256": _thumbprint(der)}))

    return act


def _thumbprint(der: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


async def _at_a_customer(scene: Scene) -> None:
    await scene.redeeming(tenant=scene.rehearsal.tenant.customers[0].id)


def _sign_in_at(alias: str) -> Act:
    async def act(scene: Scene) -> None:
        await scene.signing_in(await scene.entra(alias))

    return act


def _while_entra_answers(status: int) -> Act:
    """All of the session's budget of repetitions is used up."""

    async def act(scene: Scene) -> None:
        held = await held_token(scene.clients, scene.rehearsal.spec())
        fault = {"operation": "entra.token.*", "action": "status", "status": status, "count": None}
        scene.control("POST", "faults", fault)
        await redeem(scene.clients, held, scene.partner_center)

    return act


def _unproven(form: dict[str, str], endpoint: str = "oauth2/v2.0/token", tenant: str | None = None) -> Act:
    return lambda scene: scene.posting(form, endpoint, tenant, proven=False)


async def _refreshed(scene: Scene, endpoint: str = "oauth2/v2.0/token", **changed: str) -> None:
    form = await scene.refresh_form(**changed)
    await scene.posting({name: value for name, value in form.items() if value}, endpoint)


async def _public_reply_url(scene: Scene) -> None:
    begun, answer = await scene.signing_in(reply_url=NATIVE)
    await (await scene.entra()).redeem_code(begun, answer.code)


async def _no_resource_in_either_leg(scene: Scene) -> None:
    begun, answer = await scene.signing_in(changed={"scope": "openid offline_access"})
    await scene.posting({**_code_form(begun, answer.code), "scope": "openid"})


async def _v1_without_resource(scene: Scene) -> None:
    begun, answer = await scene.signing_in(force_mfa=True, changed={"resource": None})
    await scene.posting(_code_form(begun, answer.code), "oauth2/token")


def _code_form(begun: AuthorizationRequest, code: Secret) -> dict[str, str]:
    verifier = begun.flow["code_verifier"]
    form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": begun.redirect_uri}
    return {**form, "code_verifier": verifier}


async def _another_verifier(scene: Scene) -> None:
    begun, answer = await scene.signing_in()
    flow = {**begun.flow, "code_verifier": "w" * 43}
    await (await scene.entra()).redeem_code(replace(begun, flow=flow), answer.code)


async def _only_an_administrator_may(scene: Scene) -> None:
    scope = "openid offline_access https://graph.microsoft.com/Directory.AccessAsUser.All"
    leaving: Any = "leave"  # the button of the page that says so
    person = Person(scene.rehearsal.tenant.colleague, OPERATOR_PASSWORD, at_consent=leaving)
    await scene.signing_in(person=person, changed={"scope": scope, "login_hint": None})


def _credential_of_an_hour(scene: Scene) -> None:
    """The application's; the runner has its own."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    body = {"passwordCredential": {"endDateTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    path = f"applications(appId='{scene.rehearsal.app_id}')/addPassword"
    scene.rehearsal.put_secret(f"{NAME}-credential", scene.graph("POST", path, body)["secretText"])
    scene.later(hours=3)


def _stored_credential(value: str) -> Change:
    def change(scene: Scene) -> None:
        scene.rehearsal.put_secret(f"{NAME}-credential", value)

    return change


def _revoked(scene: Scene) -> None:
    scene.later(minutes=1)
    scene.operator(revokeSessions=True)


def _daily_sign_ins(scene: Scene) -> None:
    scene.tenant(mfa={"signInFrequencyHours": 24})
    scene.later(days=2)


def _locked(scene: Scene) -> None:
    async def run() -> None:
        async with clients_of(scene.rehearsal) as scene.clients:
            for number in range(10):
                with pytest.raises(SignInError):
                    await scene.signing_in_as(password=f"wrong {number}")

    asyncio.run(run())


BY_POLICY = {
    str(answer.number): Case(_redeem(), lambda scene, result=result: scene.policy(result))  # type: ignore[misc]  # a default binds it
    for result, answer in conditional_access.REFUSALS.items()
}
PRODUCED: dict[str, Case] = {
    **BY_POLICY,
    "50001": Case(_v1_without_resource),
    "500011": Case(_redeem("https://nowhere.example/.default")),
    "50011": Case(_sign_in(redirect_uri="http://localhost:8400/nobody-registered-this")),
    "500113": Case(
        _sign_in(), lambda scene: scene.change_application(web={"redirectUris": []}, publicClient={"redirectUris": []})
    ),
    "900971": Case(_sign_in(redirect_uri=None)),
    "50012": Case(lambda scene: scene.proving("not.a.token")),
    "50013": Case(_forged, _trusting_main),
    "50020": Case(lambda scene: scene.signing_in_as(username=FABRIKAM.operator)),
    "50034": Case(lambda scene: scene.signing_in_as(username=f"nobody@{CONTOSO.domain}")),
    "50053": Case(_sign_in(), _locked),
    "50055": Case(_sign_in(), lambda scene: scene.operator(passwordExpired=True)),
    "50144": Case(_sign_in(), lambda scene: scene.operator(passwordExpired="onPremises")),
    "50057": Case(_redeem(), lambda scene: scene.operator(accountEnabled=False)),
    "50058": Case(_sign_in(prompt="none")),
    "50079": Case(_redeem(), _without_second_factor),
    "50076": Case(_redeem(), _mfa_wanted_later),
    "50105": Case(_redeem(), lambda scene: scene.change_principal(appRoleAssignmentRequired=True)),
    "50126": Case(lambda scene: scene.signing_in_as(password="wrong")),
    "50173": Case(_redeem(), _revoked),
    "50194": Case(_sign_in_at("common")),
    "501481": Case(_another_verifier),
    "54005": Case(_code(twice=True)),
    "65001": Case(_redeem(), _without_permission),
    "65004": Case(lambda scene: scene.signing_in_as(at_consent="cancel"), _without_permission),
    "650056": Case(_redeem(f"{ARM}/.default"), _without_declaration),
    "650057": Case(lambda scene: _refreshed(scene, "oauth2/token", scope="", resource=ARM)),
    "650052": Case(_sign_in(), _without_partner_center),
    "70000": Case(_redeem(), lambda scene: scene.keep("1.of-another-application")),
    "7000112": Case(_redeem(), lambda scene: scene.change_principal(accountEnabled=False)),
    "70008": Case(_code(late_s=601)),
    "700082": Case(_redeem(), lambda scene: scene.later(days=91)),
    "70011": Case(
        lambda scene: scene.posting({"grant_type": "client_credentials", "scope": f"{ARM}/user_impersonation"})
    ),
    "70043": Case(_redeem(), _daily_sign_ins),
    "700005": Case(
        _code(tenant=FABRIKAM.id), lambda scene: scene.change_application(signInAudience="AzureADMultipleOrgs")
    ),
    "700016": Case(_at_a_customer),
    "7000215": Case(_redeem(), _stored_credential("not-the-secret")),
    "7000218": Case(_unproven({"grant_type": "client_credentials", "scope": f"{ARM}/.default"})),
    "7000222": Case(_redeem(), _credential_of_an_hour),
    "700022": Case(lambda scene: _refreshed(scene, scope=f"{scene.partner_center} {ARM}/user_impersonation")),
    "700023": Case(_signed("https://graph.microsoft.com", registered=True)),
    "28003": Case(_no_resource_in_either_leg),
    "700025": Case(_public_reply_url, lambda scene: scene.change_application(publicClient={"redirectUris": [NATIVE]})),
    "700024": Case(_of_a_finished_job, _trusting_main),
    "700027": Case(_signed()),
    "700054": Case(
        _sign_in(response_type="code id_token", response_mode="form_post"),
        lambda scene: scene.change_application(
            web={
                "redirectUris": list(scene.rehearsal.reply_urls),
                "implicitGrantSettings": {"enableIdTokenIssuance": False},
            }
        ),
    ),
    "70016": Case(lambda scene: scene.polling()),
    "70018": Case(lambda scene: scene.polling(code="nobodys-code")),
    "70021": Case(_of_a_job()),
    "700211": Case(_of_another_issuer, _trusting_main),
    "700212": Case(_of_a_job(aud="https://github.com/contoso"), _trusting_main),
    "700213": Case(_of_a_job(sub="repo:contoso/partner:pull_request"), _trusting_main),
    "90002": Case(lambda scene: tenant_id_of(scene.clients.session, scene.clients.cloud, "nobody.onmicrosoft.com")),
    "900144": Case(lambda scene: _refreshed(scene, refresh_token="")),
    "50059": Case(_unproven({"grant_type": "client_credentials"}, "oauth2/token", "common")),
    "9001023": Case(_unproven({"grant_type": "client_credentials"}, tenant="common")),
    "90033": Case(_while_entra_answers(503)),
    "90055": Case(_while_entra_answers(429)),
    "90038": Case(_sign_in_at(TAILSPIN.id)),
    "900382": Case(lambda scene: scene.posting({"grant_type": "client_credentials"}, tenant=TAILSPIN.id)),
    "90094": Case(_only_an_administrator_may),
    "90099": Case(_at_a_customer, lambda scene: scene.change_application(signInAudience="AzureADMultipleOrgs")),
    "9002313": Case(_redeem(), lambda scene: scene.keep("broken")),
    "901002": Case(_sign_in(amr_values="mfa")),
}
# What the emulator has no state for, and why a request of ours cannot meet it there.
_TWIN = "the emulator answers the other code of the row"
NOT_PRODUCED: dict[str, str] = {
    "16000": "asked of a browser with several sessions; the emulator shows its account page again",
    "16003": "asked of a browser with several sessions; the emulator shows its account page again",
    "50072": f"{_TWIN}, 50079: it knows no federated account",
    "50074": f"{_TWIN}, 50076",
    "50132": f"{_TWIN}, 50173",
    "50133": f"{_TWIN}, 50173",
    "50177": "it has no account that passes through from another tenant",
    "50196": "it counts no loops of a client",
    "650051": "a race inside Entra's directory",
    "65002": "its directory has no first-party client that a user may sign in to",
    "65005": f"{_TWIN}, 650056 or 650057",
    "650054": f"{_TWIN}, 650052: it sells no subscriptions",
    "70001": f"{_TWIN}, 7000112",
    "70002": "the emulator names what is wrong with a credential: 7000215, 700027 and others",
    "28002": "a scope that cannot be read is 70011 there",
    "700030": "it has no policy on a certificate's subject",
    "70019": "of the v1 device flow, which nothing of ours uses; v2 says 70020, which we await ourselves",
    "90014": "a page of Entra's own that was used twice; our requests lack no parameter of this number",
    "90019": f"{_TWIN}, 50059",
    "90043": f"{_TWIN}, 90038",
    "90051": f"{_TWIN}, 90038",
    "900432": f"{_TWIN}, 900382",
    "90072": "it has no account whose home asks for MFA",
    "90095": f"{_TWIN}, 90094: it has no request workflow",
    **dict.fromkeys(("90006", "90012", "90024", "90090", "50033", "50087"), f"{_TWIN}, 90033"),
}


def table() -> set[str]:
    """The codes of the table in sam-facts 3.7; ranges are written 700211–700213."""
    section = FACTS.read_text(encoding="utf-8").split("### 3.7", 1)[1].split("\n---", 1)[0]
    first = [line.split("|")[1] for line in section.splitlines() if re.match(r"\| \**\d", line)]
    codes: set[str] = set()
    for cell in first:
        for low, high in re.findall(r"(\d{5,})–(\d{5,})", cell):
            codes |= {str(number) for number in range(int(low), int(high) + 1)}
        codes |= set(re.findall(r"\d{5,}", cell))
    return codes


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        made = Rehearsal(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        made.prepare()

        async def sign_in() -> None:
            async with clients_of(made) as clients:
                player = Player(cloud.robot, made.operator)
                await consent(clients, made.spec(), player, ConsentOptions(timeout_s=20))

        asyncio.run(sign_in())
        cloud.control("POST", "snapshot", {"name": "signed in"})
        yield made


@pytest.fixture
def scene(signed_in: Rehearsal) -> Scene:
    signed_in.cloud.control("POST", "restore", {"name": "signed in"})
    return Scene(signed_in)


def test_the_table_is_covered_and_what_is_not_produced_has_a_reason() -> None:
    assert len(table()) > 100
    assert table() - PRODUCED.keys() - NOT_PRODUCED.keys() == set()
    assert NOT_PRODUCED.keys() & PRODUCED.keys() == set()
    assert all(NOT_PRODUCED.values())


def test_every_code_of_the_table_has_a_remedy_and_every_row_its_own() -> None:
    assert table() - REMEDIES.keys() == set()
    by_text: dict[str, set[str]] = {}
    for code, remedy in REMEDIES.items():
        by_text.setdefault(remedy.text, set()).add(code)
    assert len(by_text) == len({id(remedy) for remedy in REMEDIES.values()})


@pytest.mark.parametrize("code", PRODUCED)
def test_a_refused_request_ends_in_the_remedy_of_its_code(scene: Scene, code: str) -> None:
    case = PRODUCED[code]
    case.change(scene)
    error = scene.refusal(case.act)
    remedy = REMEDIES[code]
    assert f"AADSTS{code}" in told(error)
    assert error.next_step == remedy.told.replace("APPLICATION", scene.rehearsal.app_id)
    if isinstance(error, ConsentRequiredError):
        assert remedy.consent


def told(error: ProvisionerError) -> str:
    """The code, of the error or of the one it was made of. A cancelled sign-in says so in words."""
    if isinstance(error, SignInCancelledError):
        return "AADSTS65004"
    causes = [error, error.__cause__]
    return " ".join(cause.code for cause in causes if isinstance(cause, SignInError)) or error.what


def test_whom_a_remedy_is_for_is_said_where_it_is_not_the_reader() -> None:
    assert REMEDIES["50057"].told.startswith("for an administrator of the tenant: ")
    assert REMEDIES["50079"].told.startswith("for the person of the account: ")
    assert all(remedy.told == remedy.text for remedy in REMEDIES.values() if remedy.who in (Who.RUNNER, Who.OPERATOR))
