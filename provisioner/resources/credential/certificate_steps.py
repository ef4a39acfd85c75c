"""Which steps a certificate needs now. Pure: facts in, steps out.

Three facts decide: which versions of the certificate the vault has, which of them carries `state=current`, and whose
public part is on the application. A version that is neither current nor older than the current one is staged: a run
that was cut short left it, and the next one goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from provisioner.clients.graph_facts import KeyCredential
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError
from provisioner.core.step import Action, Change, Step
from provisioner.resources.credential.place import CURRENT, STATE_TAG, is_brought
from provisioner.resources.credential.wanted import EXPIRES_PATH, CredentialWanted, day, origin, why_now
from provisioner.resources.marks import TAG
from provisioner.spec.whole_months import months

SINCE_TAG = "since"
EXPORTABLE_TAG = "exportable"
THUMBPRINT_PATH = "application.credential.thumbprint"


@dataclass(frozen=True)
class CertificateFact:
    """name: of the certificate in the vault. versions: ours, or of one that was brought all; oldest first.

    strangers: versions without our mark beside ours, as a renewal by the vault or a person leaves them. owner: another
    spec whose certificate it is. ours and others: on the application. deleted: the soft-deleted certificate that holds
    the name. rotate_before: how long before its end a version is not worth bringing into force any more. exportable:
    whether the spec wants its key to be.
    """

    name: str = ""
    versions: tuple[CertificateFacts, ...] = ()
    ours: tuple[KeyCredential, ...] = ()
    others: tuple[KeyCredential, ...] = ()
    deleted: CertificateFacts | None = None
    strangers: tuple[CertificateFacts, ...] = ()
    owner: str = ""
    rotate_before: timedelta = timedelta(0)
    exportable: bool = False

    @property
    def is_brought(self) -> bool:
        """Somebody else's certificate: used as it is, never tagged and never renewed by us."""
        return is_brought(self.versions)

    def registered(self, version: CertificateFacts) -> KeyCredential | None:
        """The application's entry of a version, whoever added it."""
        entries = (entry for entry in (*self.ours, *self.others) if entry.thumbprint == version.thumbprint)
        return next(entries, None)

    @property
    def tagged(self) -> CertificateFacts | None:
        """The newest version that is in force: by its tag; of a brought certificate, by being on the application."""
        if self.is_brought:
            named = [version for version in self.versions if self.registered(version) is not None]
        else:
            named = [version for version in self.versions if version.tags.get(STATE_TAG) == CURRENT]
        return named[-1] if named else None

    def current(self, now: datetime) -> CertificateFacts | None:
        """The version in force, if it can still be used."""
        tagged = self.tagged
        return tagged if tagged is not None and usable(tagged, now) else None

    def staged(self, now: datetime) -> CertificateFacts | None:
        """The newest usable version after the one in force; one that would be replaced at once is no successor."""
        tagged = self.tagged
        after = self.versions if tagged is None else self.versions[self.versions.index(tagged) + 1 :]
        left = [version for version in after if usable(version, now) and self._worth_it(version, now)]
        return left[-1] if left else None

    def _worth_it(self, version: CertificateFacts, now: datetime) -> bool:
        """Neither due at once, nor with a key of the other kind than the spec asks for by now."""
        return not _ends_by(version, now + self.rotate_before) and _is_exportable(version) == self.exportable

    def since(self, now: datetime) -> datetime | None:
        """Since when the one in force has been in force; None when none works.

        Of a brought one, whose tags are not ours to write, since it was put on the application.
        """
        current = self.current(now)
        entry = None if current is None else self.registered(current)
        if current is None or entry is None:
            return None
        if self.is_brought:
            return max(current.created_at, entry.starts_at or current.created_at)
        return _moment(current.tags.get(SINCE_TAG, "")) or current.created_at

    def replaced(self, now: datetime) -> tuple[str, ...]:
        """Thumbprints of ours that are neither in force nor staged, and still on the application or enabled."""
        live = {version.thumbprint for version in (self.current(now), self.staged(now)) if version is not None}
        enabled = () if self.is_brought else (version.thumbprint for version in self.versions if version.enabled)
        return tuple(sorted({*enabled, *(entry.thumbprint for entry in self.ours)} - live))


