"""Carrying out the steps of a certificate, each looking first, each safe to repeat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from provisioner.clients.graph_facts import KeyCredential, NewKey
from provisioner.clients.proof import CertificateProof
from provisioner.clients.vault_certificates import CertificateFacts, StoredCertificate
from provisioner.core.errors import ApiError, ConflictError, StaleError, VerificationError
from provisioner.core.step import Step
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.certificate_steps import (
    EXPORTABLE_TAG,
    SINCE_TAG,
    CertificateFact,
    certificate_fact,
    leaving_thumbprints,
)
from provisioner.resources.credential.place import CURRENT, STATE_TAG, find_certificate
from provisioner.resources.lag import retry_while
from provisioner.resources.marks import TAG
from provisioner.resources.vault_secrets import DELETED
from provisioner.spec.whole_months import months

_CREATION_DEADLINE_S = 600.0
_READ_BACK_DEADLINE_S = 60.0
_READ_BACK_POLL_S = 2.0


async def carry_out(step: Step, work: AtWork) -> CertificateFact:
    """One of create, register, recover, stage, promote, retire, retire_certificate. What a later look would see."""
    fact = await look(work)
    if step.operation == "recover":
        await work.in_certificates(lambda certificates: certificates.recover(fact.name))
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
    stored = await work.secrets.list()
    place = work.wanted.place
    name, versions = await work.in_certificates(
        lambda certificates: find_certificate(place, stored, certificates.list_versions)
    )
    return certificate_fact(work.wanted, name, versions, application.keys)


async def _bring_forward(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """create: all the way; stage: make it and put it on the application; promote: what is staged, once it works.

    A run cut short is gone on with; what another run has done since the plan is not done again.
    """
    now = work.write.clock.now()
    current, staged = fact.current(now), fact.staged(now)
    if step.operation == "create" and current is not None:
        return
    if step.operation == "stage" and (current is None or current.thumbprint != step.seen):
        return
    if step.operation == "promote" and staged is None:
        _refuse_nothing_staged(work, fact, now)
        return
    stored = await _created(work) if staged is None else await _stored(work, fact.name, staged)
    fact = replace(fact, name=stored.facts.name)
    await _register(work, fact, stored)
    if step.operation != "stage":
        await _prove(work, fact.name, stored)
        await _promote(work, fact, stored.facts)


def _refuse_nothing_staged(work: AtWork, fact: CertificateFact, now: datetime) -> None:
    """Promoted by another run already is well; nothing to promote and nothing in force is not."""
    if fact.since(now) is None:
        raise StaleError(
            f"no version of the certificate {fact.name} is staged",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )


async def _created(work: AtWork) -> StoredCertificate:
    """A new version. The vault makes one at a time: another run's is waited for, and then it is the one staged."""
    wanted = work.wanted

    async def created() -> StoredCertificate:
        fact = await look(work)
        staged = fact.staged(work.write.clock.now())
        if staged is not None:
            return await _stored(work, fact.name, staged)
        try:
            return await _create(work, fact.name)
        except ConflictError as error:
            beside = wanted.place.names_of("certificate")[1]
            if error.code != DELETED or fact.name == beside or await _is_deleted(work, fact.name):
                raise
            return await _create(work, beside)  # a deleted client secret holds the name, and may come back

    waiting_for = f"vault {wanted.vault_name} to make the certificate"
    return await retry_while(work.write, _another_creation, created, waiting_for, _CREATION_DEADLINE_S)


async def _create(work: AtWork, name: str) -> StoredCertificate:
    wanted = work.wanted
    return await work.in_certificates(
        lambda certificates: certificates.create(
            name,
            subject=f"CN={wanted.spec_name}",
            months=months(wanted.lifetime),
            exportable=wanted.exportable,
            tags={TAG: wanted.spec_name, EXPORTABLE_TAG: str(wanted.exportable).lower()},
        )
    )


async def _is_deleted(work: AtWork, name: str) -> bool:
    """Whether it is a soft-deleted certificate that holds the name."""
    return await work.in_certificates(lambda certificates: certificates.find_deleted(name)) is not None


def _another_creation(error: ApiError) -> bool:
    return isinstance(error, ConflictError) and "pending" in error.message.lower()


async def _stored(work: AtWork, name: str, version: CertificateFacts) -> StoredCertificate:
    found = await work.in_certificates(lambda certificates: certificates.find(name, version.version))
    if found is None:
        raise StaleError(
            f"version {version.version} of the certificate {name} is gone",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )
    return found


