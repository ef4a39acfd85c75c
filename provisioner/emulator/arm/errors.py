"""What ARM and its resource providers refuse, in ARM's shape: {"error": {"code", "message", ...}}.

Texts marked "observed" are those of public issue reports of the real service; the others are worded after them. Tell
answers apart by status and code only.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from ..clouds import CLOUDS
from ..identity import Caller
from ..kernel import Json, Refusal, Reply
from ..refusals import refusal


def refused(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Json) -> Refusal:
    """A refusal in ARM's envelope; `more` are members beside code and message."""
    return Refusal(Reply(status, {"error": {"code": code, "message": message, **more}}, headers or {}))


def _unauthorized(cloud: str, code: str, message: str, tenant: str | None = None) -> Refusal:
    directory = f"/{tenant}" if tenant else ""
    challenge = (
        f'Bearer authorization_uri="https://{CLOUDS[cloud].login[0]}{directory}", error="invalid_token", '
        f'error_description="{message}"'
    )
    return refused(401, code, message, {"WWW-Authenticate": challenge})


@refusal("arm.no_token")
def no_token(cloud: str, tenant: str | None) -> Refusal:
    """Observed; `tenant` is that of the subscription in the path, which the challenge names: tools find it so."""
    message = "Authentication failed. The 'Authorization' header is missing."
    return _unauthorized(cloud, "AuthenticationFailed", message, tenant)


@refusal("arm.bad_token")
def bad_token(cloud: str) -> Refusal:
    return _unauthorized(cloud, "InvalidAuthenticationToken", "The access token is invalid.")


@refusal("arm.expired_token")
def expired_token(cloud: str, now: float) -> Refusal:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%m/%d/%Y %H:%M:%S")
    message = f"The access token expiry UTC time is earlier than current UTC time '{stamp}'."
    return _unauthorized(cloud, "ExpiredAuthenticationToken", message)


@refusal("arm.wrong_audience")
def wrong_audience(cloud: str) -> Refusal:
    allowed = ",".join(f"'{audience}'" for audience in CLOUDS[cloud].arm_audiences)
    message = (
        "The access token has been obtained for wrong audience or resource. It should exactly match with one of the "
        f"allowed audiences {allowed}."
    )
    return _unauthorized(cloud, "InvalidAuthenticationTokenAudience", message)


@refusal("arm.wrong_tenant")
def wrong_tenant(caller: Caller, tenant: str) -> Refusal:
    found = str(caller.claims["iss"])
    message = (
        f"The access token is from the wrong issuer '{found}'. It must match the tenant "
        f"'{found.replace(caller.tenant, tenant)}' associated with this subscription."
    )
    return _unauthorized(caller.cloud, "InvalidAuthenticationTokenTenant", message)


@refusal("arm.mfa_required")
def mfa_required(cloud: str) -> Refusal:
    """A person's write without MFA gets a claims challenge (sam-facts 8, 3.1; that ARM answers so: azure-dev#5425).

    The body's wording is after the Azure CLI's troubleshooting page; its code is assumed.
    """
    claims = base64.b64encode(b'{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}').decode()
    challenge = (
        f'Bearer authorization_uri="https://{CLOUDS[cloud].login[0]}", error="insufficient_claims", claims="{claims}"'
    )
    message = "Resource was disallowed by policy. Reasons: MFA is required. See error details for policy resource IDs."
    return refused(401, "RequestDisallowedByPolicy", message, {"WWW-Authenticate": challenge})


@refusal("arm.authorization_failed")
def authorization_failed(caller: Caller, action: str, scope: str) -> Refusal:
    client = caller.upn or caller.app_id
    return refused(
        403,
        "AuthorizationFailed",
        f"The client '{client}' with object id '{caller.object_id}' does not have authorization to perform action "
        f"'{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials.",
    )


@refusal("arm.missing_api_version")
def missing_api_version() -> Refusal:
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return refused(400, "MissingApiVersionParameter", message)


