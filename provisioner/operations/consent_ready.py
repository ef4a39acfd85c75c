"""What a sign-in needs, looked at before a browser opens: a person's time is not spent on what would fail anyway.

Who runs `consent` may hold vault roles only (an operator on a laptop): grants and ARM objects that such a caller may
not read are a note, not a failure. The application itself any member of the tenant can read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.identity import RunnerFacts
from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.proof import ClientProof
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ConsentError, ForbiddenError
from provisioner.resources.credential.place import place_of
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.marks import TAG
from provisioner.resources.vault_roles import SECRETS_OFFICER, covering
from provisioner.spec.catalogue import PARTNER_CENTER
from provisioner.spec.model import ReplyUrl, Spec

_APPLY = "provisioner apply SPEC"
_SCOPE = "user_impersonation"
Found = TypeVar("Found")


@dataclass(frozen=True)
class Ready:
    """All that the sign-in and the store need. role_held: a role of the caller's own, which may be too new to count
    already, was seen. notes: what could not be looked at.
    """

    runner: RunnerFacts
    app_id: str
    proof: ClientProof
    reply_urls: tuple[ReplyUrl, ...]
    role_held: bool
    notes: tuple[str, ...]


async def check_ready(clients: TenantClients, spec: Spec) -> Ready:
    """Look at everything, side by side where it can be.

    Raises: ConsentError for what is missing; ForbiddenError when the vault may not be read; ApiError.
    """
    runner = await clients.credential.facts(clients.cloud.graph)
    application, vault_id = await asyncio.gather(_application(clients, spec), _vault_id(clients, spec))
    proof, _, granted, role = await asyncio.gather(
        proof_in_force(clients, place_of(spec)),
        _secret_is_free(clients, spec),
        _readable(_granted(clients, spec, application.app_id)),
        _readable(_may_write(clients, spec, vault_id, runner)) if vault_id else _not_readable(),
    )
    notes = (
        *([] if granted else ["could not look at the grants: the sign-in may ask for consent"]),
        *([] if role else ["could not see whether you may write to the vault: if not, nothing will be stored"]),
    )
    return Ready(runner, application.app_id, proof, _reply_urls(spec, application), role, notes)


async def _readable(call: Awaitable[bool]) -> bool:
    """What `call` says; False when this caller may not look."""
    try:
        return await call
    except ForbiddenError:
        return False


async def _not_readable() -> bool:
    return False


async def _application(clients: TenantClients, spec: Spec) -> ApplicationFacts:
    found = await clients.graph.find_application(spec.name)
    if found is None:
        raise ConsentError(
            f"the application {spec.name} does not exist in tenant {spec.tenant}", where="application", next_step=_APPLY
        )
    return found


async def _vault_id(clients: TenantClients, spec: Spec) -> str | None:
    """The vault's ARM id; None when this caller may not read it there. Its host is resolved only after this look."""
    try:
        found = await clients.arm.find_vault(spec.vault.resource_group, spec.vault.name)
    except ForbiddenError:
        return None
    if found is None:
        raise ConsentError(f"the vault {spec.vault.name} does not exist", where="vault", next_step=_APPLY)
    return found.id


async def _secret_is_free(clients: TenantClients, spec: Spec) -> None:
    """The secret for the token is not another spec's."""
    listed = await clients.vault(spec.vault.name).list_secrets()
    held = next((secret for secret in listed if _same_name(secret, spec)), None)
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


async def _may_write(clients: TenantClients, spec: Spec, vault_id: str, runner: RunnerFacts) -> bool:
    """True when a role of the caller's own allows it; False when a group's might."""
    roles = covering(SECRETS_OFFICER)
    able = [entry for entry in await clients.arm.list_role_assignments(vault_id) if entry.role_id in roles]
    if any(entry.principal_id == runner.object_id for entry in able):
        return True
    if any(entry.principal_type == "Group" for entry in able):
        return False
    raise ConsentError(
        f"{runner.label} has no role that allows writing secrets to vault {spec.vault.name}",
        where="vault",
        next_step=(
            f"add {runner.object_id} to consent.operators and run {_APPLY} as the runner: it assigns {SECRETS_OFFICER}"
        ),
    )


def _reply_urls(spec: Spec, application: ApplicationFacts) -> tuple[ReplyUrl, ...]:
    """Those of the spec that the application has; all of the application's when the spec leaves them alone."""
    registered = application.web_redirect_uris
    if spec.application.reply_urls is None:
        return tuple(ReplyUrl(uri=uri) for uri in registered)
    return tuple(url for url in spec.application.reply_urls if url.platform != "web" or url.uri in registered)
