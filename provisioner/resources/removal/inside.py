"""What is ours in a vault that stays: secrets and certificates by our tag, soft-deleted ones too where they are purged.

The credential and the refresh token look at it together: it is read once a run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ConflictError, ForbiddenError, StaleError
from provisioner.core.observation import Absent, Known, Present, Unknown
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, blocked, could_not_look
from provisioner.resources.credential.kind import LIST_CERTIFICATES
from provisioner.resources.credential.place import place_of
from provisioner.resources.lag import retry_while
from provisioner.resources.marks import TAG
from provisioner.resources.removal.application import PURGE
from provisioner.resources.removal.fate import AGAIN, Fate, VaultStanding
from provisioner.resources.rights import LIST_SECRETS, WRITE_SECRETS
from provisioner.resources.token_state import CONTENT_TYPE
from provisioner.resources.vault_contents import list_secrets
from provisioner.spec.model import Mode, Spec

Result = TypeVar("Result")

DELETE_CERTIFICATES = Right("key_vault", ("Key Vault Certificates Officer", "Key Vault Administrator"), "vault")
DELETE = "delete"
_OF_CERTIFICATES = {DELETE: "delete certificate", PURGE: "purge certificate"}
_SETTLE_S = 300.0
_IN_BETWEEN = ("ObjectIsBeingDeleted", "ObjectIsBeingRecovered")


@dataclass(frozen=True)
class Inside:
    """Where to look. named: what the spec keeps there, which a consumer may have written back without our tag."""

    vault: Address
    mode: Mode
    mark: str
    token: str
    named: frozenset[str]
    certificates: frozenset[str]
    purge: bool


@dataclass(frozen=True)
class OursInside:
    """A secret or a certificate of ours. deleted: it is soft-deleted already. is_token: a refresh token."""

    name: str
    is_certificate: bool
    is_token: bool
    deleted: bool = False


def inside(spec: Spec, *, purge: bool) -> Inside:
    """Names are in lower case: the vault's ignore case (sam-facts 6.3)."""
    place, token = place_of(spec), spec.consent.secret_name.lower()
    secrets = (place.names_of("secret"), (f"{name}-next" for name in place.names_of("secret")))
    names = frozenset(name.lower() for group in secrets for name in group)
    certificates = frozenset(name.lower() for name in place.names_of("certificate"))
    vault = Address(spec.name, "vault")
    return Inside(vault, spec.vault.mode, spec.name, token, names | {token}, certificates, purge)


async def look_inside(where: Inside, known: Known, read: Reader) -> tuple[OursInside, ...] | Unknown:
    """Nothing where the vault goes with all it holds, or is not there, or nothing of ours can be in it."""
    if (unknown := blocked(known, where.vault)) is not None:
        return unknown
    vault = known.fact(where.vault)
    if vault is None or vault.fate is Fate.GOES:
        return ()
    released_before = vault.fate is Fate.STAYS and where.mode == "adopt" and where.purge
    if not (vault.fate is Fate.RELEASED or where.mode == "use" or released_before):
        return ()
    found: tuple[OursInside, ...] | Unknown = await read.once(
        f"ours/{vault.vault.name}", lambda: _ours(where, vault.vault.name, read)
    )
    return found


async def _ours(where: Inside, name: str, read: Reader) -> tuple[OursInside, ...] | Unknown:
    try:
        stored = await list_secrets(read, name)
        written_back = [
            each for each in stored if not each.managed and each.name.lower() in where.named and TAG not in each.tags
        ]
        histories = await read.all_of(lambda each: read.clients.vault(name).list_versions(each.name), written_back)
        deleted = await read.clients.vault(name).list_deleted_secrets() if where.purge else ()
    except ForbiddenError as error:
        return could_not_look(error, LIST_SECRETS.told())
    back = {each.name for each, history in zip(written_back, histories, strict=True) if _any_ours(history, where.mark)}
    ours = [each for each in stored if not each.managed and (each.tags.get(TAG) == where.mark or each.name in back)]
    gone = [each for each in deleted if not each.managed and each.tags.get(TAG) == where.mark]
    try:
        certificates = await _certificates(where, name, stored, deleted, read)
    except ForbiddenError as error:
        return could_not_look(error, LIST_CERTIFICATES.told())
    return (
        *(OursInside(each.name, is_certificate=False, is_token=_is_token(where, each)) for each in ours),
        *(OursInside(each.name, is_certificate=False, is_token=_is_token(where, each), deleted=True) for each in gone),
        *certificates,
    )


async def _certificates(
    where: Inside, vault: str, stored: Sequence[SecretFacts], deleted: Sequence[SecretFacts], read: Reader
) -> list[OursInside]:
    """Asked for only where one of our names is a certificate's, or a certificate's secret carries our tag."""
    certificates = read.clients.certificates(vault)

    def candidate(each: SecretFacts) -> bool:
        return each.managed and (each.name.lower() in where.certificates or each.tags.get(TAG) == where.mark)

    names = [each.name for each in stored if candidate(each)]
    versions = await read.all_of(certificates.list_versions, names)
    found = [name for name, each in zip(names, versions, strict=True) if _any_ours(each, where.mark)]
    gone = await certificates.list_deleted() if any(candidate(each) for each in deleted) else ()
    return [
        *(OursInside(name, is_certificate=True, is_token=False) for name in found),
        *(
            OursInside(each.name, is_certificate=True, is_token=False, deleted=True)
            for each in gone
            if each.tags.get(TAG) == where.mark
        ),
    ]


