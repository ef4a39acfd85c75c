"""What Entra says of a client's credential (see errors.py)."""

from __future__ import annotations

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
def assertion_signature(call: Call) -> SignInRefusal:
    text = (
        "Client assertion failed signature validation or the certificate with the identifier used to sign it is not "
        "registered on application."
    )
    return SignInRefusal(call, 401, "invalid_client", 700027, text)


@refusal("entra.assertion_time")
def assertion_time(call: Call) -> SignInRefusal:
    text = "Client assertion is not within its valid time range."
    return SignInRefusal(call, 401, "invalid_client", 700024, text)


@refusal("entra.assertion_audience")
def assertion_audience(call: Call) -> SignInRefusal:
    text = "Client assertion audience claim does not match Realm issuer."
    return SignInRefusal(call, 401, "invalid_client", 700023, text)


@refusal("entra.assertion_issuer")
def assertion_issuer(call: Call) -> SignInRefusal:
    text = "Client assertion application identifier doesn't match 'client_id' parameter."
    return SignInRefusal(call, 401, "invalid_client", 700021, text)


@refusal("entra.federation_not_trusted")
def federation_not_trusted(call: Call) -> SignInRefusal:
    text = "No matching federated identity record found for presented assertion."
    return SignInRefusal(call, 401, "invalid_client", 70021, text)
