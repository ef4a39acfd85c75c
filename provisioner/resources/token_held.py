"""The refresh token a spec keeps in its vault, and with what the application redeems it: for whoever asks for tokens.

Needs no more than reading the vault's secret and credential. The application's id is looked up in Graph, where a
caller may read it; else it is taken from the note beside the token, and Entra says whether it is right.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from provisioner.clients.entra import UserTokens
from provisioner.clients.guard import signatures_allowed
from provisioner.clients.key_vault import StoredSecret
from provisioner.clients.proof import ClientProof
from provisioner.clients.sign_in_errors import remedy_of
from provisioner.clients.sign_in_remedies import Who
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import (
    ConsentError,
    ConsentRequiredError,
    ForbiddenError,
    PersonMustActError,
    SignInError,
)
from provisioner.resources.application_key import absence, application_key
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.marks import TAG
from provisioner.spec.model import Spec

COMMAND = "provisioner consent SPEC"
ANOTHER_NAME = "name another secret in consent.secretName"
_APPLY = "provisioner apply SPEC"
_OTHERS = (Who.ADMIN, Who.ACCOUNT)
# The inner code of a 403 for a disabled secret's value (observed in public issue reports, as ForbiddenByRbac is).
_DISABLED = "SecretDisabled"


@dataclass(frozen=True)
class HeldToken:
    """app_id and proof: the application it was issued to, as far as is known before it is redeemed."""

    app_id: str
    proof: ClientProof
    stored: StoredSecret


async def held_token(clients: TenantClients, spec: Spec) -> HeldToken:
    """Read what the vault holds for the spec.

    Raises: ConsentRequiredError when there is no token, it is disabled or another spec's; ConsentError when there is
    no vault, no application or no credential; ApiError.
    """
    await _vault_exists(clients, spec)
    stored, proof, app_id = await asyncio.gather(
        _stored(clients, spec), proof_in_force(clients, place_of(spec)), _app_id(clients, spec)
    )
    app_id = app_id or stored.facts.tags.get("appId")
    if app_id is None:
        raise ConsentError(
            f"this identity may not read the application {application_key(spec)}, and the token has no note of it",
            where="application",
            next_step="give the identity Graph's Application.Read.All",
        )
    return HeldToken(app_id, proof, stored)


async def redeem(clients: TenantClients, held: HeldToken, scope: str, tenant: str | None = None) -> UserTokens:
    """Tokens for one scope, in the spec's tenant or a customer's. Writes nothing; the old refresh token stays valid.

    Raises: ConsentRequiredError when only a new sign-in helps; PersonMustActError when an administrator or the person
    of the account has something else to mend; SignInError, ApiError.
    """
    try:
        with signatures_allowed():
            return await clients.entra(held.app_id, held.proof, tenant).redeem_refresh_token(held.stored.value, scope)
    except SignInError as error:
        remedy = remedy_of(error)
        if remedy is None or not (remedy.consent or remedy.who in _OTHERS):
            raise
        kind = ConsentRequiredError if remedy.consent else PersonMustActError
        raise kind(error.what, where=error.where, next_step=error.next_step) from error


async def _vault_exists(clients: TenantClients, spec: Spec) -> None:
    """Asked of ARM first: a name that does not resolve would be remembered. A caller without ARM goes on."""
    try:
        found = await clients.arm.find_vault(spec.vault.resource_group, spec.vault.name)
    except ForbiddenError:
        return
    if found is None:
        raise ConsentError(f"the vault {spec.vault.name} does not exist", where="vault", next_step=_APPLY)


async def _stored(clients: TenantClients, spec: Spec) -> StoredSecret:
    name = spec.consent.secret_name
    where = f"vault {spec.vault.name}"
    try:
        found = await clients.vault(spec.vault.name).find_secret(name)
    except ForbiddenError as error:
        if error.code != _DISABLED:
            raise
        raise ConsentRequiredError(f"the secret {name} is disabled", where=where, next_step=COMMAND) from error
    if found is None:
        raise ConsentRequiredError(
            f"no refresh token {name} is stored: nobody signed in yet", where=where, next_step=COMMAND
        )
    owner = found.facts.tags.get(TAG, spec.name)
    if owner != spec.name:
        raise ConsentRequiredError(
            f"the secret {name} belongs to the spec {owner}", where=where, next_step=ANOTHER_NAME
        )
    return found


async def _app_id(clients: TenantClients, spec: Spec) -> str | None:
    """None where the caller may not look."""
    try:
        application = await application_key(spec).find(clients.graph)
    except ForbiddenError:
        return None
    if application is None:
        what, next_step = absence(spec)
        raise ConsentError(what, where="application", next_step=next_step)
    return application.app_id
