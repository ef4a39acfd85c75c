"""What Entra refuses of tokens already given: federation, device codes, revocations, policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from provisioner.emulator import kinds
from provisioner.emulator.entra import conditional_access
from provisioner.emulator.issuers import keys
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.store import Store
from tests.emulator.entra.world import (
    ARM,
    AUDIENCE,
    MAIN,
    SINGLE_PAGE,
    VERIFIER,
    World,
    assertion_fields,
    json_of,
)

Row = tuple[str, str, Callable[[Store], Reply], int, str]
_CLUSTER = "https://oidc.cluster.example/"
_DAY = 86400


# --- federation ---


def _federated(trusted: str = MAIN, **claims: Any) -> Callable[[Store], Reply]:
    """A good token of GitHub but for `claims`, at an application that trusts the subject `trusted`."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application().trust(trusted)
        return world.as_application(**world.federated(**claims))

    return provoke


def _nobody_trusted(store: Store) -> Reply:
    world = World(store).add_application()
    return world.as_application(**world.federated())


def _trusted_too_recently(store: Store) -> Reply:
    world = World(store).add_application()
    with store.transaction() as tx:
        soon = tx.now + 30
    return world.trust(MAIN, _usableFrom=soon).as_application(**world.federated())


def _another_issuer(store: Store) -> Reply:
    """Issuers are compared as written: the slash at the end counts."""
    world = World(store).add_application().trust(MAIN, issuer=f"{keys.GITHUB}/")
    return world.as_application(**world.federated())


def _signed_by(key_id: Callable[[Store], str]) -> Callable[[Store], Reply]:
    """A token that says it is GitHub's, signed by somebody else, under a key id."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application().trust(MAIN)
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        claims = {"iss": keys.GITHUB, "sub": MAIN, "aud": AUDIENCE, "exp": 4e9}
        token = jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": key_id(store)})
        return world.as_application(**assertion_fields(token))

    return provoke


def _githubs_key(store: Store) -> str:
    with store.transaction() as tx:
        return next(iter(keys.public_keys(tx, keys.GITHUB) or ()))


def _signed_with_a_password(store: Store) -> Reply:
    claims = {"iss": keys.GITHUB, "sub": MAIN, "aud": AUDIENCE}
    token = jwt.encode(claims, "a shared secret of some thirty-two bytes", algorithm="HS256")
    return World(store).add_application().trust(MAIN).as_application(**assertion_fields(token))


def _issuer_nobody_serves(store: Store) -> Reply:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode({"iss": _CLUSTER, "sub": MAIN, "aud": AUDIENCE}, key, algorithm="RS256", headers={"kid": "1"})
    world = World(store).add_application().trust(MAIN, issuer=_CLUSTER)
    return world.as_application(**assertion_fields(token))


def _presented_late(store: Store) -> Reply:
    """A job's token lives minutes; a long job presents it after its time."""
    world = World(store).add_application().trust(MAIN)
    fields = world.federated()
    return world.pass_time(900).as_application(**fields)


# --- device codes ---


def _polled(times: int = 1, wait_s: float = 0, *, version: int = 2, **members: Any) -> Callable[[Store], Reply]:
    """The last of so many polls, each after a wait, of a request nobody decides."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application(**members)
        code = world.device(version)["device_code"]
        return [world.pass_time(wait_s).poll(code, version, client_secret=None) for _ in range(times)][-1]

    return provoke


def _declined(store: Store) -> Reply:
    world = World(store).add_application()
    asked = world.device()
    return world.decide(asked["user_code"], approve=False).poll(asked["device_code"])


def _decided(*, public: bool, client_secret: str | None, twice: bool = False) -> Callable[[Store], Reply]:
    def provoke(store: Store) -> Reply:
        world = World(store).add_application(isFallbackPublicClient=public)
        world.code()  # the consent
        asked = world.device()
        sent: dict[str, Any] = {"client_secret": client_secret}
        reply = world.decide(asked["user_code"]).poll(asked["device_code"], **sent)
        return world.poll(asked["device_code"], **sent) if twice else reply

    return provoke


# --- refresh tokens ---


def _refreshed_after(change: Callable[[World], object]) -> Callable[[Store], Reply]:
    """A refresh token that was good until something changed."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application()
        token = world.refresh_token()
        change(world.pass_time(60))
        return world.refresh(token)

    return provoke