def certificate_fact(
    wanted: CredentialWanted,
    name: str,
    versions: Iterable[CertificateFacts],
    keys: Iterable[KeyCredential],
    deleted: CertificateFacts | None = None,
) -> CertificateFact:
    """The facts of one credential among a certificate's versions (oldest first) and an application's certificates."""
    every, entries = tuple(versions), tuple(keys)
    ours = tuple(version for version in every if version.tags.get(TAG) == wanted.spec_name)
    owners = {version.tags[TAG] for version in every if TAG in version.tags} - {wanted.spec_name}
    return CertificateFact(
        name=name,
        versions=ours or every,
        ours=tuple(entry for entry in entries if entry.display_name == wanted.mark),
        others=tuple(entry for entry in entries if entry.display_name != wanted.mark),
        deleted=deleted,
        strangers=tuple(version for version in every if version not in ours) if ours else (),
        owner="" if ours else next(iter(sorted(owners)), ""),
        rotate_before=wanted.rotate_before,
        exportable=wanted.exportable,
    )


def usable(version: CertificateFacts, now: datetime) -> bool:
    """An expired or disabled certificate makes its key inoperable (sam-facts 6.4)."""
    begun = version.not_before is None or version.not_before <= now
    return version.enabled and begun and not _ends_by(version, now)


def _is_exportable(version: CertificateFacts) -> bool:
    return version.tags.get(EXPORTABLE_TAG) == "true"


def _ends_by(version: CertificateFacts, moment: datetime) -> bool:
    return version.expires_at is not None and version.expires_at <= moment


def certificate_steps(address: Address, wanted: CredentialWanted, fact: CertificateFact, now: datetime) -> list[Step]:
    """Create, or stage and promote; put back what somebody took off the application; retire what was replaced.

    Raises: ForeignResourceError when the certificate is another spec's.
    """
    _refuse_foreign(address, wanted, fact)
    if fact.deleted is not None:
        return [_recover(address, wanted, fact, fact.deleted)]
    if fact.is_brought:
        return _brought(address, wanted, fact, now)
    if (disabled := _disabled(fact, now)) is not None:
        return [_enable(address, wanted, fact, disabled)]
    current, staged = fact.current(now), fact.staged(now)
    steps: list[Step] = []
    if current is None:
        steps.append(_create(address, wanted, fact, now))
    elif fact.registered(current) is None:
        steps.append(_register(address, wanted, current, "somebody took it off the application"))
    if current is not None and staged is not None:
        if fact.registered(staged) is None:
            steps.append(_register(address, wanted, staged, "made by a run that was cut short"))
        steps.append(_promote(address, wanted, staged))
    elif current is not None and (reason := _why_replace(wanted, current, now)):
        steps += [_stage(address, wanted, current, now, reason), _promote(address, wanted, None)]
    return [*steps, *_retirements(address, wanted, fact, now)]


def leaving_certificates(
    address: Address, wanted: CredentialWanted, fact: CertificateFact, since: datetime | None
) -> list[Step]:
    """Once a credential of another type has been in force for the overlap (from `since`), ours of this type go.

    So do versions of ours that never came into force: a run was cut short, and then the spec's type changed back.
    """
    leaving = leaving_thumbprints(fact)
    if since is None or not leaving:
        return []
    kept = "stays in the vault: it is not ours" if fact.is_brought else "is disabled in the vault with it"
    reason = f"the spec's type is {wanted.place.type} now; the certificate {kept}"
    return [_retire(address, wanted, leaving, since, "retire_certificate", reason)]


def leaving_thumbprints(fact: CertificateFact) -> tuple[str, ...]:
    """Everything of ours: on the application, or enabled in the vault."""
    enabled = () if fact.is_brought or fact.owner else (each.thumbprint for each in fact.versions if each.enabled)
    return tuple(sorted({*enabled, *(entry.thumbprint for entry in fact.ours)}))


