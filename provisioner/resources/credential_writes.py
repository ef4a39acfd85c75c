"""Carrying out the steps of a client secret, each looking first, each safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.key_vault import KeyVaultClient
from provisioner.core.errors import ApiError, ConflictError, SignInError, StaleError, VerificationError
from provisioner.core.secret import Secret
from provisioner.resources import application_writes
from provisioner.resources.contract import Writer
from provisioner.resources.credential_steps import (
    KEY_ID_TAG,
    PREVIOUS_TAG,
    CredentialFact,
    CredentialWanted,
    sorted_out,
)
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, ROLE_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.marks import TAG

_CONTENT_TYPE = "application/vnd.provisioner.client-secret"
_PROBES = 3
# The secret, the application, or its service principal has not reached the token endpoint yet.
_NOT_USABLE_YET = ("AADSTS7000215", "AADSTS7000222", "AADSTS700016", "AADSTS7000229")


@dataclass(frozen=True)
class AtWork:
    """What every step works with. object_id and app_id: the application's. vault_lag: what is waited for there."""

    wanted: CredentialWanted
    object_id: str
    app_id: str
    write: Writer
    vault_lag: Callable[[ApiError], bool]

    @property
    def vault(self) -> KeyVaultClient:
        return self.write.clients.vault(self.wanted.vault_name)


async def carry_out(operation: str, work: AtWork) -> CredentialFact:
    """One of create, stage, promote, drop, retire. What a later look would see."""
    fact = await _look(work)
    now = work.write.clock.now()
    if operation == "create":
        if fact.working(fact.in_force, now) is None:
            await _add(work, work.wanted.secret_name, replaced=fact.previous_key_id)
    elif operation == "stage":
        if fact.working(fact.staged, now) in (None, fact.on_application(fact.in_force)):
            await _add(work, work.wanted.staged_name)
    elif operation == "promote":
        await _promote(work, fact)
    else:
        await _remove(operation, work, fact, now)
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
    vault = work.vault
    stored = await retry_while(
        write, work.vault_lag, vault.list_secrets, f"the runner's role on vault {vault.name}", ROLE_DEADLINE_S
    )
    return sorted_out(work.wanted, application.passwords, stored)


async def _add(work: AtWork, name: str, *, replaced: str = "") -> None:
    """Graph shows the value once: it goes to the vault before anything else, or the secret goes again.

    replaced: a secret that is still kept for the overlap, and must stay known as that.
    """
    ends_at = work.write.clock.now() + work.wanted.lifetime
    graph = work.write.clients.graph
    key_id, value = await graph.add_password(work.object_id, work.wanted.mark, ends_at)
    try:
        await _store(work, name, value, {KEY_ID_TAG: key_id, PREVIOUS_TAG: replaced}, ends_at)
    except (ApiError, VerificationError):
        await graph.remove_password(work.object_id, key_id)
        raise
    await _prove(work, value)


async def _promote(work: AtWork, fact: CredentialFact) -> None:
    """Write the staged value under the name consumers read, once it works; the one it replaces is noted in a tag."""
    wanted, vault = work.wanted, work.vault
    staged = fact.on_application(fact.staged)
    stored = None if staged is None else await vault.find_secret(wanted.staged_name)
    if staged is None or stored is None or stored.facts.tags.get(KEY_ID_TAG) != staged.key_id:
        raise StaleError(
            f"no working secret is staged as {wanted.staged_name}",
            where=f"vault {vault.name}",
            next_step="run the same command again",
        )
    current = fact.on_application(fact.in_force)
    if current is not None and current.key_id == staged.key_id:
        return
    await _prove(work, stored.value)
    tags = {KEY_ID_TAG: staged.key_id, PREVIOUS_TAG: "" if current is None else current.key_id}
    await _store(work, wanted.secret_name, stored.value, tags, staged.ends_at)


async def _remove(operation: str, work: AtWork, fact: CredentialFact, now: datetime) -> None:
    """Drop what nobody holds, or retire what was replaced; never one that works and is in force or staged."""
    live = {entry.key_id for entry in (fact.working(fact.in_force, now), fact.working(fact.staged, now)) if entry}
    due = fact.in_force is not None and fact.in_force.created_at + work.wanted.overlap <= now
    for entry in fact.ours:
        is_previous = entry.key_id == fact.previous_key_id
        if entry.key_id not in live and (is_previous and due if operation == "retire" else not is_previous):
            await work.write.clients.graph.remove_password(work.object_id, entry.key_id)


async def _store(work: AtWork, name: str, value: Secret, tags: dict[str, str], ends_at: datetime | None) -> None:
    """A new version of the secret, read back before it counts."""
    vault = work.vault
    tags = {TAG: work.wanted.spec_name, **{key: tag for key, tag in tags.items() if tag}}

    async def put() -> str:
        done = await vault.set_secret(name, value, content_type=_CONTENT_TYPE, expires_at=ends_at, tags=tags)
        return done.version

    try:
        version = await retry_while(work.write, work.vault_lag, put, f"the right to write {name}", ROLE_DEADLINE_S)
    except ConflictError:
        await vault.recover_secret(name)  # a soft-deleted secret holds its name (sam-facts 6.3)
        version = await put()
    stored = await vault.find_secret(name, version)
    if stored is None or stored.value != value:
        raise VerificationError(
            f"secret {name} reads back differently from what was written",
            where=f"vault {vault.name}",
            next_step="run the same command again",
        )


async def _prove(work: AtWork, value: Secret) -> None:
    """Real token requests until the secret works several times in a row: a new one may take seconds (sam-facts 5.2)."""
    entra = work.write.clients.entra(work.app_id, value)
    for _ in range(_PROBES):
        await retry_while(
            work.write, _not_usable_yet, entra.prove_credential, "the new secret to be accepted", DIRECTORY_DEADLINE_S
        )


def _not_usable_yet(error: ApiError) -> bool:
    return isinstance(error, SignInError) and error.code in _NOT_USABLE_YET
