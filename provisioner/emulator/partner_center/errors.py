"""What Partner Center refuses: {"code", "description", "data", "source"} with a byte order mark (sam-facts 4.5).

Codes are those of the table there; the texts are our own, as nothing may read them.
"""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal
from .wire import reply

SOURCE = "PartnerApiServiceCore"


def _error(status: int, code: int, description: str, headers: dict[str, str] | None = None) -> Refusal:
    answer: Reply = reply(status, {"code": code, "description": description, "data": [], "source": SOURCE}, headers)
    return Refusal(answer)


@refusal("partner_center.no_token")
def no_token() -> Refusal:
    return _error(401, 800001, "The partner token is missing in the request context.", {"WWW-Authenticate": "Bearer"})


@refusal("partner_center.bad_token")
def bad_token() -> Refusal:
    """Signature, expiry, audience, cloud, or not of the v1 format."""
    return _error(401, 400, "Access denied.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})


@refusal("partner_center.mfa_required")
def mfa_required(*, asked: bool) -> Refusal:
    """App+User tokens must come from a sign-in with MFA; `asked`: by ValidateMfa, whose answer is a header (4.2)."""
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    if asked:
        headers["isMfaCompliant"] = "false"
    return _error(
        401, 900421, "MFA required: the user's token does not come from multi-factor authentication.", headers
    )


@refusal("partner_center.access_denied")
def access_denied(why: str) -> Refusal:
    return _error(403, 2032, f"Access denied: {why}.")


@refusal("partner_center.no_relationship")
def no_relationship() -> Refusal:
    return _error(403, 20002, "The partner has no commerce relationship with the customer.")


@refusal("partner_center.tenant_not_found")
def tenant_not_found() -> Refusal:
    return _error(404, 60003, "The tenant was not found.")


@refusal("partner_center.invalid_input")
def invalid_input(what: str) -> Refusal:
    return _error(400, 800002, f"Invalid input: {what}.")


@refusal("partner_center.invalid_property")
def invalid_property(what: str) -> Refusal:
    return _error(400, 3000, f"Invalid property: {what}.")


@refusal("partner_center.not_found")
def not_found(what: str) -> Refusal:
    return _error(404, 1000, f"Not found: {what}.")


@refusal("partner_center.consent_exists")
def consent_exists() -> Refusal:
    """The text is what tools look for; status and code are documented nowhere (sam-facts 4.6)."""
    return _error(409, 409, "Permission entry already exists.")


@refusal("partner_center.resource_missing")
def resource_missing(resource: str) -> Refusal:
    """As Entra's 650052: the customer's tenant has no service principal of this resource (sam-facts 4.6)."""
    message = f"The app needs access to a service ('{resource}') that the customer has not subscribed to or enabled."
    return _error(400, 3000, message)


@refusal("partner_center.token_exchange_retired")
def token_exchange_retired() -> Refusal:
    return _error(401, 400, "Access denied.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})


@refusal("partner_center.not_implemented")
def not_implemented(method: str, path: str) -> Refusal:
    return _error(501, 0, f"The emulator has no {method} {path[:200]}.")
