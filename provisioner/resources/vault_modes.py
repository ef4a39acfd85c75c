"""What the mode says of a vault: whose it may be, and what is to be said when it is not there. Pure."""

from __future__ import annotations

from provisioner.clients.arm_facts import DeletedVaultFacts, VaultFacts
from provisioner.core.address import Address
from provisioner.core.errors import ForeignResourceError, PlanError
from provisioner.resources.marks import TAG
from provisioner.resources.vault_steps import VaultWanted


def refuse_absent(address: Address, wanted: VaultWanted, remains: DeletedVaultFacts | None) -> None:
    """adopt and use make no vault; only what was ours comes back, and never under use.

    Raises: ForeignResourceError when a soft-deleted vault that is not ours holds the name; PlanError.
    """
    ours = remains is not None and remains.tags.get(TAG) == wanted.mark
    if remains is not None and not ours and wanted.mode == "create":
        raise ForeignResourceError(
            f"the name {wanted.name} is held by a soft-deleted vault that is not ours ({remains.vault_id})",
            where=str(address),
            next_step="choose another vault.name, or have its owner recover or purge that vault",
        )
    if wanted.mode == "create" or (wanted.mode == "adopt" and ours):
        return
    if remains is not None:
        raise ForeignResourceError(
            f"the vault {wanted.name} was deleted, and is not this spec's to recover ({remains.vault_id})",
            where=str(address),
            next_step="to bring it back, its owner runs:\n"
            f"  az keyvault recover --name {wanted.name} --location {remains.location}",
        )
    raise PlanError(
        f"there is no vault {wanted.name} in the resource group {wanted.group}",
        where=str(address),
        next_step="correct vault.name, vault.resourceGroup or subscription; to have one made, leave "
        f"mode: {wanted.mode} out",
    )


def refuse_foreign(address: Address, wanted: VaultWanted, seen: VaultFacts) -> None:
    """Raises ForeignResourceError for one this spec must not write to."""
    where, owner = f"{address} ({seen.id})", seen.tags.get(TAG)
    if wanted.mode == "create" and owner != wanted.mark:
        raise ForeignResourceError(
            f"vault {wanted.name} exists and is not ours (no tag {TAG}={wanted.mark})",
            where=where,
            next_step="choose another vault.name; or to take it over, write:\n  vault:\n    mode: adopt\n"
            "or, where others keep theirs in it too, mode: use",
        )
    if wanted.mode == "adopt" and owner not in (None, wanted.mark):
        raise ForeignResourceError(
            f"the vault {wanted.name} belongs to the spec {owner} (tag {TAG}={owner})",
            where=where,
            next_step="choose another vault.name; or write mode: use, to keep only secrets of its own in it",
        )
