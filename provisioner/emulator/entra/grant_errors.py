"""What Entra says of codes, refresh tokens and consents (see errors.py)."""

from __future__ import annotations

from ..kernel import Call
from ..refusals import refusal
from .errors import SignInRefusal


@refusal("entra.code_redeemed")
def code_redeemed(call: Call) -> SignInRefusal:
    text = (
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
        "refresh token."
    )
    return SignInRefusal(call, 400, "invalid_grant", 54005, text)


@refusal("entra.code_expired")
def code_expired(call: Call) -> SignInRefusal:
    text = (
        "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
        "authorization request for this user and resource."
    )
    return SignInRefusal(call, 400, "invalid_grant", 70008, text)


@refusal("entra.code_of_another_tenant")
def code_of_another_tenant(call: Call) -> SignInRefusal:
    text = "The provided Authorization Code is intended to use against other tenant, thus was rejected."
    return SignInRefusal(call, 400, "invalid_grant", 700005, text)


@refusal("entra.code_verifier_wrong")
def code_verifier_wrong(call: Call) -> SignInRefusal:
    text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
    return SignInRefusal(call, 400, "invalid_grant", 501481, text)


@refusal("entra.single_page_code")
def single_page_code(call: Call) -> SignInRefusal:
    text = "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."
    return SignInRefusal(call, 400, "invalid_request", 9002327, text)


@refusal("entra.grant_invalid")
def grant_invalid(call: Call) -> SignInRefusal:
    text = "Provided grant is invalid or malformed."
    return SignInRefusal(call, 400, "invalid_grant", 70000, text)


@refusal("entra.refresh_token_expired")
def refresh_token_expired(call: Call, issued: str) -> SignInRefusal:
    text = (
        f"The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive for "
        "90.00:00:00."
    )
    return SignInRefusal(call, 400, "invalid_grant", 700082, text)


@refusal("entra.not_consented")
def not_consented(call: Call, client_id: str, name: str, *, error: str = "invalid_grant") -> SignInRefusal:
    """At the token endpoint; at the authorize endpoint the error is `interaction_required`."""
    text = (
        f"The user or administrator has not consented to use the application with ID '{client_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource."
    )
    return SignInRefusal(call, 400, error, 65001, text)


@refusal("entra.delegated_admin_not_authorized")
def delegated_admin_not_authorized(call: Call, client_id: str, tenant: str) -> SignInRefusal:
    text = (
        f"The application '{client_id}' you are trying to use has not been authorized in the tenant '{tenant}'. "
        "Applications must be authorized to access the customer tenant before partner delegated administrators can use "
        "them. Please provide pre-consent or execute the appropriate Partner Center API to authorize the application."
    )
    return SignInRefusal(call, 400, "invalid_grant", 90099, text)


@refusal("entra.mfa_required")
def mfa_required(call: Call, resource_id: str) -> SignInRefusal:
    text = (
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        f"use multi-factor authentication to access '{resource_id}'."
    )
    return SignInRefusal(call, 400, "interaction_required", 50076, text)