async def _register_named(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """Put the version that the plan shows on the application; prove it, unless a promotion does that."""
    (change,) = step.fields
    version = next((entry for entry in fact.versions if entry.thumbprint == change.after), None)
    if version is None:
        raise StaleError(
            f"the certificate {fact.name} has no version with thumbprint {change.after} any more",
            where=f"vault {work.wanted.vault_name}",
            next_step="run the same command again",
        )
    stored = await _stored(work, fact.name, version)
    await _register(work, fact, stored)
    if fact.is_brought or version == fact.tagged:
        await _prove(work, fact.name, stored)


async def _register(work: AtWork, fact: CertificateFact, stored: StoredCertificate) -> None:
    """Append the public part to the application, unless it is there.

    The entry of a brought certificate begins now: nothing else could tell later since when it has been in force.
    """
    if fact.registered(stored.facts) is not None:
        return
    before = await _read_twice(work, (*fact.ours, *fact.others))
    starts_at = work.write.clock.now() if fact.is_brought else stored.facts.not_before
    key = NewKey(work.wanted.mark, stored.der, starts_at, stored.facts.expires_at)
    await work.write.clients.graph.credentials.put_keys(work.object_id, before, (key,))
    await _read_back(work, before, going=frozenset(), coming=stored.facts.thumbprint)


async def _read_twice(work: AtWork, looked: Collection[KeyCredential]) -> tuple[KeyCredential, ...]:
    """Graph replaces the list whole: two equal reads right before it (design section 5), both as the look showed it.

    Raises: StaleError when the list moves while we look, be it that a replica lags: what it lacks would be lost.
    """
    shown = {entry.key_id for entry in looked}
    first, second = (await work.application()).keys, (await work.application()).keys
    if any({entry.key_id for entry in read} != shown for read in (first, second)):
        raise StaleError(
            "the certificates of the application changed while they were read",
            where=f"application {work.object_id}",
            next_step="somebody else is writing to it: run the same command again",
        )
    return second


async def _read_back(work: AtWork, before: Collection[KeyCredential], *, going: frozenset[str], coming: str) -> None:
    """Wait until Graph shows the list as it was written; right after a write a replica may show the older one.

    going: keyIds taken out. coming: a thumbprint put in, or "".
    Raises: VerificationError when it still does not at the deadline: somebody else wrote in the same moment.
    """
    clock = work.write.clock
    ends = clock.monotonic_s() + _READ_BACK_DEADLINE_S
    stay = {entry.key_id for entry in before} - going
    while True:
        after = (await work.application()).keys
        lost = stay - {entry.key_id for entry in after}
        missing = bool(coming) and not any(entry.thumbprint == coming for entry in after)
        left = any(entry.key_id in going for entry in after)
        if not (lost or missing or left):
            return
        if clock.monotonic_s() > ends:
            raise VerificationError(
                _not_as_written(lost, missing),
                where=f"application {work.object_id}",
                next_step="see who else writes to the application, then run the same command again",
            )
        work.write.progress("waiting until the application shows its certificates as written")
        await clock.sleep(_READ_BACK_POLL_S)


def _not_as_written(lost: Collection[str], missing: bool) -> str:
    if lost:
        return f"certificates of others are gone after the write: {', '.join(sorted(lost))}"
    if missing:
        return "the certificate was added to the application, and is not there"
    return "certificates were taken off the application, and are still there"


async def _prove(work: AtWork, name: str, stored: StoredCertificate) -> None:
    certificates = work.write.clients.certificates(work.wanted.vault_name)
    await work.prove(CertificateProof(certificates, name, stored.facts.version, stored.sha256, work.write.clock))


async def _promote(work: AtWork, fact: CertificateFact, version: CertificateFacts) -> None:
    """Tag the new version first: consumers take the newest that is tagged, so there is always one."""
    since = work.write.clock.now().isoformat(timespec="seconds")
    tags = {**version.tags, TAG: work.wanted.spec_name, STATE_TAG: CURRENT, SINCE_TAG: since}
    await _tag(work, fact.name, version, tags)
    for older in fact.versions:
        if older.version != version.version and older.tags.get(STATE_TAG) == CURRENT:
            await _tag(work, fact.name, older, _without_state(older))


async def _tag(
    work: AtWork, name: str, version: CertificateFacts, tags: dict[str, str], *, enabled: bool | None = None
) -> None:
    await work.in_certificates(
        lambda certificates: certificates.update(name, version.version, tags=tags, enabled=enabled)
    )


async def _retire(step: Step, work: AtWork, fact: CertificateFact) -> None:
    """Take what the plan shows off the application, and its versions out of use; never what is in force or staged.

    The version is disabled first: who still signs with it hears so from the vault, and not from a dead assertion.
    """
    now = work.write.clock.now()
    if step.operation == "retire" and fact.since(now) is None:
        raise StaleError(
            "no certificate of ours would be left that works",
            where=str(step.address),
            next_step="run the same command again: it makes a new one first",
        )
    leaving = fact.replaced(now) if step.operation == "retire" else leaving_thumbprints(fact)
    shown = {change.before for change in step.fields}.intersection(leaving)
    if not fact.is_brought:
        for version in fact.versions:
            if version.thumbprint in shown and version.enabled:
                await _tag(work, fact.name, version, _without_state(version), enabled=False)
    going = frozenset(entry.key_id for entry in fact.ours if entry.thumbprint in shown)
    if going:
        await take_off(work, (*fact.ours, *fact.others), going)


async def take_off(work: AtWork, looked: Collection[KeyCredential], going: frozenset[str]) -> None:
    """Take certificates off the application, by their keyIds. looked: all that a look just showed there."""
    before = await _read_twice(work, looked)
    kept = [entry for entry in before if entry.key_id not in going]
    await work.write.clients.graph.credentials.put_keys(work.object_id, kept)
    await _read_back(work, before, going=going, coming="")


def _without_state(version: CertificateFacts) -> dict[str, str]:
    return {name: tag for name, tag in version.tags.items() if name not in (STATE_TAG, SINCE_TAG)}
