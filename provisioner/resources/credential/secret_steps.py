"""Which steps a client secret needs now. Pure: facts in, steps out.

What is left to do follows from three facts: which secrets with our mark the application has, which of them the vault
names as in force (NAME) or staged (NAME-next) by a tag, and which ever reached the vault (the tags of older versions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioner.clients.graph_facts import PasswordCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError
from provisioner.core.step import Action, Change, Step
from provisioner.resources.credential.place import secret_name
from provisioner.resources.credential.wanted import EXPIRES_PATH, CredentialWanted, day, origin, why_now
from provisioner.resources.marks import TAG

KEY_ID_TAG = "keyId"
PREVIOUS_TAG = "previousKeyId"
KEY_ID_PATH = "application.credential.keyId"


@dataclass(frozen=True)
class SecretFact:
    """ours and others: on the application. in_force and staged: in the vault, without their values.

    reached: the keyIds that some version in the vault carries; asked for only where the current versions leave it open.
    handed_out and tried_out: those of them that versions of the one in force, and of the staged one, carry.
    deleted: the soft-deleted secret that holds the name of the one in force.
    name: of the one in force, in the vault; what consumers read.
    """

    name: str = ""
    ours: tuple[PasswordCredential, ...] = ()
    others: tuple[PasswordCredential, ...] = ()
    in_force: SecretFacts | None = None
    staged: SecretFacts | None = None
    reached: frozenset[str] = frozenset()
    handed_out: frozenset[str] = frozenset()
    tried_out: frozenset[str] = frozenset()
    deleted: SecretFacts | None = None

    def on_application(self, stored: SecretFacts | None) -> PasswordCredential | None:
        """The application's entry of a stored secret; None when the application does not (or no longer) have it.

        A version that a consumer wrote back without tags holds what the same secret held before it, never what is
        only staged: the newest that its versions carry.
        """
        if stored is None:
            return None
        key_id = stored.tags.get(KEY_ID_TAG)
        if key_id is not None:
            return next((entry for entry in self.ours if entry.key_id == key_id), None)
        held = self.handed_out if stored == self.in_force else self.tried_out - self.handed_out
        known = [entry for entry in self.ours if entry.key_id in held]
        return max(known, key=lambda entry: (entry.ends_at is None, entry.ends_at), default=None)

    def working(self, stored: SecretFacts | None, now: datetime) -> PasswordCredential | None:
        """The same, unless it has expired or the vault does not give it out."""
        entry = self.on_application(stored)
        if stored is None or entry is None or not stored.enabled:
            return None
        return None if entry.ends_at is not None and entry.ends_at <= now else entry

    @property
    def staged_name(self) -> str:
        return f"{self.name}-next"

    def since(self, now: datetime) -> datetime | None:
        """Since when the one in force has been in force; None when none works."""
        if self.in_force is None or self.working(self.in_force, now) is None:
            return None
        return self.in_force.created_at

    @property
    def previous_key_id(self) -> str:
        """The secret that the one in force took over from."""
        return "" if self.in_force is None else self.in_force.tags.get(PREVIOUS_TAG, "")

    def named_now(self) -> frozenset[str]:
        """The keyIds that the current versions name."""
        tags = [stored.tags for stored in (self.in_force, self.staged) if stored is not None]
        names = {tag.get(name, "") for tag in tags for name in (KEY_ID_TAG, PREVIOUS_TAG)}
        return frozenset(names - {""})


def sorted_out(
    wanted: CredentialWanted, passwords: Iterable[PasswordCredential], stored: Iterable[SecretFacts]
) -> SecretFact:
    """The facts of one credential among an application's secrets and a vault's (names there ignore case)."""
    entries, listed = tuple(passwords), tuple(stored)
    fact = SecretFact(
        ours=tuple(entry for entry in entries if entry.display_name == wanted.mark),
        others=tuple(entry for entry in entries if entry.display_name != wanted.mark),
    )
    return under(secret_name(wanted.place, listed), fact, listed)


def under(name: str, fact: SecretFact, stored: Iterable[SecretFacts]) -> SecretFact:
    """The fact with what the vault has under a name, and staged beside it."""
    by_name = {secret.name.lower(): secret for secret in stored}
    in_force = by_name.get(name.lower())
    return replace(
        fact,
        name=name,
        in_force=None if in_force is None or in_force.managed else in_force,
        staged=by_name.get(f"{name}-next".lower()),
    )


def history_needed(wanted: CredentialWanted, fact: SecretFact) -> bool:
    """Whether older versions decide something: a version without our tags, or a secret no current version names."""
    untagged = any(
        stored is not None and stored.tags.get(TAG) != wanted.spec_name for stored in (fact.in_force, fact.staged)
    )
    return untagged or any(entry.key_id not in fact.named_now() for entry in fact.ours)


def secret_steps(
    address: Address, wanted: CredentialWanted, fact: SecretFact, now: datetime, *, takes_over: bool = False
) -> Sequence[Step]:
    """Create, or stage and promote; then drop leftovers, and retire what was replaced once the overlap is over.

    takes_over: a credential of another type is in force, so consumers must not find this one before it works.
    Raises: ForeignResourceError when a name in the vault is somebody else's.
    """
    _refuse_foreign(address, wanted, fact)
    if fact.deleted is not None:
        return (_recover(address, wanted, fact, fact.deleted),)
    if fact.in_force is not None and not fact.in_force.enabled and fact.on_application(fact.in_force) is not None:
        return (_enable(address, wanted, fact),)
    current, staged = fact.working(fact.in_force, now), fact.working(fact.staged, now)
    if current is not None and staged is not None and staged.key_id == current.key_id:
        staged = None
    steps: list[Step] = []
    if staged is not None:
        steps.append(_promote(address, wanted, fact))
    elif current is None and not takes_over:
        steps.append(_create(address, wanted, fact, now))
    elif current is None or _is_due(wanted, current, now):
        steps += [_stage(address, wanted, fact, now, current), _promote(address, wanted, fact)]
    live = {entry.key_id for entry in (current, staged) if entry is not None}
    steps += _drops(address, wanted, fact, live)
    steps += _retirements(address, wanted, fact, live)
    return steps


def _is_due(wanted: CredentialWanted, current: PasswordCredential, now: datetime) -> bool:
    return wanted.rotate_now or (current.ends_at is not None and current.ends_at - wanted.rotate_before <= now)


def leaving_secrets(
    address: Address, wanted: CredentialWanted, fact: SecretFact, since: datetime | None
) -> Sequence[Step]:
    """Once a credential of another type has been in force for the overlap (from `since`), ours of this type go."""
    if since is None or not fact.ours:
        return ()
    return (
        Step(
            address,
            Action.UPDATE,
            "retire_secret",
            tuple(Change(KEY_ID_PATH, key_id, None) for key_id in sorted(entry.key_id for entry in fact.ours)),
            needs=wanted.needs,
            target=str(wanted.application),
            scheduled=True,
            not_before=since + wanted.overlap,
            reason=f"the spec's type is {wanted.place.type} now; what the vault has of the secret is disabled with it",
        ),
    )


def others(wanted: CredentialWanted, fact: SecretFact) -> tuple[str, ...]:
    """Secrets that are not ours to touch, with their age."""
    return tuple(
        f"secret {entry.display_name or entry.key_id} {origin(wanted, entry.display_name)}, "
        f"expires {day(entry.ends_at)}"
        for entry in fact.others
    )


def _refuse_foreign(address: Address, wanted: CredentialWanted, fact: SecretFact) -> None:
    """Ours by tag; a version without tags is a consumer's write-back if the same secret held one of ours before."""
    for stored, held in ((fact.in_force, fact.handed_out), (fact.staged, fact.tried_out)):
        if stored is None or stored.tags.get(TAG) == wanted.spec_name:
            continue
        if TAG in stored.tags or not held:
            owner = stored.tags.get(TAG)
            raise ForeignResourceError(
                f"the secret {stored.name} in vault {wanted.vault_name} exists and "
                f"{f'belongs to the spec {owner}' if owner else 'is not ours'}",
                where=str(address),
                next_step="choose another application.credential.name",
            )


