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


@refusal("entra.cross_origin")
def cross_origin(call: Call, origin: str) -> SignInRefusal:
    text = (
        "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request "
        f"origin: '{origin}'."
    )
    return SignInRefusal(call, 400, "invalid_request", 9002326, text)


@refusal("entra.single_page_without_pkce")
def single_page_without_pkce(call: Call) -> SignInRefusal:
    text = "Proof Key for Code Exchange is required for cross-origin authorization code redemption."
    return SignInRefusal(call, 400, "invalid_request", 9002325, text)


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


@refusal("entra.single_page_refresh_token_expired")
def single_page_refresh_token_expired(call: Call, issued: str) -> SignInRefusal:
    text = (
        "The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of "
        "1.00:00:00, which can't be extended. It is now expired and a new sign in request must be sent by the SPA to "
        f"the sign in page. The token was issued on {issued}."
    )
    return SignInRefusal(call, 400, "invalid_grant", 700084, text)


@refusal("entra.grant_revoked")
def grant_revoked(call: Call, issued: str, valid_from: str) -> SignInRefusal:
    text = (
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
        f"changed or reset their password. The grant was issued on '{issued}' and the TokensValidFrom date (before "
        f"which tokens are not valid) for this user is '{valid_from}'."
    )
    return SignInRefusal(call, 400, "invalid_grant", 50173, text, suberror="bad_token")


@refusal("entra.sign_in_frequency")
def sign_in_frequency(call: Call, issued: str, seconds: int) -> SignInRefusal:
    text = (
        "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token "
        f"was issued on {issued} and the maximum allowed lifetime for this request is {seconds}."
    )
    return SignInRefusal(call, 400, "invalid_grant", 70043, text, suberror="token_expired")


@refusal("entra.not_consented")
def not_consented(call: Call, client_id: str, name: str, *, error: str = "invalid_grant") -> SignInRefusal:
    """At the token endpoint; at the authorize endpoint the error is `interaction_required`."""
    text = (
        f"The user or administrator has not consented to use the application with ID '{client_id}' named '{name}'. "
        "Send an interactive authorization request for this user and resource."
    )
    return SignInRefusal(call, 400, error, 65001, text, suberror="consent_required")


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
    return SignInRefusal(call, 400, "interaction_required", 50076, text, suberror="basic_action")


# --- the device code grant (sam-facts 3.5); v1 has names of its own for the same states ---


@refusal("entra.authorization_pending")
def authorization_pending(call: Call) -> SignInRefusal:
    text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
    return SignInRefusal(call, 400, "authorization_pending", 70016, text)


@refusal("entra.slow_down")
def slow_down(call: Call) -> SignInRefusal:
    """RFC 8628 3.5. The number is assumed: no report of the real service shows one."""
    text = "OAuth 2.0 device flow error. Authorization is pending. Slow down polling."
    return SignInRefusal(call, 400, "slow_down", 70016, text)


@refusal("entra.authorization_declined")
def authorization_declined(call: Call) -> SignInRefusal:
    text = "OAuth 2.0 device flow error. The end user has denied the authorization request."
    return SignInRefusal(call, 400, "authorization_declined", 70018, text)


@refusal("entra.device_code_unknown")
def device_code_unknown(call: Call) -> SignInRefusal:
    text = "The provided value for the input parameter 'device_code' is not valid. The verification code is unknown."
    return SignInRefusal(call, 400, "bad_verification_code", 70018, text)


@refusal("entra.device_code_expired")
def device_code_expired(call: Call) -> SignInRefusal:
    text = "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
    return SignInRefusal(call, 400, "expired_token", 70020, text)


@refusal("entra.device_code_expired_v1")
def device_code_expired_v1(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "code_expired", 70019, "Verification code expired.")
