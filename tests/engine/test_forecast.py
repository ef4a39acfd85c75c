"""What ends when: from facts alone, and never a number for what nobody could see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from provisioner.clients.graph_facts import KeyCredential, PasswordCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Present, Unknown
from provisioner.core.plan import Cause, Life, Plan
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.engine.forecast import forecast, notices
from provisioner.resources.credential.certificate_steps import CertificateFact
from provisioner.resources.credential.kind import CredentialFact
from provisioner.resources.credential.secret_steps import KEY_ID_TAG, SecretFact
from provisioner.resources.marks import TAG
from provisioner.spec.model import CredentialType, Spec
from tests.rehearsal import NAME, SECRET, Rehearsal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CREDENTIAL = Address(NAME, "credential", f"{NAME}-credential")
TOKEN = Address(NAME, "refresh_token", SECRET)
THUMBPRINT = "549F5D228E69AB6CA72750CCAEEECC521E610316"


def spec(kind: CredentialType = "secret") -> Spec:
    made = Rehearsal.spec(Rehearsal(None, CONTOSO, ("http://localhost:8400/",)))  # type: ignore[arg-type]  # no cloud needed
    credential = replace(made.application.credential, type=kind)
    return replace(made, application=replace(made.application, credential=credential))


def by_secret(ends_in: timedelta, *others: PasswordCredential) -> CredentialFact:
    stored = SecretFacts(f"{NAME}-credential", "", True, NOW - DAY, NOW + ends_in, "", {TAG: NAME, KEY_ID_TAG: "1"})
    return CredentialFact(
        SecretFact(
            name=stored.name, ours=(PasswordCredential("1", "mark", NOW + ends_in),), others=others, in_force=stored
        )
    )


def by_brought_certificate(ends_in: timedelta) -> CredentialFact:
    """Nobody's mark is on it, and the application has it."""
    version = CertificateFacts(
        name="brought",
        version="v1",
        thumbprint=THUMBPRINT,
        enabled=True,
        created_at=NOW - DAY,
        not_before=None,
        expires_at=NOW + ends_in,
    )
    entry = KeyCredential("1", "portal", THUMBPRINT, NOW - DAY, NOW + ends_in, {})
    return CredentialFact(certificate=CertificateFact("brought", (version,), (), (entry,)))


def lives(fact: CredentialFact, kind: CredentialType = "secret") -> tuple[Life, ...]:
    return forecast(spec(kind), Known({CREDENTIAL: Present(fact), TOKEN: Absent()}), NOW)


@pytest.mark.parametrize(
    ("ends_in", "state", "left"),
    [(200 * DAY, "fresh", 200.0), (30 * DAY, "due", 30.0), (DAY / 2, "due", 0.5), (-2 * DAY, "expired", -2.0)],
)
def test_a_secret_is_due_from_rotate_before_on(ends_in: timedelta, state: str, left: float) -> None:
    own, token = lives(by_secret(ends_in))
    assert (own.what, own.type, own.state, own.days_left(NOW)) == ("credential", "secret", state, left)
    assert (token.what, token.state, token.days_left(NOW)) == ("refreshToken", "wanted", None)


def test_a_brought_certificate_that_ends_soon_waits_for_its_owner() -> None:
    life = lives(by_brought_certificate(20 * DAY), "certificate")
    assert [one.for_a_person for one in life] == [True, False]
    (warning,) = notices(life, spec("certificate"), NOW)
    assert "its owner has to renew it" in warning.text
    plan = Plan(NAME, CONTOSO.id, "public", "somebody", "", NOW, (), Cause.NONE, life=life)
    assert plan.exit_code() == 3


@pytest.mark.parametrize(("ends_in", "warned"), [(20 * DAY, True), (40 * DAY, False), (-DAY, False)])
def test_somebody_elses_secret_is_warned_of_before_its_end_and_waits_for_nobody_of_ours(
    ends_in: timedelta, warned: bool
) -> None:
    life = lives(by_secret(200 * DAY, PasswordCredential("2", "portal", NOW + ends_in)))
    assert life[-1].what == "foreignCredential"
    assert ("portal of unknown origin" in "".join(notice.text for notice in notices(life, spec(), NOW))) == warned
    assert not any(one.for_a_person for one in life)


def test_a_trust_does_not_end() -> None:
    assert [one.what for one in lives(CredentialFact(), "federated")] == ["refreshToken"]


def test_what_nobody_could_see_has_no_days() -> None:
    life = forecast(spec(), Known({CREDENTIAL: Unknown("403"), TOKEN: Unknown("403")}), NOW)
    assert [(one.state, one.days_left(NOW)) for one in life] == [("unknown", None), ("unknown", None)]


def test_a_credential_that_is_not_there_yet_is_missing() -> None:
    assert lives(CredentialFact())[0].state == "missing"
