"""Carrying out the steps of a certificate, each looking first, each safe to repeat."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from provisioner.clients.graph_credentials import NewKey
from provisioner.clients.graph_facts import ApplicationFacts, KeyCredential
from provisioner.clients.proof import CertificateProof
from provisioner.clients.vault_certificates import CertificateFacts, StoredCertificate
from provisioner.core.errors import ApiError, ConflictError, StaleError, VerificationError
from provisioner.core.step import Step
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.certificate_steps import (
    EXPORTABLE_TAG,
    SINCE_TAG,
    CertificateFact,
    key_credentials,
    months,
)
from provisioner.resources.credential.place import CURRENT, STATE_TAG, certificate_name
from provisioner.resources.lag import retry_while
from provisioner.resources.marks import TAG

_CREATION_DEADLINE_S = 600.0


async def carry_out(step: Step, work: AtWork) -> CertificateFact:
    """One of create, register, recover, stage, promote, retire, retire_certificate. What a later look would see."""
    fact = await look(work)
    if step.operation == "recover":
        await work.certificates.recover(fact.name)
    elif step.operation in ("retire", "retire_certificate"):
        await _retire(step, work, fact)
    elif step.operation == "register":
        await _register_named(step, work, fact)
    else:
        await _bring_forward(step, work, fact)
    return await look(work)


async def look(work: AtWork) -> CertificateFact:
    """The certificate as it is now. The vault is waited for where its role or name is known to be new."""
    application = await work.application()
    name = certificate_name(work.wanted.place, await work.secrets.list())
    ours, others = key_credentials(work.wanted, application.keys)
    versions = await work.secrets.patiently(lambda: work.certificates.list_versions(name))
    return CertificateFact(name, versions, ours, others)


async def _bring_forward(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """create: all the way; stage: until it works; promote: what is staged. A run cut short is gone on with."""
    now = work.write.clock.now()
    current, staged = fact.current(now), fact.staged(now)
    if current is not None and step.operation == "create":
        return  # somebody else brought it into force since
    if staged is None and step.operation == "promote":
        _refuse_nothing_staged(work, fact, now)
        return
    stored = await _create(work, fact.name) if staged is None else await _stored(work, fact.name, staged)
    await _register(work, stored)
    await _prove(work, fact.name, stored)
    if step.operation != "stage":
        await _promote(work, fact, stored.facts)


def _refuse_nothing_staged(work: AtWork, fact: CertificateFact, now: datetime) -> None:
    """Promoted by another run already is well; nothing to promote and nothing in force is not."""
    if fact.since(now) is None:
        raise StaleError(
            f"no version of the certificate {fact.name} is staged",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )


async def _create(work: AtWork, name: str) -> StoredCertificate:
    """A new version; the vault makes one at a time, so another run's is waited for and then found staged."""
    wanted = work.wanted

    async def create() -> StoredCertificate:
        return await work.certificates.create(
            name,
            subject=f"CN={wanted.spec_name}",
            months=months(wanted.lifetime),
            exportable=wanted.exportable,
            tags={TAG: wanted.spec_name, EXPORTABLE_TAG: str(wanted.exportable).lower()},
        )

    return await retry_while(
        work.write,
        _another_creation,
        lambda: work.secrets.patiently(create),
        f"vault {wanted.vault_name} to make the certificate",
        _CREATION_DEADLINE_S,
    )


def _another_creation(error: ApiError) -> bool:
    return isinstance(error, ConflictError) and "pending" in error.message.lower()


async def _stored(work: AtWork, name: str, version: CertificateFacts) -> StoredCertificate:
    found = await work.secrets.patiently(lambda: work.certificates.find(name, version.version))
    if found is None:
        raise StaleError(
            f"version {version.version} of the certificate {name} is gone",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )
    return found


