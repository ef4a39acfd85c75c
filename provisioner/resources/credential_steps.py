"""Which steps a client secret needs now. Pure: facts in, steps out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioner.clients.graph_facts import PasswordCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.address import Address
from provisioner.core.step import Action, Change, Step

KEY_ID_TAG = "keyId"
PREVIOUS_TAG = "previousKeyId"


@dataclass(frozen=True)
class CredentialWanted:
    """secret_name: in the vault, what consumers read. mark: the display name of the secrets we add."""

    spec_name: str
    mark: str
    secret_name: str
    vault_name: str
    lifetime: timedelta
    rotate_before: timedelta
    overlap: timedelta
    application: Address
    service_principal: Address
    vault: Address
    runner_role: Address

    @property
    def staged_name(self) -> str:
        return f"{self.secret_name}-next"


@dataclass(frozen=True)
class CredentialFact:
    """ours and others: on the application. in_force and staged: in the vault, without their values."""

    ours: tuple[PasswordCredential, ...] = ()
    others: tuple[PasswordCredential, ...] = ()
    in_force: SecretFacts | None = None
    staged: SecretFacts | None = None

    def on_application(self, stored: SecretFacts | None) -> PasswordCredential | None:
        """The application's entry of a stored secret; None when the application does not (or no longer) have it."""
        if stored is None:
            return None
        return next((entry for entry in self.ours if entry.key_id == stored.tags.get(KEY_ID_TAG)), None)

    def working(self, stored: SecretFacts | None, now: datetime) -> PasswordCredential | None:
        """The same, unless it has expired."""
        entry = self.on_application(stored)
        return None if entry is None or (entry.ends_at is not None and entry.ends_at <= now) else entry

    @property
    def previous_key_id(self) -> str:
        """The secret that the one in force took over from."""
        return "" if self.in_force is None else self.in_force.tags.get(PREVIOUS_TAG, "")


def sorted_out(
    wanted: CredentialWanted, passwords: Sequence[PasswordCredential], stored: Sequence[SecretFacts]
) -> CredentialFact:
    """The facts of one credential among an application's secrets and a vault's (names there ignore case)."""
    by_name = {secret.name.lower(): secret for secret in stored}
    return CredentialFact(
        ours=tuple(entry for entry in passwords if entry.display_name == wanted.mark),
        others=tuple(entry for entry in passwords if entry.display_name != wanted.mark),
        in_force=by_name.get(wanted.secret_name.lower()),
        staged=by_name.get(wanted.staged_name.lower()),
    )


def credential_steps(address: Address, wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> Sequence[Step]:
    """Drop leftovers, then create, or stage and promote, then retire what was replaced."""
    current, staged = fact.working(fact.in_force, now), fact.working(fact.staged, now)
    if current is not None and staged is not None and staged.key_id == current.key_id:
        staged = None
    steps = list(_drops(address, wanted, fact, (current, staged)))
    due = current is not None and current.ends_at is not None and current.ends_at - wanted.rotate_before <= now
    if current is None and staged is None:
        steps.append(_create(address, wanted, fact, now))
    elif staged is not None:
        steps.append(_promote(address, wanted, now, staged))
    elif due:
        steps.append(_stage(address, wanted, now, current))
        steps.append(_promote(address, wanted, now, None))
    steps += _retirements(address, wanted, fact, current, now)
    if not steps and fact.others:
        steps.append(Step(address, Action.NONE, kept=_others(fact)))
    return steps


def _drops(
    address: Address,
    wanted: CredentialWanted,
    fact: CredentialFact,
    live: tuple[PasswordCredential | None, ...],
) -> Sequence[Step]:
    """Secrets of ours that nobody holds: a run was killed between Graph's answer and the vault."""
    held = {entry.key_id for entry in live if entry is not None} | {fact.previous_key_id}
    orphans = [entry.key_id for entry in fact.ours if entry.key_id not in held]
    if not orphans:
        return ()
    return (
        Step(
            address,
            Action.UPDATE,
            "drop",
            tuple(Change("application.credential.keyId", key_id, None) for key_id in sorted(orphans)),
            needs=(wanted.application, wanted.vault, wanted.runner_role),
            target=str(wanted.application),
            reason="ours, but no value of it is in the vault: left by a run that was cut short, or expired",
        ),
    )


def _create(address: Address, wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> Step:
    replaced = fact.in_force is not None
    return Step(
        address,
        Action.UPDATE if replaced else Action.CREATE,
        "create",
        (
            Change("application.credential.type", None, "secret"),
            Change("application.credential.expires", None, _day(now + wanted.lifetime)),
        ),
        kept=_others(fact),
        needs=(wanted.application, wanted.service_principal, wanted.vault, wanted.runner_role),
        target=str(wanted.application),
        reason="the secret in the vault is not one the application accepts" if replaced else "",
    )


def _stage(address: Address, wanted: CredentialWanted, now: datetime, current: PasswordCredential | None) -> Step:
    ends = current.ends_at if current is not None else None
    return Step(
        address,
        Action.UPDATE,
        "stage",
        (Change("application.credential.expires", _day(ends), _day(now + wanted.lifetime)),),
        needs=(wanted.application, wanted.vault, wanted.runner_role),
        scheduled=True,
        target=str(wanted.application),
        reason=f"it expires on {_day(ends)}; the new one is stored as {wanted.staged_name} until it works",
    )


def _promote(address: Address, wanted: CredentialWanted, now: datetime, staged: PasswordCredential | None) -> Step:
    return Step(
        address,
        Action.UPDATE,
        "promote",
        (Change("vault.secret", wanted.staged_name, wanted.secret_name),),
        needs=(wanted.application, wanted.vault, wanted.runner_role),
        scheduled=True,
        target=str(wanted.application),
        reason="once the new secret works, consumers get it under the name they read",
    )


def _retirements(
    address: Address, wanted: CredentialWanted, fact: CredentialFact, current: PasswordCredential | None, now: datetime
) -> Sequence[Step]:
    """What was replaced stays for `overlap`, then goes; shown from the day of the promotion."""
    previous = [entry for entry in fact.ours if entry.key_id == fact.previous_key_id]
    if current is None or fact.in_force is None or not previous:
        return ()
    return (
        Step(
            address,
            Action.UPDATE,
            "retire",
            (Change("application.credential.keyId", previous[0].key_id, None),),
            needs=(wanted.application, wanted.runner_role),
            scheduled=True,
            target=str(wanted.application),
            not_before=fact.in_force.created_at + wanted.overlap,
            reason="replaced; kept for the overlap, so that whoever holds it can follow",
        ),
    )


def _others(fact: CredentialFact) -> tuple[str, ...]:
    return tuple(
        f"secret {entry.display_name or entry.key_id} of unknown origin, expires {_day(entry.ends_at)}"
        for entry in fact.others
    )


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d}"
