"""The application's credential as a kind of resource: one type is wanted, those it replaces leave after the overlap.

A run that was killed anywhere is finished by the next one: see the `*_steps.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce

from provisioner.clients.graph_facts import ApplicationFacts, FederatedCredential
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForbiddenError, PlanError
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Step
from provisioner.resources.application import ApplicationFact
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked, could_not_look
from provisioner.resources.credential import (
    certificate_steps,
    certificate_writes,
    federated_steps,
    federated_writes,
    policy,
    secret_steps,
    secret_writes,
)
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.certificate_steps import CertificateFact, certificate_fact
from provisioner.resources.credential.federated_steps import FederatedFact, sorted_trusts
from provisioner.resources.credential.in_force import refuse_unless_in_force
from provisioner.resources.credential.place import find_certificate
from provisioner.resources.credential.secret_history import with_deleted, with_history
from provisioner.resources.credential.secret_steps import SecretFact, sorted_out
from provisioner.resources.credential.wanted import CredentialWanted, wanted_credential
from provisioner.resources.marks import credential_spec
from provisioner.resources.rights import LIST_SECRETS, READ_APPLICATIONS, WRITE_OWN_APPLICATION, WRITE_SECRETS
from provisioner.resources.role_assignment import holds_role, runner_address
from provisioner.resources.vault_contents import list_secrets
from provisioner.resources.vault_roles import CERTIFICATES_OFFICER, CRYPTO_USER, READER, SECRETS_OFFICER
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.draft import Draft, merged
from provisioner.spec.model import Spec
from provisioner.spec.whole_months import months

LIST_CERTIFICATES = Right(
    "key_vault", (READER, CERTIFICATES_OFFICER), "vault", "lists the versions of the certificate, without their keys"
)


@dataclass(frozen=True)
class CredentialFact:
    """What there is of each type. hidden: the vault or the application is soft-deleted, and brings its own back.

    policies: what the tenant says of one that is to be added; None when none is, or nothing could refuse it.
    """

    secret: SecretFact = field(default_factory=SecretFact)
    certificate: CertificateFact = field(default_factory=CertificateFact)
    federated: FederatedFact = field(default_factory=FederatedFact)
    hidden: bool = False
    policies: policy.Policies | Unknown | None = None

    def since(self, wanted: CredentialWanted, now: datetime) -> datetime | None:
        """Since when the wanted type has been in force; None while it is not."""
        if wanted.place.type == "secret":
            return self.secret.since(now)
        return self.certificate.since(now) if wanted.place.type == "certificate" else self.federated.since(wanted)

    def in_place(self, wanted: CredentialWanted) -> bool:
        """Whether there is one of the wanted type that consumers find, however long it has been there."""
        if wanted.place.type == "secret":
            return self.secret.on_application(self.secret.in_force) is not None
        if wanted.place.type == "certificate":
            return self.certificate.tagged is not None
        return self.federated.trusted(wanted) is not None

    def has_another(self, wanted: CredentialWanted) -> bool:
        """Whether the application still takes one of ours that is of another type."""
        ours = {"secret": self.secret.ours, "certificate": self.certificate.ours, "federated": self.federated.ours}
        return any(entries for kind, entries in ours.items() if kind != wanted.place.type)


@dataclass(frozen=True)
class Credential:
    """Absent: the application or the vault is not there yet. rotate_now: replace it though it is not due."""

    rotate_now: bool = False
    name = "credential"
    after = ("application", "vault")

    def wanted(self, spec: Spec) -> Mapping[Address, CredentialWanted]:
        wanted = wanted_credential(spec, rotate_now=self.rotate_now)
        return {Address(spec.name, self.name, spec.application.credential.name): wanted}

    def rests_on(self, address: Address, wanted: CredentialWanted | None) -> tuple[Address, ...]:
        """A trust is on the application alone; all else is kept in the vault."""
        if wanted is None:
            return ()
        return (wanted.application,) if wanted.place.type == "federated" else (wanted.application, wanted.vault)

    async def observe(
        self, wanted: Mapping[Address, CredentialWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[CredentialFact]]:
        """Only where a credential is to be added are the tenant's policies read."""
        return {address: await self._observe(address, entry, known, read) for address, entry in wanted.items()}

    async def _observe(
        self, address: Address, wanted: CredentialWanted, known: Known, read: Reader
    ) -> Observation[CredentialFact]:
        seen = await _observe(wanted, known, read)
        now = read.clients.clock.now()
        try:
            steps = () if isinstance(seen, Unknown) else self.steps(address, wanted, seen, now)
        except PlanError:  # whoever plans is told by `steps`; to see is no mistake
            return seen
        if not policy.adds(steps, wanted.place.type):
            return seen
        application = known.fact(wanted.application)
        policies = await policy.read_policies(None if application is None else application.application, read)
        fact = seen.fact if isinstance(seen, Present) else _nothing(wanted)
        if isinstance(policies, policy.Policies) and policy.refusal(policies, _addition(wanted, fact, now)) is None:
            return seen
        return Present(replace(fact, policies=policies))

    def steps(
        self, address: Address, wanted: CredentialWanted | None, seen: Observation[CredentialFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        fact = seen.fact if isinstance(seen, Present) else _nothing(wanted)
        if fact.hidden:
            return (Step(address, Action.NONE, reason="comes back with what was deleted"),)
        steps = [*_own(address, wanted, fact, now), *_leaving(address, wanted, fact, now)]
        if fact.policies is not None:
            addition, accepted = _addition(wanted, fact, now), wanted.policies_may_stay_unread
            steps = policy.judged(steps, address, fact.policies, addition, accepted=accepted)
        kept = _others(wanted, fact)
        if not kept:
            return steps
        return [replace(steps[0], kept=kept), *steps[1:]] if steps else [Step(address, Action.NONE, kept=kept)]

    async def perform(
        self, step: Step, wanted: CredentialWanted | None, known: Known, write: Writer
    ) -> Observation[CredentialFact]:
        assert wanted is not None, "only destroy removes it"  # steps() never plans it
        application = known.fact(wanted.application)
        assert application is not None, "the application is among the needs"
        before = known.fact(step.address) or CredentialFact()
        work = _at_work(step, wanted, application, before, known, write)
        kind = _type_of(step, wanted)
        if kind != wanted.place.type:
            await refuse_unless_in_force(step, work)
        if kind == "secret":
            return Present(replace(before, secret=await secret_writes.carry_out(step, work)))
        if kind == "certificate":
            return Present(replace(before, certificate=await certificate_writes.carry_out(step, work)))
        return Present(replace(before, federated=await federated_writes.carry_out(step, work)))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (LIST_SECRETS,) if operation == "observe" else (WRITE_OWN_APPLICATION, WRITE_SECRETS)

    def person(self, step: Step, wanted: CredentialWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None

    def to_spec(self, seen: Mapping[Address, CredentialFact]) -> SpecFragment:
        return merged(_fragment(address.key, fact) for address, fact in seen.items())


def _fragment(name: str, fact: CredentialFact) -> SpecFragment:
    """Which type is in force of ours. What others added is told in words: its values are nobody's to take over."""
    trusts = fact.federated.ours
    kind = "certificate" if fact.certificate.tagged is not None else "secret" if fact.secret.ours else ""
    told: dict[str, object] = {"name": name, "type": kind}
    if not kind and trusts:
        told = {"type": "federated"} | {key: getattr(trusts[0], key) for key in ("issuer", "subject", "audience")}
    others = [
        *(_other("client secret", one.display_name, one.ends_at) for one in fact.secret.others),
        *(_other("certificate", one.display_name, one.ends_at) for one in fact.certificate.others),
        *(
            f"of unknown origin, and it stays: a trust in {one.subject} of {one.issuer}"
            for one in fact.federated.others
        ),
    ]
    where = ("application", "credential")
    notes = tuple(f"there already, {other}" for other in others)
    document = {"application": {"credential": told}} if told.get("type") else {}
    return Draft(document, remarks={where: notes} if notes else {})


def _other(what: str, name: str, ends_at: datetime | None) -> str:
    """Whose it is, as far as its name tells."""
    maker = credential_spec(name)
    origin = f"made by the spec {maker}" if maker else "of unknown origin"
    until = "" if ends_at is None else f", until {ends_at:%Y-%m-%d}"
    return f"{origin}, and it stays: a {what}, {name or 'without a name'}{until}"


def on_application(application: ApplicationFacts) -> CredentialFact:
    """What an application takes, where no vault is looked into: nothing of it is known to be ours."""
    return CredentialFact(SecretFact(others=application.passwords), CertificateFact(others=application.keys))


def _nothing(wanted: CredentialWanted) -> CredentialFact:
    return CredentialFact(secret=SecretFact(name=wanted.place.name))


def _addition(wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> policy.Addition:
    """What is to be added: a certificate that is there already is registered as it is."""
    kind, certificate = wanted.place.type, fact.certificate
    if kind != "certificate":
        return policy.Addition(kind, wanted.lifetime, self_signed=False)
    there = certificate.versions[-1] if certificate.is_brought else certificate.current(now)
    if there is None or there.expires_at is None or certificate.registered(there) is not None:
        lifetime = policy.whole_months(now, months(wanted.lifetime))
    else:
        lifetime = there.expires_at - there.created_at
    return policy.Addition(kind, lifetime, self_signed=not certificate.is_brought)


def _at_work(
    step: Step,
    wanted: CredentialWanted,
    application: ApplicationFact,
    before: CredentialFact,
    known: Known,
    write: Writer,
) -> AtWork:
    """Each vault role is held, or lags, by itself."""
    names = (SECRETS_OFFICER, CERTIFICATES_OFFICER, CRYPTO_USER)
    addresses = {name: runner_address(wanted.spec_name, name) for name in names}
    held = frozenset(name for name, address in addresses.items() if holds_role(known, address, write.runner))
    return AtWork(
        wanted,
        application.id,
        application.app_id,
        write,
        VaultSecrets(wanted.vault_name, wanted.spec_name, write, SECRETS_OFFICER in held, wanted.vault in step.needs),
        held,
        replaces=step.operation == "promote" or before.has_another(wanted),
    )


async def _observe(wanted: CredentialWanted, known: Known, read: Reader) -> Observation[CredentialFact]:
    if (unknown := blocked(known, wanted.application, wanted.vault)) is not None:
        return unknown
    holders = (known.get(wanted.vault), known.get(wanted.application))
    if any(isinstance(holder, Absent) and holder.remains is not None for holder in holders):
        return Present(CredentialFact(hidden=True))
    if isinstance(known.get(wanted.vault), Absent):
        return Absent()
    seen = known.fact(wanted.application)
    application: ApplicationFacts | None = None if seen is None else seen.application
    try:
        # The trusts travel with what other kinds ask of Graph at the same moment.
        (secret, certificate), federated = await asyncio.gather(
            _in_vault(wanted, application, read), _federated(wanted, application, read)
        )
    except ForbiddenError as error:
        if error.service == "Graph":
            return could_not_look(error, READ_APPLICATIONS.told())
        unknown = could_not_look(error, LIST_SECRETS.told())
        registered = application is not None and any(key.display_name == wanted.mark for key in application.keys)
        return replace(unknown, asks=wanted.certificate_roles) if unknown.right and registered else unknown
    if isinstance(certificate, Unknown):
        return certificate
    return Present(CredentialFact(secret, certificate, federated))


async def _in_vault(
    wanted: CredentialWanted, application: ApplicationFacts | None, read: Reader
) -> tuple[SecretFact, CertificateFact | Unknown]:
    stored = await list_secrets(read, wanted.vault_name)
    secret = sorted_out(wanted, () if application is None else application.passwords, stored)
    if wanted.place.type == "secret":
        secret = await with_deleted(read.clients, wanted, secret, stored)
        secret = await with_history(read.clients, wanted, secret)
    return secret, await _certificate(wanted, application, stored, read)


async def _certificate(
    wanted: CredentialWanted, application: ApplicationFacts | None, stored: Sequence[SecretFacts], read: Reader
) -> CertificateFact | Unknown:
    """The vault is asked only where a certificate is wanted, or one of ours may be left. It takes a role of its own."""
    keys = () if application is None else application.keys
    names = {name.lower() for name in wanted.place.names_of("certificate")}
    is_wanted = wanted.place.type == "certificate"
    enabled = any(secret.managed and secret.enabled and secret.name.lower() in names for secret in stored)
    if not (is_wanted or enabled or any(key.display_name == wanted.mark for key in keys)):
        return certificate_fact(wanted, wanted.place.name, (), keys)
    certificates = read.clients.certificates(wanted.vault_name)
    try:
        name, versions = await find_certificate(wanted.place, stored, certificates.list_versions)
    except ForbiddenError as error:
        unknown = could_not_look(error, LIST_CERTIFICATES.told())
        return replace(unknown, asks=wanted.certificate_roles) if unknown.right else unknown
    deleted: CertificateFacts | None = None
    if not versions and is_wanted:
        try:
            deleted = await certificates.find_deleted(name)
        except ForbiddenError:  # a reader's role may not look there; a write is then refused, and says what holds it
            deleted = None
    return certificate_fact(wanted, name, versions, keys, deleted)


async def _federated(wanted: CredentialWanted, application: ApplicationFacts | None, read: Reader) -> FederatedFact:
    if application is None:
        return FederatedFact()
    listed: tuple[FederatedCredential, ...] = await read.clients.graph.credentials.list_federated(application.id)
    return sorted_trusts(wanted, listed)


def _own(address: Address, wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> Sequence[Step]:
    if wanted.place.type == "secret":
        return secret_steps.secret_steps(address, wanted, fact.secret, now, takes_over=fact.has_another(wanted))
    if wanted.place.type == "certificate":
        return certificate_steps.certificate_steps(address, wanted, fact.certificate, now)
    return federated_steps.federated_steps(address, wanted, fact.federated, now)


def _leaving(address: Address, wanted: CredentialWanted, fact: CredentialFact, now: datetime) -> Sequence[Step]:
    """What is left of the types that the spec's type replaced.

    Where the spec's type was changed back, the older one is in force again and the newer one goes: consumers may have
    followed to that, and it stays for the overlap as well, from when it came into force.
    """
    since = fact.since(wanted, now)
    kind = wanted.place.type
    if kind == "federated" and since is None and fact.federated.trusted(wanted) and fact.has_another(wanted):
        return (federated_steps.undated(address, wanted),)
    steps: list[Step] = []
    if kind != "secret":
        secret_since = _later(since, fact.secret.since(now))
        steps += secret_steps.leaving_secrets(address, wanted, fact.secret, secret_since)
    if kind != "certificate":
        certificate_since = _later(since, fact.certificate.since(now))
        steps += certificate_steps.leaving_certificates(address, wanted, fact.certificate, certificate_since)
    if kind != "federated":
        trusted_since = reduce(_later, map(federated_steps.trusted_since, fact.federated.ours), since)
        steps += federated_steps.leaving_trusts(address, wanted, fact.federated, trusted_since)
    return steps


def _later(since: datetime | None, leaving_since: datetime | None) -> datetime | None:
    """None while the wanted one is not in force, whatever is known of the one that leaves."""
    return since if since is None or leaving_since is None else max(since, leaving_since)


def _others(wanted: CredentialWanted, fact: CredentialFact) -> tuple[str, ...]:
    """What is on the application and not ours: shown with its age, never touched."""
    return (
        *secret_steps.others(wanted, fact.secret),
        *certificate_steps.others(wanted, fact.certificate),
        *federated_steps.others(wanted, fact.federated),
    )


def _type_of(step: Step, wanted: CredentialWanted) -> str:
    """Which type a step writes: a retirement of another type says so in its operation."""
    return step.operation.removeprefix("retire_") if step.operation.startswith("retire_") else wanted.place.type
