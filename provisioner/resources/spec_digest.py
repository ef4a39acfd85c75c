"""What was last applied completely, in four tags: the spec's digest, digests of what it wanted of each kind, when, and
what was left to a person.

They tell drift (the world moved) from change (the spec moved), and are the only state kept anywhere. They lie on the
vault, and are written when all else is done. A vault that is only used is not written: there they lie on the refresh
token, once a person has brought one, and a renewal carries them over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources import wanted_digests
from provisioner.resources.contract import AnyKind, Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.lag import retry_while, settling
from provisioner.resources.marks import APPLIED_TAG, DIGEST_TAG, OPEN_TAG, TAG, WANTED_TAG
from provisioner.resources.open_items import OpenItems, as_tag, from_tag
from provisioner.resources.rights import READ_VAULT, WRITE_VAULT
from provisioner.resources.role_assignment import runner_addresses
from provisioner.spec.model import Spec, digest

_SHOWN = 12
_DONE_BY_A_PERSON = "notes that somebody did what was open, so that it counts as drift if it comes open again"
_DEADLINE_S = 300.0
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DigestWanted:
    """digest: SHA-256 in hex of the canonical resolved spec. of_kinds: short digests of what it wants of each kind.

    token: the refresh token's address where the tags lie on its secret; None where they lie on the vault.
    """

    digest: str
    of_kinds: Mapping[str, str]
    mark: str
    group: str
    vault_name: str
    secret_name: str
    vault: Address
    token: Address | None
    runner_roles: tuple[Address, ...]

    def tags(self, now: datetime, open_note: str) -> dict[str, str]:
        return {
            DIGEST_TAG: self.digest,
            WANTED_TAG: wanted_digests.as_tag(self.of_kinds),
            APPLIED_TAG: now.astimezone(UTC).isoformat(timespec="seconds"),
            OPEN_TAG: open_note,
        }


@dataclass(frozen=True)
class DigestFact:
    """digest: "" when no apply has ever been complete. applied_at: when that one was; None where nothing says so.

    left_open: what was a person's to do then; None where nothing says so.
    """

    digest: str
    of_kinds: Mapping[str, str] = field(default_factory=dict)
    applied_at: datetime | None = None
    left_open: OpenItems | None = None


@dataclass(frozen=True)
class SpecDigest:
    """Never drifts by itself; it differs when the spec was edited since, or a person did what was open (see `noting`).

    kinds: all the others.
    """

    kinds: tuple[AnyKind, ...] = ()
    name = "spec_digest"
    after = ("vault", "refresh_token")

    def wanted(self, spec: Spec) -> Mapping[Address, DigestWanted]:
        token = Address(spec.name, "refresh_token", spec.consent.secret_name)
        wanted = DigestWanted(
            digest=digest(spec),
            of_kinds=wanted_digests.digests(spec, self.kinds),
            mark=spec.name,
            group=spec.vault.resource_group,
            vault_name=spec.vault.name,
            secret_name=spec.consent.secret_name,
            vault=Address(spec.name, "vault"),
            token=token if spec.vault.mode == "use" else None,
            runner_roles=runner_addresses(spec),
        )
        return {Address(spec.name, self.name): wanted}

    def rests_on(self, address: Address, wanted: DigestWanted | None) -> tuple[Address, ...]:
        return (Address(address.name, "vault") if wanted is None else wanted.token or wanted.vault,)

    async def observe(
        self, wanted: Mapping[Address, DigestWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[DigestFact]]:
        """From what others read."""
        return {address: _look(entry, known) for address, entry in wanted.items()}

    def steps(
        self, address: Address, wanted: DigestWanted | None, seen: Observation[DigestFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None or (wanted.token is not None and isinstance(seen, Absent)):
            return ()
        before = seen.fact.digest if isinstance(seen, Present) else ""
        same, on_token = before == wanted.digest, wanted.token is not None
        if same and not (isinstance(seen, Present) and seen.fact.left_open):
            return ()
        return (
            Step(
                address,
                Action.UPDATE,
                "record",
                () if same else (Change("digest", before[:_SHOWN] or None, wanted.digest[:_SHOWN]),),
                needs=(wanted.token, *wanted.runner_roles) if wanted.token is not None else (wanted.vault,),
                target=str(wanted.token or wanted.vault),
                quiet_until=_NEVER if on_token or same else None,  # a person was all that was missing: that is no news
                on_demand=same,
                last=True,
                reason=f"notes on the {'refresh token' if on_token else 'vault'} which spec was applied, "
                "so that drift can be told from change",
            ),
        )

    async def perform(
        self, step: Step, wanted: DigestWanted | None, known: Known, write: Writer
    ) -> Observation[DigestFact]:
        assert wanted is not None, "it goes with the vault"  # steps() never plans it
        tags = wanted.tags(write.clock.now(), step.seen)
        record = _on_vault if wanted.token is None else _on_token
        await retry_while(
            write, settling, lambda: record(wanted, tags, write), f"vault {wanted.vault_name}", _DEADLINE_S
        )
        return Present(_fact(tags))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_VAULT,) if operation == "observe" else (WRITE_VAULT,)

    def person(self, step: Step, wanted: DigestWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None

    def to_spec(self, seen: Mapping[Address, DigestFact]) -> SpecFragment:
        return SpecFragment({})


def noting(step: Step, noted: OpenItems | None, open_now: OpenItems) -> Step | None:
    """The step with what it notes as open, in `seen`. Of the same spec: only that something is open no longer, for what
    came open since is drift until it is put right; None where nothing is to be noted.
    """
    if not step.on_demand:
        return replace(step, seen=as_tag(open_now))
    left = (noted or frozenset()) & open_now
    if left == noted:
        return None
    changes = (Change("open for a person", len(noted or ()), len(left)),)
    return replace(step, fields=changes, on_demand=False, reason=_DONE_BY_A_PERSON, seen=as_tag(left))


def _look(wanted: DigestWanted, known: Known) -> Observation[DigestFact]:
    holder = wanted.token or wanted.vault
    if (unknown := blocked(known, wanted.vault, holder)) is not None:
        return unknown
    if wanted.token is None:
        vault = known.get(wanted.vault)
        there = vault.remains if isinstance(vault, Absent) else known.fact(wanted.vault)
        return Absent() if there is None else Present(_fact(there.tags))
    token = known.fact(wanted.token)
    ours = token is not None and token.secret.tags.get(TAG) == wanted.mark
    return Present(_fact(token.secret.tags)) if token is not None and ours else Absent()


def _fact(tags: Mapping[str, str]) -> DigestFact:
    return DigestFact(
        digest=tags.get(DIGEST_TAG, ""),
        of_kinds=wanted_digests.from_tag(tags.get(WANTED_TAG, "")),
        applied_at=_moment(tags.get(APPLIED_TAG, "")),
        left_open=from_tag(tags.get(OPEN_TAG, "")),
    )


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


async def _on_vault(wanted: DigestWanted, tags: Mapping[str, str], write: Writer) -> None:
    from azure.mgmt.keyvault.models import VaultPatchParameters

    vault = await write.clients.arm.find_vault(wanted.group, wanted.vault_name)
    parameters = VaultPatchParameters(tags={**(vault.tags if vault else {}), **tags})
    await write.clients.arm.patch_vault(wanted.group, wanted.vault_name, parameters)


async def _on_token(wanted: DigestWanted, tags: Mapping[str, str], write: Writer) -> None:
    """On the version in force; its value is not read."""
    vault = write.clients.vault(wanted.vault_name)
    versions = await vault.list_versions(wanted.secret_name)
    ours = [entry for entry in versions if entry.enabled and entry.tags.get(TAG) == wanted.mark]
    if not ours:
        raise StaleError(
            f"secret {wanted.secret_name} is gone",
            where=f"vault {wanted.vault_name}",
            next_step="run the same command again",
        )
    await vault.tag_secret(wanted.secret_name, ours[-1].version, {**ours[-1].tags, **tags})
