"""token: an access token for a script, from the stored refresh token. Reads only, keeps nothing.

The new refresh token that comes back is dropped: the stored one stays valid, and `renew` alone replaces it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.entra import UserTokens, tenant_id_of
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ApiReplyError, ConsentRequiredError, UsageError
from provisioner.core.secret import Secret
from provisioner.resources.token_checks import check_identity, first_error, identity
from provisioner.resources.token_held import COMMAND, held_token, redeem
from provisioner.resources.token_proof import expected_token
from provisioner.spec.model import Spec, is_guid

_DEFAULT = "/.default"
_RESOURCE = re.compile(r"https://[^/\s]+/?|api://[^/\s]+")
_SCOPE = re.compile(r"([a-z]+://)?[A-Za-z0-9.-]+/[!#-\[\]-~]+")  # an API and a name; characters of RFC 6749, 3.3
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class AccessToken:
    """tenant_id: whose directory issued it. scope: what was asked. resource: the same without its last part."""

    value: Secret
    expires_at: datetime
    tenant_id: str
    subscription: str
    scope: str


def scope_of(resource: str, cloud: CloudEndpoints) -> str:
    """The v2 scope for what --resource names: a short name, an API's address or id, or scopes as they are.

    An address with a path is a scope; one without, `api://ID` and an id stand for all that is granted there. A slash at
    the end of an API's address is part of its name, and stays (`https://management.core.windows.net//.default`).

    Raises: UsageError for what cannot be either.
    """
    known = {"partnercenter": cloud.partner_center_scope, "graph": cloud.graph + _DEFAULT, "arm": cloud.arm + _DEFAULT}
    if resource.lower() in known:
        return known[resource.lower()]
    if is_guid(resource) or _RESOURCE.fullmatch(resource):
        return resource + _DEFAULT
    if all(_SCOPE.fullmatch(part) for part in resource.split(" ")):
        return resource
    raise UsageError(
        f"--resource {resource!r} is no resource and no scope",
        next_step=f"say one of {', '.join(known)}, an API's address (https://vault.azure.net) or a scope of it",
    )


def check_tenant(tenant: str) -> None:
    """Raises UsageError unless it is an id or a domain: it becomes part of the token endpoint's address."""
    if not (is_guid(tenant) or _DOMAIN.fullmatch(tenant)):
        raise UsageError(
            f"--tenant {tenant!r} is neither an id nor a domain", next_step="name the customer's tenant id"
        )


async def token(clients: TenantClients, spec: Spec, scope: str, customer: str | None = None) -> AccessToken:
    """A token of the spec's account for one scope. customer: a tenant in which the account has delegated rights.

    Raises: ConsentRequiredError when only a person's sign-in helps, or the token is of another account than the spec's;
    SignInError, ApiError.
    """
    held = await held_token(clients, spec)
    tokens = await redeem(clients, held, scope, customer)
    if customer is None:
        await _check_account(clients, spec, held.app_id, tokens)
    if tokens.expires_in_s is None:
        raise ApiReplyError("Entra", "redeem the refresh token", 200, "", "the answer does not say how long it lives")
    return AccessToken(
        value=tokens.access_token,
        expires_at=clients.clock.now() + timedelta(seconds=tokens.expires_in_s),
        tenant_id=await tenant_id_of(clients.session, clients.cloud, customer or clients.tenant),
        subscription=spec.subscription,
        scope=scope,
    )


async def _check_account(clients: TenantClients, spec: Spec, app_id: str, tokens: UserTokens) -> None:
    """A consumer may have written another person's token back: a script must not act as somebody else unawares."""
    if not tokens.id_claims:
        return
    expected = await expected_token(clients, app_id, spec.consent.account)
    error = first_error(check_identity(identity(tokens.id_claims), expected))
    if error is not None:
        raise ConsentRequiredError(error.what, where=error.where, next_step=COMMAND) from error
