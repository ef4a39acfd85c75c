"""A refresh token into the vault: written and read back with what is noted beside it, older versions put out of use."""

from __future__ import annotations

from provisioner.clients.key_vault import SecretFacts
from provisioner.core.secret import Secret
from provisioner.resources.marks import TAG
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_state import CONTENT_TYPE, LIFETIME, TokenWanted, token_tags
from provisioner.resources.vault_secrets import VaultSecrets

_OLDER_KEPT = 1


async def store(wanted: TokenWanted, token: Secret, identity: TokenIdentity, secrets: VaultSecrets) -> SecretFacts:
    """Write a proven token and return what the vault has of it. Raises what VaultSecrets.put raises."""
    issued_at = secrets.write.clock.now()
    written = await secrets.put(
        wanted.secret_name,
        token,
        content_type=CONTENT_TYPE,
        expires_at=issued_at + LIFETIME,
        tags=token_tags(wanted, identity, issued_at),
    )
    await _retire_older(secrets, wanted, written.version)
    return written


async def _retire_older(secrets: VaultSecrets, wanted: TokenWanted, newest: str) -> None:
    """Disable our versions older than the newest two: one stays for a consumer that holds it in its cache.

    The newest is told by its id: the vault's times are whole seconds, and two writes may share one.
    """
    vault = secrets.vault
    versions = [entry for entry in await vault.list_versions(wanted.secret_name) if entry.version != newest]
    for old in versions[:-_OLDER_KEPT]:
        if old.enabled and old.tags.get(TAG) == wanted.mark:
            await vault.update_secret(wanted.secret_name, old.version, enabled=False)
