"""The client secret: which steps it needs, that they always end well, and that consumers never hold a dead one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from provisioner.clients.graph_facts import PasswordCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError
from provisioner.core.plan import Plan
from provisioner.core.step import Step
from provisioner.resources.credential.place import CredentialPlace
from provisioner.resources.credential.secret_steps import (
    SecretFact,
    history_needed,
    others,
    secret_steps,
    sorted_out,
)
from provisioner.resources.credential.wanted import CredentialWanted
from tests.engine.endings import Killed, Unanswered
from tests.trial import CREDENTIAL, NAME, Onlooker, Trial

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = Address(NAME, "credential", CREDENTIAL)
MARK = f"provisioner:{NAME}"
WANTED = CredentialWanted(
    place=CredentialPlace("secret", "kv", CREDENTIAL, NAME),
    mark=MARK,
    lifetime=90 * DAY,
    rotate_before=30 * DAY,
    overlap=7 * DAY,
    application=Address(NAME, "application"),
    service_principal=Address(NAME, "service_principal"),
    vault=Address(NAME, "vault"),
    runner_roles=(Address(NAME, "role_assignment", "runner"),),
)


# which steps


def _on_application(key_id: str, ends_in_days: float, mark: str = MARK) -> PasswordCredential:
    return PasswordCredential(key_id, mark, START + ends_in_days * DAY)


def _in_vault(key_id: str, *, previous: str = "", name: str = CREDENTIAL, age_days: float = 0) -> SecretFacts:
    tags = {"provisioner": NAME, "keyId": key_id} | ({"previousKeyId": previous} if previous else {})
    return SecretFacts(name, "", True, START - age_days * DAY, None, "", tags)


def _staged(key_id: str) -> SecretFacts:
    return _in_vault(key_id, name=f"{CREDENTIAL}-next")


TABLE = [
    ("nothing yet", (), (), ["create"]),
    ("good", (_on_application("a", 60),), (_in_vault("a"),), []),
    ("Graph answered, the vault never heard", (_on_application("a", 90),), (), ["create", "drop"]),
    ("two runs cut short", (_on_application("a", 90), _on_application("b", 90)), (), ["create", "drop"]),
    ("a leftover beside a good one", (_on_application("a", 60), _on_application("b", 90)), (_in_vault("a"),), ["drop"]),
    ("gone from the application", (), (_in_vault("a"),), ["create"]),
    ("expired", (_on_application("a", 0),), (_in_vault("a"),), ["create"]),
    ("due", (_on_application("a", 30),), (_in_vault("a"),), ["stage", "promote"]),
    ("due tomorrow", (_on_application("a", 31),), (_in_vault("a"),), []),
    (
        "staged, not promoted",
        (_on_application("a", 20), _on_application("b", 90)),
        (_in_vault("a"), _staged("b")),
        ["promote"],
    ),
    ("staged, and the old one lost", (_on_application("b", 90),), (_staged("b"),), ["promote"]),
    (
        "promoted, overlap not over",
        (_on_application("a", 20), _on_application("b", 90)),
        (_in_vault("b", previous="a", age_days=6), _staged("b")),
        ["retire later"],
    ),
    (
        "promoted, overlap over",
        (_on_application("a", 20), _on_application("b", 90)),
        (_in_vault("b", previous="a", age_days=7), _staged("b")),
        ["retire"],
    ),
    ("retired", (_on_application("b", 60),), (_in_vault("b", previous="a", age_days=7), _staged("b")), []),
    (
        "the successor died, the replaced one lives",
        (_on_application("a", 20),),
        (_in_vault("b", previous="a"), _staged("b")),
        ["create"],
    ),
]


@pytest.mark.parametrize(("passwords", "stored", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_steps_follow_from_what_is_there(
    passwords: tuple[PasswordCredential, ...], stored: tuple[SecretFacts, ...], expected: list[str]
) -> None:
    steps = secret_steps(ADDRESS, WANTED, sorted_out(WANTED, passwords, stored), START)
    assert [f"{step.operation}{'' if step.pending(START) else ' later'}" for step in steps] == expected


def test_secrets_of_unknown_origin_are_shown_and_nothing_else() -> None:
    theirs = (_on_application("x", 3, "another team's"), _on_application("y", 3, ""))
    fact = sorted_out(WANTED, (*theirs, _on_application("a", 60)), (_in_vault("a"),))
    assert (secret_steps(ADDRESS, WANTED, fact, START), len(others(WANTED, fact))) == ([], 2)


# that they always end well: the steps against a model of Graph and the vault


class Life(RuleBasedStateMachine):
    """Time passes, runs are cut short anywhere, others add and take away; `apply` puts it right each time."""

    @initialize()
    def begin(self) -> None:
        self.now = START
        self.passwords: dict[str, PasswordCredential] = {}
        self.vault: dict[str, SecretFacts] = {}
        self.theirs: set[str] = set()
        self.reached: set[str] = set()
        self.numbers = count()

    def fact(self) -> SecretFact:
        fact = sorted_out(WANTED, tuple(self.passwords.values()), tuple(self.vault.values()))
        return replace(fact, reached=frozenset(self.reached) if history_needed(WANTED, fact) else frozenset())

    def steps(self) -> list[Step]:
        return [step for step in secret_steps(ADDRESS, WANTED, self.fact(), self.now) if step.pending(self.now)]

    def working(self) -> bool:
        """Consumers can sign in with what the vault gives them."""
        return self.fact().working(self.vault.get(CREDENTIAL), self.now) is not None

    @rule(days=st.integers(0, 100))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule()
    def another_team_adds_a_secret(self) -> None:
        key = f"theirs-{next(self.numbers)}"
        self.passwords[key] = PasswordCredential(key, "another team's", self.now + DAY)
        self.theirs.add(key)

    @rule(data=st.data())
    def somebody_removes_one_of_ours(self, data: st.DataObject) -> None:
        ours = sorted(self.passwords.keys() - self.theirs)
        if ours:
            del self.passwords[data.draw(st.sampled_from(ours))]

    @rule(name=st.sampled_from([CREDENTIAL, f"{CREDENTIAL}-next"]))
    def somebody_deletes_a_secret(self, name: str) -> None:
        self.vault.pop(name, None)

    @rule()
    def apply(self) -> None:
        self._run(cut_after=1000)
        assert self.working()
        assert self.steps() == []
        everything = secret_steps(ADDRESS, WANTED, self.fact(), self.now)
        leaving = {change.before for step in everything if step.operation == "retire" for change in step.fields}
        assert len(self.passwords.keys() - self.theirs - leaving) == 1, (
            "one in force; what it replaced is on its way out"
        )

    @rule(cut_after=st.integers(0, 6))
    def apply_cut_short(self, cut_after: int) -> None:
        self._run(cut_after)

    def _run(self, cut_after: int) -> None:
        was_working = self.working()
        writes = (write for step in self.steps() for write in self._writes(step))
        for _ in zip(range(cut_after), writes, strict=False):
            assert self.working() or not was_working, "consumers were cut off by a write of ours"

    def _writes(self, step: Step) -> Iterator[None]:
        """Carries a step out, pausing after each write, as resources/credential/secret_writes.py does."""
        if step.operation in ("drop", "retire"):
            for change in step.fields:
                self.passwords.pop(change.before, None)
                yield
        elif step.operation == "promote":
            staged = self.vault[f"{CREDENTIAL}-next"].tags["keyId"]
            current = self.fact().on_application(self.vault.get(CREDENTIAL))
            self._store(CREDENTIAL, staged, "" if current is None else current.key_id)
            yield
        else:
            key = f"ours-{next(self.numbers)}"
            self.passwords[key] = PasswordCredential(key, MARK, self.now + WANTED.lifetime)
            yield
            if step.operation == "create":
                self._store(CREDENTIAL, key, self.fact().previous_key_id)
            else:
                self._store(f"{CREDENTIAL}-next", key, "")
            yield

    def _store(self, name: str, key: str, previous: str) -> None:
        tags = {"provisioner": NAME, "keyId": key, "previousKeyId": previous}
        self.reached.add(key)
        self.vault[name] = SecretFacts(name, "", True, self.now, None, "", tags)

    @invariant()
    def others_keep_what_is_theirs(self) -> None:
        assert self.theirs <= self.passwords.keys()


Life.TestCase.settings = settings(
    max_examples=150, stateful_step_count=25, deadline=None, database=None, derandomize=True
)
TestLife = Life.TestCase


# that consumers never hold a dead one


@dataclass
class Consumer:
    """Signs in with what the vault gives, after every request that somebody else sends."""

    trial: Trial
    tries: int = 0

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response = await handler(request)
        if request.method in ("PUT", "PATCH") or request.url.path.endswith(("addPassword", "removePassword")):
            await asyncio.to_thread(self.signs_in)
        return response

    def signs_in(self) -> None:
        self.tries += 1
        held = self.trial.secrets("GET", f"secrets/{CREDENTIAL}")
        assert self.trial.mints_a_token(held["value"]), f"version {held['id']}"


def _advance(trial: Trial, days: float) -> None:
    trial.cloud.control("POST", "clock", {"advanceSeconds": days * 86400})


def _shown(plan: Plan) -> list[str]:
    return [
        f"{step.operation}{'' if step.pending(plan.made_at) else ' later'}"
        for step in plan.steps
        if step.address.kind == "credential"
    ]


def _key_ids(trial: Trial) -> list[str]:
    return [each["keyId"] for each in trial.application()["passwordCredentials"]]


def test_a_rotation_never_leaves_a_consumer_with_a_dead_secret(applied: Trial) -> None:
    consumer = Consumer(applied)
    applied.cloud.control("PUT", "lag", {"secret": 45})
    [old] = _key_ids(applied)
    _advance(applied, 61)
    assert _shown(applied.plan()) == ["stage", "promote"]
    assert applied.plan().cause == "none", "the calendar is no drift"
    assert applied.apply(None, consumer).exit_code() == 3
    assert consumer.tries == 3  # added, staged, promoted
    assert old in _key_ids(applied), "whoever holds the old one may go on with it for a while"
    assert _shown(applied.plan()) == ["retire later"]
    assert applied.plan().exit_code() == 3
    _advance(applied, 8)
    assert _shown(applied.plan()) == ["retire"]
    assert applied.apply(None, consumer).exit_code() == 3
    [new] = _key_ids(applied)
    assert new != old
    consumer.signs_in()
    assert _shown(applied.plan()) == []


def test_a_rotation_killed_at_any_write_is_finished_and_consumers_never_notice(prepared: Trial) -> None:
    for at in count(1):
        trial = prepared.back_to("applied")
        _advance(trial, 61)
        kill = Unanswered(at)
        with suppress(Killed):
            trial.apply(None, kill)
        Consumer(trial).signs_in()
        if kill.sent < at:
            return
        assert trial.apply(None, Consumer(trial)).exit_code() == 3
        assert len(_key_ids(trial)) == 2
        assert _shown(trial.plan()) == ["retire later"]


def test_a_lost_successor_is_replaced_and_the_overlap_goes_on(applied: Trial) -> None:
    [old] = _key_ids(applied)
    _advance(applied, 61)
    applied.apply()
    application = applied.application()
    [lost] = [key for key in _key_ids(applied) if key != old]
    applied.graph("POST", f"applications/{application['id']}/removePassword", {"keyId": lost})
    assert _shown(applied.plan()) == ["create"]
    assert applied.apply().exit_code() == 3
    assert _shown(applied.plan()) == ["retire later"]
    assert old in _key_ids(applied)
    Consumer(applied).signs_in()


def test_a_secret_that_a_consumer_wrote_back_without_tags_is_rotated_like_any_other(applied: Trial) -> None:
    [old] = _key_ids(applied)
    held = applied.secrets("GET", f"secrets/{CREDENTIAL}")["value"]
    applied.secrets("PUT", f"secrets/{CREDENTIAL}", {"value": held})
    assert _shown(applied.plan()) == []
    _advance(applied, 61)
    assert applied.apply(None, Consumer(applied)).exit_code() == 3
    stored = applied.secrets("GET", f"secrets/{CREDENTIAL}")
    assert (stored["value"] != held, stored["tags"]["previousKeyId"]) == (True, old)
    assert _shown(applied.plan()) == ["retire later"]
    _advance(applied, 8)
    assert applied.apply(None, Consumer(applied)).exit_code() == 3
    Consumer(applied).signs_in()
    assert old not in _key_ids(applied)


def test_another_teams_secret_under_the_staged_name_is_not_written_over(applied: Trial) -> None:
    applied.secrets("PUT", f"secrets/{CREDENTIAL}-next", {"value": "theirs"})
    _advance(applied, 61)
    with pytest.raises(ForeignResourceError, match=f"{CREDENTIAL}-next"):
        applied.apply()
    assert applied.secrets("GET", f"secrets/{CREDENTIAL}-next")["value"] == "theirs"


def test_without_an_overlap_the_old_secret_goes_in_the_same_apply(applied: Trial) -> None:
    spec = applied.spec(application__credential={"type": "secret", "lifetime": "90d", "overlap": "0d"})
    [old] = _key_ids(applied)
    _advance(applied, 61)
    assert applied.apply(spec, Consumer(applied)).exit_code() == 3
    assert old not in _key_ids(applied)


def test_a_secret_whose_value_could_not_be_stored_is_removed_again(trial: Trial) -> None:
    trial.fault("key_vault.secrets.set", "status", status=500, count=None)
    onlooker = Onlooker()
    assert trial.apply(onlooker=onlooker).exit_code() == 1
    assert _key_ids(trial) == []
