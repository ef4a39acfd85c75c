"""What Entra refuses: one request for each registered refusal. The code is the AADSTS number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from provisioner.emulator import kinds
from provisioner.emulator.directory_roles import APPLICATION_ADMINISTRATOR
from provisioner.emulator.dispatch import handle
from provisioner.emulator.graph import microsoft_apps
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM, TAILSPIN, WINGTIP
from provisioner.emulator.store import Store
from tests.emulator.entra.world import (
    ARM,
    NATIVE,
    PARTNER_CENTER,
    SECRET,
    SINGLE_PAGE,
    VERIFIER,
    WEB,
    Certificate,
    World,
    challenge,
    hidden_fields,
    json_of,
    web,
)

Row = tuple[str, str, Callable[[Store], Reply], int, str]
_NOBODY = "2f6c1f43-5e0a-4f2b-9a7d-0c1b7a9d3e55"
_GRAPH_ADMIN_SCOPE = "https://graph.microsoft.com/Directory.AccessAsUser.All"
_FORM = "application/x-www-form-urlencoded"
_MULTITENANT: dict[str, Any] = {"signInAudience": "AzureADMultipleOrgs"}


def _authorize(version: int = 2, alias: str | None = None, **changed: Any) -> Callable[[Store], Reply]:
    return lambda store: World(store).add_application().authorize(version, alias, **changed)


def _authorize_as(members: dict[str, Any], **changed: Any) -> Callable[[Store], Reply]:
    """An authorize request of an application with other members."""
    return lambda store: World(store).add_application(**members).authorize(**changed)


def _redeem(authorize: dict[str, Any] | None = None, version: int = 2, **changed: Any) -> Callable[[Store], Reply]:
    """A code of an otherwise good sign-in, redeemed with `changed` fields."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application()
        return world.redeem(world.code(version, **(authorize or {})), version, **changed)

    return provoke


def _token_body(content_type: str, fields: list[tuple[str, str]]) -> Callable[[Store], Reply]:
    """A token request with exactly this body."""
    url = f"https://login.microsoftonline.com/{FABRIKAM.id}/oauth2/v2.0/token"
    return lambda store: handle(store, "POST", url, {"Content-Type": content_type}, urlencode(fields).encode())


def _as_application(**changed: Any) -> Callable[[Store], Reply]:
    return lambda store: World(store).add_application().as_application(**changed)


def _sign_in(**person: Any) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        world = World(store).add_application()
        return world.sign_in(world.authorize(), **person)

    return provoke


def _operator_with(**members: Any) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        world = World(store).add_application().change(kinds.USER, FABRIKAM.operator_id, **members)
        return world.sign_in(world.authorize())

    return provoke


def _assertion(**changed: Any) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        certificate = Certificate.make()
        world = World(store).add_application(keyCredentials=[certificate.credential()])
        return world.as_application(**certificate.assertion(world, **changed))

    return provoke


def _assertion_of_another_key(store: Store) -> Reply:
    world = World(store).add_application(keyCredentials=[Certificate.make().credential()])
    return world.as_application(**Certificate.make().assertion(world))


def _garbage_assertion(store: Store) -> Reply:
    world = World(store).add_application()
    return world.as_application(**(Certificate.make().assertion(world) | {"client_assertion": "not.a.token"}))


def _disabled_principal(store: Store) -> Reply:
    world = World(store).add_application().change_principal(accountEnabled=False)
    return world.as_application()


def _expired_secret(store: Store) -> Reply:
    return World(store).add_application().pass_time(400 * 86400).as_application()


def _without_principal(store: Store) -> Reply:
    return World(store).add_application(principal=False).as_application()


def _api_missing(store: Store) -> Reply:
    world = World(store).add_application().remove_principal(microsoft_apps.PARTNER_CENTER)
    return world.sign_in(world.authorize())


def _api_not_declared(store: Store) -> Reply:
    world = World(store).add_application()
    return world.sign_in(world.authorize(1, resource="https://graph.microsoft.com"))


def _redeemed_twice(store: Store) -> Reply:
    world = World(store).add_application()
    code = world.code()
    assert world.redeem(code).status == 200
    return world.redeem(code)


def _redeemed_late(store: Store) -> Reply:
    world = World(store).add_application()
    code = world.code()
    return world.pass_time(601).redeem(code)


