"""A spec that changes its mind: whatever type it asks for and whenever, one credential works, and one is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from provisioner.clients.graph_facts import FederatedCredential, KeyCredential, PasswordCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.observation import Present
from provisioner.core.step import Action, Step
from provisioner.resources.credential.certificate_steps import certificate_fact
from provisioner.resources.credential.federated_steps import description, sorted_trusts
from provisioner.resources.credential.kind import Credential, CredentialFact
from provisioner.resources.credential.place import CredentialPlace, secret_name, version_in_force
from provisioner.resources.credential.secret_steps import KEY_ID_PATH, history_needed, sorted_out
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.marks import federated_name
from provisioner.spec.model import CredentialType
from tests.engine.rotations import CERTIFICATE, SECRET, advance, shown
from tests.trial import CREDENTIAL, NAME, Trial, failures

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = Address(NAME, "credential", CREDENTIAL)
MARK = f"provisioner:{NAME}"
ISSUER, SUBJECT, AUDIENCE = "https://token.actions.githubusercontent.com", "repo:o/r:environment:prod", "api://x"
TYPES: tuple[CredentialType, ...] = ("secret", "certificate", "federated")


def wanted(kind: CredentialType) -> CredentialWanted:
    return CredentialWanted(
        place=CredentialPlace(kind, "kv", CREDENTIAL, NAME, AUDIENCE),
        mark=MARK,
        lifetime=90 * DAY,
        rotate_before=30 * DAY,
        overlap=7 * DAY,
        application=Address(NAME, "application"),
        service_principal=Address(NAME, "service_principal"),
        vault=Address(NAME, "vault"),
        runner_roles=(),
        issuer=ISSUER,
        subject=SUBJECT,
    )


@dataclass
class Cloud:
    """What Graph and the vault hold. Names in the vault are those that the place of each type gives."""

    now: datetime = START
    passwords: dict[str, PasswordCredential] = field(default_factory=dict)
    keys: dict[str, KeyCredential] = field(default_factory=dict)
    trusts: dict[str, FederatedCredential] = field(default_factory=dict)
    secrets: dict[str, SecretFacts] = field(default_factory=dict)
    certificate: str = ""
    versions: list[CertificateFacts] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    def stored(self) -> list[SecretFacts]:
        """The vault's secrets, a certificate's own among them."""
        managed = [SecretFacts(self.certificate, "", True, self.now, None, "", managed=True)] if self.versions else []
        return [*self.secrets.values(), *managed]

    def fact(self, kind: CredentialType) -> CredentialFact:
        asked = wanted(kind)
        secret = sorted_out(asked, self.passwords.values(), self.stored())
        reached = frozenset(self.reached) if history_needed(asked, secret) else frozenset()
        certificate = certificate_fact(asked, self.certificate, self.versions, self.keys.values())
        return CredentialFact(replace(secret, reached=reached), certificate, sorted_trusts(asked, self.trusts.values()))

    def steps(self, kind: CredentialType) -> list[Step]:
        return list(Credential().steps(ADDRESS, wanted(kind), Present(self.fact(kind)), self.now))

    def pending(self, kind: CredentialType) -> list[Step]:
        return [step for step in self.steps(kind) if step.pending(self.now)]

    def working(self) -> bool:
        """A consumer that takes whatever is in force finds something that Entra accepts."""
        version = version_in_force(wanted("certificate").place, self.versions)
        if version is not None and version.expires_at is not None and version.expires_at > self.now:
            return version.thumbprint in self.keys
        fact = self.fact("secret").secret
        return fact.working(fact.in_force, self.now) is not None or bool(self.trusts)

    def writes(self, kind: CredentialType, step: Step) -> Iterator[None]:
        """Carries a step out, pausing after each write, as resources/credential/*_writes.py do."""
        retires = step.operation.removeprefix("retire_") if step.operation.startswith("retire_") else kind
        return {"secret": self._secret, "certificate": self._certificate, "federated": self._federated}[retires](step)

    def _secret(self, step: Step) -> Iterator[None]:
        fact = self.fact("secret").secret
        if step.operation == "retire_secret":
            for name, held in self.secrets.items():
                self.secrets[name] = replace(held, enabled=False)
                yield
        if step.operation in ("drop", "retire", "retire_secret"):
            for change in step.fields:
                assert change.path == KEY_ID_PATH
                self.passwords.pop(change.before, None)
                yield
        elif step.operation == "promote":
            assert fact.staged is not None
            current = fact.on_application(fact.in_force)
            self._store(fact.name, fact.staged.tags["keyId"], "" if current is None else current.key_id)
            yield
        else:
            key = f"secret-{next(self.numbers)}"
            self.passwords[key] = PasswordCredential(key, MARK, self.now + 90 * DAY)
            yield
            self._store(fact.name if step.operation == "create" else fact.staged_name, key, fact.previous_key_id)
            yield

    def _store(self, name: str, key: str, previous: str) -> None:
        self.reached.add(key)
        tags = {"provisioner": NAME, "keyId": key, "previousKeyId": previous}
        self.secrets[name] = SecretFacts(name, "", True, self.now, None, "", tags)

    def _certificate(self, step: Step) -> Iterator[None]:
        fact = self.fact("certificate").certificate
        if step.operation.startswith("retire"):
            names = {change.before for change in step.fields}
            for each in list(self.versions):
                if each.thumbprint in names:
                    self._change(each.thumbprint, {"provisioner": NAME, "exportable": "false"}, enabled=False)
                    yield
            for name in names:
                self.keys.pop(name, None)
            yield
            return
        staged = fact.current(self.now) if step.operation == "register" and not fact.staged(self.now) else None
        staged = staged or fact.staged(self.now)
        if staged is None:
            staged = self._make()
            yield
        self.keys.setdefault(
            staged.thumbprint, KeyCredential(staged.thumbprint, MARK, staged.thumbprint, self.now, None, {})
        )
        yield
        if step.operation in ("create", "promote"):
            tags = staged.tags | {"state": "current", "since": self.now.isoformat()}
            self._change(staged.thumbprint, tags, enabled=True)
            yield

    def _make(self) -> CertificateFacts:
        if not self.versions:
            at_name = any(name == CREDENTIAL for name in self.secrets)
            self.certificate = f"{CREDENTIAL}-certificate" if at_name else CREDENTIAL
        name = f"certificate-{next(self.numbers)}"
        tags = {"provisioner": NAME, "exportable": "false"}
        made = CertificateFacts(self.certificate, name, name, True, self.now, self.now, self.now + 60 * DAY, tags)
        self.versions.append(made)
        return made

    def _change(self, name: str, tags: dict[str, str], *, enabled: bool) -> None:
        self.versions = [
            replace(each, tags=tags, enabled=enabled) if each.thumbprint == name else each for each in self.versions
        ]

    def _federated(self, step: Step) -> Iterator[None]:
        if step.operation == "trust":
            name = federated_name(NAME, SUBJECT)
            self.trusts[name] = FederatedCredential(name, name, ISSUER, SUBJECT, AUDIENCE, description(self.now))
        else:
            self.trusts.clear()
        yield


class Switches(RuleBasedStateMachine):
    """The spec's type changes, runs are cut short anywhere, time passes."""

    @initialize(kind=st.sampled_from(TYPES))
    def begin(self, kind: CredentialType) -> None:
        self.cloud = Cloud()
        self.kind = kind

    @rule(kind=st.sampled_from(TYPES))
    def the_spec_asks_for_another_type(self, kind: CredentialType) -> None:
        self.kind = kind

    @rule(days=st.integers(0, 40))
    def time_passes(self, days: int) -> None:
        self.cloud.now += days * DAY

    @rule(cut_after=st.integers(0, 6))
    def apply_cut_short(self, cut_after: int) -> None:
        self._run(cut_after)

    @rule()
    def apply(self) -> None:
        self._run(1000)
        assert self.cloud.working()
        assert self.cloud.fact(self.kind).since(wanted(self.kind), self.cloud.now) is not None
        self._run(1000)  # with the wanted one in force since before the overlap, what is left goes in a second round
        assert self.cloud.pending(self.kind) == []

    @rule()
    def apply_and_after_the_overlap_again(self) -> None:
        self.apply()
        self.cloud.now += 8 * DAY
        self.apply()
        left = [*self.cloud.passwords, *self.cloud.keys, *self.cloud.trusts]
        leaving = [step for step in self.cloud.steps(self.kind) if step.operation.startswith("retire")]
        assert len(left) == 1 + sum(len(step.fields) for step in leaving)
        assert not [step for step in leaving if step.operation != "retire"], "only what was rotated just now may stay"

    def _run(self, cut_after: int) -> None:
        was_working = self.cloud.working()
        planned = self.cloud.pending(self.kind)
        assert not [step for step in planned if step.action is Action.PERSON]
        if any(step.operation.startswith("retire_") for step in planned):
            since = self.cloud.fact(self.kind).since(wanted(self.kind), self.cloud.now)
            assert since is not None and self.cloud.now - since >= 7 * DAY, "the overlap is for whoever must follow"
        writes = (write for step in planned for write in self.cloud.writes(self.kind, step))
        for _ in zip(range(cut_after), writes, strict=False):
            assert self.cloud.working() or not was_working, "consumers were cut off by a write of ours"


Switches.TestCase.settings = settings(
    max_examples=200, stateful_step_count=20, deadline=None, database=None, derandomize=True
)
TestSwitches = Switches.TestCase


def _listed(*names: str, managed: tuple[str, ...] = (), mark: str = NAME) -> list[SecretFacts]:
    ours = [SecretFacts(name, "", True, START, None, "", {"provisioner": mark}) for name in names]
    return [*ours, *(SecretFacts(name, "", True, START, None, "", managed=True) for name in managed)]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        pytest.param(_listed(), CREDENTIAL, id="nothing yet"),
        pytest.param(_listed(CREDENTIAL), CREDENTIAL, id="where it is"),
        pytest.param(_listed(managed=(CREDENTIAL,)), f"{CREDENTIAL}-secret", id="a certificate has the name"),
        pytest.param(_listed(f"{CREDENTIAL}-secret"), f"{CREDENTIAL}-secret", id="the certificate was cleared away"),
        pytest.param(_listed(f"{CREDENTIAL}-secret", mark="x"), CREDENTIAL, id="another's secret lies beside"),
    ],
)
def test_a_secret_stays_where_consumers_have_learnt_to_find_it(stored: list[SecretFacts], expected: str) -> None:
    assert secret_name(wanted("secret").place, stored) == expected


def test_a_certificate_stays_where_it_is_when_the_secret_before_it_is_cleared_away(trial: Trial) -> None:
    trial.put_in_place()
    spec = trial.spec(application__credential=CERTIFICATE)
    assert trial.apply(spec).exit_code() == 3
    thumbprints = [each["customKeyIdentifier"] for each in trial.application()["keyCredentials"]]
    advance(trial, 8)
    assert trial.apply(spec).exit_code() == 3
    trial.secrets("DELETE", f"secrets/{CREDENTIAL}")
    assert shown(trial, spec) == []
    assert [each["customKeyIdentifier"] for each in trial.application()["keyCredentials"]] == thumbprints


def test_nothing_of_the_old_type_goes_while_the_new_one_does_not_work(trial: Trial) -> None:
    """The plan was made before somebody took the new one off the application."""
    trial.put_in_place()
    spec = trial.spec(application__credential=CERTIFICATE)
    assert trial.apply(spec).exit_code() == 3
    [secret] = [each["keyId"] for each in trial.application()["passwordCredentials"]]
    advance(trial, 8)
    trial.change_application(keyCredentials=[])
    assert shown(trial, spec) == ["register"]
    assert [each["keyId"] for each in trial.application()["passwordCredentials"]] == [secret]
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert trial.application()["passwordCredentials"] == []


@pytest.mark.parametrize(("before", "after"), [(SECRET, CERTIFICATE), (CERTIFICATE, SECRET)])
def test_a_deleted_credential_of_another_type_keeps_its_name(
    trial: Trial, before: dict[str, object], after: dict[str, object]
) -> None:
    assert trial.apply(trial.spec(application__credential=before)).exit_code() == 3
    trial.secrets("DELETE", f"{before['type']}s/{CREDENTIAL}")
    spec = trial.spec(application__credential=after, safety={"maxRemovals": 2})
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert not [step for step in trial.plan(spec).pending if step.address.kind == "credential"]
    secrets = [each["id"].rsplit("/", 1)[-1] for each in trial.secrets("GET", "secrets")["value"]]
    assert f"{CREDENTIAL}-{after['type']}" in secrets
    assert CREDENTIAL not in secrets


def test_a_certificate_that_another_type_replaced_can_be_looked_at_though_the_role_is_gone(trial: Trial) -> None:
    """The spec's own type no longer needs the role; a deleted vault comes back without any."""
    assert trial.apply(trial.spec(application__credential=CERTIFICATE)).exit_code() == 3
    trial.arm("DELETE", trial.group_path, version="2022-09-01")
    spec = trial.spec(application__credential=SECRET, safety={"maxRemovals": 2})
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert not result.after.unknown
    advance(trial, 8)
    assert shown(trial, spec) == ["retire_certificate"]
    assert trial.apply(spec).exit_code() == 3
    assert not trial.application()["keyCredentials"]


def test_what_came_into_force_is_kept_for_the_overlap_when_the_type_is_switched_back(trial: Trial) -> None:
    """The older one has been in force for long; consumers may have followed to the newer one all the same."""
    trial.put_in_place()
    advance(trial, 20)
    assert trial.apply(trial.spec(application__credential=CERTIFICATE)).exit_code() == 3
    advance(trial, 1)
    back = trial.spec(application__credential=SECRET, safety={"maxRemovals": 2})
    assert shown(trial, back) == ["retire_certificate later"]
    advance(trial, 7)
    assert shown(trial, back) == ["retire_certificate"]


def test_a_type_that_is_switched_back_before_the_overlap_is_over_makes_nothing_new(trial: Trial) -> None:
    """The old one is still there and works; what was to replace it goes instead."""
    trial.put_in_place()
    held = trial.secrets("GET", f"secrets/{CREDENTIAL}")
    assert trial.apply(trial.spec(application__credential=CERTIFICATE)).exit_code() == 3
    back = trial.spec(application__credential=SECRET, safety={"maxRemovals": 2})
    advance(trial, 1)
    result = trial.apply(back)
    assert result.exit_code() == 3, failures(result)
    advance(trial, 7)
    assert trial.apply(back).exit_code() == 3
    assert trial.secrets("GET", f"secrets/{CREDENTIAL}")["id"] == held["id"]
    assert trial.mints_a_token(held["value"])
    assert trial.application()["keyCredentials"] == []
