"""Proof that tokens are the right ones: from the access token if it can be read, else from Partner Center itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provisioner.clients.entra import UserTokens, tenant_id_of
from provisioner.clients.jwt_claims import claims_of
from provisioner.clients.partner_center import MFA_REQUIRED
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ConsentError, UnauthorizedError
from provisioner.core.secret import Secret
from provisioner.resources.token_checks import (
    ExpectedToken,
    TokenIdentity,
    check_access_token,
    check_identity,
    first_error,
    identity,
    mfa_missing,
)


async def expected_token(clients: TenantClients, client_id: str, account: str | None) -> ExpectedToken:
    """What a token of this tenant and application must show; one read when the spec names the tenant by domain."""
    tenant_id = await tenant_id_of(clients.session, clients.cloud, clients.tenant)
    return ExpectedToken(tenant_id, account, client_id, clients.cloud.partner_center)


def readable_claims(access_token: Secret) -> Mapping[str, Any] | None:
    """The claims of an access token; None for one that cannot be read."""
    try:
        return claims_of(access_token.reveal())
    except ValueError:
        return None


async def prove(tokens: UserTokens, expected: ExpectedToken, clients: TenantClients) -> TokenIdentity:
    """Who the tokens are of, once every check holds. Sends nothing when the access token can be read.

    Raises: the ConsentError of the first check that fails; ApiError when Partner Center had to be asked and refused.
    """
    claims = readable_claims(tokens.access_token)
    if claims is None:
        return await _ask_partner_center(tokens, expected, clients)
    if (error := first_error(check_access_token(claims, expected))) is not None:
        raise error
    return identity(claims)


async def _ask_partner_center(tokens: UserTokens, expected: ExpectedToken, clients: TenantClients) -> TokenIdentity:
    """The id_token names the person; that Partner Center takes the token shows audience; its header shows MFA."""
    found = identity(tokens.id_claims)
    if (error := first_error(check_identity(found, expected))) is not None:
        raise error
    try:
        _, mfa = await clients.partner_center(tokens.access_token).get_organization_profile(validate_mfa=True)
    except UnauthorizedError as refused:
        if refused.code != MFA_REQUIRED:
            raise
        raise mfa_missing(f"Partner Center refuses the token ({MFA_REQUIRED})") from refused
    if mfa is None:
        raise ConsentError(
            "the access token cannot be read, and Partner Center does not say whether the sign-in had MFA",
            where="profiles/organization",
            next_step="sign in again: provisioner consent SPEC",
        )
    if not mfa:
        raise mfa_missing("Partner Center says so (isMfaCompliant: false)")
    return TokenIdentity(found.tenant_id, found.object_id, found.account, expected.client_id.lower())
