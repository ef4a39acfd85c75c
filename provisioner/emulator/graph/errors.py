"""Everything Graph refuses, in its envelope {"error": {code, message, innerError}} (sam-facts 5.5).

`innerError` (date and request ids) is filled in by service.py, which knows the request. Where the facts give no text,
the wording follows what clients of the real service have reported; "assumed" marks what nobody reported.
"""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal


def _refusal(status: int, code: str, message: str) -> Refusal:
    return Refusal(Reply(status, {"error": {"code": code, "message": message}}))


# --- who calls ---

_CHALLENGE = 'Bearer realm="", authorization_uri="{authority}/common/oauth2/authorize", client_id="{client}"'
_TOKEN_FAULTS = {
    "malformed": "CompactToken parsing failed with error code: 80049217",
    "signature": "Access token validation failure. Invalid signature.",
    "expired": "Lifetime validation failed, the token is expired.",
    "audience": "Access token validation failure. Invalid audience.",
    "cloud": "Access token validation failure. Invalid issuer.",
}


def _unauthenticated(message: str, login_host: str) -> Refusal:
    challenge = _CHALLENGE.format(authority=f"https://{login_host}", client="00000003-0000-0000-c000-000000000000")
    body = {"error": {"code": "InvalidAuthenticationToken", "message": message}}
    return Refusal(Reply(401, body, {"WWW-Authenticate": challenge}))


@refusal("graph.token_missing")
def token_missing(login_host: str) -> Refusal:
    return _unauthenticated("Access token is empty.", login_host)


@refusal("graph.token_invalid")
def token_invalid(reason: str, login_host: str) -> Refusal:
    """`reason` is that of BadToken."""
    return _unauthenticated(_TOKEN_FAULTS[reason], login_host)


@refusal("graph.insufficient_privileges")
def insufficient_privileges() -> Refusal:
    return _refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


@refusal("graph.backing_application_not_local")
def backing_application_not_local() -> Refusal:
    """Under Application.ReadWrite.OwnedBy, also while the own application is not visible yet (sam-facts 5.6)."""
    return _refusal(
        403,
        "Authorization_RequestDenied",
        "When using this permission, the backing application of the service principal being created must in the local "
        "tenant",
    )


@refusal("graph.me_needs_user")
def me_needs_user() -> Refusal:
    return _refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


# --- paths, methods, bodies ---