def others(wanted: CredentialWanted, fact: CertificateFact) -> tuple[str, ...]:
    """Certificates on the application that are not ours to touch, with their age; and strange versions in the vault."""
    versions = {version.thumbprint for version in fact.versions}
    on_application = (
        f"certificate {entry.display_name or entry.thumbprint or entry.key_id} {origin(wanted, entry.display_name)}, "
        f"expires {day(entry.ends_at)}"
        for entry in fact.others
        if entry.thumbprint not in versions
    )
    in_vault = (
        f"version {version.version} of the certificate {fact.name}, without our mark, made {day(version.created_at)}"
        for version in fact.strangers
        if version.enabled
    )
    return (*on_application, *in_vault)


def _refuse_foreign(address: Address, wanted: CredentialWanted, fact: CertificateFact) -> None:
    if fact.owner:
        raise ForeignResourceError(
            f"the certificate {fact.name} in vault {wanted.vault_name} exists and belongs to the spec {fact.owner}",
            where=str(address),
            next_step="choose another application.credential.name",
        )


def _disabled(fact: CertificateFact, now: datetime) -> CertificateFacts | None:
    """The version in force, if nothing but its being disabled keeps it from working: somebody meant that."""
    tagged = fact.tagged
    if tagged is None or tagged.enabled or fact.registered(tagged) is None:
        return None
    return tagged if usable(replace(tagged, enabled=True), now) else None


def _brought(address: Address, wanted: CredentialWanted, fact: CertificateFact, now: datetime) -> list[Step]:
    """Its owner renews it; we put each new version on the application and keep the one before for the overlap."""
    newest = next((version for version in reversed(fact.versions) if usable(version, now)), None)
    steps: list[Step] = []
    if newest is not None and fact.registered(newest) is None:
        steps.append(_register(address, wanted, newest, f"the certificate {fact.name} is another's: used as it is"))
    if newest is None or _is_due(wanted, newest, now):
        steps.append(_renew(address, wanted, fact, newest))
    replaced = () if newest is None else tuple(e.thumbprint for e in fact.ours if e.thumbprint != newest.thumbprint)
    if replaced and (since := fact.since(now)) is not None and fact.current(now) == newest:
        reason = "its owner renewed the certificate; the one before is kept for the overlap"
        steps.append(_retire(address, wanted, replaced, since, "retire", reason))
    return steps


def _is_due(wanted: CredentialWanted, version: CertificateFacts, now: datetime) -> bool:
    return wanted.rotate_now or _ends_by(version, now + wanted.rotate_before)


def _why_replace(wanted: CredentialWanted, current: CertificateFacts, now: datetime) -> str:
    """Why a new version is due; "" when none is."""
    if _is_due(wanted, current, now):
        return why_now(wanted, current.expires_at)
    was_exportable = _is_exportable(current)
    if was_exportable == wanted.exportable:
        return ""
    return f"its key {'may' if was_exportable else 'may not'} leave the vault, the spec wants it the other way"


def _create(address: Address, wanted: CredentialWanted, fact: CertificateFact, now: datetime) -> Step:
    replaced = fact.tagged is not None
    return Step(
        address,
        Action.UPDATE if replaced else Action.CREATE,
        "create",
        (
            Change("application.credential.type", None, "certificate"),
            Change(EXPIRES_PATH, None, _ends(wanted, now)),
        ),
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        reason="the certificate in force can no longer be used" if replaced else _key_stays(wanted),
    )


def _register(address: Address, wanted: CredentialWanted, version: CertificateFacts, reason: str) -> Step:
    return Step(
        address,
        Action.UPDATE,
        "register",
        (Change(THUMBPRINT_PATH, None, version.thumbprint),),
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        reason=reason,
    )


def _stage(address: Address, wanted: CredentialWanted, current: CertificateFacts, now: datetime, reason: str) -> Step:
    """Scheduled when the calendar asks for it, and not `rotate` or a spec that wants another kind of key."""
    return Step(
        address,
        Action.UPDATE,
        "stage",
        (Change(EXPIRES_PATH, day(current.expires_at), _ends(wanted, now)),),
        needs=wanted.needs,
        target=str(wanted.application),
        scheduled=_is_due(wanted, current, now) and not wanted.rotate_now,
        reason=f"{reason}; the new version is on the application beside it until it works",
        seen=current.thumbprint,
    )


