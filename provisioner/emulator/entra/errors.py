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
from . import wire


class SignInRefusal(Refusal):
    """A refusal that keeps its parts, because a page or a redirect shows them in another shape.

    `suberror` tells a client what a person could do about it; `claims` is what the next authorize request must carry.
    """

    def __init__(
        self,
        call: Call,
        status: int,
        error: str,
        number: int,
        message: str,
        *,
        suberror: str | None = None,
        claims: str | None = None,
    ) -> None:
        reply = body(call.tx, status, error, number, message, correlation=wire.correlation_id(call))
        extra = {"suberror": suberror, "claims": claims}
        document = reply.body | {name: value for name, value in extra.items() if value is not None}
        super().__init__(Reply(status, document, wire.headers(call, document["trace_id"])))
        self.error = error
        self.number = number
        self.description = str(document["error_description"])
        self.message = message


def body(
    tx: Transaction, status: int, error: str, number: int, message: str, *, correlation: str | None = None
) -> Reply:
    """The error document of the token endpoint."""
    stamp = datetime.fromtimestamp(tx.now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = str(uuid4()), correlation or str(uuid4())
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


@refusal("entra.instance_unknown")
def instance_unknown(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_instance", 50049, "Unknown or invalid instance.")


@refusal("entra.tenant_identifier_invalid")
def tenant_identifier_invalid(call: Call, alias: str) -> SignInRefusal:
    text = f"Specified tenant identifier '{alias}' is neither a valid DNS name, nor a valid external domain."
    return SignInRefusal(call, 400, "invalid_request", 900023, text)


@refusal("entra.tenant_of_another_cloud")
def tenant_of_another_cloud(call: Call, tenant: str, cloud: str) -> SignInRefusal:
    text = f"Tenant '{tenant}' request is being redirected to the National Cloud '{cloud}'."
    return SignInRefusal(call, 400, "invalid_request", 90038, text)


@refusal("entra.confidential_client_across_clouds")
def confidential_client_across_clouds(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 900382, "Confidential Client is not supported in Cross Cloud.")


@refusal("entra.tenant_not_told")
def tenant_not_told(call: Call) -> SignInRefusal:
    """v1 over /common (assumed: v2 has 9001023 for the same)."""
    text = "No tenant-identifying information found in either the request or implied by any provided credentials."
    return SignInRefusal(call, 400, "invalid_request", 50059, text)


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


@refusal("entra.nothing_requested")
def nothing_requested(call: Call, client: str, resource: str) -> SignInRefusal:
    text = (
        "Misconfigured application. This could be due to one of the following: the client has not listed any "
        f"permissions for '{resource}' in the requested permissions in the client's application registration. Or, the "
        f"admin has not consented in the tenant. Client app ID: {client}."
    )
    return SignInRefusal(call, 400, "invalid_client", 650056, text)


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


@refusal("entra.parameter_repeated")
def parameter_repeated(call: Call, name: str) -> SignInRefusal:
    """Observed: azure-sdk-for-java#31733."""
    text = f"The request is not properly formatted. The parameter '{name}' is duplicated."
    return SignInRefusal(call, 400, "invalid_request", 9000411, text)


@refusal("entra.malformed")
def malformed(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")


@refusal("entra.prompt_not_supported")
def prompt_not_supported(call: Call) -> SignInRefusal:
    return SignInRefusal(call, 400, "invalid_request", 90023, "Unsupported 'prompt' value.")


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
