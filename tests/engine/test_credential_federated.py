"""The trust: which steps it needs, and that nothing else goes before a token of its platform has been taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.clients.graph_facts import FederatedCredential
from provisioner.core.address import Address
from provisioner.core.step import Action
from provisioner.resources.credential.federated_steps import (
    description,
    federated_steps,
    leaving_trusts,
    others,
    sorted_trusts,
)
from provisioner.resources.credential.place import CredentialPlace
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.marks import federated_name
from tests.engine.rotations import SECRET, advance, shown
from tests.trial import CREDENTIAL, NAME, Trial, failures

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADDRESS = Address(NAME, "credential", CREDENTIAL)
ISSUER, AUDIENCE = "https://token.actions.githubusercontent.com", "api://AzureADTokenExchange"
SUBJECT = "repo:contoso/billing:environment:production"
FEDERATED = {"type": "federated", "issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE, "overlap": "7d"}
WANTED = CredentialWanted(
    place=CredentialPlace("federated", "kv", CREDENTIAL, NAME, AUDIENCE),
    mark=f"provisioner:{NAME}",
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


def trust(
    subject: str = SUBJECT, *, audience: str = AUDIENCE, ours: bool = True, days_ago: float = 20
) -> FederatedCredential:
    name = federated_name(NAME, subject) if ours else f"theirs-{len(subject)}"
    told = description(START - days_ago * DAY) if ours else "another team's"
    return FederatedCredential(name, name, ISSUER, subject, audience, told)


TABLE = [
    ("nothing yet", (), ["trust"]),
    ("there", (trust(),), []),
    ("somebody else's trusts it already", (trust(ours=False),), []),
    ("another subject was wanted before", (trust("repo:x/y:pull_request"),), ["trust"]),
    ("replaced, overlap not over", (trust("repo:x/y:pull_request"), trust(days_ago=6)), ["retire later"]),
    ("replaced, overlap over", (trust("repo:x/y:pull_request"), trust(days_ago=7)), ["retire"]),
    ("for another audience", (trust(audience="api://other"),), ["trust"]),
    ("somebody else's, for another audience", (trust(audience="api://other", ours=False),), ["trust by a person"]),
    ("another team's trust in somebody else", (trust(), trust("repo:x/y:pull_request", ours=False)), []),
]


@pytest.mark.parametrize(("listed", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_steps_follow_from_what_is_there(listed: tuple[FederatedCredential, ...], expected: list[str]) -> None:
    steps = federated_steps(ADDRESS, WANTED, sorted_trusts(WANTED, listed), START)
    said = {True: " by a person", False: ""}
    waits = [" later" if step.action.writes and not step.pending(START) else "" for step in steps]
    assert [
        f"{step.operation}{said[step.action is Action.PERSON]}{late}" for step, late in zip(steps, waits, strict=True)
    ] == expected


def test_trusts_of_others_are_shown_and_never_leave() -> None:
    fact = sorted_trusts(WANTED, (trust("repo:x/y:pull_request", ours=False), trust()))
    assert len(others(WANTED, fact)) == 1
    secret = replace(WANTED, place=replace(WANTED.place, type="secret"))
    [step] = leaving_trusts(ADDRESS, secret, fact, START - 7 * DAY)
    assert [change.before for change in step.fields] == [f"{SUBJECT} of {ISSUER}"]


def _trusts(trial: Trial) -> list[tuple[str, str]]:
    found = trial.graph("GET", f"applications/{trial.application()['id']}/federatedIdentityCredentials")["value"]
    return [(each["subject"], each["audiences"][0]) for each in found]


def _in_a_job(trial: Trial, monkeypatch: pytest.MonkeyPatch, subject: str = SUBJECT) -> None:
    """From here on this process is a job whose tokens name the subject."""
    job = trial.cloud.control("POST", "jobs", {"platform": "github", "subject": subject})
    for name, value in job["variables"].items():
        monkeypatch.setenv(name, value)


def test_a_secret_goes_after_the_overlap_only_where_the_trust_is_seen_to_work(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial.cloud.control("PUT", "lag", {"secret": {"min": 4, "max": 18, "flapping": 18}})
    trial.put_in_place()
    spec = trial.spec(application__credential=FEDERATED)
    assert trial.apply(spec).exit_code() == 3
    assert _trusts(trial) == [(SUBJECT, AUDIENCE)]
    assert shown(trial, spec) == ["retire_secret later"]
    advance(trial, 8)
    elsewhere = "repo:contoso/billing:environment:staging"
    for subject in ("", elsewhere):
        if subject:
            _in_a_job(trial, monkeypatch, subject)
        refused = trial.apply(spec)
        assert (refused.exit_code(), len(trial.application()["passwordCredentials"])) == (1, 1)
    assert elsewhere in failures(refused)[0]
    _in_a_job(trial, monkeypatch)
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert trial.application()["passwordCredentials"] == []
    assert trial.secrets("GET", "secrets")["value"][0]["attributes"]["enabled"] is False


def test_from_a_trust_to_a_secret_consumers_find_it_only_once_it_works(trial: Trial) -> None:
    assert trial.apply(trial.spec(application__credential=FEDERATED)).exit_code() == 3
    spec = trial.spec(application__credential=SECRET)
    assert shown(trial, spec) == ["stage", "promote"]
    assert trial.apply(spec).exit_code() == 3
    advance(trial, 8)
    assert trial.apply(spec).exit_code() == 3
    assert _trusts(trial) == []
    assert trial.mints_a_token(trial.secrets("GET", f"secrets/{CREDENTIAL}")["value"])


def test_another_audience_changes_the_trust_in_place(trial: Trial) -> None:
    """Issuer and subject are once in an application, so there cannot be one of each."""
    assert trial.apply(trial.spec(application__credential=FEDERATED)).exit_code() == 3
    spec = trial.spec(application__credential={**FEDERATED, "audience": "api://another"})
    assert shown(trial, spec) == ["trust"]
    result = trial.apply(spec)
    assert result.exit_code() == 3, failures(result)
    assert _trusts(trial) == [(SUBJECT, "api://another")]
    assert shown(trial, spec) == []


def test_what_a_trust_of_unknown_age_replaces_is_a_person_s_to_remove(trial: Trial) -> None:
    trial.put_in_place()
    body = {"name": "theirs", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
    trial.graph("POST", f"applications/{trial.application()['id']}/federatedIdentityCredentials", body)
    advance(trial, 30)
    plan = trial.plan(trial.spec(application__credential=FEDERATED))
    [step] = [step for step in plan.for_a_person if step.address.kind == "credential"]
    assert "az ad app credential delete" in step.todo
    assert not [step for step in plan.pending if step.address.kind == "credential"]
