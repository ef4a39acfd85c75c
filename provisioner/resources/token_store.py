"""A refresh token into the vault: written, read back until the written value comes, older versions put out of use."""

from __future__ import annotations

from datetime import datetime

from provisioner.clients.key_vault import KeyVaultClient, SecretFacts
from provisioner.core.errors import ConflictError, ConsentError
from provisioner.core.secret import Secret
from provisioner.resources.contract import Writer
from provisioner.resources.lag import retry_while, role_lag, settling
from provisioner.resources.marks import TAG
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_state import CONTENT_TYPE, LIFETIME, TokenWanted, token_tags

_ROLE_DEADLINE_S = 300.0
_SETTLE_DEADLINE_S = 120.0
_READ_BACK_DEADLINE_S = 60.0
_READ_BACK_POLL_S = 1.0
_OLDER_KEPT = 1


async def store(wanted: TokenWanted, token: Secret, identity: TokenIdentity, write: Writer) -> SecretFacts:
    """Write a proven token and return what the vault has of it.

    A soft-deleted secret of the name is recovered first (its old versions come with it). Raises: ApiError; ConsentError
    when the vault goes on giving another value than the one written.
    """
    vault = write.clients.vault(wanted.vault_name)
    issued_at = write.clock.now()

    async def put() -> SecretFacts:
        return await _put(vault, wanted, token, identity, issued_at)

    try:
        written = await retry_while(write, role_lag, put, "the vault role to take effect", _ROLE_DEADLINE_S)
    except ConflictError:
        await vault.recover_secret(wanted.secret_name)
        written = await retry_while(write, settling, put, f"{wanted.secret_name} to be recovered", _SETTLE_DEADLINE_S)
    await _read_back(vault, wanted, token, write)
    await _retire_older(vault, wanted, written.version)
    return written


async def _put(
    vault: KeyVaultClient, wanted: TokenWanted, token: Secret, identity: TokenIdentity, issued_at: datetime
) -> SecretFacts:
    return await vault.set_secret(
        wanted.secret_name,
        token,
        content_type=CONTENT_TYPE,
        expires_at=issued_at + LIFETIME,
        tags=token_tags(wanted, identity, issued_at),
    )


async def _read_back(vault: KeyVaultClient, wanted: TokenWanted, token: Secret, write: Writer) -> None:
    """Right after a write a reader may still get the older value (sam-facts 6.3): a moment is waited for."""
    ends = write.clock.monotonic_s() + _READ_BACK_DEADLINE_S
    while True:
        found = await vault.find_secret(wanted.secret_name)
        if found is not None and found.value == token:
            return
        if write.clock.monotonic_s() > ends:
            raise ConsentError(
                f"secret {wanted.secret_name} was written, but the vault gives another value",
                where=f"vault {wanted.vault_name}",
                next_step="see who else writes this secret, then: provisioner consent SPEC",
            )
        write.progress(f"reading {wanted.secret_name} back")
        await write.clock.sleep(_READ_BACK_POLL_S)


async def _retire_older(vault: KeyVaultClient, wanted: TokenWanted, newest: str) -> None:
    """Disable our versions older than the newest two: one stays for a consumer that holds it in its cache.

    The newest is told by its id: the vault's times are whole seconds, and two writes may share one.
    """
    versions = [entry for entry in await vault.list_versions(wanted.secret_name) if entry.version != newest]
    for old in versions[:-_OLDER_KEPT]:
        if old.enabled and old.tags.get(TAG) == wanted.mark:
            await vault.update_secret(wanted.secret_name, old.version, enabled=False)
