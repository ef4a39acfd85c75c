"""Which client secrets ever reached the vault: the tags of older versions tell."""

from __future__ import annotations

from dataclasses import replace

from provisioner.clients.tenant import TenantClients
from provisioner.resources.credential_steps import KEY_ID_TAG, CredentialFact, CredentialWanted, history_needed


async def with_history(clients: TenantClients, wanted: CredentialWanted, fact: CredentialFact) -> CredentialFact:
    """The fact with the keyIds that ever reached the vault, asked for only where they decide something."""
    if not history_needed(wanted, fact):
        return fact
    vault = clients.vault(wanted.vault_name)
    names = [stored.name for stored in (fact.in_force, fact.staged) if stored is not None]
    versions = [version for name in names for version in await vault.list_versions(name)]
    return replace(fact, reached=frozenset(version.tags.get(KEY_ID_TAG, "") for version in versions) - {""})
