"""What Entra says of a client's credential (see errors.py)."""

from __future__ import annotations

from datetime import UTC, datetime

from ..kernel import Call
from ..refusals import refusal
from .errors import SignInRefusal


@refusal("entra.credential_missing")
def credential_missing(call: Call) -> SignInRefusal:
    text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return SignInRefusal(call, 401, "invalid_client", 7000218, text)


@refusal("entra.credential_from_public_client")
def credential_from_public_client(call: Call) -> SignInRefusal:
    text = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
    return SignInRefusal(call, 401, "invalid_client", 700025, text)


@refusal("entra.secret_wrong")
def secret_wrong(call: Call, client_id: str) -> SignInRefusal:
    text = (
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{client_id}'."
    )
    return SignInRefusal(call, 401, "invalid_client", 7000215, text)


@refusal("entra.secret_expired")
def secret_expired(call: Call, client_id: str) -> SignInRefusal:
    text = (
        f"The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new keys "
        "for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds."
    )
    return SignInRefusal(call, 401, "invalid_client", 7000222, text)


@refusal("entra.assertion_malformed")
def assertion_malformed(call: Call) -> SignInRefusal:
    text = "Client assertion is malformed: it is not a JWT signed with RS256 or PS256 that names its certificate."
    return SignInRefusal(call, 401, "invalid_client", 50012, text)


@refusal("entra.assertion_signature")
def assertion_signature(call: Call, reason: str) -> SignInRefusal:
    text = (
        "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - "
        f"{reason}., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys.]"
    )
    return SignInRefusal(call, 401, "invalid_client", 700027, text)


@refusal("entra.assertion_time")
def assertion_time(call: Call, now: float, expires: object) -> SignInRefusal:
    """`expires` is the assertion's `exp` as sent."""
    shown = _moment(float(expires)) if isinstance(expires, int | float) and 0 <= expires < 1e11 else "not given"
    text = (
        f"Client assertion is not within its valid time range. Current time: {_moment(now)}, expiry time of assertion "
        f"{shown}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials."
    )
    return SignInRefusal(call, 401, "invalid_client", 700024, text)


@refusal("entra.assertion_audience")
def assertion_audience(call: Call) -> SignInRefusal:
    text = "Client assertion audience claim does not match Realm issuer."
    return SignInRefusal(call, 401, "invalid_client", 700023, text)


@refusal("entra.assertion_issuer")
def assertion_issuer(call: Call) -> SignInRefusal:
    text = "Client assertion application identifier doesn't match 'client_id' parameter."
    return SignInRefusal(call, 401, "invalid_client", 700021, text)


# --- tokens of other issuers (federation.py) ---

_LEARN = "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
_CHECK = (
    f"Check your federated identity credential Subject, Audience and Issuer against the presented assertion. {_LEARN}"
)


@refusal("entra.federation_not_trusted")
def federation_not_trusted(call: Call, issuer: str, subject: str) -> SignInRefusal:
    text = (
        "No matching federated identity record found for presented assertion. Assertion Issuer: "
        f"'{issuer}'. Assertion Subject: '{subject}'. {_LEARN}"
    )
    return SignInRefusal(call, 401, "invalid_client", 70021, text)


@refusal("entra.federated_issuer")
def federated_issuer(call: Call, issuer: str) -> SignInRefusal:
    text = f"No matching federated identity record found for presented assertion issuer '{issuer}'. {_CHECK}"
    return SignInRefusal(call, 401, "invalid_client", 700211, text)


@refusal("entra.federated_audience")
def federated_audience(call: Call, audience: str) -> SignInRefusal:
    text = f"No matching federated identity record found for presented assertion audience '{audience}'. {_CHECK}"
    return SignInRefusal(call, 401, "invalid_client", 700212, text)


@refusal("entra.federated_subject")
def federated_subject(call: Call, subject: str) -> SignInRefusal:
    text = f"No matching federated identity record found for presented assertion subject '{subject}'. {_CHECK}"
    return SignInRefusal(call, 401, "invalid_client", 700213, text)


@refusal("entra.federated_subject_case")
def federated_subject_case(call: Call, subject: str) -> SignInRefusal:
    text = (
        f"No matching federated identity record found for presented assertion subject '{subject}'. The subject matches "
        "with case-insensitive comparison, but not with case-sensitive comparison. Please ensure that the federated "
        "identity credential Subject has the case of the presented assertion."
    )
    return SignInRefusal(call, 401, "invalid_client", 7002138, text)


@refusal("entra.federated_signature")
def federated_signature(call: Call, reason: str) -> SignInRefusal:
    text = f"Assertion failed signature validation. [Reason - {reason}.]"
    return SignInRefusal(call, 401, "invalid_client", 50013, text)


@refusal("entra.algorithm_not_supported")
def algorithm_not_supported(call: Call, algorithm: str) -> SignInRefusal:
    text = (
        f"Invalid JWT token. '{algorithm}' is not a supported signature algorithm. Supported signing algorithms are: "
        "'RS256'"
    )
    return SignInRefusal(call, 401, "invalid_client", 5002738, text)


@refusal("entra.issuer_unreachable")
def issuer_unreachable(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 401, "invalid_client", 90061, "Request to External OIDC endpoint failed.")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
