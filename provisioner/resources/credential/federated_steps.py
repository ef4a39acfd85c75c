"""Which steps a trust in the tokens of a platform needs now. Pure. Nothing is stored and nothing expires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.graph_facts import FederatedCredential
from provisioner.core.address import Address
from provisioner.core.step import Action, Change, Step
from provisioner.resources.credential.wanted import CredentialWanted
from provisioner.resources.marks import is_federated_name

TRUST_PATH = "application.credential.trust"
_SINCE = "trusted since "


@dataclass(frozen=True)
class FederatedFact:
    """ours: the trusts we added; others: those of somebody else."""

    ours: tuple[FederatedCredential, ...] = ()
    others: tuple[FederatedCredential, ...] = ()

    def trusted(self, wanted: CredentialWanted) -> FederatedCredential | None:
        """The entry that trusts what the spec asks for, whoever added it."""
        asked = (wanted.issuer, wanted.subject, wanted.place.audience)
        entries = (entry for entry in (*self.ours, *self.others) if _what(entry) == asked)
        return next(entries, None)

    def of_subject(self, wanted: CredentialWanted) -> FederatedCredential | None:
        """The entry that trusts the same subject of the same issuer, for whatever audience."""
        asked = (wanted.issuer, wanted.subject)
        return next((entry for entry in (*self.ours, *self.others) if (entry.issuer, entry.subject) == asked), None)

    def since(self, wanted: CredentialWanted) -> datetime | None:
        """Since when it is trusted, as far as its description tells; None when it is not."""
        entry = self.trusted(wanted)
        return None if entry is None else trusted_since(entry)


def trusted_since(entry: FederatedCredential) -> datetime | None:
    """What `description` noted; None of a trust that does not say."""
    try:
        found = datetime.fromisoformat(entry.description.partition(_SINCE)[2])
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def description(now: datetime) -> str:
    """What a new trust says of itself: Graph keeps no time of it, and a later run must know the overlap's end."""
    return f"{_SINCE}{now.isoformat(timespec='seconds')}"


def sorted_trusts(wanted: CredentialWanted, entries: Iterable[FederatedCredential]) -> FederatedFact:
    """Ours by their name."""
    listed = tuple(entries)
    ours = tuple(entry for entry in listed if is_federated_name(entry.name, wanted.spec_name))
    return FederatedFact(ours, tuple(entry for entry in listed if entry not in ours))


def federated_steps(address: Address, wanted: CredentialWanted, fact: FederatedFact, now: datetime) -> list[Step]:
    """Trust what the spec names; a trust of ours in something else goes after the overlap."""
    steps: list[Step] = []
    if fact.trusted(wanted) is None:
        steps.append(_trust(address, wanted, fact))
    since = fact.since(wanted)
    replaced = [entry for entry in fact.ours if entry != fact.trusted(wanted)]
    if replaced and since is not None:
        steps.append(_retire(address, wanted, replaced, since, "retire", "replaced; kept for the overlap"))
    return steps


def _trust(address: Address, wanted: CredentialWanted, fact: FederatedFact) -> Step:
    """An application has each issuer and subject once (sam-facts 5.2): with another audience, the entry changes."""
    taken = fact.of_subject(wanted)
    if taken is not None and taken in fact.others:
        return Step(
            address,
            Action.PERSON,
            "trust",
            target=str(wanted.application),
            reason=f"another's trust in {told(wanted.issuer, wanted.subject)} expects the audience {taken.audience}",
            todo=(
                f"az ad app federated-credential delete --id APPLICATION_ID --federated-credential-id {taken.id}   "
                "# or take its audience into application.credential.audience"
            ),
        )
    changes: tuple[Change, ...] = (
        Change("application.credential.type", None, "federated"),
        Change(TRUST_PATH, None, told(wanted.issuer, wanted.subject)),
    )
    if taken is not None:
        changes = (Change("application.credential.audience", taken.audience, wanted.place.audience),)
    return Step(
        address,
        Action.UPDATE if fact.ours else Action.CREATE,
        "trust",
        changes,
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        reason="nothing is stored: consent, renew and token work where that platform's tokens are",
    )


def undated(address: Address, wanted: CredentialWanted) -> Step:
    """The trust is there and does not say since when, so that nobody can tell when the overlap is over."""
    return Step(
        address,
        Action.PERSON,
        "retire",
        target=str(wanted.application),
        reason="the trust was not made here: since when consumers can rely on it is unknown, so what it replaces stays",
        todo=(
            "az ad app credential list --id APPLICATION_ID   "
            "# when every consumer has followed: az ad app credential delete --id APPLICATION_ID --key-id KEY_ID"
        ),
    )


def leaving_trusts(
    address: Address, wanted: CredentialWanted, fact: FederatedFact, since: datetime | None
) -> list[Step]:
    """Once a credential of another type has been in force for the overlap (from `since`), ours of this type go."""
    if since is None or not fact.ours:
        return []
    reason = f"the spec's type is {wanted.place.type} now"
    return [_retire(address, wanted, fact.ours, since, "retire_federated", reason)]


def others(wanted: CredentialWanted, fact: FederatedFact) -> tuple[str, ...]:
    """Trusts that are not ours to touch."""
    trusted = fact.trusted(wanted) if wanted.place.type == "federated" else None
    return tuple(
        f"trust in {told(entry.issuer, entry.subject)} of unknown origin" for entry in fact.others if entry != trusted
    )


def told(issuer: str, subject: str) -> str:
    """A trust in one line."""
    return f"{subject} of {issuer}"


def _what(entry: FederatedCredential) -> tuple[str, str, str]:
    return entry.issuer, entry.subject, entry.audience


def _retire(
    address: Address,
    wanted: CredentialWanted,
    entries: Iterable[FederatedCredential],
    since: datetime,
    operation: str,
    reason: str,
) -> Step:
    return Step(
        address,
        Action.UPDATE,
        operation,
        tuple(Change(TRUST_PATH, each, None) for each in sorted(told(e.issuer, e.subject) for e in entries)),
        needs=(wanted.application,),
        target=str(wanted.application),
        scheduled=True,
        not_before=since + wanted.overlap,
        reason=reason,
    )
