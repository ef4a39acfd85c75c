"""Entra's refusals: an AADSTS number, an OAuth error name, Microsoft's text.

At the token endpoint they are JSON (sam-facts 3.2); at the authorize endpoint authorize.py shows the same refusal as a
page or sends it to the redirect URI. Where a number comes from stands in its row of the tests' table of refusals; the
texts are worded after Microsoft's, and nothing may read them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from ..kernel import Call, Refusal, Reply
from ..refusals import refusal
from ..store import Transaction


class SignInRefusal(Refusal):
    """A refusal that keeps its parts, because a page or a redirect shows them in another shape."""

    def __init__(self, call: Call, status: int, error: str, number: int, message: str) -> None:
        super().__init__(body(call.tx, status, error, number, message))
        self.error = error
        self.number = number
        self.description = str(self.reply.body["error_description"])
        self.message = message


def body(tx: Transaction, status: int, error: str, number: int, message: str) -> Reply:
    """The error document of the token endpoint."""
    stamp = datetime.fromtimestamp(tx.now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = str(uuid4()), str(uuid4())
    description = f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    document = {
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Reply(status, document, {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


# --- tenant, application, resource ---


@refusal("entra.tenant_not_found")
def tenant_not_found(call: Call, alias: str) -> SignInRefusal:
    text = (
        f"Tenant '{alias}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant."
    )
    return SignInRefusal(call, 400, "invalid_request", 90002, text)


@refusal("entra.tenant_not_named")
def tenant_not_named(call: Call) -> SignInRefusal:
    text = "The grant type is not supported over the /common or /consumers endpoints. Please use the tenant endpoint."
    return SignInRefusal(call, 400, "invalid_request", 9001023, text)


@refusal("entra.single_tenant_application")
def single_tenant_application(call: Call, client_id: str, name: str) -> SignInRefusal:
    text = (
        f"Application '{client_id}'({name}) is not configured as a multi-tenant application. Usage of the /common "
        "endpoint is not supported for such apps. Use a tenant-specific endpoint or configure the application to be "
        "multi-tenant."
    )
    return SignInRefusal(call, 400, "invalid_request", 50194, text)


@refusal("entra.application_not_found")
def application_not_found(call: Call, client_id: str, tenant: str) -> SignInRefusal:
    text = (
        f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant."
    )
    return SignInRefusal(call, 400, "unauthorized_client", 700016, text)


@refusal("entra.application_disabled")
def application_disabled(call: Call, client_id: str, name: str) -> SignInRefusal:
    return SignInRefusal(call, 400, "unauthorized_client", 7000112, f"Application '{client_id}'({name}) is disabled.")


@refusal("entra.client_principal_missing")
def client_principal_missing(call: Call, client_id: str, tenant: str) -> SignInRefusal:
    text = (
        f"The client application {client_id} is missing service principal in the tenant {tenant}. See instructions "
        "here: https://go.microsoft.com/fwlink/?linkid=2225119"
    )
    return SignInRefusal(call, 401, "invalid_client", 7000229, text)


@refusal("entra.resource_not_found")
def resource_not_found(call: Call, resource: str, tenant: str) -> SignInRefusal:
    text = (
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You might have sent your authentication request to the wrong tenant."
    )
    return SignInRefusal(call, 400, "invalid_resource", 500011, text)


@refusal("entra.resource_not_named")
def resource_not_named(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_resource", 50001, "Resource identifier is not provided.")


@refusal("entra.resource_principal_missing")
def resource_principal_missing(call: Call, resource: str, name: str, tenant: str) -> SignInRefusal:
    text = (
        f"The app is trying to access a service '{resource}'({name}) that your organization '{tenant}' lacks a service "
        "principal for. Contact your IT Admin to review the configuration of your service subscriptions or consent to "
        "the application in order to create the required service principal."
    )
    return SignInRefusal(call, 400, "invalid_client", 650052, text)


@refusal("entra.resource_not_requested")
def resource_not_requested(call: Call, client: str, resource: str, valid: str) -> SignInRefusal:
    text = (
        "Invalid resource. The client has requested access to a resource which is not listed in the requested "
        f"permissions in the client's application registration. Client app ID: {client}. Resource value from request: "
        f"{resource}. List of valid resources from app registration: {valid}."
    )
    return SignInRefusal(call, 400, "invalid_resource", 650057, text)


@refusal("entra.scope_unknown")
def scope_unknown(call: Call, client: str, scope: str, resource: str) -> SignInRefusal:
    text = (
        f"The application '{client}' asked for scope '{scope}' that doesn't exist on the resource '{resource}'. "
        "Contact the app vendor."
    )
    return SignInRefusal(call, 400, "invalid_client", 650053, text)


@refusal("entra.scope_invalid")
def scope_invalid(call: Call, scope: str) -> SignInRefusal:
    text = (
        "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid."
    )
    return SignInRefusal(call, 400, "invalid_scope", 70011, text)


@refusal("entra.scopes_of_several_resources")
def scopes_of_several_resources(call: Call, scope: str) -> SignInRefusal:
    text = (
        f"Provided value for the input parameter scope is not valid because it contains more than one resource. "
        f"Scope {scope} is not valid."
    )
    return SignInRefusal(call, 400, "invalid_scope", 700022, text)


@refusal("entra.scope_empty")
def scope_empty(call: Call) -> SignInRefusal:
    text = (
        "Provided value for the input parameter scope cannot be empty when requesting an access token using the "
        "provided authorization code. Please specify a valid scope."
    )
    return SignInRefusal(call, 400, "invalid_request", 28003, text)


# --- the request itself ---


@refusal("entra.parameter_missing")
def parameter_missing(call: Call, name: str) -> SignInRefusal:
    text = f"The request body must contain the following parameter: '{name}'."
    return SignInRefusal(call, 400, "invalid_request", 900144, text)


@refusal("entra.malformed")
def malformed(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")


@refusal("entra.parameter_not_supported")
def parameter_not_supported(call: Call, name: str) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 901002, f"The '{name}' request parameter is not supported.")


@refusal("entra.grant_type_not_supported")
def grant_type_not_supported(call: Call, grant_type: str) -> SignInRefusal:
    text = f"The app requested an unsupported grant type '{grant_type}'."
    return SignInRefusal(call, 400, "unsupported_grant_type", 70003, text)


@refusal("entra.response_type_not_supported")
def response_type_not_supported(call: Call, response_type: str) -> SignInRefusal:
    text = f"The app requested an unsupported response type '{response_type}' when requesting a token."
    return SignInRefusal(call, 400, "unsupported_response_type", 70005, text)


@refusal("entra.id_token_not_enabled")
def id_token_not_enabled(call: Call) -> SignInRefusal:
    text = "response_type 'id_token' is not enabled for the application."
    return SignInRefusal(call, 400, "unsupported_response_type", 700054, text)


@refusal("entra.response_mode_not_supported")
def response_mode_not_supported(call: Call, mode: str) -> SignInRefusal:
    text = f"The response_mode '{mode}' is not supported for the response_type requested."
    return SignInRefusal(call, 400, "invalid_request", 70007, text)


@refusal("entra.code_challenge_size")
def code_challenge_size(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 501491, "Invalid size of Code_Challenge parameter.")


@refusal("entra.reply_address_mismatch")
def reply_address_mismatch(call: Call, uri: str, client_id: str) -> SignInRefusal:
    text = (
        f"The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for the "
        f"application '{client_id}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how "
        "to troubleshoot this error."
    )
    return SignInRefusal(call, 400, "invalid_client", 50011, text)


@refusal("entra.reply_address_none_registered")
def reply_address_none_registered(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_client", 500113, "No reply address is registered for the application.")


@refusal("entra.reply_address_missing")
def reply_address_missing(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 900971, "No reply address provided.")


@refusal("entra.reply_address_changed")
def reply_address_changed(call: Call, sent: str, before: str) -> SignInRefusal:
    text = (
        f"The reply address '{sent}' does not match the reply address '{before}' provided when requesting "
        "Authorization code."
    )
    return SignInRefusal(call, 400, "invalid_client", 500112, text)


# --- the client's credential ---


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


# --- grants ---


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


# --- the person ---


@refusal("entra.user_unknown")
def user_unknown(call: Call, username: str, tenant: str) -> SignInRefusal:
    text = (
        f"The user account {username} does not exist in the {tenant} directory. To sign into this application, the "
        "account must be added to the directory."
    )
    return SignInRefusal(call, 400, "invalid_grant", 50034, text)


@refusal("entra.user_of_another_directory")
def user_of_another_directory(call: Call, username: str, home: str, client: str, tenant: str) -> SignInRefusal:
    text = (
        f"User account '{username}' from identity provider '{home}' does not exist in tenant '{tenant}' and cannot "
        f"access the application '{client}' in that tenant. The account needs to be added as an external user in the "
        "tenant first. Sign out and sign in again with a different Azure Active Directory user account."
    )
    return SignInRefusal(call, 400, "interaction_required", 50020, text)


@refusal("entra.password_wrong")
def password_wrong(call: Call) -> SignInRefusal:
    text = "Error validating credentials due to invalid username or password."
    return SignInRefusal(call, 400, "invalid_grant", 50126, text)


@refusal("entra.password_expired")
def password_expired(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_grant", 50055, "The password is expired.")


@refusal("entra.user_disabled")
def user_disabled(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_grant", 50057, "The user account is disabled.")


@refusal("entra.otp_wrong")
def otp_wrong(call: Call) -> SignInRefusal:
    text = "Authentication failed during strong authentication request."
    return SignInRefusal(call, 400, "access_denied", 500121, text)


@refusal("entra.mfa_not_registered")
def mfa_not_registered(call: Call, resource_id: str) -> SignInRefusal:
    text = (
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
        f"enroll in multi-factor authentication to access '{resource_id}'."
    )
    return SignInRefusal(call, 400, "interaction_required", 50079, text)


@refusal("entra.no_session")
def no_session(call: Call) -> SignInRefusal:
    text = "Session information is not sufficient for single-sign-on."
    return SignInRefusal(call, 400, "login_required", 50058, text)


@refusal("entra.user_not_assigned")
def user_not_assigned(call: Call, username: str, client: str, name: str) -> SignInRefusal:
    text = (
        f"Your administrator has configured the application {name} ('{client}') to block users unless they are "
        f"specifically granted ('assigned') access to the application. The signed in user '{username}' is blocked "
        "because they are not a direct member of a group with access, nor had access directly assigned by an "
        "administrator. Please contact your administrator to assign access to this application."
    )
    return SignInRefusal(call, 400, "access_denied", 50105, text)


@refusal("entra.consent_declined")
def consent_declined(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "access_denied", 65004, "User declined to consent to access the app.")


@refusal("entra.admin_consent_required")
def admin_consent_required(call: Call, name: str) -> SignInRefusal:
    text = (
        f"{name} needs permission to access resources in your organization that only an admin can grant. Please ask an "
        "admin to grant permission to this app before you can use it."
    )
    return SignInRefusal(call, 400, "access_denied", 90094, text)


@refusal("entra.sign_in_page_stale")
def sign_in_page_stale(call: Call) -> SignInRefusal:
    text = "The request is not valid any more: the sign-in was finished or abandoned. Start again from the application."
    return SignInRefusal(call, 400, "invalid_request", 90014, text)
