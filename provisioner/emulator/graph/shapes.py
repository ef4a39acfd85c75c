"""What a client may write on an application or service principal, by wire name and JSON type, and how it is merged.

Microsoft's types (the names, what is nullable, what is read-only) in the small: a text stands for a scalar type, a
dict for a complex type, a one-element list for a list.
"""

from __future__ import annotations

from typing import Any

from ..store import Document
from . import errors
from .documents import NO_LINKS, copy

TEXT, OPTIONAL_TEXT, BOOL, OPTIONAL_BOOL, OPTIONAL_INT, OBJECT = "text", "text?", "bool", "bool?", "int?", "object?"
Shape = str | dict[str, Any] | list[Any]

_SCOPE: Shape = {
    "adminConsentDescription": OPTIONAL_TEXT,
    "adminConsentDisplayName": OPTIONAL_TEXT,
    "id": TEXT,
    "isEnabled": BOOL,
    "origin": OPTIONAL_TEXT,
    "type": OPTIONAL_TEXT,
    "userConsentDescription": OPTIONAL_TEXT,
    "userConsentDisplayName": OPTIONAL_TEXT,
    "value": OPTIONAL_TEXT,
}
_APP_ROLE: Shape = {
    "allowedMemberTypes": [TEXT],
    "description": OPTIONAL_TEXT,
    "displayName": OPTIONAL_TEXT,
    "id": TEXT,
    "isEnabled": BOOL,
    "origin": OPTIONAL_TEXT,
    "value": OPTIONAL_TEXT,
}
_CREDENTIAL: dict[str, Any] = {
    "customKeyIdentifier": OPTIONAL_TEXT,
    "displayName": OPTIONAL_TEXT,
    "endDateTime": OPTIONAL_TEXT,
    "keyId": OPTIONAL_TEXT,
    "startDateTime": OPTIONAL_TEXT,
}
PASSWORD: Shape = _CREDENTIAL | {"hint": OPTIONAL_TEXT, "secretText": OPTIONAL_TEXT}
_KEY: Shape = _CREDENTIAL | {"key": OPTIONAL_TEXT, "type": OPTIONAL_TEXT, "usage": OPTIONAL_TEXT}
_REDIRECTS: Shape = {"redirectUris": [TEXT]}

