"""The stored refresh token: states from metadata alone, and what renewing does and refuses to do."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioner.clients.guard import writes_allowed
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ConsentRequiredError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Step
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.resources.contract import Writer
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_renewal import TokenNotStoredError
from provisioner.resources.token_state import LIFETIME, TokenFact, TokenWanted, health, token_tags, wanted_token
from provisioner.resources.token_store import superseded
from tests.consent.conftest import free_port
from tests.consent.player import Player
from tests.rehearsal import NAME, SECRET, Rehearsal, clients_of, served

KIND = RefreshToken()
ADDRESS = Address(NAME, "refresh_token", SECRET)
ISSUED = datetime(2026, 3, 1, 12, tzinfo=UTC)
APP_ID = "1ce3668a-9558-4782-b767-513962725f72"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def _wanted() -> TokenWanted:
    spec = Rehearsal.spec(Rehearsal(None, CONTOSO, ("http://localhost:8400/",)))  # type: ignore[arg-type]  # no cloud needed
    return wanted_token(spec)


WANTED = _wanted()
TAGS = token_tags(WANTED, TokenIdentity(CONTOSO.id, CONTOSO.operator_id, CONTOSO.operator, APP_ID), ISSUED)


def _seen(tags: dict[str, str] | None = None, **changed: Any) -> Present[TokenFact]:
    facts = SecretFacts(SECRET, "", True, ISSUED, ISSUED + LIFETIME, "", TAGS if tags is None else tags)
    return Present(TokenFact(replace(facts, **changed), APP_ID))


def _step(seen: Observation[TokenFact], now: datetime) -> Step | None:
    steps = KIND.steps(ADDRESS, WANTED, seen, now)
    assert len(steps) <= 1
    return steps[0] if steps else None


def _state(seen: Present[TokenFact], now: datetime) -> str:
    return str(health(WANTED, seen.fact, now).state)


@pytest.mark.parametrize(
    ("age", "action", "done_by_apply", "news"),
    [
        (timedelta(0), Action.NONE, False, False),
        (7 * DAY - SECOND, Action.NONE, False, False),
        (7 * DAY, Action.UPDATE, True, False),  # due: apply renews it, and no plan makes a noise of it
        (14 * DAY - SECOND, Action.UPDATE, True, False),
        (14 * DAY, Action.UPDATE, True, True),  # twice renewAfter: whatever should renew it does not
        (76 * DAY, Action.UPDATE, True, True),  # expiring: 14 days before the 90
        (90 * DAY - SECOND, Action.UPDATE, True, True),
        (90 * DAY, Action.PERSON, False, False),  # too late to renew
    ],
)
def test_age_decides_what_is_left_to_do(age: timedelta, action: Action, done_by_apply: bool, news: bool) -> None:
    now = ISSUED + age
    step = _step(_seen(), now)
    assert step is not None
    assert step.action is action
    assert step.pending(now) == done_by_apply
    assert (step.pending(now) and not step.quiet(now)) == news


def test_an_expiring_token_is_renewed_at_once_even_with_a_long_renew_after() -> None:
    wanted = replace(WANTED, renew_after=80 * DAY)
    now = ISSUED + 77 * DAY
    (step,) = KIND.steps(ADDRESS, wanted, _seen(), now)
    assert step.pending(now)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Absent(), "no refresh token is stored"),
        (_seen(enabled=False), "disabled"),
        (_seen(TAGS | {"tenant": APP_ID}), "it is of tenant"),
        (_seen(TAGS | {"account": "eve@x.example", "oid": "other"}), "eve@x.example signed in"),
        (_seen(TAGS | {"appId": CONTOSO.id}), "issued to application"),
        (_seen(TAGS | {"mfa": "false"}), "no MFA"),
        (_seen(TAGS | {"clientType": "public"}), "public client"),
        (Present(TokenFact(_seen().fact.secret, None)), "application is gone"),
    ],
)
def test_what_is_missing_or_broken_is_for_a_person_with_the_ready_command(
    seen: Observation[TokenFact], said: str
) -> None:
    step = _step(seen, ISSUED)
    assert step is not None
    assert step.action is Action.PERSON
    assert said in step.reason
    unused: Any = None
    todo = step.todo or KIND.person(step, WANTED, Known(), unused) or ""
    assert todo.startswith(f"provisioner consent SPEC\nsign in as {CONTOSO.operator}, with MFA; whoever runs it")
    assert "Key Vault Secrets Officer" in todo


def test_another_specs_secret_is_never_signed_in_over() -> None:
    step = _step(_seen(TAGS | {"provisioner": "neighbour"}), ISSUED)
    assert step is not None
    assert (step.action, "neighbour" in step.reason) == (Action.PERSON, True)
    assert "consent.secretName" in step.todo


def test_a_consumers_version_is_shown_and_its_age_counts_from_its_creation() -> None:
    young = _step(_seen({}), ISSUED + DAY)
    assert young is not None
    assert (young.action, "somebody else" in young.reason) == (Action.NONE, True)
    old = _step(_seen({}), ISSUED + 80 * DAY)
    assert old is not None
    assert old.pending(ISSUED + 80 * DAY)


def test_the_plan_tells_all_that_the_metadata_tells_in_dates_that_stand_still() -> None:
    first, second = _step(_seen(), ISSUED), _step(_seen(), ISSUED + 6 * DAY)
    assert first is not None
    assert first == second
    assert first.seen == (
        f"fresh: issued 2026-03-01, expires 2026-05-30; {CONTOSO.operator}, with MFA, permissions as in the spec"
    )
    changed = _step(_seen(TAGS | {"scopes": "0123456789abcdef"}), ISSUED + 8 * DAY)
    assert changed is not None
    assert changed.seen.endswith("permissions changed in the spec since")


def test_could_not_look_plans_nothing() -> None:
    assert _step(Unknown("403"), ISSUED) is None


def test_an_unreadable_issue_date_falls_back_to_the_versions_creation() -> None:
    assert _state(_seen(TAGS | {"issued": "yesterday"}, created_at=ISSUED), ISSUED + 90 * DAY) == "broken"
    assert _state(_seen(TAGS | {"issued": "2026-03-01"}), ISSUED + DAY) == "fresh"


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with served(tmp_path_factory.mktemp("cloud")) as cloud:
        made = Rehearsal(cloud, CONTOSO, (f"http://localhost:{free_port()}/",))
        made.prepare()
        asyncio.run(_sign_in(made))
        yield made


async def _sign_in(rehearsal: Rehearsal) -> None:
    async with clients_of(rehearsal) as clients:
        player = Player(rehearsal.cloud.robot, rehearsal.operator)
        await consent(clients, rehearsal.spec(), player, ConsentOptions(timeout_s=20))


async def _renew(rehearsal: Rehearsal, later: timedelta, account: str | None = None) -> Observation[TokenFact]:
    """perform, as an apply that runs so much later would call it."""
    spec = rehearsal.spec(**({"account": account} if account else {}))
    wanted = wanted_token(spec)
    async with clients_of(rehearsal) as clients:
        clients.clock.offset = later
        application = await clients.graph.find_application(NAME)
        known = Known({wanted.application: Present(application)})
        write = Writer(clients, await clients.credential.facts(clients.cloud.graph), clients.clock, lambda text: None)
        step = Step(ADDRESS, Action.UPDATE, "renew")
        with writes_allowed():
            return await KIND.perform(step, wanted, known, write)


def test_renewing_stores_a_new_version_with_a_new_end(contoso: Rehearsal) -> None:
    before = contoso.token()
    seen = asyncio.run(_renew(contoso, 15 * DAY))
    after = contoso.token()
    assert before is not None
    assert after is not None
    assert after["value"] != before["value"]
    assert isinstance(seen, Present)
    assert seen.fact.secret.expires_at is not None
    assert int(seen.fact.secret.expires_at.timestamp()) == after["attributes"]["exp"]


def test_a_token_renewed_meanwhile_is_left_alone(contoso: Rehearsal) -> None:
    asyncio.run(_sign_in(contoso))
    before = contoso.token()
    asyncio.run(_renew(contoso, timedelta(0)))
    assert contoso.token() == before


def test_a_token_that_entra_refuses_needs_a_person_and_stays(contoso: Rehearsal) -> None:
    contoso.put_secret(SECRET, "revoked-long-ago", tags=contoso.token()["tags"])  # type: ignore[index]  # there is one
    before = contoso.token()
    with pytest.raises(ConsentRequiredError):
        asyncio.run(_renew(contoso, 15 * DAY))
    assert contoso.token() == before
    asyncio.run(_sign_in(contoso))


def test_a_token_of_another_account_than_planned_is_not_renewed(contoso: Rehearsal) -> None:
    with pytest.raises(StaleError):
        asyncio.run(_renew(contoso, 15 * DAY, account=contoso.tenant.colleague))


def test_a_runner_nobody_knows_to_hold_the_role_hears_of_the_refusal_at_once(contoso: Rehearsal) -> None:
    before = contoso.token()
    fault = {"operation": "key_vault.secrets.set", "action": "deny", "code": "ForbiddenByRbac"}
    contoso.cloud.control("POST", "faults", fault)
    with pytest.raises(TokenNotStoredError, match="ForbiddenByRbac"):
        asyncio.run(_renew(contoso, 15 * DAY))
    assert contoso.token() == before


def _version(name: str, second: int, *, tags: dict[str, str] = TAGS, enabled: bool = True) -> SecretFacts:
    return SecretFacts(SECRET, name, enabled, ISSUED + second * SECOND, None, "", tags)


@pytest.mark.parametrize(
    ("versions", "written", "going"),
    [
        pytest.param("a1 b2 c3", "c3", "a", id="the newest two stay"),
        pytest.param("a1 b2 c3", "b2", "a", id="somebody renewed after us: theirs and ours stay"),
        pytest.param("a1 b2 c3 d4", "b2", "a", id="twice"),
        pytest.param("a1 b3 c3 d3", "c3", "a", id="three in one second: whichever is current stays"),
        pytest.param("a1", "a1", "", id="the first"),
        pytest.param("a1 b2", "b2", "", id="the second"),
        pytest.param("a1 b2- c3 d4", "d4", "a", id="what is disabled is left alone"),
        pytest.param("a1 b2? c3 d4", "d4", "ab", id="a consumer wrote one back"),
        pytest.param("a1? b2 c3 d4", "d4", "b", id="what was there before ours is another's"),
        pytest.param("a1 b2! c3 d4", "d4", "a", id="another spec's mark"),
    ],
)
def test_what_a_new_version_puts_out_of_use(versions: str, written: str, going: str) -> None:
    tags = {"?": {}, "!": {"provisioner": "neighbour"}}
    found = [_version(e[0], int(e[1]), tags=tags.get(e[2:], TAGS), enabled=e[2:] != "-") for e in versions.split()]
    newest = next(entry for entry in found if entry.version == written[0])
    assert "".join(entry.version for entry in superseded(found, newest, NAME)) == going


def test_the_note_beside_the_token_holds_no_part_of_it(contoso: Rehearsal) -> None:
    stored = contoso.token()
    assert stored is not None
    noted = json.dumps(stored["tags"])
    assert stored["value"][:12] not in noted
    assert base64.b64encode(stored["value"].encode()).decode()[:12] not in noted
