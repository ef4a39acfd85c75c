"""What of a tenant ends on its own, and when: the credential, the refresh token, credentials of unknown origin.

Pure, and from what was seen anyway: it sends nothing. Whoever only watches needs these numbers long before a step does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Present, Unknown
from provisioner.core.plan import Life, Mortal, Notice
from provisioner.resources.credential import Credential
from provisioner.resources.credential.kind import CredentialFact
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.token_state import health
from provisioner.spec.model import Spec

FRESH, DUE, EXPIRED, MISSING, UNKNOWN = "fresh", "due", "expired", "missing", "unknown"
FOREIGN = "foreign"
WANTED = "wanted"


def forecast(spec: Spec, known: Known, now: datetime) -> tuple[Life, ...]:
    """The credential in force first, then the refresh token, then what others put on the application.

    A federated credential stores nothing and does not end. What is yet to come back with a deleted vault has no row.
    """
    own, foreign = credential_life(spec, known, now)
    return (*own, *token_life(spec, known, now), *foreign)


def credential_life(spec: Spec, known: Known, now: datetime) -> tuple[tuple[Life, ...], tuple[Life, ...]]:
    """Of the one in force, and of those of unknown origin."""
    ((address, wanted),) = Credential().wanted(spec).items()
    seen = known.get(address)
    kind = wanted.place.type
    if isinstance(seen, Unknown):
        return (Life(address, Mortal.CREDENTIAL, UNKNOWN, wanted.place.name, kind),), ()
    fact = seen.fact if isinstance(seen, Present) else CredentialFact()
    if fact.hidden:
        return (), ()
    foreign = tuple(_foreign(address, fact))
    if kind == "federated":
        return (), foreign
    return (_in_force(address, wanted, fact, now),), foreign


def token_life(spec: Spec, known: Known, now: datetime) -> tuple[Life, ...]:
    """From the vault's metadata alone."""
    ((address, wanted),) = RefreshToken().wanted(spec).items()
    seen = known.get(address)
    if isinstance(seen, Unknown):
        return (Life(address, Mortal.REFRESH_TOKEN, UNKNOWN, wanted.secret_name),)
    if isinstance(seen, Absent):
        return () if seen.remains is not None else (Life(address, Mortal.REFRESH_TOKEN, WANTED, wanted.secret_name),)
    found = health(wanted, seen.fact, now)
    return (
        Life(
            address,
            Mortal.REFRESH_TOKEN,
            found.state.value,
            wanted.secret_name,
            expires_at=found.expires_at,
            mfa=found.mfa,
            since=found.issued_at,
            due_at=found.issued_at + wanted.renew_after,
            warn_at=found.expires_at - wanted.warn_before,
            note=found.noted if found.ours else "",
        ),
    )


def notices(life: Iterable[Life], spec: Spec, now: datetime) -> tuple[Notice, ...]:
    """Warnings about what no step of ours renews: somebody else's credential on our application."""
    warn_before = spec.application.credential.rotate_before.value
    told: list[Notice] = []
    for one in life:
        if one.expires_at is None or not now < one.expires_at <= now + warn_before:
            continue
        ends = f"expires on {one.expires_at:%Y-%m-%d}"
        if one.for_a_person:
            text = f"the {one.type} {one.name} {ends}, and its owner has to renew it: it is not ours"
            told.append(Notice("warning", text, "have its owner make a new version; the next apply takes it over"))
        elif one.what is Mortal.FOREIGN_CREDENTIAL:
            text = f"the {one.type} {one.name} of unknown origin on the application {ends}: its user is refused then"
            told.append(Notice("warning", text, "find out who uses it; provisioner leaves it alone"))
    return tuple(told)


def _in_force(address: Address, wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> Life:
    kind = wanted.place.type
    found = _secret(fact) if kind == "secret" else _certificate(fact)
    if found is None:
        return Life(address, Mortal.CREDENTIAL, MISSING, wanted.place.name, kind)
    name, since, ends_at = found
    due_at = None if ends_at is None else ends_at - wanted.rotate_before
    state = FRESH
    if ends_at is not None and due_at is not None and due_at <= now:
        state = DUE if now < ends_at else EXPIRED
    brought = kind == "certificate" and fact.certificate.is_brought
    return Life(
        address,
        Mortal.CREDENTIAL,
        state,
        name,
        kind,
        ends_at,
        for_a_person=brought and state == DUE,
        since=since,
        due_at=due_at,
        overlap_until=None if due_at is None or ends_at is None else min(due_at + wanted.overlap, ends_at),
    )


def _secret(fact: CredentialFact) -> tuple[str, datetime | None, datetime | None] | None:
    """Its name, when it was stored, and when it ends."""
    stored = fact.secret.in_force
    entry = fact.secret.on_application(stored)
    return None if entry is None or stored is None else (fact.secret.name, stored.created_at, entry.ends_at)


def _certificate(fact: CredentialFact) -> tuple[str, datetime | None, datetime | None] | None:
    version = fact.certificate.tagged
    return None if version is None else (fact.certificate.name, version.created_at, version.expires_at)


def _foreign(address: Address, fact: CredentialFact) -> Iterable[Life]:
    for entry in fact.secret.others:
        yield Life(
            address, Mortal.FOREIGN_CREDENTIAL, FOREIGN, entry.display_name or entry.key_id, "secret", entry.ends_at
        )
    known = {version.thumbprint for version in fact.certificate.versions}
    for key in fact.certificate.others:
        if key.thumbprint not in known:
            name = key.display_name or key.thumbprint or key.key_id
            yield Life(address, Mortal.FOREIGN_CREDENTIAL, FOREIGN, name, "certificate", key.ends_at)
