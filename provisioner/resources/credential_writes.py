"""Carrying out the steps of a client secret, each looking first, each safe to repeat."""

from __future__ import annotations

from datetime import datetime

from provisioner.clients.graph_facts import ApplicationFacts
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
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, ROLE_DEADLINE_S, directory_lag, retry_while, role_lag
from provisioner.resources.marks import TAG

_CONTENT_TYPE = "application/vnd.provisioner.client-secret"
_PROBES = 3
_NOT_USABLE_YET = ("AADSTS7000215", "AADSTS700016", "AADSTS7000222")


async def carry_out(
    operation: str, wanted: CredentialWanted, object_id: str, app_id: str, write: Writer
) -> CredentialFact:
    """One of create, stage, promote, drop, retire. What a later look would see."""
    vault = write.clients.vault(wanted.vault_name)
    fact = await _look(wanted, object_id, vault, write)
    now = write.clock.now()
    if operation == "create":
        if fact.working(fact.in_force, now) is None:
            await _add(wanted, object_id, app_id, vault, write, name=wanted.secret_name)
    elif operation == "stage":
        if fact.working(fact.staged, now) is None or fact.staged is None:
            await _add(wanted, object_id, app_id, vault, write, name=wanted.staged_name)
    elif operation == "promote":
        await _promote(wanted, fact, app_id, vault, write)
    else:
        await _remove(operation, fact, object_id, now, wanted, write)
    return await _look(wanted, object_id, vault, write)


async def _look(wanted: CredentialWanted, object_id: str, vault: KeyVaultClient, write: Writer) -> CredentialFact:
    application: ApplicationFacts = await retry_while(
        write, directory_lag, lambda: application_writes.get(write, object_id), "the application", DIRECTORY_DEADLINE_S
    )
    stored = await retry_while(
        write, role_lag, vault.list_secrets, f"the runner's role on vault {vault.name}", ROLE_DEADLINE_S
    )
    return sorted_out(wanted, application.passwords, stored)


async def _add(
    wanted: CredentialWanted, object_id: str, app_id: str, vault: KeyVaultClient, write: Writer, *, name: str
) -> None:
    """Graph shows the value once: it goes to the vault before anything else, or the secret goes again."""
    ends_at = write.clock.now() + wanted.lifetime
    graph = write.clients.graph
    key_id, value = await graph.add_password(object_id, wanted.mark, ends_at)
    try:
        await _store(wanted, vault, name, value, {KEY_ID_TAG: key_id}, ends_at)
    except (ApiError, VerificationError):
        await graph.remove_password(object_id, key_id)
        raise
    await _prove(wanted, app_id, value, write)


async def _promote(
    wanted: CredentialWanted, fact: CredentialFact, app_id: str, vault: KeyVaultClient, write: Writer
) -> None:
    """Write the staged value under the name consumers read, once it works; the one it replaces is noted in a tag."""
    staged = fact.on_application(fact.staged)
    if staged is None or fact.staged is None:
        raise StaleError(
            f"no working secret is staged as {wanted.staged_name}",
            where=f"vault {vault.name}",
            next_step="run the same command again",
        )
    stored = await vault.find_secret(wanted.staged_name)
    if stored is None or stored.facts.tags.get(KEY_ID_TAG) != staged.key_id:
        raise StaleError(
            f"{wanted.staged_name} changed while it was read", where=f"vault {vault.name}", next_step="run it again"
        )
    await _prove(wanted, app_id, stored.value, write)
    current = fact.on_application(fact.in_force)
    tags = {KEY_ID_TAG: staged.key_id, PREVIOUS_TAG: "" if current is None else current.key_id}
    if current is None or current.key_id != staged.key_id:
        await _store(wanted, vault, wanted.secret_name, stored.value, tags, staged.ends_at)


async def _remove(
    operation: str, fact: CredentialFact, object_id: str, now: datetime, wanted: CredentialWanted, write: Writer
) -> None:
    """Drop what nobody holds, or retire what was replaced; never one that works and is in force or staged."""
    live = {entry.key_id for entry in (fact.working(fact.in_force, now), fact.working(fact.staged, now)) if entry}
    for entry in fact.ours:
        is_previous = entry.key_id == fact.previous_key_id
        due = fact.in_force is not None and fact.in_force.created_at + wanted.overlap <= now
        if entry.key_id not in live and (is_previous and due if operation == "retire" else not is_previous):
            await write.clients.graph.remove_password(object_id, entry.key_id)


async def _store(
    wanted: CredentialWanted,
    vault: KeyVaultClient,
    name: str,
    value: Secret,
    tags: dict[str, str],
    ends_at: datetime | None,
) -> None:
    """A new version of the secret, read back before it counts."""
    tags = {TAG: wanted.spec_name, **{key: tag for key, tag in tags.items() if tag}}
    try:
        written = await vault.set_secret(name, value, content_type=_CONTENT_TYPE, expires_at=ends_at, tags=tags)
    except ConflictError:
        await vault.recover_secret(name)  # a soft-deleted secret holds its name (sam-facts 6.3)
        written = await vault.set_secret(name, value, content_type=_CONTENT_TYPE, expires_at=ends_at, tags=tags)
    stored = await vault.find_secret(name, written.version)
    if stored is None or stored.value != value:
        raise VerificationError(
            f"secret {name} reads back differently from what was written",
            where=f"vault {vault.name}",
            next_step="run the same command again",
        )


async def _prove(wanted: CredentialWanted, app_id: str, value: Secret, write: Writer) -> None:
    """Real token requests until the secret works several times in a row: a new one may take seconds (sam-facts 5.2)."""
    entra = write.clients.entra(app_id, value)
    for _ in range(_PROBES):
        await retry_while(
            write, _not_usable_yet, entra.prove_credential, "the new secret to be accepted", DIRECTORY_DEADLINE_S
        )


def _not_usable_yet(error: ApiError) -> bool:
    return isinstance(error, SignInError) and error.code in _NOT_USABLE_YET
