"""Carrying out the steps of a client secret, each looking first, each safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.proof import SecretProof
from provisioner.core.errors import ApiError, ForeignResourceError, SignInError, StaleError, VerificationError
from provisioner.core.secret import Secret
from provisioner.core.step import Step
from provisioner.resources import application_writes
from provisioner.resources.contract import Writer
from provisioner.resources.credential_history import with_history
from provisioner.resources.credential_steps import (
    KEY_ID_TAG,
    PREVIOUS_TAG,
    CredentialFact,
    CredentialWanted,
    sorted_out,
)
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.vault_secrets import VaultSecrets

_CONTENT_TYPE = "application/vnd.provisioner.client-secret"
_PROBES = 3
# The secret, the application, or its service principal has not reached the token endpoint yet.
_NOT_USABLE_YET = ("AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS7000229")


@dataclass(frozen=True)
class AtWork:
    """What every step works with. object_id and app_id: the application's."""

    wanted: CredentialWanted
    object_id: str
    app_id: str
    write: Writer
    secrets: VaultSecrets


async def carry_out(step: Step, work: AtWork) -> CredentialFact:
    """One of create, recover, stage, promote, drop, retire. What a later look would see.

    Drop and retire touch the keys that the step shows and no other, and never the last that works.
    """
    fact = await _look(work)
    now = work.write.clock.now()
    if step.operation == "create":
        if fact.working(fact.in_force, now) is None:
            await _add(work, work.wanted.secret_name, replaced=fact.previous_key_id)
    elif step.operation == "recover":
        await work.secrets.recover(work.wanted.secret_name)
    elif step.operation == "stage":
        if fact.working(fact.staged, now) in (None, fact.on_application(fact.in_force)):
            await _add(work, work.wanted.staged_name)
    elif step.operation == "promote":
        await _promote(work, fact)
    else:
        await _remove(step, work, fact, now)
    return await _look(work)


async def _look(work: AtWork) -> CredentialFact:
    write = work.write
    application = await retry_while(
        write,
        directory_lag,
        lambda: application_writes.get(write, work.object_id),
        "the application",
        DIRECTORY_DEADLINE_S,
    )
    stored = await work.secrets.list()
    fact = sorted_out(work.wanted, application.passwords, stored)
    return await with_history(write.clients, work.wanted, fact)


async def _add(work: AtWork, name: str, *, replaced: str = "") -> None:
    """Graph shows the value once: it goes to the vault before anything else, or the secret goes again.

    replaced: a secret that is still kept for the overlap, and must stay known as that.
    """
    ends_at = work.write.clock.now() + work.wanted.lifetime
    graph = work.write.clients.graph.credentials
    key_id, value = await graph.add_password(work.object_id, work.wanted.mark, ends_at)
    try:
        await _store(work, name, value, {KEY_ID_TAG: key_id, PREVIOUS_TAG: replaced}, ends_at)
    except (ApiError, ForeignResourceError, VerificationError):
        await graph.remove_password(work.object_id, key_id)
        raise
    await _prove(work, value)


async def _promote(work: AtWork, fact: CredentialFact) -> None:
    """Write the staged value under the name consumers read, once it works; the one it replaces is noted in a tag."""
    wanted = work.wanted
    staged = fact.on_application(fact.staged)
    stored = None if staged is None else await work.secrets.find(wanted.staged_name)
    if staged is None or stored is None or stored.facts.tags.get(KEY_ID_TAG) != staged.key_id:
        raise StaleError(
            f"no working secret is staged as {wanted.staged_name}",
            where=f"vault {wanted.vault_name}",
            next_step="run the same command again",
        )
    current = fact.on_application(fact.in_force)
    if current is not None and current.key_id == staged.key_id:
        return
    await _prove(work, stored.value)
    tags = {KEY_ID_TAG: staged.key_id, PREVIOUS_TAG: "" if current is None else current.key_id}
    await _store(work, wanted.secret_name, stored.value, tags, staged.ends_at)


async def _remove(step: Step, work: AtWork, fact: CredentialFact, now: datetime) -> None:
    live = {entry.key_id for entry in (fact.working(fact.in_force, now), fact.working(fact.staged, now)) if entry}
    shown = {change.before for change in step.fields}
    proven = fact.reached if step.operation == "drop" else frozenset()  # its value came back with a deleted secret
    going = [entry.key_id for entry in fact.ours if entry.key_id in shown - live - proven]
    if going and not live:
        raise StaleError(
            "no secret of ours would be left that works",
            where=str(step.address),
            next_step="run the same command again: it makes a new one first",
        )
    for key_id in going:
        await work.write.clients.graph.credentials.remove_password(work.object_id, key_id)


async def _store(work: AtWork, name: str, value: Secret, tags: dict[str, str], ends_at: datetime | None) -> None:
    """A new version of the secret, read back before it counts; a tag without a value is left out."""
    tags = {key: tag for key, tag in tags.items() if tag}
    await work.secrets.put(name, value, content_type=_CONTENT_TYPE, expires_at=ends_at, tags=tags)


async def _prove(work: AtWork, value: Secret) -> None:
    """Real token requests until the secret works several times in a row: a new one may take seconds (sam-facts 5.2)."""
    entra = work.write.clients.entra(work.app_id, SecretProof(value))
    for _ in range(_PROBES):
        await retry_while(
            work.write, _not_usable_yet, entra.prove_credential, "the new secret to be accepted", DIRECTORY_DEADLINE_S
        )


def _not_usable_yet(error: ApiError) -> bool:
    return isinstance(error, SignInError) and error.code in _NOT_USABLE_YET
