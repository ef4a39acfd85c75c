"""Everything Graph refuses, in its envelope {"error": {code, message, innerError}} (sam-facts 5.5).

`innerError` (date and request ids) is filled in by service.py, which knows the request. Where the facts give no text,
the wording follows what clients of the real service have reported; "assumed" marks what nobody reported.
"""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal


def refused(status: int, code: str, message: str) -> Refusal:
    """A refusal in Graph's envelope."""
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
    return refused(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


@refusal("graph.backing_application_not_local")
def backing_application_not_local() -> Refusal:
    """Under Application.ReadWrite.OwnedBy, also while the own application is not visible yet (sam-facts 5.6)."""
    return refused(
        403,
        "Authorization_RequestDenied",
        "When using this permission, the backing application of the service principal being created must in the local "
        "tenant",
    )


@refusal("graph.me_needs_user")
def me_needs_user() -> Refusal:
    return refused(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


@refusal("graph.quota_exceeded")
def quota_exceeded() -> Refusal:
    """A caller without an administrative role owns its 250 objects (sam-facts 5.1)."""
    return refused(
        403,
        "Directory_QuotaExceeded",
        "The directory object quota limit for the Principal has been exceeded. Please ask your administrator to "
        "increase the quota limit or delete objects to reduce the used quota.",
    )


# --- paths, methods, bodies ---


@refusal("graph.segment_unknown")
def segment_unknown(segment: str) -> Refusal:
    return refused(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


@refusal("graph.method_not_allowed")
def method_not_allowed() -> Refusal:
    return refused(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


@refusal("graph.body_unreadable")
def body_unreadable() -> Refusal:
    return refused(
        400,
        "BadRequest",
        "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON "
        "format.",
    )


@refusal("graph.not_found")
def not_found(key: str) -> Refusal:
    """Also the answer for an object too new to be visible (sam-facts 5.6)."""
    return refused(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


@refusal("graph.reference_link_invalid")
def reference_link_invalid() -> Refusal:
    """The body of a `$ref` request names no object by "@odata.id" (text assumed)."""
    return refused(400, "BadRequest", "A '@odata.id' that names an object is required in the request body.")


# --- values ---


@refusal("graph.property_unknown")
def property_unknown(name: str) -> Refusal:
    message = f"Property '{name}' does not exist as a declared property or extension property."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.property_read_only")
def property_read_only(name: str) -> Refusal:
    return refused(400, "Request_BadRequest", f"Property '{name}' is read-only and cannot be set.")


@refusal("graph.property_missing")
def property_missing(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    message = f"A value is required for property '{name}' of resource '{resource}'."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.property_invalid")
def property_invalid(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    message = f"Invalid value specified for property '{name}' of resource '{resource}'."
    return refused(400, "Request_BadRequest", message)


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
    return refused(400, "Request_BadRequest", "Property 'uniqueName' is immutable once it is set.")  # text assumed


@refusal("graph.redirect_uri_invalid")
def redirect_uri_invalid(uri: str, why: str) -> Refusal:
    """`why` is ours: the rule of sam-facts 5.4 that the URI breaks (text assumed)."""
    return refused(400, "Request_BadRequest", f"Invalid redirect URI '{uri}': {why}")


@refusal("graph.redirect_uris_not_distinct")
def redirect_uris_not_distinct() -> Refusal:
    """The same URI twice, on one platform or on two."""
    return refused(400, "Request_BadRequest", "Redirect URIs must have distinct values.")


@refusal("graph.permission_still_enabled")
def permission_still_enabled() -> Refusal:
    return refused(
        400,
        "CannotDeleteOrUpdateEnabledEntitlement",
        "Permission (scope or role) cannot be deleted or updated unless disabled first.",
    )


@refusal("graph.too_many")
def too_many(name: str, limit: int) -> Refusal:
    """A list longer than sam-facts 5.1 allows (text assumed)."""
    return refused(400, "Request_BadRequest", f"The property '{name}' exceeds its limit of {limit} entries.")


@refusal("graph.object_too_large")
def object_too_large() -> Refusal:
    """More than 1,200 entries in all lists of an application together (sam-facts 5.1)."""
    message = (
        "The size of the object has exceeded its limit. Please reduce the number of values and retry your request."
    )
    return refused(400, "Directory_ResourceSizeExceeded", message)


# --- owners, policies ---


@refusal("graph.reference_exists")
def reference_exists(name: str) -> Refusal:
    message = f"One or more added object references already exist for the following modified properties: '{name}'."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.reference_target_invalid")
def reference_target_invalid(object_id: str, type_name: str, name: str) -> Refusal:
    """An object of a type the relation does not take: a group as an owner."""
    kind = type_name[:1].upper() + type_name[1:]
    message = f"The reference target '{kind}_{object_id}' of type '{kind}' is invalid for the '{name}' reference."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.policy_already_assigned")
def policy_already_assigned() -> Refusal:
    """One app-management policy at most for an application or service principal (sam-facts 5.2); text assumed."""
    message = "An app management policy is already assigned to this object; only one can be."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.policy_in_use")
def policy_in_use() -> Refusal:
    """A policy that applies to something cannot be deleted (text assumed)."""
    return refused(400, "Request_BadRequest", "The policy cannot be deleted while it is assigned to an object.")


@refusal("graph.trusted_authorities_unknown")
def trusted_authorities_unknown(configurations: list[str]) -> Refusal:
    """certificateBasedApplicationConfigurations that are not there (text assumed)."""
    named = ", ".join(configurations) or "none"
    message = f"The certificateBasedApplicationConfigurationIds of a restriction do not exist in the tenant: {named}."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.identifier_uri_unverified")
def identifier_uri_unverified(uri: str) -> Refusal:
    message = (
        f"Values of identifierUris property must use a verified domain of the organization or its subdomain: '{uri}'"
    )
    return refused(400, "HostNameNotOnVerifiedDomain", message)


# --- service principals, grants, assignments ---


@refusal("graph.application_unknown")
def application_unknown(app_id: str) -> Refusal:
    """Also while the application is not visible yet (sam-facts 5.6)."""
    return refused(
        400,
        "Request_BadRequest",
        f"The appId '{app_id}' of the service principal does not reference a valid application object.",
    )


@refusal("graph.service_principal_exists")
def service_principal_exists(app_id: str) -> Refusal:
    return refused(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name "
        f"{app_id} is already in use.",
    )


@refusal("graph.reference_not_present")
def reference_not_present(object_id: str) -> Refusal:
    """A body names an object that does not exist, or not visibly yet (sam-facts 5.6)."""
    return refused(
        400,
        "Request_BadRequest",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


@refusal("graph.grant_exists")
def grant_exists() -> Refusal:
    return refused(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")


@refusal("graph.grant_scope_too_long")
def grant_scope_too_long() -> Refusal:
    """Text assumed."""
    message = "Invalid value specified for property 'scope' of resource 'OAuth2PermissionGrant'."
    return refused(400, "Request_BadRequest", message)


@refusal("graph.not_a_valid_reference_update")
def not_a_valid_reference_update() -> Refusal:
    """An app role assignment whose principal or resource is unknown or not visible yet (sam-facts 5.6)."""
    return refused(400, "Request_BadRequest", "Not a valid reference update.")


@refusal("graph.app_role_unknown")
def app_role_unknown() -> Refusal:
    return refused(400, "Request_BadRequest", "Permission being assigned was not found on application")


@refusal("graph.app_role_assignment_exists")
def app_role_assignment_exists() -> Refusal:
    return refused(400, "Request_BadRequest", "Permission being assigned already exists on the object")


# --- $batch ---


@refusal("graph.batch_invalid")
def batch_invalid(why: str) -> Refusal:
    """The whole batch is refused: its form breaks a rule of sam-facts 5.5."""
    return refused(400, "BadRequest", f"Invalid batch payload format: {why}")


@refusal("graph.batch_too_long")
def batch_too_long() -> Refusal:
    return refused(400, "BadRequest", "Number of batch request steps exceeds the maximum value of 20.")


@refusal("graph.batch_dependency_failed")
def batch_dependency_failed() -> Refusal:
    return refused(424, "FailedDependency", "The request failed because a request it depends on failed.")


@refusal("graph.object_id_invalid")
def object_id_invalid(text: str) -> Refusal:
    """Where an object's id stands in a path, something that is no GUID."""
    return refused(400, "Request_BadRequest", f"Invalid object identifier '{text}'.")
