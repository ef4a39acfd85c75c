"""A refresh token into the vault: written and read back with what is noted beside it, older versions put out of use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from provisioner.clients.key_vault import SecretFacts
from provisioner.core.errors import ApiError, ProvisionerError
from provisioner.core.secret import Secret
from provisioner.resources.lag import until_heard
from provisioner.resources.marks import NOTES, TAG
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_state import CONTENT_TYPE, LIFETIME, TokenWanted, token_tags
from provisioner.resources.vault_secrets import VaultSecrets


class OlderVersionsError(ProvisionerError):
    """The new token is stored; versions that should be put out of use could not be."""


async def store(
    wanted: TokenWanted,
    token: Secret,
    identity: TokenIdentity,
    secrets: VaultSecrets,
    before: Mapping[str, str] = MappingProxyType({}),
) -> SecretFacts:
    """Write a proven token and return what the vault has of it.

    before: the tags of the version it follows; what an apply noted there of the spec (`spec_digest`) stays.

    Raises: what VaultSecrets.put raises, then nothing is stored; OlderVersionsError, then it is.
    """
    issued_at = secrets.write.clock.now()
    written = await secrets.put(
        wanted.secret_name,
        token,
        content_type=CONTENT_TYPE,
        expires_at=issued_at + LIFETIME,
        tags={**_notes(wanted, before), **token_tags(wanted, identity, issued_at)},
        shared=True,
    )
    try:
        await until_heard(
            secrets.write, partial(_retire_older, secrets, wanted, written), f"the disabling of older {written.name}"
        )
    except ApiError as error:
        raise OlderVersionsError(
            f"the new refresh token is stored, but older versions could not be disabled: {error.what}",
            where=error.where,
            next_step=error.next_step or "run the same command again",
        ) from error
    return written


def _notes(wanted: TokenWanted, tags: Mapping[str, str]) -> dict[str, str]:
    return {name: tags[name] for name in NOTES if name in tags} if tags.get(TAG) == wanted.mark else {}


async def _retire_older(secrets: VaultSecrets, wanted: TokenWanted, written: SecretFacts) -> None:
    """Disable the versions older than the newest two: one stays for a consumer that holds it in its cache."""
    versions = await secrets.vault.list_versions(wanted.secret_name)
    for old in superseded(versions, written, wanted.mark):
        await secrets.vault.update_secret(wanted.secret_name, old.version, enabled=False)


def superseded(versions: Sequence[SecretFacts], written: SecretFacts, mark: str) -> tuple[SecretFacts, ...]:
    """The enabled versions that are older than the newest two, of which `written` was one when it was written.

    The vault's times are whole seconds, and another renewal may write in the same one: what is as old as the
    second-newest, or not older than `written`, stays until the next renewal. A version without our mark is a
    consumer's write-back if one of ours came before it; what was there before all of ours is not ours to touch.
    """
    others = [entry for entry in versions if entry.version != written.version]
    ours = [entry.created_at for entry in versions if entry.tags.get(TAG) == mark]
    if not others or not ours:
        return ()
    kept_from = min(max(entry.created_at for entry in others), written.created_at)
    return tuple(
        entry
        for entry in others
        if entry.enabled
        and entry.created_at < kept_from
        and (entry.tags.get(TAG) == mark or (TAG not in entry.tags and entry.created_at >= min(ours)))
    )