def _any_ours(versions: Sequence[SecretFacts] | Sequence[CertificateFacts], mark: str) -> bool:
    return any(version.tags.get(TAG) == mark for version in versions)


def _is_token(where: Inside, secret: SecretFacts) -> bool:
    return secret.content_type == CONTENT_TYPE or secret.name.lower() == where.token


@dataclass(frozen=True)
class InsideStanding:
    """An object of ours, and the vault it is in."""

    found: OursInside
    vault: VaultStanding


def removal_steps(address: Address, standing: InsideStanding, now: datetime, *, purge: bool) -> list[Step]:
    """Soft-delete it, and purge it where that is asked for and can be."""
    vault, steps = standing.vault, list[Step]()
    if not standing.found.deleted:
        steps.append(_step(address, DELETE, standing, f"can be recovered until {now + vault.retention:%Y-%m-%d}"))
    if purge and vault.vault.purge_protection:
        steps.append(Step(address, Action.NONE, reason="it cannot be purged: purge protection holds it"))
    elif purge:
        steps.append(_step(address, PURGE, standing, "for good"))
    return steps


def removal_right(operation: str) -> Right:
    """What one of `removal_steps` needs: certificates have a role of their own."""
    return DELETE_CERTIFICATES if operation in _OF_CERTIFICATES.values() else WRITE_SECRETS


def _step(address: Address, operation: str, standing: InsideStanding, reason: str) -> Step:
    found = standing.found
    return Step(
        address,
        Action.DELETE,
        _OF_CERTIFICATES[operation] if found.is_certificate else operation,
        (Change("vault.certificate" if found.is_certificate else "vault.secret", found.name, None),),
        target=f"{standing.vault.vault.name}/{found.name}",
        removal=True,
        irreversible=operation == PURGE,
        reason=reason,
        seen=found.name,
    )


async def remove(step: Step, known: Known, write: Writer) -> Absent:
    """Carry out one step of `removal_steps`, looking again before. Raises StaleError when it is no longer ours.

    Absent.remains is its name, once it was deleted here.
    """
    vault = known.fact(Address(step.address.name, "vault"))
    assert vault is not None, "it is in the vault"
    before = known.get(step.address)
    purge = step.operation in (PURGE, _OF_CERTIFICATES[PURGE])
    deleted_just_now = isinstance(before, Absent) and before.remains == step.seen
    at_work = _AtWork(vault.vault.name, step.seen, step.address, write, deleted_just_now)
    act = at_work.certificate if step.operation in _OF_CERTIFICATES.values() else at_work.secret
    await act(purge=purge)
    return Absent(None if purge else step.seen)


@dataclass(frozen=True)
class _AtWork:
    vault: str
    name: str
    address: Address
    write: Writer
    deleted_just_now: bool

    @property
    def clients(self) -> TenantClients:
        return self.write.clients

    async def secret(self, *, purge: bool) -> None:
        vault = self.clients.vault(self.vault)
        if purge:
            deleted = await vault.find_deleted_secret(self.name)
            if deleted is not None:
                await self._act([deleted], lambda: vault.purge_secret(self.name))
        else:
            await self._act(await vault.list_versions(self.name), lambda: vault.delete_secret(self.name))

    async def certificate(self, *, purge: bool) -> None:
        certificates = self.clients.certificates(self.vault)
        if purge:
            deleted = await certificates.find_deleted(self.name)
            if deleted is not None:
                await self._act([deleted], lambda: certificates.purge(self.name))
        else:
            versions = await certificates.list_versions(self.name)
            await self._act(versions, lambda: certificates.delete(self.name))

    async def _act(
        self, seen: Sequence[SecretFacts] | Sequence[CertificateFacts], call: Callable[[], Awaitable[None]]
    ) -> None:
        """seen: its versions now; none when it is gone already, which is well.

        Of a deleted one only the newest version can be seen, and a consumer may have written that back without tags.
        """
        if not seen:
            return
        if not (self.deleted_just_now or _any_ours(seen, self.address.name)):
            raise StaleError(
                f"{self.name} lost our tag since the plan",
                where=f"{self.address} (vault {self.vault})",
                next_step=AGAIN,
            )
        await retry_while(self.write, _in_between, call, f"vault {self.vault} to free {self.name}", _SETTLE_S)


def _in_between(error: ApiError) -> bool:
    return isinstance(error, ConflictError) and error.code in _IN_BETWEEN


def seen_inside(
    found: tuple[OursInside, ...], vault: VaultStanding | None, name: str, kind: str, *, tokens: bool
) -> dict[Address, Present[InsideStanding]]:
    """The tokens, or all the rest, each at an address of its own."""
    if vault is None:
        return {}
    return {
        Address(name, kind, each.name): Present(InsideStanding(each, vault))
        for each in found
        if each.is_token is tokens
    }