def _recover(address: Address, wanted: CredentialWanted, fact: SecretFact, deleted: SecretFacts) -> Step:
    """Ours comes back with all its versions; of another's, or a consumer's write-back, a person decides."""
    if deleted.tags.get(TAG) == wanted.spec_name:
        return Step(
            address,
            Action.CREATE,
            "recover",
            (Change("vault.secret", None, fact.name),),
            needs=(wanted.vault, *wanted.runner_roles),
            target=str(wanted.application),
            reveals=True,
            reason="somebody deleted it from the vault: it comes back with its versions",
        )
    return Step(
        address,
        Action.PERSON,
        "recover",
        target=str(wanted.application),
        reason="a deleted secret without our mark holds the name in the vault",
        todo=(
            f"az keyvault secret recover --vault-name {wanted.vault_name} --name {fact.name}   "
            "# or choose another application.credential.name"
        ),
    )


def _enable(address: Address, wanted: CredentialWanted, fact: SecretFact) -> Step:
    return Step(
        address,
        Action.PERSON,
        "enable",
        (Change("vault.secret.enabled", False, True),),
        target=str(address),
        reason="somebody disabled its newest version: nobody can read it",
        todo=(f"az keyvault secret set-attributes --vault-name {wanted.vault_name} --name {fact.name} --enabled true"),
    )


