"""The digest of the spec that was last applied completely: a tag on the vault, written when all else is done.

It tells drift (the world moved) from change (the spec moved), and is the only state kept anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.lag import retry_while, settling
from provisioner.resources.marks import DIGEST_TAG
from provisioner.resources.rights import READ_VAULT, WRITE_VAULT
from provisioner.spec.model import Spec, digest

_SHOWN = 12
_DEADLINE_S = 300.0


@dataclass(frozen=True)
class DigestWanted:
    """digest: SHA-256 in hex of the canonical resolved spec."""

    digest: str
    group: str
    vault_name: str
    vault: Address


@dataclass(frozen=True)
class DigestFact:
    """digest: "" when no apply has ever been complete."""

    digest: str


class SpecDigest:
    """Never drifts by itself; it differs when the spec was edited since."""

    name = "spec_digest"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, DigestWanted]:
        vault = Address(spec.name, "vault")
        return {
            Address(spec.name, self.name): DigestWanted(digest(spec), spec.vault.resource_group, spec.vault.name, vault)
        }

    def rests_on(self, address: Address, wanted: DigestWanted | None) -> tuple[Address, ...]:
        return (Address(address.name, "vault"),)

    async def observe(
        self, wanted: Mapping[Address, DigestWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[DigestFact]]:
        seen: dict[Address, Observation[DigestFact]] = {}
        for address, entry in wanted.items():
            vault = known.get(entry.vault)
            if (unknown := blocked(known, entry.vault)) is not None:
                seen[address] = unknown
                continue
            there = vault.remains if isinstance(vault, Absent) else known.fact(entry.vault)
            seen[address] = Absent() if there is None else Present(DigestFact(there.tags.get(DIGEST_TAG, "")))
        return seen

    def steps(
        self, address: Address, wanted: DigestWanted | None, seen: Observation[DigestFact], now: datetime
    ) -> Sequence[Step]:
        before = seen.fact.digest if isinstance(seen, Present) else ""
        if wanted is None or before == wanted.digest:
            return ()
        return (
            Step(
                address,
                Action.UPDATE,
                "record",
                (Change("digest", before[:_SHOWN] or None, wanted.digest[:_SHOWN]),),
                needs=(wanted.vault,),
                target=str(wanted.vault),
                last=True,
                reason="notes on the vault which spec was applied, so that drift can be told from change",
            ),
        )

    async def perform(
        self, step: Step, wanted: DigestWanted | None, known: Known, write: Writer
    ) -> Observation[DigestFact]:
        from azure.mgmt.keyvault.models import VaultPatchParameters

        assert wanted is not None, "it goes with the vault"  # steps() never plans it
        arm = write.clients.arm

        async def record() -> None:
            vault = await arm.find_vault(wanted.group, wanted.vault_name)
            tags = {**(vault.tags if vault else {}), DIGEST_TAG: wanted.digest}
            await arm.patch_vault(wanted.group, wanted.vault_name, VaultPatchParameters(tags=tags))

        await retry_while(write, settling, record, f"vault {wanted.vault_name}", _DEADLINE_S)
        return Present(DigestFact(wanted.digest))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_VAULT,) if operation == "observe" else (WRITE_VAULT,)

    def person(self, step: Step, wanted: DigestWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None

    def to_spec(self, seen: Mapping[Address, DigestFact]) -> SpecFragment:
        return SpecFragment({})
