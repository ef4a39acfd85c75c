"""What a listing of the vault does not tell: which client secrets ever reached it, and what holds a deleted name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ForbiddenError
from provisioner.resources.credential.secret_steps import KEY_ID_TAG, SecretFact, history_needed, under
from provisioner.resources.credential.wanted import CredentialWanted


async def with_deleted(
    clients: TenantClients, wanted: CredentialWanted, fact: SecretFact, stored: Iterable[SecretFacts]
) -> SecretFact:
    """The fact with the soft-deleted secret that holds the credential's name, looked for only where none is there.

    What a deleted certificate holds may come back with it: then the secret lies beside.
    """
    if fact.in_force is not None:
        return fact
    try:
        deleted = await clients.vault(wanted.vault_name).find_deleted_secret(fact.name)
    except ForbiddenError:  # a reader's role may not look there; a write is then refused, and says what holds the name
        return fact
    if deleted is not None and deleted.managed:
        return under(wanted.place.names_of("secret")[1], fact, stored)
    return replace(fact, deleted=deleted)


async def with_history(clients: TenantClients, wanted: CredentialWanted, fact: SecretFact) -> SecretFact:
    """The fact with the keyIds that ever reached the vault, asked for only where they decide something."""
    if not history_needed(wanted, fact):
        return fact
    vault = clients.vault(wanted.vault_name)

    async def carried(stored: SecretFacts | None) -> frozenset[str]:
        versions = () if stored is None else await vault.list_versions(stored.name)
        return frozenset(version.tags.get(KEY_ID_TAG, "") for version in versions) - {""}

    handed_out, tried_out = await carried(fact.in_force), await carried(fact.staged)
    return replace(fact, reached=handed_out | tried_out, handed_out=handed_out, tried_out=tried_out)
