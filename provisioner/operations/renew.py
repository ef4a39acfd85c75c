"""renew: the stored refresh token for a new one of the same person, proven and stored. Whether it is due or not.

Needs the vault's roles and reading the application, nothing else: a pipeline that only renews may hold no other right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.resources.contract import Writer
from provisioner.resources.token_held import held_token
from provisioner.resources.token_renewal import renew as renew_token
from provisioner.resources.token_state import LIFETIME, TokenFact, TokenState, health, wanted_token
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class RenewResult:
    """Whose the token is, and where. was: the state of the one before it. expires_at: if nothing renews it again."""

    name: str
    tenant: str
    account: str
    object_id: str
    vault: str
    secret_name: str
    version: str
    was: TokenState
    issued_at: datetime
    expires_at: datetime


async def renew(tenant: OpenTenant, spec: Spec, ui: Ui) -> RenewResult:
    """Renew one tenant's token.

    Raises: ConsentRequiredError when only a person's sign-in helps; TokenNotStoredError when the vault did not take
    the new one; SignInError, ApiError. In each case the old token is where it was.
    """
    clients, clock = tenant.clients, tenant.clients.clock
    wanted = wanted_token(spec)
    ui.progress("redeeming the stored refresh token")
    held = await held_token(clients, spec)
    before = health(wanted, TokenFact(held.stored.facts, held.app_id), clock.now())
    write = Writer(clients, tenant.runner, clock, ui.progress)
    renewed = await renew_token(wanted, held, VaultSecrets(spec.vault.name, wanted.mark, write, role_held=False))
    issued_at = renewed.stored.created_at
    return RenewResult(
        name=spec.name,
        tenant=renewed.identity.tenant_id,
        account=renewed.identity.account,
        object_id=renewed.identity.object_id,
        vault=spec.vault.name,
        secret_name=spec.consent.secret_name,
        version=renewed.stored.version,
        was=before.state,
        issued_at=issued_at,
        expires_at=renewed.stored.expires_at or issued_at + LIFETIME,
    )
