"""What a sign-in needs, looked at before a browser opens: a person's time is not spent on what would fail anyway.

Who runs `consent` may hold vault roles only (an operator on a laptop): grants and ARM objects that such a caller may
not read are a note, not a failure. The application itself any member of the tenant can read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from provisioner.clients.arm_facts import VaultFacts
from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.proof import ClientProof
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ConsentError, ForbiddenError
from provisioner.operations.consent_credential import working_proof
from provisioner.operations.consent_roles import holds_roles, shut_out
from provisioner.resources.application_key import absence, application_key
from provisioner.resources.contract import Writer
from provisioner.resources.marks import TAG
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.catalogue import PARTNER_CENTER
from provisioner.spec.model import ReplyUrl, Spec

_APPLY = "provisioner apply SPEC"
_SCOPE = "user_impersonation"


@dataclass(frozen=True)
class Ready:
    """All that the sign-in and the store need. secrets: the vault, where a role too new to count is waited for.

    notes: what could not be looked at.
    """

    app_id: str
    proof: ClientProof
    reply_urls: tuple[ReplyUrl, ...]
    secrets: VaultSecrets
    notes: tuple[str, ...]


async def check_ready(clients: TenantClients, spec: Spec, progress: Callable[[str], None]) -> Ready:
    """Look at everything, side by side where it can be, and try the application's credential.

    Raises: ConsentError for what is missing or does not work; ApiError.
    """
    runner = await clients.credential.facts(clients.cloud.graph)
    application, vault = await asyncio.gather(_application(clients, spec), _vault(clients, spec))
    held = await holds_roles(clients, spec, vault, runner)
    secrets = VaultSecrets(spec.vault.name, spec.name, Writer(clients, runner, clients.clock, progress), held)
    try:
        (proof, untried), _, granted = await asyncio.gather(
            working_proof(clients, spec, application.app_id, secrets),
            _secret_is_free(spec, secrets),
            _readable(_granted(clients, spec, application.app_id)),
        )
    except ForbiddenError as error:
        if error.code != "ForbiddenByRbac":
            raise
        raise shut_out(spec, runner, error) from error
    notes = (
        untried,
        "" if granted else "could not look at the grants: the sign-in may ask for consent",
        "" if held else "could not see whether you may write to the vault: if not, nothing will be stored",
    )
    return Ready(application.app_id, proof, _reply_urls(spec, application), secrets, tuple(filter(None, notes)))


async def _readable(call: Awaitable[bool]) -> bool:
    """What `call` says; False when this caller may not look."""
    try:
        return await call
    except ForbiddenError:
        return False


async def _application(clients: TenantClients, spec: Spec) -> ApplicationFacts:
    found = await application_key(spec).find(clients.graph)
    if found is None:
        what, next_step = absence(spec)
        raise ConsentError(what, where="application", next_step=next_step)
    return found


async def _vault(clients: TenantClients, spec: Spec) -> VaultFacts | None:
    """None when this caller may not read it in ARM. Its host is resolved only after this look."""
    try:
        found = await clients.arm.find_vault(spec.vault.resource_group, spec.vault.name)
    except ForbiddenError:
        return None
    if found is None:
        raise ConsentError(f"the vault {spec.vault.name} does not exist", where="vault", next_step=_APPLY)
    return found


async def _secret_is_free(spec: Spec, secrets: VaultSecrets) -> None:
    """The secret for the token is not another spec's."""
    held = next((secret for secret in await secrets.list() if _same_name(secret, spec)), None)
    owner = spec.name if held is None else held.tags.get(TAG, spec.name)
    if owner != spec.name:
        raise ConsentError(
            f"the secret {spec.consent.secret_name} in vault {spec.vault.name} belongs to the spec {owner}",
            where="consent.secretName",
            next_step="name another secret in consent.secretName",
        )


def _same_name(secret: SecretFacts, spec: Spec) -> bool:
    """Key Vault's names are case-insensitive (sam-facts 6.3)."""
    return secret.name.lower() == spec.consent.secret_name.lower()


async def _granted(clients: TenantClients, spec: Spec, app_id: str) -> bool:
    """True once Partner Center's permission is granted, or the person is meant to grant it while signing in."""
    api = await clients.graph.find_service_principal(PARTNER_CENTER)
    if api is None:
        raise ConsentError(
            f"Partner Center's service principal is missing in tenant {spec.tenant}",
            where="application.permissions",
            next_step=_APPLY,
        )
    grants = await clients.graph.list_grants(app_id)
    held = any(grant.resource_id == api.id and _SCOPE in grant.scopes for grant in grants)
    if not held and spec.application.admin_consent:
        raise ConsentError(
            f"Partner Center's permission {_SCOPE} is not granted to the application",
            where="application.permissions",
            next_step=f"{_APPLY}, or an admin opens the adminconsent link that provisioner plan SPEC prints",
        )
    return held


def _reply_urls(spec: Spec, application: ApplicationFacts) -> tuple[ReplyUrl, ...]:
    """Those of the spec that the application has; all of the application's when the spec leaves them alone."""
    registered = application.web_redirect_uris
    if spec.application.reply_urls is None:
        return tuple(ReplyUrl(uri=uri) for uri in registered)
    return tuple(url for url in spec.application.reply_urls if url.platform != "web" or url.uri in registered)