@refusal("arm.invalid_api_version")
def invalid_api_version(version: str) -> Refusal:
    return refused(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")


@refusal("arm.invalid_body")
def invalid_body(what: str) -> Refusal:
    return refused(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: {what}"
    )


@refusal("arm.invalid_filter")
def invalid_filter(text: str) -> Refusal:
    return refused(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")


@refusal("arm.subscription_not_found")
def subscription_not_found(subscription: str) -> Refusal:
    return refused(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


@refusal("arm.invalid_namespace")
def invalid_namespace(namespace: str) -> Refusal:
    return refused(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


@refusal("arm.not_registered")
def not_registered(namespace: str) -> Refusal:
    """Registering Microsoft.KeyVault is a step of its own (design 5)."""
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how "
        "to register subscriptions."
    )
    details = [{"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}]
    return refused(409, "MissingSubscriptionRegistration", message, details=details)


@refusal("arm.group_not_found")
def group_not_found(name: str) -> Refusal:
    return refused(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


@refusal("arm.invalid_group_name")
def invalid_group_name(name: str) -> Refusal:
    message = (
        f"The provided resource group name '{name}' has these invalid characters or ends with a period. The name can "
        "only be a letter, digit, '-', '.', '(', ')' or '_' and at most 90 characters long."
    )
    return refused(400, "InvalidResourceGroup", message)


@refusal("arm.group_location_fixed")
def group_location_fixed(name: str, location: str, wanted: str) -> Refusal:
    message = (
        f"Invalid resource group location '{wanted}'. The Resource group '{name}' already exists in location "
        f"'{location}'."
    )
    return refused(409, "InvalidResourceGroupLocation", message)


@refusal("arm.location_required")
def location_required() -> Refusal:
    return refused(400, "LocationRequired", "The location property is required for this definition.")


@refusal("arm.resource_not_found")
def resource_not_found(kind: str, name: str, group: str) -> Refusal:
    message = (
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix"
    )
    return refused(404, "ResourceNotFound", message)


@refusal("arm.location_fixed")
def location_fixed(name: str, group: str, location: str, wanted: str) -> Refusal:
    message = (
        f"The resource '{name}' already exists in location '{location}' in resource group '{group}'. A resource with "
        f"the same name cannot be created in location '{wanted}'. Please select a new resource name."
    )
    return refused(409, "InvalidResourceLocation", message)


@refusal("arm.disallowed_by_policy")
def disallowed_by_policy(resource: str, policy: dict[str, Any]) -> Refusal:
    message = f"Resource '{resource}' was disallowed by policy. Policy identifiers: '{policy['name']}'."
    info = {"type": "PolicyViolation", "info": {"policyAssignmentName": policy["name"]}}
    return refused(403, "RequestDisallowedByPolicy", message, target=resource, additionalInfo=[info])


@refusal("arm.scope_locked")
def scope_locked(scope: str, operation: str, locked: str) -> Refusal:
    message = (
        f"The scope '{scope}' cannot perform {operation} operation because following scope(s) are locked: '{locked}'. "
        "Please remove the lock and try again."
    )
    return refused(409, "ScopeLocked", message)


@refusal("arm.vault_bad_request")
def vault_bad_request(message: str) -> Refusal:
    """Rules of the body of a vault, sam-facts 6.1."""
    return refused(400, "BadRequest", message)


@refusal("arm.vault_name_not_valid")
def vault_name_not_valid(name: str) -> Refusal:
    message = (
        f"The vault name '{name}' is invalid. A vault's name must be between 3-24 alphanumeric characters. The name "
        "must begin with a letter, end with a letter or digit, and not contain consecutive hyphens."
    )
    return refused(400, "VaultNameNotValid", message)


@refusal("arm.vault_already_exists")
def vault_already_exists(name: str) -> Refusal:
    """Observed; the name is taken elsewhere, or soft-deleted in another place than the one asked for."""
    message = (
        f"The vault name '{name}' is already in use. Vault names are globally unique so it is possible that the name "
        "is already taken. If you are sure that the vault name was not taken then it is possible that a vault with "
        "the same name was recently deleted but not purged after being placed in a recoverable state. If the vault is "
        "in a recoverable state then the vault will need to be purged before reusing the name. For more information "
        "about VaultAlreadyExists, soft delete and purging a vault follow this link "
        "https://go.microsoft.com/fwlink/?linkid=2147740."
    )
    return refused(409, "VaultAlreadyExists", message)


@refusal("arm.vault_soft_deleted")
def vault_soft_deleted() -> Refusal:
    """Observed: our own vault, soft-deleted in the same subscription and location."""
    message = (
        "A vault with the same name already exists in deleted state. You need to either recover or purge existing key "
        "vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
    )
    return refused(409, "ConflictError", message)


@refusal("arm.deleted_vault_not_found")
def deleted_vault_not_found(name: str) -> Refusal:
    return refused(404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist.")


@refusal("arm.purge_not_allowed")
def purge_not_allowed() -> Refusal:
    """Observed text: purge protection holds until retention ends."""
    return refused(405, "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.")


@refusal("arm.lock_not_found")
def lock_not_found(name: str) -> Refusal:
    return refused(404, "LockNotFound", f"The lock '{name}' could not be found.")


@refusal("arm.policy_not_found")
def policy_not_found(name: str) -> Refusal:
    return refused(404, "PolicyAssignmentNotFound", f"The policy assignment '{name}' is not found.")


@refusal("arm.operation_not_found")
def operation_not_found(token: str) -> Refusal:
    return refused(404, "OperationNotFound", f"The operation '{token}' could not be found.")


@refusal("arm.group_being_deleted")
def group_being_deleted(name: str) -> Refusal:
    """Observed."""
    message = f"The resource group '{name}' is in deprovisioning state and cannot perform this operation."
    return refused(409, "ResourceGroupBeingDeleted", message)


@refusal("arm.location_not_available")
def location_not_available(location: str, regions: list[str]) -> Refusal:
    """Observed."""
    message = (
        f"The provided location '{location}' is not available for resource group. List of available regions is "
        f"'{','.join(regions)}'."
    )
    return refused(400, "LocationNotAvailableForResourceGroup", message)


@refusal("arm.location_not_available_for_type")
def location_not_available_for_type(location: str, kind: str, regions: list[str]) -> Refusal:
    """Observed."""
    message = (
        f"The provided location '{location}' is not available for resource type '{kind}'. List of available regions "
        f"for the resource type is '{','.join(regions)}'."
    )
    return refused(400, "LocationNotAvailableForResourceType", message)


@refusal("arm.too_many_tags")
def too_many_tags(count: int) -> Refusal:
    message = f"The number of tags '{count}' exceeds the maximum of '50'."
    return refused(400, "InvalidTagsCount", message)


@refusal("arm.invalid_query")
def invalid_query(name: str, value: str) -> Refusal:
    return refused(
        400, "InvalidQueryParameterValue", f"The value '{value}' of the query parameter '{name}' is invalid."
    )


@refusal("arm.invalid_resource_type")
def invalid_resource_type(kind: str, namespace: str, version: str) -> Refusal:
    """Observed."""
    message = (
        f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{version}'."
    )
    return refused(404, "InvalidResourceType", message)


@refusal("arm.no_route")
def no_route(method: str, path: str) -> Refusal:
    return refused(404, "NotFound", f"The emulator has no {method} {path}.")


@refusal("arm.method_not_allowed")
def method_not_allowed(method: str, allowed: list[str]) -> Refusal:
    message = f"The requested resource does not support http method '{method}'."
    return refused(405, "UnsupportedHttpMethod", message, {"Allow": ", ".join(allowed)})