APPLICATION: dict[str, Shape] = {
    "displayName": OPTIONAL_TEXT,
    "description": OPTIONAL_TEXT,
    "groupMembershipClaims": OPTIONAL_TEXT,
    "identifierUris": [TEXT],
    "isDeviceOnlyAuthSupported": OPTIONAL_BOOL,
    "isDisabled": OPTIONAL_BOOL,
    "isFallbackPublicClient": OPTIONAL_BOOL,
    "nativeAuthenticationApisEnabled": OPTIONAL_TEXT,
    "notes": OPTIONAL_TEXT,
    "oauth2RequirePostResponse": BOOL,
    "serviceManagementReference": OPTIONAL_TEXT,
    "signInAudience": OPTIONAL_TEXT,
    "tags": [TEXT],
    "tokenEncryptionKeyId": OPTIONAL_TEXT,
    "uniqueName": OPTIONAL_TEXT,
    "samlMetadataUrl": OPTIONAL_TEXT,
    "defaultRedirectUri": OPTIONAL_TEXT,
    "optionalClaims": OBJECT,
    "servicePrincipalLockConfiguration": {
        "isEnabled": BOOL,
        "allProperties": OPTIONAL_BOOL,
        "credentialsWithUsageSign": OPTIONAL_BOOL,
        "credentialsWithUsageVerify": OPTIONAL_BOOL,
        "tokenEncryptionKeyId": OPTIONAL_BOOL,
    },
    "requestSignatureVerification": OBJECT,
    "addIns": [OBJECT],
    "api": {
        "acceptMappedClaims": OPTIONAL_BOOL,
        "knownClientApplications": [TEXT],
        "requestedAccessTokenVersion": OPTIONAL_INT,
        "oauth2PermissionScopes": [_SCOPE],
        "preAuthorizedApplications": [{"appId": OPTIONAL_TEXT, "delegatedPermissionIds": [TEXT]}],
    },
    "appRoles": [_APP_ROLE],
    "info": dict.fromkeys(NO_LINKS, OPTIONAL_TEXT),
    "keyCredentials": [_KEY],
    "parentalControlSettings": {"countriesBlockedForMinors": [TEXT], "legalAgeGroupRule": OPTIONAL_TEXT},
    "passwordCredentials": [PASSWORD],
    "publicClient": _REDIRECTS,
    "requiredResourceAccess": [{"resourceAppId": TEXT, "resourceAccess": [{"id": TEXT, "type": OPTIONAL_TEXT}]}],
    "web": {
        "homePageUrl": OPTIONAL_TEXT,
        "logoutUrl": OPTIONAL_TEXT,
        "redirectUris": [TEXT],
        "implicitGrantSettings": {"enableAccessTokenIssuance": OPTIONAL_BOOL, "enableIdTokenIssuance": OPTIONAL_BOOL},
        "redirectUriSettings": [{"uri": OPTIONAL_TEXT, "index": OPTIONAL_INT}],
    },
    "spa": _REDIRECTS,
    "authenticationBehaviors": {
        "blockAzureADGraphAccess": OPTIONAL_BOOL,
        "removeUnverifiedEmailClaim": OPTIONAL_BOOL,
        "requireClientServicePrincipal": OPTIONAL_BOOL,
    },
    "managerApplications": [TEXT],
}
SERVICE_PRINCIPAL: dict[str, Shape] = {
    "accountEnabled": OPTIONAL_BOOL,
    "addIns": [OBJECT],
    "alternativeNames": [TEXT],
    "appRoleAssignmentRequired": BOOL,
    "description": OPTIONAL_TEXT,
    "homepage": OPTIONAL_TEXT,
    "keyCredentials": [_KEY],
    "loginUrl": OPTIONAL_TEXT,
    "notes": OPTIONAL_TEXT,
    "notificationEmailAddresses": [TEXT],
    "passwordCredentials": [PASSWORD],
    "preferredSingleSignOnMode": OPTIONAL_TEXT,
    "preferredTokenSigningKeyThumbprint": OPTIONAL_TEXT,
    "replyUrls": [TEXT],
    "samlSingleSignOnSettings": OBJECT,
    "tags": [TEXT],
    "tokenEncryptionKeyId": OPTIONAL_TEXT,
}


def check_body(body: Document, shapes: dict[str, Shape], members: frozenset[str], type_name: str) -> None:
    """Raises the refusal for a member that is unknown, read-only (a member without shape) or of the wrong type."""
    for name, value in body.items():
        if name not in members:
            raise errors.property_unknown(name)
        if name not in shapes:
            raise errors.property_read_only(name)
        if not _conforms(value, shapes[name]):
            raise errors.property_invalid(name, type_name)


def _conforms(value: Any, shape: Shape) -> bool:
    if isinstance(shape, dict):
        if value is None:
            return True
        return isinstance(value, dict) and all(k in shape and _conforms(v, shape[k]) for k, v in value.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(item is not None and _conforms(item, shape[0]) for item in value)
    if value is None:
        return shape.endswith("?")
    kind = {"text": str, "bool": bool, "int": int, "object": dict}[shape.removesuffix("?")]
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def merged(current: Document, change: Document, defaults: Document) -> Document:
    """`current` as PATCH leaves it: members of complex types one by one, lists whole, null back to the default."""
    result: Document = copy(current)
    for name, value in change.items():
        default = defaults.get(name)
        if value is None:
            result[name] = copy(default)
        elif isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value, default if isinstance(default, dict) else {})
        else:
            result[name] = value
    return result