def _after_wrong_passwords(passwords: list[str]) -> Callable[[Store], Reply]:
    """The right password, typed after those."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application()
        for password in passwords:
            world.sign_in(world.authorize(), password=password)
        return world.sign_in(world.authorize())

    return provoke


def _expired_on_premises(store: Store) -> Reply:
    world = World(store).add_application().change(kinds.USER, FABRIKAM.operator_id, _passwordExpired="onPremises")
    return world.sign_in(world.authorize())


def _revoke(world: World) -> None:
    with world.store.transaction() as tx:
        now = tx.now
    world.change(kinds.USER, FABRIKAM.operator_id, _tokensValidFrom=now)


def _delete_the_operator(world: World) -> None:
    with world.store.transaction() as tx:
        tx.delete(kinds.USER, FABRIKAM.id, FABRIKAM.operator_id)


def _ask_for_daily_sign_ins(world: World) -> None:
    policy = {"securityDefaults": False, "requireForApps": [], "signInFrequencyHours": 24}
    world.change(kinds.TENANT, FABRIKAM.id, "", mfa=policy).pass_time(_DAY)


def _forget_second_factor(world: World) -> None:
    world.require_mfa(everybody=True).change(kinds.USER, FABRIKAM.operator_id, _otp=None)


def _policy(result: str) -> Callable[[World], object]:
    policies = [{"users": "all", "apps": "all", "result": result}]
    return lambda world: world.change(kinds.TENANT, FABRIKAM.id, "", _conditionalAccess=policies)


def _nothing_declared(store: Store) -> Reply:
    world = World(store).add_application()
    token = world.refresh_token()
    world.change(kinds.APPLICATION, world.object_id, requiredResourceAccess=[])
    return world.refresh(token, scope=f"{ARM}/.default")


def _single_page(late_s: float = 0, *, pkce: bool = True) -> Callable[[Store], Reply]:
    """A single-page application redeems its code and, when it is late, refreshes."""

    def provoke(store: Store) -> Reply:
        world = World(store).add_application()
        challenge: dict[str, Any] = {"code_challenge": VERIFIER} if pkce else {}
        code = world.code(redirect_uri=SINGLE_PAGE, **challenge)
        world.headers = {"Origin": "https://localhost:3000"}
        verifier: dict[str, Any] = {"code_verifier": VERIFIER} if pkce else {}
        redeemed = world.redeem(code, redirect_uri=SINGLE_PAGE, client_secret=None, **verifier)
        if not late_s:
            return redeemed
        token = json_of(redeemed)["refresh_token"]
        return world.pass_time(late_s).refresh(token, client_secret=None)

    return provoke


def _web_application_in_a_browser(store: Store) -> Reply:
    world = World(store).add_application()
    code = world.code()
    world.headers = {"Origin": "https://localhost:3000"}
    return world.redeem(code)


ROWS: tuple[Row, ...] = (
    ("entra.federation_not_trusted", "3.7", _nobody_trusted, 401, "70021"),
    ("entra.federation_not_trusted", "3.7 propagation", _trusted_too_recently, 401, "70021"),
    ("entra.federated_issuer", "3.7", _another_issuer, 401, "700211"),
    ("entra.federated_audience", "3.7", _federated(aud="https://github.com/contoso"), 401, "700212"),
    ("entra.federated_subject", "3.7", _federated(sub="repo:contoso/partner:pull_request"), 401, "700213"),
    ("entra.federated_subject_case", "observed", _federated(MAIN.upper()), 401, "7002138"),
    ("entra.federated_signature", "3.7", _signed_by(_githubs_key), 401, "50013"),
    ("entra.federated_signature", "3.7", _signed_by(lambda _store: "nobody's"), 401, "50013"),
    ("entra.algorithm_not_supported", "observed", _signed_with_a_password, 401, "5002738"),
    ("entra.issuer_unreachable", "AADSTS list", _issuer_nobody_serves, 401, "90061"),
    ("entra.assertion_time", "3.7", _presented_late, 401, "700024"),
    ("entra.authorization_pending", "3.7", _polled(), 400, "70016"),
    ("entra.slow_down", "3.5", _polled(2), 400, "slow_down"),
    ("entra.authorization_declined", "3.5", _declined, 400, "authorization_declined"),
    (
        "entra.device_code_unknown",
        "3.7",
        lambda store: World(store).add_application().poll("nobody's"),
        400,
        "bad_verification_code",
    ),
    ("entra.device_code_expired", "observed", _polled(wait_s=900), 400, "70020"),
    ("entra.device_code_expired_v1", "3.7", _polled(wait_s=900, version=1), 400, "70019"),
    ("entra.credential_missing", "3.5", _decided(public=False, client_secret=None), 401, "7000218"),
    ("entra.credential_from_public_client", "3.5", _decided(public=True, client_secret="x"), 401, "700025"),
    (
        "entra.code_redeemed",
        "3.5 one redemption",
        _decided(public=True, client_secret=None, twice=True),
        400,
        "54005",
    ),
    ("entra.account_locked", "3.7", _after_wrong_passwords([f"wrong {n}" for n in range(10)]), 200, "50053"),
    ("entra.password_expired_on_premises", "3.7", _expired_on_premises, 200, "50144"),
    ("entra.grant_revoked", "3.4", _refreshed_after(_revoke), 400, "50173"),
    ("entra.user_deleted", "3.4", _refreshed_after(_delete_the_operator), 400, "500341"),
    ("entra.sign_in_frequency", "3.4", _refreshed_after(_ask_for_daily_sign_ins), 400, "70043"),
    ("entra.mfa_not_registered", "3.7", _refreshed_after(_forget_second_factor), 400, "50079"),
    ("entra.mfa_required", "3.7", _refreshed_after(_policy("requireMfa")), 400, "50076"),
    (
        "entra.user_not_assigned",
        "3.7",
        _refreshed_after(lambda world: world.change_principal(appRoleAssignmentRequired=True)),
        400,
        "50105",
    ),
    ("entra.nothing_requested", "3.7", _nothing_declared, 400, "650056"),
    ("entra.single_page_without_pkce", "observed", _single_page(pkce=False), 400, "9002325"),
    ("entra.single_page_refresh_token_expired", "3.4", _single_page(_DAY), 400, "700084"),
    ("entra.cross_origin", "observed", _web_application_in_a_browser, 400, "9002326"),
    *(
        ("entra.conditional_access", "3.7", _refreshed_after(_policy(result)), 400, str(answer.number))
        for result, answer in conditional_access.REFUSALS.items()
    ),
)