def _promote(address: Address, wanted: CredentialWanted, staged: CertificateFacts | None) -> Step:
    return Step(
        address,
        Action.UPDATE,
        "promote",
        (Change("vault.certificate.state", None if staged is None else staged.thumbprint, CURRENT),),
        needs=(wanted.service_principal, *wanted.needs),
        target=str(wanted.application),
        scheduled=True,
        reason="once the new version signs token requests that Entra takes, consumers find it by its tag",
    )


def _retirements(address: Address, wanted: CredentialWanted, fact: CertificateFact, now: datetime) -> list[Step]:
    """What was replaced stays for `overlap`, then goes; shown from the day of the promotion."""
    since, replaced = fact.since(now), fact.replaced(now)
    if since is None or not replaced:
        return []
    reason = "replaced; kept for the overlap, so that whoever signs with it can follow"
    return [_retire(address, wanted, replaced, since, "retire", reason)]


def _retire(
    address: Address,
    wanted: CredentialWanted,
    thumbprints: Sequence[str],
    since: datetime,
    operation: str,
    reason: str,
) -> Step:
    return Step(
        address,
        Action.UPDATE,
        operation,
        tuple(Change(THUMBPRINT_PATH, thumbprint, None) for thumbprint in sorted(thumbprints)),
        needs=(wanted.application, wanted.vault, *wanted.certificate_roles),
        target=str(wanted.application),
        scheduled=True,
        not_before=since + wanted.overlap,
        reason=reason,
    )


def _recover(address: Address, wanted: CredentialWanted, fact: CertificateFact, deleted: CertificateFacts) -> Step:
    """Ours comes back with all its versions; of another's a person decides."""
    if deleted.tags.get(TAG) == wanted.spec_name:
        return Step(
            address,
            Action.CREATE,
            "recover",
            (Change("vault.certificate", None, fact.name),),
            needs=(wanted.vault, *wanted.runner_roles),
            target=str(wanted.application),
            reveals=True,
            reason="somebody deleted it from the vault: it comes back with its versions and their keys",
        )
    return Step(
        address,
        Action.PERSON,
        "recover",
        target=str(wanted.application),
        reason="a deleted certificate without our mark holds the name in the vault",
        todo=(
            f"az keyvault certificate recover --vault-name {wanted.vault_name} --name {fact.name}   "
            "# or choose another application.credential.name"
        ),
    )


def _enable(address: Address, wanted: CredentialWanted, fact: CertificateFact, version: CertificateFacts) -> Step:
    return Step(
        address,
        Action.PERSON,
        "enable",
        (Change("vault.certificate.enabled", False, True),),
        target=str(address),
        reason="somebody disabled the version in force: nobody can sign with it",
        todo=(
            f"az keyvault certificate set-attributes --vault-name {wanted.vault_name} --name {fact.name} "
            f"--version {version.version} --enabled true"
        ),
    )


def _renew(address: Address, wanted: CredentialWanted, fact: CertificateFact, newest: CertificateFacts | None) -> Step:
    """A certificate that is not ours is its owner's to renew, in time."""
    told = "no version of it can be used" if newest is None else f"it expires on {day(newest.expires_at)}"
    return Step(
        address,
        Action.PERSON,
        "renew",
        target=str(wanted.application),
        reason=f"the certificate {fact.name} is not ours to renew, and {told}",
        todo=(
            f"az keyvault certificate list-versions --vault-name {wanted.vault_name} --name {fact.name}   "
            "# its owner makes a new version; apply then puts it on the application"
        ),
    )


def _ends(wanted: CredentialWanted, now: datetime) -> str:
    """Whole months, rounded down, as the vault will count them."""
    count = months(wanted.lifetime)
    year, month = divmod(now.month - 1 + count, 12)
    return f"{now.year + year}-{month + 1:02} ({count} month{'s' if count > 1 else ''})"


def _key_stays(wanted: CredentialWanted) -> str:
    return "its key can be exported" if wanted.exportable else "its key never leaves the vault"


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
