"""What lies in a vault, by one listing a run; and whether another spec keeps something there."""

from __future__ import annotations

from collections.abc import Iterable

from provisioner.clients.arm_facts import RoleAssignmentFacts, VaultFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.errors import ForbiddenError
from provisioner.core.observation import Unknown
from provisioner.resources.contract import Reader, could_not_look
from provisioner.resources.marks import TAG
from provisioner.resources.rights import LIST_SECRETS


async def list_secrets(read: Reader, vault_name: str) -> tuple[SecretFacts, ...]:
    """The vault's secrets without values, those of certificates too. Raises ApiError."""
    found: tuple[SecretFacts, ...] = await read.once(
        f"secrets/{vault_name}", lambda: read.clients.vault(vault_name).list_secrets()
    )
    return found


async def other_spec(vault: VaultFacts, mark: str, read: Reader) -> str | Unknown:
    """Another spec that marked the vault or what lies in it; "" when there is none.

    It may rely on a role that we gave: Azure keeps one assignment for a scope, principal and role, so whoever comes
    second makes none. The notes on assignments prove nothing, as they outlive the spec that left one to another.
    Raises ApiError for a look that failed.
    """
    if owner := _other((vault.tags,), mark):
        return owner
    try:
        secrets = await list_secrets(read, vault.name)
    except ForbiddenError as error:
        unknown = could_not_look(error, LIST_SECRETS.told())
        why = f"whether another spec relies on it could not be read: {unknown.why}"
        return Unknown(why, right=unknown.right, next_step=unknown.next_step)
    return _other((each.tags for each in secrets), mark)


def _other(tags: Iterable[dict[str, str]], mark: str) -> str:
    marks = (each.get(TAG, mark) for each in tags)
    return next((other for other in marks if other != mark), "")


def stays_shared(assignment: RoleAssignmentFacts, other: str) -> str:
    """Why a role that we gave stays, and how a person withdraws it."""
    return (
        f"it stays: the spec {other} keeps something in this vault and may rely on it. To withdraw it:\n"
        f"  az role assignment delete --ids {assignment.id}"
    )