@refusal("graph.segment_unknown")
def segment_unknown(segment: str) -> Refusal:
    return _refusal(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


@refusal("graph.method_not_allowed")
def method_not_allowed() -> Refusal:
    return _refusal(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


@refusal("graph.body_unreadable")
def body_unreadable() -> Refusal:
    return _refusal(
        400,
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON "
        "format.",
    )


@refusal("graph.not_found")
def not_found(key: str) -> Refusal:
    """Also the answer for an object too new to be visible (sam-facts 5.6)."""
    return _refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


# --- queries ---


@refusal("graph.filter_syntax")
def filter_syntax(column: int, text: str) -> Refusal:
    return _refusal(400, "BadRequest", f"Invalid filter clause: Syntax error at position {column} in '{text}'.")


@refusal("graph.filter_unknown_property")
def filter_unknown_property(name: str, type_name: str) -> Refusal:
    message = f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    return _refusal(400, "BadRequest", message)


@refusal("graph.filter_unsupported_property")
def filter_unsupported_property(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    return _refusal(
        400,
        "Request_UnsupportedQuery",
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'.",
    )


@refusal("graph.filter_unsupported_operator")
def filter_unsupported_operator(operator: str) -> Refusal:
    """`operator` in the service's own words, e.g. NotEqualsMatch: what needs ConsistencyLevel and $count."""
    return _refusal(400, "Request_UnsupportedQuery", f"Unsupported property filter clause operator '{operator}'.")


@refusal("graph.select_unknown_property")
def select_unknown_property(name: str, type_name: str) -> Refusal:
    return _refusal(
        400,
        "BadRequest",
        f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
        f"'microsoft.graph.{type_name}'.",
    )


@refusal("graph.query_option_unsupported")
def query_option_unsupported(option: str) -> Refusal:
    """An option this path does not take in the service, or that the emulator does not have."""
    return _refusal(400, "Request_UnsupportedQuery", f"The query option '{option}' is not supported here.")


@refusal("graph.page_size_invalid")
def page_size_invalid(size: str) -> Refusal:
    message = f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive."
    return _refusal(400, "Request_UnsupportedQuery", message)


@refusal("graph.skip_token_invalid")
def skip_token_invalid() -> Refusal:
    return _refusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired or is invalid.")


# --- values ---


@refusal("graph.property_unknown")
def property_unknown(name: str) -> Refusal:
    message = f"Property '{name}' does not exist as a declared property or extension property."
    return _refusal(400, "Request_BadRequest", message)


@refusal("graph.property_read_only")
def property_read_only(name: str) -> Refusal:
    return _refusal(400, "Request_BadRequest", f"Property '{name}' is read-only and cannot be set.")


@refusal("graph.property_missing")
def property_missing(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    message = f"A value is required for property '{name}' of resource '{resource}'."
    return _refusal(400, "Request_BadRequest", message)


@refusal("graph.property_invalid")
def property_invalid(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    message = f"Invalid value specified for property '{name}' of resource '{resource}'."
    return _refusal(400, "Request_BadRequest", message)


@refusal("graph.unique_name_taken")
def unique_name_taken() -> Refusal:
    """400, not 409, also while a soft-deleted application holds the name (sam-facts 5.1)."""
    return _conflict("Another object with the same value for property uniqueName already exists.")


@refusal("graph.identifier_uri_taken")
def identifier_uri_taken() -> Refusal:
    return _conflict("Another object with the same value for property identifierUris already exists.")


def _conflict(message: str) -> Refusal:
    detail = {"code": "ObjectConflict", "message": message}
    return Refusal(Reply(400, {"error": {"code": "Request_BadRequest", "message": message, "details": [detail]}}))


@refusal("graph.unique_name_immutable")
def unique_name_immutable() -> Refusal:
    return _refusal(400, "Request_BadRequest", "Property 'uniqueName' is immutable once it is set.")  # text assumed


@refusal("graph.redirect_uri_invalid")
def redirect_uri_invalid(uri: str, why: str) -> Refusal:
    """`why` is ours: the rule of sam-facts 5.4 that the URI breaks (text assumed)."""
    return _refusal(400, "Request_BadRequest", f"Invalid redirect URI '{uri}': {why}")


@refusal("graph.redirect_uris_not_distinct")
def redirect_uris_not_distinct() -> Refusal:
    """The same URI twice, on one platform or on two."""
    return _refusal(400, "Request_BadRequest", "Redirect URIs must have distinct values.")


@refusal("graph.permission_still_enabled")
def permission_still_enabled() -> Refusal:
    return _refusal(
        400,
        "CannotDeleteOrUpdateEnabledEntitlement",
        "Permission (scope or role) cannot be deleted or updated unless disabled first.",
    )


@refusal("graph.too_many")
def too_many(name: str, limit: int) -> Refusal:
    """A list longer than sam-facts 5.1 allows (text assumed)."""
    return _refusal(400, "Request_BadRequest", f"The property '{name}' exceeds its limit of {limit} entries.")


# --- credentials ---


@refusal("graph.password_by_service_action_only")
def password_by_service_action_only() -> Refusal:
    message = "New password credentials must be generated with service actions."
    return _refusal(400, "CannotUpdatePasswordCredential", message)


@refusal("graph.password_not_found")
def password_not_found(key_id: str) -> Refusal:
    message = f"No password credential found with keyId '{key_id}'."
    return _refusal(400, "Request_BadRequest", message)


@refusal("graph.credential_lifetime_invalid")
def credential_lifetime_invalid() -> Refusal:
    return _refusal(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")


@refusal("graph.certificate_invalid")
def certificate_invalid() -> Refusal:
    """The key of a new credential is missing, not base64 or no X.509 certificate."""
    return _refusal(400, "Request_BadRequest", "The value of key credential is invalid: a certificate is required.")


@refusal("graph.credential_kind_denied_by_policy")
def credential_kind_denied_by_policy() -> Refusal:
    """App-management policy, restriction passwordAddition (sam-facts 5.2)."""
    return _refusal(
        400, "CredentialTypeNotAllowedAsPerAppPolicy", "Credential type not allowed as per assigned policy."
    )


@refusal("graph.credential_lifetime_denied_by_policy")
def credential_lifetime_denied_by_policy() -> Refusal:
    """App-management policy, restrictions passwordLifetime and asymmetricKeyLifetime (sam-facts 5.2)."""
    return _refusal(
        400,
        "CredentialInvalidLifetimeAsPerAppPolicy",
        "Credential lifetime exceeds the max value allowed as per assigned policy.",
    )


# --- service principals, grants, assignments ---


@refusal("graph.application_unknown")
def application_unknown(app_id: str) -> Refusal:
    """Also while the application is not visible yet (sam-facts 5.6)."""
    return _refusal(
        400,
        "Request_BadRequest",
        f"The appId '{app_id}' of the service principal does not reference a valid application object.",
    )


@refusal("graph.service_principal_exists")
def service_principal_exists(app_id: str) -> Refusal:
    return _refusal(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name "
        f"{app_id} is already in use.",
    )


@refusal("graph.reference_not_present")
def reference_not_present(object_id: str) -> Refusal:
    """A body names an object that does not exist, or not visibly yet (sam-facts 5.6)."""
    return _refusal(
        400,
        "Request_BadRequest",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


@refusal("graph.grant_exists")
def grant_exists() -> Refusal:
    return _refusal(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")


@refusal("graph.grant_scope_too_long")
def grant_scope_too_long() -> Refusal:
    """Text assumed."""
    message = "Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'."
    return _refusal(400, "Request_BadRequest", message)


@refusal("graph.not_a_valid_reference_update")
def not_a_valid_reference_update() -> Refusal:
    """An app role assignment whose principal or resource is unknown or not visible yet (sam-facts 5.6)."""
    return _refusal(400, "Request_BadRequest", "Not a valid reference update.")


@refusal("graph.app_role_unknown")
def app_role_unknown() -> Refusal:
    return _refusal(400, "Request_BadRequest", "Permission being assigned was not found on application")


@refusal("graph.app_role_assignment_exists")
def app_role_assignment_exists() -> Refusal:
    return _refusal(400, "Request_BadRequest", "Permission being assigned already exists on the object")


# --- $batch ---


@refusal("graph.batch_invalid")
def batch_invalid(why: str) -> Refusal:
    """The whole batch is refused: its form breaks a rule of sam-facts 5.5."""
    return _refusal(400, "BadRequest", f"Invalid batch payload format: {why}")


@refusal("graph.batch_too_long")
def batch_too_long() -> Refusal:
    return _refusal(400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")


@refusal("graph.batch_dependency_failed")
def batch_dependency_failed() -> Refusal:
    return _refusal(424, "FailedDependency", "The request failed because a request it depends on failed.")


@refusal("graph.object_id_invalid")
def object_id_invalid(text: str) -> Refusal:
    """Where an object's id stands in a path, something that is no GUID."""
    return _refusal(400, "Request_BadRequest", f"Invalid object identifier '{text}'.")
