"""Carrying out the steps of a client secret, each looking first, each safe to repeat."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from functools import partial

from provisioner.clients.proof import SecretProof
from provisioner.core.errors import ApiError, ForeignResourceError, StaleError, VerificationError
from provisioner.core.secret import Secret
from provisioner.core.step import Step
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.secret_history import with_deleted, with_history
from provisioner.resources.credential.secret_steps import (
    KEY_ID_TAG,
    PREVIOUS_TAG,
    SecretFact,
    sorted_out,
)
from provisioner.resources.lag import unheard
from provisioner.resources.marks import TAG

_UNHEARD_LOOKS = 3
_UNHEARD_EVERY_S = 10.0
_CONTENT_TYPE = "application/vnd.provisioner.client-secret"


async def carry_out(step: Step, work: AtWork) -> SecretFact:
    """One of create, recover, stage, promote, drop, retire, retire_secret. What a later look would see.

    Drop and retire touch the keys that the step shows and no other, and never the last that works.
    """
    fact = await look(work)
    now = work.write.clock.now()
    if step.operation == "create":
        if fact.working(fact.in_force, now) is None:
            await _create(work, fact)
    elif step.operation == "recover":
        await work.secrets.recover(fact.name)
    elif step.operation == "stage":
        await _stage(step, work, fact, now)
    elif step.operation == "promote":
        await _promote(work, fact)
    elif step.operation == "retire_secret":
        await _leave(step, work, fact)
    else:
        await _remove(step, work, fact, now)
    return await look(work)


async def look(work: AtWork) -> SecretFact:
    """The secret as it is now. The vault is waited for where its role or name is known to be new."""
    application = await work.application()
    stored = await work.secrets.list()
    listed = sorted_out(work.wanted, application.passwords, stored)
    clients, wanted = work.write.clients, work.wanted
    fact = await work.secrets.patiently(lambda: with_deleted(clients, wanted, listed, stored))
    return await work.secrets.patiently(lambda: with_history(clients, wanted, fact))


async def _create(work: AtWork, fact: SecretFact) -> None:
    """Nothing works, so nobody is cut off by a secret that is not usable everywhere yet: it goes to consumers at once.

    The secret it replaces may still be kept for the overlap, and must stay known as that.
    """
    value = await _add(work, fact, fact.name, replaced=fact.previous_key_id)
    await work.prove(SecretProof(value))


async def _stage(step: Step, work: AtWork, fact: SecretFact, now: datetime) -> None:
    """Beside the one in force, unless another run has staged or promoted one since the plan."""
    current = fact.working(fact.in_force, now)
    if step.seen == ("" if current is None else current.key_id) and fact.working(fact.staged, now) in (None, current):
        await _add(work, fact, fact.staged_name)


async def _add(work: AtWork, fact: SecretFact, name: str, *, replaced: str = "") -> Secret:
    """Graph shows the value once: it goes to the vault before anything else, or the secret goes again."""
    ends_at = work.write.clock.now() + work.wanted.lifetime
    graph = work.write.clients.graph.credentials
    try:
        key_id, value = await graph.add_password(work.object_id, work.wanted.mark, ends_at)
    except ApiError as error:
        if unheard(error):
            await _remove_unheard(work, fact)
        raise
    try:
        await _store(work, name, value, {KEY_ID_TAG: key_id, PREVIOUS_TAG: replaced}, ends_at)
    except (ApiError, ForeignResourceError, VerificationError):
        with suppress(ApiError):  # the next run drops it as well; why the vault did not take it is what must be told
            await graph.remove_password(work.object_id, key_id)
        raise
    return value


async def _remove_unheard(work: AtWork, before: SecretFact) -> None:
    """The secret that Graph may have made without our hearing its value goes again.

    A replica may show it late, and another run's new one is on its way to the vault for a moment: hence the waits.
    """
    for _ in range(_UNHEARD_LOOKS):
        work.write.progress("no answer: looking whether a secret was made whose value is lost")
        await work.write.clock.sleep(_UNHEARD_EVERY_S)
        fact = await look(work)
        held = fact.reached | fact.named_now() | {entry.key_id for entry in before.ours}
        lost = [entry.key_id for entry in fact.ours if entry.key_id not in held]
        for key_id in lost:
            await work.write.clients.graph.credentials.remove_password(work.object_id, key_id)
        if lost:
            return


async def _promote(work: AtWork, fact: SecretFact) -> None:
    """Write the staged value under the name consumers read, once it works; the one it replaces is noted in a tag."""
    wanted = work.wanted
    staged = fact.on_application(fact.staged)
    stored = None if staged is None else await work.secrets.find(fact.staged_name)
    if staged is None or stored is None or stored.facts.tags.get(KEY_ID_TAG) != staged.key_id:
        raise StaleError(
            f"no working secret is staged as {fact.staged_name}",
            where=f"vault {wanted.vault_name}",
            next_step="run the same command again",
        )
    current = fact.on_application(fact.in_force)
    if current is not None and current.key_id == staged.key_id:
        return
    await work.prove(SecretProof(stored.value))
    tags = {KEY_ID_TAG: staged.key_id, PREVIOUS_TAG: "" if current is None else current.key_id}
    await _store(work, fact.name, stored.value, tags, staged.ends_at)


async def _remove(step: Step, work: AtWork, fact: SecretFact, now: datetime) -> None:
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


async def _leave(step: Step, work: AtWork, fact: SecretFact) -> None:
    """Another type of credential has taken over: what the vault gives out of ours is disabled, then the keys go."""
    shown = {change.before for change in step.fields}
    for stored in (fact.in_force, fact.staged):
        if stored is not None and stored.enabled and stored.tags.get(TAG) == work.wanted.spec_name:
            await _disable(work, stored.name)
    for entry in fact.ours:
        if entry.key_id in shown:
            await work.write.clients.graph.credentials.remove_password(work.object_id, entry.key_id)


async def _disable(work: AtWork, name: str) -> None:
    vault = work.secrets.vault
    for version in await work.secrets.patiently(lambda: vault.list_versions(name)):
        if version.enabled:
            await work.secrets.patiently(partial(vault.update_secret, name, version.version, enabled=False))