def _refreshed_late(store: Store) -> Reply:
    world = World(store).add_application()
    token = json_of(world.redeem(world.code()))["refresh_token"]
    return world.pass_time(90 * 86400 + 1).refresh(token)


def _refreshed_without_consent(store: Store) -> Reply:
    world = World(store).add_application()
    token = json_of(world.redeem(world.code()))["refresh_token"]
    return world.refresh(token, scope=f"{ARM}/user_impersonation")


def _refreshed_at_a_customer(store: Store) -> Reply:
    world = World(store).add_application(**_MULTITENANT)
    token = json_of(world.redeem(world.code()))["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return world.token(2, FABRIKAM.customers[0].id, **form)


def _refreshed_without_mfa(store: Store) -> Reply:
    world = World(store).add_application()
    token = json_of(world.redeem(world.code()))["refresh_token"]
    return world.require_mfa(microsoft_apps.PARTNER_CENTER).refresh(token)


def _wrong_one_time_code(store: Store) -> Reply:
    world = World(store).add_application().require_mfa(everybody=True)
    return world.sign_in(world.authorize(), otp="000000")


def _without_second_factor(store: Store) -> Reply:
    world = World(store).add_application().require_mfa(everybody=True)
    return world.sign_in(world.authorize(), username=FABRIKAM.colleague)


def _not_assigned(store: Store) -> Reply:
    world = World(store).add_application().change_principal(appRoleAssignmentRequired=True)
    return world.sign_in(world.authorize())


def _needs_an_administrator(store: Store) -> Reply:
    world = World(store).add_application()
    page = world.authorize(scope=_GRAPH_ADMIN_SCOPE)
    return world.sign_in(page, username=FABRIKAM.colleague, consent="leave")


def _graph_role_by_application_admin(store: Store) -> Reply:
    """The admin consent page is not enough for an Application Administrator where Graph's own roles are declared."""
    role = {"id": "7ab1d382-f21e-4acd-a863-ba3e13f7da61", "type": "Role"}  # Directory.Read.All
    access = [{"resourceAppId": microsoft_apps.GRAPH, "resourceAccess": [role]}]
    world = World(store).add_application(requiredResourceAccess=access)
    world.change(kinds.USER, FABRIKAM.operator_id, _directoryRoles=[APPLICATION_ADMINISTRATOR])
    page = world.get(f"/{FABRIKAM.id}/adminconsent", client_id=world.client_id, redirect_uri=WEB)
    return world.sign_in(page, consent="leave")


def _silent_without_consent(store: Store) -> Reply:
    world = World(store).add_application()
    world.code()
    return world.authorize(prompt="none", scope=f"{ARM}/user_impersonation")


def _page_used_twice(store: Store) -> Reply:
    world = World(store).add_application()
    page = world.authorize()
    world.sign_in(page)
    form = {"handle": hidden_fields(page)["handle"], "username": "x", "password": "x", "action": "next"}
    return world.post("/common/login", form)


_HYBRID: dict[str, Any] = {"response_type": "code id_token"}
_WITH_ID_TOKEN = {"web": web(WEB, id_token=True)}

ROWS: tuple[Row, ...] = (
    ("entra.tenant_not_found", "3.7", _authorize(alias="nobody.onmicrosoft.com"), 400, "90002"),
    ("entra.tenant_not_found", "assumed", _authorize(alias=WINGTIP.id), 400, "90002"),
    ("entra.tenant_of_another_cloud", "3.7", _authorize(alias=TAILSPIN.id), 400, "90038"),
    (
        "entra.confidential_client_across_clouds",
        "3.7",
        lambda store: World(store).add_application().token(2, TAILSPIN.id, grant_type="client_credentials"),
        400,
        "900382",
    ),
    (
        "entra.instance_unknown",
        "AADSTS list",
        lambda s: World(s).get("/common/discovery/instance", authorization_endpoint="https://evil.example/common"),
        400,
        "50049",
    ),
    (
        "entra.instance_unknown",
        "assumed",
        lambda s: World(s).get("/common/discovery/instance", authorization_endpoint="https://["),
        400,
        "50049",
    ),
    ("entra.tenant_identifier_invalid", "AADSTS list", _authorize(alias="fabrikam"), 400, "900023"),
    (
        "entra.tenant_not_told",
        "3.7",
        lambda store: World(store).add_application().token(1, "common", grant_type="client_credentials"),
        400,
        "50059",
    ),
    (
        "entra.tenant_not_named",
        "3.7",
        lambda store: World(store).add_application().token(2, "common", grant_type="client_credentials"),
        400,
        "9001023",
    ),
    ("entra.single_tenant_application", "3.7", _authorize(alias="common"), 400, "50194"),
    ("entra.application_not_found", "3.7", _authorize(client_id=_NOBODY), 400, "700016"),
    ("entra.application_not_found", "3.7", _authorize(alias=CONTOSO.id), 400, "700016"),
    ("entra.application_disabled", "3.7", _disabled_principal, 400, "7000112"),
    ("entra.client_principal_missing", "assumed", _without_principal, 401, "7000229"),
    ("entra.resource_not_found", "3.7", _as_application(scope="https://vault.azure.cn/.default"), 400, "500011"),
    ("entra.resource_not_found", "3.7", _authorize(1, resource="https://nowhere.example"), 302, "500011"),
    ("entra.resource_not_found", "assumed", _as_application(scope="https://[/.default"), 400, "500011"),
    ("entra.resource_not_named", "3.7", _redeem({"resource": None}, 1), 400, "50001"),
    ("entra.resource_principal_missing", "3.7", _api_missing, 302, "650052"),
    ("entra.resource_not_requested", "3.7", _api_not_declared, 302, "650057"),
    ("entra.scope_unknown", "assumed", _authorize(scope=f"{PARTNER_CENTER}/nonsense"), 302, "650053"),
    ("entra.scope_invalid", "3.7", _as_application(scope=f"{ARM}/user_impersonation"), 400, "70011"),
    (
        "entra.scopes_of_several_resources",
        "3.7",
        _redeem(scope=f"{PARTNER_CENTER}/user_impersonation {ARM}/user_impersonation"),
        400,
        "700022",
    ),
    ("entra.scope_empty", "3.7", _redeem({"scope": "openid"}, scope="openid"), 400, "28003"),
    ("entra.parameter_missing", "3.7", _redeem(redirect_uri=None), 400, "900144"),
    ("entra.parameter_missing", "assumed", _redeem({"code_challenge": VERIFIER}), 400, "900144"),
    (
        "entra.parameter_missing",
        "observed",
        _token_body("text/plain", [("grant_type", "refresh_token")]),
        400,
        "900144",
    ),
    ("entra.parameter_repeated", "observed", _token_body(_FORM, [("scope", "a"), ("scope", "b")]), 400, "9000411"),
    ("entra.malformed", "3.7", lambda s: World(s).add_application().refresh("broken"), 400, "9002313"),
    ("entra.malformed", "assumed", _authorize(claims="{"), 302, "9002313"),
    ("entra.prompt_not_supported", "AADSTS list", _authorize(prompt="admin_consent"), 302, "90023"),
    ("entra.parameter_not_supported", "3.1", _authorize(amr_values="mfa"), 302, "901002"),
    ("entra.parameter_not_supported", "3.1", _authorize(resource=PARTNER_CENTER), 302, "901002"),
    ("entra.grant_type_not_supported", "AADSTS list", _as_application(grant_type="password"), 400, "70003"),
    ("entra.response_type_not_supported", "AADSTS list", _authorize(response_type="token"), 302, "70005"),
    ("entra.id_token_not_enabled", "3.1", _authorize(nonce="n", **_HYBRID), 302, "700054"),
    (
        "entra.response_mode_not_supported",
        "AADSTS list",
        _authorize_as(_WITH_ID_TOKEN, nonce="n", response_mode="query", **_HYBRID),
        302,
        "70007",
    ),
    ("entra.parameter_missing", "3.1 nonce", _authorize_as(_WITH_ID_TOKEN, **_HYBRID), 302, "900144"),
    (
        "entra.response_type_not_supported",
        "AADSTS list",
        _authorize_as(_WITH_ID_TOKEN, nonce="n", scope=f"{PARTNER_CENTER}/user_impersonation", **_HYBRID),
        302,
        "70005",
    ),
    ("entra.code_challenge_size", "AADSTS list", _authorize(code_challenge="short"), 302, "501491"),
    (
        "entra.code_challenge_size",
        "AADSTS list",
        _authorize(code_challenge=VERIFIER, code_challenge_method="S256"),
        302,
        "501491",
    ),
    ("entra.reply_address_mismatch", "5.4", _authorize(redirect_uri=f"{WEB}Other"), 400, "50011"),
    (
        "entra.reply_address_none_registered",
        "3.7",
        _authorize_as({"web": web(), "publicClient": {"redirectUris": []}, "spa": {"redirectUris": []}}),
        400,
        "500113",
    ),
    ("entra.reply_address_missing", "3.7", _authorize(redirect_uri=None), 400, "900971"),
    ("entra.reply_address_changed", "assumed", _redeem(redirect_uri=NATIVE), 400, "500112"),
    ("entra.credential_missing", "3.7", _redeem(client_secret=None), 401, "7000218"),
    (
        "entra.credential_from_public_client",
        "3.6",
        _redeem({"redirect_uri": NATIVE}, redirect_uri=NATIVE),
        401,
        "700025",
    ),
    ("entra.secret_wrong", "3.7", _as_application(client_secret=f"{SECRET}x"), 401, "7000215"),
    ("entra.secret_expired", "3.7", _expired_secret, 401, "7000222"),
    ("entra.assertion_malformed", "3.7", _garbage_assertion, 401, "50012"),
    ("entra.assertion_signature", "3.7", _assertion_of_another_key, 401, "700027"),
    ("entra.assertion_time", "3.7", _assertion(exp=1, nbf=0), 401, "700024"),
    ("entra.assertion_audience", "assumed", _assertion(aud="https://graph.microsoft.com"), 401, "700023"),
    ("entra.assertion_issuer", "assumed", _assertion(iss=_NOBODY), 401, "700021"),
    ("entra.code_redeemed", "3.7", _redeemed_twice, 400, "54005"),
    ("entra.code_expired", "3.7", _redeemed_late, 400, "70008"),
    ("entra.code_of_another_tenant", "3.2", _redeem(alias=CONTOSO.id), 400, "700005"),
    (
        "entra.code_verifier_wrong",
        "3.7",
        _redeem({"code_challenge": challenge(), "code_challenge_method": "S256"}, code_verifier="w" * 43),
        400,
        "501481",
    ),
    (
        "entra.single_page_code",
        "assumed",
        _redeem({"redirect_uri": SINGLE_PAGE}, redirect_uri=SINGLE_PAGE),
        400,
        "9002327",
    ),
    ("entra.grant_invalid", "3.7", lambda s: World(s).add_application().redeem("1.unknown"), 400, "70000"),
    ("entra.refresh_token_expired", "3.4", _refreshed_late, 400, "700082"),
    ("entra.not_consented", "3.7", _refreshed_without_consent, 400, "65001"),
    ("entra.delegated_admin_not_authorized", "3.7", _refreshed_at_a_customer, 400, "90099"),
    ("entra.mfa_required", "3.1", _refreshed_without_mfa, 400, "50076"),
    ("entra.user_unknown", "3.7", _sign_in(username="nobody@fabrikam-partner.onmicrosoft.com"), 200, "50034"),
    ("entra.user_of_another_directory", "3.7", _sign_in(username=CONTOSO.operator), 200, "50020"),
    ("entra.password_wrong", "3.7", _sign_in(password="wrong"), 200, "50126"),
    ("entra.password_expired", "3.7", _operator_with(_passwordExpired=True), 200, "50055"),
    ("entra.user_disabled", "3.7", _operator_with(accountEnabled=False), 200, "50057"),
    ("entra.otp_wrong", "assumed", _wrong_one_time_code, 200, "500121"),
    ("entra.mfa_not_registered", "3.7", _without_second_factor, 302, "50079"),
    ("entra.no_session", "3.7", _authorize(prompt="none"), 302, "50058"),
    ("entra.user_not_assigned", "3.7", _not_assigned, 302, "50105"),
    (
        "entra.admin_consent_required",
        "7 Graph's application permissions",
        _graph_role_by_application_admin,
        302,
        "90094",
    ),
    ("entra.consent_declined", "3.7", _sign_in(consent="cancel"), 302, "65004"),
    ("entra.admin_consent_required", "3.7", _needs_an_administrator, 302, "90094"),
    ("entra.not_consented", "3.7", _silent_without_consent, 302, "65001"),
    ("entra.sign_in_page_stale", "ours", _page_used_twice, 400, "90014"),
)