def _create(address: Address, wanted: CredentialWanted, fact: SecretFact, now: datetime) -> Step:
    replaced = fact.in_force is not None
    return Step(
        address,
        Action.UPDATE if replaced else Action.CREATE,
        "create",
        (
            Change("application.credential.type", None, "secret"),
            Change(EXPIRES_PATH, None, day(now + wanted.lifetime)),
        ),
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        reason="the secret in the vault is not one the application accepts" if replaced else "",
    )


def _stage(
    address: Address, wanted: CredentialWanted, fact: SecretFact, now: datetime, current: PasswordCredential | None
) -> Step:
    """current None: the one in force is of another type."""
    expires = Change(EXPIRES_PATH, None if current is None else day(current.ends_at), day(now + wanted.lifetime))
    switched = Change("application.credential.type", None, "secret")
    why = "the spec's type is secret now" if current is None else why_now(wanted, current.ends_at)
    return Step(
        address,
        Action.UPDATE,
        "stage",
        (switched, expires) if current is None else (expires,),
        needs=wanted.needs,
        target=str(wanted.application),
        scheduled=current is not None and not wanted.rotate_now,
        reason=f"{why}; the new one is stored as {fact.staged_name} until it works",
        seen="" if current is None else current.key_id,
    )


def _promote(address: Address, wanted: CredentialWanted, fact: SecretFact) -> Step:
    return Step(
        address,
        Action.UPDATE,
        "promote",
        (Change("vault.secret", fact.staged_name, fact.name),),
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        scheduled=True,
        reason="once the new secret works, consumers get it under the name they read",
    )


def _drops(address: Address, wanted: CredentialWanted, fact: SecretFact, live: set[str]) -> Sequence[Step]:
    """Secrets of ours that nobody holds: a run was killed between Graph's answer and the vault."""
    held = live | fact.reached | fact.named_now()
    orphans = sorted(entry.key_id for entry in fact.ours if entry.key_id not in held)
    if not orphans:
        return ()
    return (
        Step(
            address,
            Action.UPDATE,
            "drop",
            tuple(Change(KEY_ID_PATH, key_id, None) for key_id in orphans),
            needs=wanted.needs,
            target=str(wanted.application),
            reason="ours, but its value never reached the vault: left by a run that was cut short",
        ),
    )


def _retirements(address: Address, wanted: CredentialWanted, fact: SecretFact, live: set[str]) -> Sequence[Step]:
    """What was replaced stays for `overlap`, then goes; shown from the day of the promotion."""
    if fact.in_force is None or not live:
        return ()
    replaced = sorted(
        entry.key_id
        for entry in fact.ours
        if entry.key_id not in live and entry.key_id in fact.reached | fact.named_now()
    )
    if not replaced:
        return ()
    return (
        Step(
            address,
            Action.UPDATE,
            "retire",
            tuple(Change(KEY_ID_PATH, key_id, None) for key_id in replaced),
            needs=wanted.needs,
            target=str(wanted.application),
            scheduled=True,
            not_before=fact.in_force.created_at + wanted.overlap,
            reason="replaced; kept for the overlap, so that whoever holds it can follow",
        ),
    )
