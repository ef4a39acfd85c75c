"""From tokens to the vault: the same checks however the tokens came, and nothing stored unless every one holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.entra import UserTokens
from provisioner.clients.guard import writes_allowed
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ConsentError
from provisioner.core.secret import Secret
from provisioner.operations.consent_ready import Ready
from provisioner.operations.ui import Ui
from provisioner.resources.token_proof import expected_token, prove
from provisioner.resources.token_state import LIFETIME, wanted_token
from provisioner.resources.token_store import store
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class ConsentResult:
    """Who signed in, and where the token is. expires_at: if nothing renews it."""

    account: str
    object_id: str
    vault: str
    secret_name: str
    version: str
    expires_at: datetime


async def prove_and_store(
    tokens: UserTokens, clients: TenantClients, spec: Spec, ui: Ui, ready: Ready, brought: Secret | None = None
) -> ConsentResult:
    """Prove the tokens, store the refresh token, read it back: the one write of a consent.

    brought: what was redeemed, when that was itself a refresh token: it stays good if no new one came.
    Raises: the ConsentError of the first check that fails, ApiError: nothing was stored; OlderVersionsError: it was.
    """
    ui.progress("checking the token")
    expected = await expected_token(clients, ready.app_id, spec.consent.account)
    identity = await prove(tokens, expected, clients)
    token = tokens.refresh_token or brought
    if token is None:
        raise ConsentError(
            "Entra gave no refresh token", where="the sign-in", next_step="repeat it: provisioner consent SPEC"
        )
    ui.progress(f"storing the token in vault {spec.vault.name}")
    with writes_allowed():
        stored = await store(wanted_token(spec), token, identity, ready.secrets, await _tags_before(spec, ready))
    return result_of(spec, stored, identity.account, identity.object_id)


async def _tags_before(spec: Spec, ready: Ready) -> Mapping[str, str]:
    """Of the token that is replaced, where an apply keeps its notes on it; elsewhere nobody needs to look."""
    if spec.vault.mode != "use":
        return {}
    name = spec.consent.secret_name.lower()
    return next((secret.tags for secret in await ready.secrets.list() if secret.name.lower() == name), {})


def result_of(spec: Spec, stored: SecretFacts, account: str, object_id: str) -> ConsentResult:
    """What is told of a stored token."""
    return ConsentResult(
        account=account,
        object_id=object_id,
        vault=spec.vault.name,
        secret_name=stored.name,
        version=stored.version,
        expires_at=stored.expires_at or stored.created_at + LIFETIME,
    )