async def _register_named(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """Put the version that the plan shows on the application, and prove it."""
    (change,) = step.fields
    version = next((entry for entry in fact.versions if entry.thumbprint == change.after), None)
    if version is None:
        raise StaleError(
            f"the certificate {fact.name} has no version with thumbprint {change.after} any more",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )
    stored = await _stored(work, fact.name, version)
    await _register(work, stored)
    await _prove(work, fact.name, stored)


async def _register(work: AtWork, stored: StoredCertificate) -> None:
    """Append the public part to the application, unless it is there."""
    before = await _read_twice(work)
    if any(entry.thumbprint == stored.facts.thumbprint for entry in before.keys):
        return
    key = NewKey(work.wanted.mark, stored.der, stored.facts.not_before, stored.facts.expires_at)
    await work.write.clients.graph.credentials.put_keys(work.object_id, before.keys, (key,))

    async def there() -> None:
        after = await work.application()
        _refuse_lost(before.keys, after.keys, frozenset())
        if not any(entry.thumbprint == stored.facts.thumbprint for entry in after.keys):
            raise VerificationError(
                "the certificate was added to the application, and is not there",
                where=f"application {work.object_id}",
                next_step="see who else writes to the application, then run the same command again",
            )

    await there()


async def _read_twice(work: AtWork) -> ApplicationFacts:
    """Graph replaces the list whole: two equal reads right before it (design section 5).

    Raises: StaleError when the list moves while we look.
    """
    first, second = await work.application(), await work.application()
    if {entry.key_id for entry in first.keys} != {entry.key_id for entry in second.keys}:
        raise StaleError(
            "the certificates of the application changed while they were read",
            where=f"application {work.object_id}",
            next_step="somebody else is writing to it: run the same command again",
        )
    return second


def _refuse_lost(before: Collection[KeyCredential], after: Collection[KeyCredential], going: frozenset[str]) -> None:
    lost = {entry.key_id for entry in before} - {entry.key_id for entry in after} - going
    if lost:
        raise VerificationError(
            f"certificates of others are gone after the write: {', '.join(sorted(lost))}",
            where="application.credential",
            next_step="add them again; somebody else wrote to the application in the same moment",
        )


async def _prove(work: AtWork, name: str, stored: StoredCertificate) -> None:
    proof = CertificateProof(work.certificates, name, stored.facts.version, stored.sha256, work.write.clock)
    await work.secrets.patiently(lambda: work.prove(proof))


async def _promote(work: AtWork, fact: CertificateFact, version: CertificateFacts) -> None:
    """Tag the new version first: consumers take the newest that is tagged, so there is always one."""
    since = work.write.clock.now().isoformat(timespec="seconds")
    tags = {**version.tags, TAG: work.wanted.spec_name, STATE_TAG: CURRENT, SINCE_TAG: since}
    await work.certificates.update(fact.name, version.version, tags=tags)
    for older in fact.versions:
        if older.version != version.version and older.tags.get(STATE_TAG) == CURRENT:
            await work.certificates.update(fact.name, older.version, tags=_without_state(older))


async def _retire(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """Take what the plan shows off the application, and its versions out of use; never what is in force.

    The version is disabled first: who still signs with it hears so from the vault, and not from a dead assertion.
    """
    now = work.write.clock.now()
    current = fact.current(now) if step.operation == "retire" else None
    shown = {change.before for change in step.fields} - {None if current is None else current.thumbprint}
    going = frozenset(entry.key_id for entry in fact.ours if entry.thumbprint in shown)
    if step.operation == "retire" and fact.since(now) is None:
        raise StaleError(
            "no certificate of ours would be left that works",
            where=str(step.address),
            next_step="run the same command again: it makes a new one first",
        )
    if not fact.is_brought:
        for version in fact.versions:
            if version.thumbprint in shown and version.enabled:
                tags = _without_state(version)
                await work.certificates.update(fact.name, version.version, tags=tags, enabled=False)
    if going:
        before = await _read_twice(work)
        kept = [entry for entry in before.keys if entry.key_id not in going]
        await work.write.clients.graph.credentials.put_keys(work.object_id, kept)
        _refuse_lost(before.keys, (await work.application()).keys, going)


def _without_state(version: CertificateFacts) -> dict[str, str]:
    return {name: tag for name, tag in version.tags.items() if name not in (STATE_TAG, SINCE_TAG)}
