"""Renewing a stored refresh token: redeem it, prove whose the new one is, store that, read it back.

The old one stays valid and stays stored until the new one is (sam-facts 3.4): whatever fails, nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.guard import writes_allowed
from provisioner.clients.key_vault import SecretFacts
from provisioner.core.errors import (
    AnswerLostError,
    ApiReplyError,
    ConsentError,
    ConsentRequiredError,
    ProvisionerError,
    ServiceUnavailableError,
    UnreachableError,
    VerificationError,
)
from provisioner.core.secret import Secret
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_held import COMMAND, HeldToken, redeem
from provisioner.resources.token_proof import expected_token, prove
from provisioner.resources.token_state import TokenFact, TokenWanted, health
from provisioner.resources.token_store import OlderVersionsError, store
from provisioner.resources.vault_secrets import VaultSecrets


class TokenNotStoredError(ProvisionerError):
    """The new token is not known to have reached the vault. The old one is there, and works until its own end."""


@dataclass(frozen=True)
class Renewed:
    """stored: the new version. identity: whose it is, as the token itself shows."""

    stored: SecretFacts
    identity: TokenIdentity


async def renew(wanted: TokenWanted, held: HeldToken, secrets: VaultSecrets) -> Renewed:
    """A new token for the held one, in the vault.

    Raises: ConsentRequiredError when only a person's sign-in helps, SignInError, ApiError: nothing was written;
    TokenNotStoredError: the old one is intact; OlderVersionsError: the new one is stored.
    """
    token, identity = await _new_token(wanted, held, secrets)
    try:
        with writes_allowed():
            stored = await store(wanted, token, identity, secrets, held.stored.facts.tags)
    except OlderVersionsError:
        raise
    except ProvisionerError as error:
        raise _not_stored(wanted, held, error, secrets.write.clock.now()) from error
    return Renewed(stored, identity)


async def _new_token(wanted: TokenWanted, held: HeldToken, secrets: VaultSecrets) -> tuple[Secret, TokenIdentity]:
    """A new refresh token for the old one, proven to be of the right person, with MFA."""
    clients = secrets.write.clients
    tokens = await secrets.once_allowed(lambda: redeem(clients, held, clients.cloud.partner_center_scope))
    try:
        expected = await expected_token(clients, held.app_id, wanted.account)
        identity = await prove(tokens, expected, clients)
    except ConsentError as error:
        raise ConsentRequiredError(error.what, where=error.where, next_step=error.next_step or COMMAND) from error
    if tokens.refresh_token is None:
        raise ApiReplyError("Entra", "redeem the refresh token", 200, "", "no new refresh token came back")
    return tokens.refresh_token, identity


def _not_stored(wanted: TokenWanted, held: HeldToken, error: ProvisionerError, now: datetime) -> TokenNotStoredError:
    old = health(wanted, TokenFact(held.stored.facts, held.app_id), now)
    return TokenNotStoredError(
        f"{_what_is_known(error)}: {error.what}; the old one in the vault is intact and still valid until "
        f"{old.expires_at:%Y-%m-%d}",
        where=error.where or f"secret {wanted.secret_name} in vault {wanted.vault_name}",
        next_step=error.next_step or "mend what the vault says, then: provisioner renew SPEC",
    )


def _what_is_known(error: ProvisionerError) -> str:
    """A lost answer does not say that the write was not carried out."""
    if isinstance(error, VerificationError):
        return "the new refresh token was written, but could not be read back"
    if isinstance(error, (AnswerLostError, UnreachableError, ServiceUnavailableError, ApiReplyError)):
        return "the vault did not say whether the new refresh token was stored"
    return "the new refresh token was NOT stored"
