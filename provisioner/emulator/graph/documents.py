"""New directory objects with every member the real service shows, in its order and with its nulls.

Members that begin with `_` stay inside: `_owners` holds the object ids of the owners, `_visibleFrom` is explained in
kinds.py.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from .microsoft_apps import MICROSOFT_APPS, MICROSOFT_TENANT, Document

NO_LINKS: Document = {
    "logoUrl": None,
    "marketingUrl": None,
    "privacyStatementUrl": None,
    "supportUrl": None,
    "termsOfServiceUrl": None,
}
NO_PUBLISHER: Document = {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}

# What an application is where nobody said otherwise; the order is that of the service's answers.
APPLICATION_DEFAULTS: Document = {
    "deletedDateTime": None,
    "appId": None,
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "createdByAppId": None,
    "createdDateTime": None,
    "displayName": None,
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isDisabled": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "oauth2RequirePostResponse": False,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "servicePrincipalLockConfiguration": None,
    "requestSignatureVerification": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": NO_LINKS,
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": NO_PUBLISHER,
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
    "authenticationBehaviors": None,
    "managerApplications": [],
}

SERVICE_PRINCIPAL_DEFAULTS: Document = {
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdByAppId": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "isDisabled": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": NO_LINKS,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": NO_PUBLISHER,
}


def copy(value: Any) -> Any:
    """A deep copy of a JSON value."""
    return json.loads(json.dumps(value))


def timestamp(moment: float, *, fraction: bool = False) -> str:
    """Epoch seconds as the service writes them: whole seconds, or seven digits where it keeps ticks (credentials)."""
    text = datetime.fromtimestamp(moment, UTC)
    return text.strftime("%Y-%m-%dT%H:%M:%S.%f0Z" if fraction else "%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> float:
    """The epoch seconds of a wire timestamp, in any precision. Raises ValueError when it is none or has no offset."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("a timestamp needs an offset")
    return parsed.timestamp()


def new_application(
    display_name: str,
    *,
    now: float,
    publisher_domain: str | None,
    owners: list[str] | None = None,
    app_id: str | None = None,
    object_id: str | None = None,
    **members: Any,
) -> Document:
    """An application nobody has configured yet; `members` replace defaults by their wire names, whole."""
    made: Document = {"id": object_id or str(uuid4())} | copy(APPLICATION_DEFAULTS)
    made |= {
        "appId": app_id or str(uuid4()),
        "createdDateTime": timestamp(now),
        "displayName": display_name,
        "publisherDomain": publisher_domain,
    }
    return made | members | {"_owners": owners or []}


def new_service_principal(
    application: Document, *, tenant: str, now: float, owners: list[str] | None = None, object_id: str | None = None
) -> Document:
    """The service principal of an application of the same tenant, with what it copies from it."""
    made: Document = {"id": object_id or str(uuid4())} | copy(SERVICE_PRINCIPAL_DEFAULTS)
    # v1.0 declares no createdDateTime for a service principal, so it stays inside
    made |= {"appOwnerOrganizationId": tenant, "_createdDateTime": timestamp(now)}
    return made | mirrored(application) | {"_owners": owners or []}


def microsofts_service_principal(app_id: str, tenant: str, *, object_id: str | None = None) -> Document:
    """The service principal of a Microsoft application in a tenant; KeyError for an unknown appId.

    Without `object_id` the id is fixed by tenant and appId, so that a seeded cloud is the same every time.
    """
    app = MICROSOFT_APPS[app_id]
    made: Document = {"id": object_id or str(uuid5(NAMESPACE_URL, f"https://graph.microsoft.com/{tenant}/{app_id}"))}
    made |= copy(SERVICE_PRINCIPAL_DEFAULTS)
    return made | {
        "appDisplayName": app["displayName"],
        "appId": app_id,
        "appOwnerOrganizationId": MICROSOFT_TENANT,
        "displayName": app["displayName"],
        "servicePrincipalNames": list(app["servicePrincipalNames"]),
        "signInAudience": "AzureADMultipleOrgs",
        "appRoles": copy(app["appRoles"]),
        "oauth2PermissionScopes": copy(app["oauth2PermissionScopes"]),
    }


def new_grant(client: str, resource: str, principal: str | None, scope: str) -> Document:
    """A delegated grant between service principals, for a user or (None) for everybody; its id is of those it ties."""
    tied = b"".join(UUID(key).bytes_le for key in (client, resource, principal) if key)
    return {
        "clientId": client,
        "consentType": "AllPrincipals" if principal is None else "Principal",
        "id": _url_safe(tied),
        "principalId": principal,
        "resourceId": resource,
        "scope": scope,
    }


def new_app_role_assignment(principal: Document, resource: Document, role: str, *, now: float) -> Document:
    """An application permission of one service principal on another."""
    return {
        "id": _url_safe(UUID(principal["id"]).bytes_le + uuid4().bytes),
        "deletedDateTime": None,
        "appRoleId": role,
        "createdDateTime": timestamp(now, fraction=True),
        "principalDisplayName": principal["displayName"],
        "principalId": principal["id"],
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource["displayName"],
        "resourceId": resource["id"],
    }


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def mirrored(application: Document) -> Document:
    """The members of a service principal that follow its application."""
    web, public, spa = application["web"], application["publicClient"], application["spa"]
    return {
        "appDisplayName": application["displayName"],
        "appDescription": application["description"],
        "appId": application["appId"],
        "displayName": application["displayName"],
        "homepage": web["homePageUrl"],
        "logoutUrl": web["logoutUrl"],
        "replyUrls": [*web["redirectUris"], *public["redirectUris"], *spa["redirectUris"]],
        "servicePrincipalNames": [application["appId"], *application["identifierUris"]],
        "signInAudience": application["signInAudience"],
        "appRoles": application["appRoles"],
        "info": application["info"],
        "oauth2PermissionScopes": application["api"]["oauth2PermissionScopes"],
        "verifiedPublisher": application["verifiedPublisher"],
    }
