"""What a Partner Center access token must show before the refresh token beside it is stored or trusted.

Pure. The token is of the v1 format, whose `amr` says how the person signed in (sam-facts 3.1); Entra calls tokens
opaque, so one that cannot be read is no failure here: Partner Center itself is asked then (`token_proof`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from provisioner.core.errors import ConsentError

CheckName = Literal["tenant", "account", "application", "audience", "mfa"]
ClientType = Literal["confidential", "public"]
_WHERE = "the Partner Center access token"


class WrongTenantError(ConsentError):
    """Signed in to another tenant than the spec's."""


class WrongAccountError(ConsentError):
    """Signed in as somebody else than consent.account."""


class WrongApplicationError(ConsentError):
    """The token was issued to another application."""


class PublicClientError(ConsentError):
    """The token was issued to a public client: a password change revokes it (sam-facts 3.4)."""


class WrongAudienceError(ConsentError):
    """The token is for another API than Partner Center."""


class MfaMissingError(ConsentError):
    """The sign-in had no MFA, and Partner Center refuses such tokens (sam-facts 4.2)."""


@dataclass(frozen=True)
class ExpectedToken:
    """tenant_id: an id, not a domain. account: a user name or an object id; None when the spec names nobody."""

    tenant_id: str
    account: str | None
    client_id: str
    audience: str


@dataclass(frozen=True)
class TokenIdentity:
    """Who a token is of. account: the user name, lower case. client_type: how the application asked for it."""

    tenant_id: str
    object_id: str
    account: str
    app_id: str
    client_type: ClientType = "confidential"


@dataclass(frozen=True)
class Finding:
    """One check of a token. error is None when it holds."""

    name: CheckName
    text: str
    error: ConsentError | None


def identity(claims: Mapping[str, Any]) -> TokenIdentity:
    """Who an access token (v1) or an id_token is of; members are empty where the token is silent.

    `appidacr` 0 is a public client, 1 a secret, 2 an assertion (Microsoft's access token claims reference); a token
    without it came with our credential, which Entra takes of confidential clients only (AADSTS700025).
    """
    name = claims.get("upn") or claims.get("preferred_username") or claims.get("unique_name") or ""
    return TokenIdentity(
        tenant_id=str(claims.get("tid", "")).lower(),
        object_id=str(claims.get("oid", "")).lower(),
        account=str(name).lower(),
        app_id=str(claims.get("appid") or claims.get("azp") or "").lower(),
        client_type="public" if str(claims.get("appidacr", claims.get("azpacr", ""))) == "0" else "confidential",
    )


def check_identity(found: TokenIdentity, expected: ExpectedToken) -> tuple[Finding, ...]:
    """Tenant and account: what an id_token can show as well."""
    return (_tenant(found, expected), _account(found, expected))


def check_access_token(claims: Mapping[str, Any], expected: ExpectedToken) -> tuple[Finding, ...]:
    """All that a readable access token must show, in the order in which a person would mend it."""
    found = identity(claims)
    return (
        *check_identity(found, expected),
        _application(found, expected),
        _audience(str(claims.get("aud", "")), expected),
        _mfa(claims),
    )


def first_error(findings: tuple[Finding, ...]) -> ConsentError | None:
    """The first thing wrong, if any."""
    return next((finding.error for finding in findings if finding.error is not None), None)


def mfa_missing(proof: str) -> MfaMissingError:
    """proof: what says so."""
    return MfaMissingError(
        f"the sign-in had no MFA: {proof}",
        where=_WHERE,
        next_step=(
            "register MFA for the account (https://aka.ms/mfasetup) and let a Conditional Access policy or the "
            "security defaults ask for it, then: provisioner consent SPEC"
        ),
    )


def _tenant(found: TokenIdentity, expected: ExpectedToken) -> Finding:
    if found.tenant_id == expected.tenant_id.lower():
        return Finding("tenant", f"the token is of tenant {found.tenant_id}", None)
    text = f"the token is of tenant {found.tenant_id or '(none)'}, the spec's is {expected.tenant_id}"
    return Finding(
        "tenant",
        text,
        WrongTenantError(
            text, where=_WHERE, next_step="sign out of the other directory, or correct tenant in the spec, and repeat"
        ),
    )


def _account(found: TokenIdentity, expected: ExpectedToken) -> Finding:
    if expected.account is None or expected.account.lower() in (found.account, found.object_id):
        return Finding("account", f"the token is of {found.account or found.object_id}", None)
    text = f"the token is of {found.account or found.object_id or '(nobody)'}, the spec wants {expected.account}"
    return Finding(
        "account",
        text,
        WrongAccountError(
            text,
            where=_WHERE,
            next_step="sign in with that account (a private browser window helps), or correct consent.account",
        ),
    )


def _application(found: TokenIdentity, expected: ExpectedToken) -> Finding:
    if found.client_type == "public":
        text = "the token was issued to the application as a public client, whose tokens a password change revokes"
        return Finding(
            "application",
            text,
            PublicClientError(text, where=_WHERE, next_step="sign in again: provisioner consent SPEC"),
        )
    if found.app_id == expected.client_id.lower():
        return Finding("application", f"the token was issued to application {found.app_id}", None)
    text = f"the token was issued to application {found.app_id or '(none)'}, not to {expected.client_id}"
    return Finding(
        "application",
        text,
        WrongApplicationError(text, where=_WHERE, next_step="sign in again: provisioner consent SPEC"),
    )


def _audience(found: str, expected: ExpectedToken) -> Finding:
    if found.rstrip("/") == expected.audience:
        return Finding("audience", f"the token is for {expected.audience}", None)
    text = f"the token is for {found or '(nothing)'}, not for {expected.audience}"
    return Finding(
        "audience",
        text,
        WrongAudienceError(
            text, where=_WHERE, next_step="check cloud in the spec, then sign in again: provisioner consent SPEC"
        ),
    )


def _mfa(claims: Mapping[str, Any]) -> Finding:
    methods = claims.get("amr")
    found = [str(method) for method in methods] if isinstance(methods, list) else []
    if "mfa" in found:
        return Finding("mfa", f"the sign-in had MFA (amr: {', '.join(found)})", None)
    error = mfa_missing(f"the token's amr is {', '.join(found) or 'empty'}")
    return Finding("mfa", error.what, error)
