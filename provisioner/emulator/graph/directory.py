"""The tenant itself and its users: organization, me, users, domains, getByIds, the app-management policy."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, SERVICE_PRINCIPAL, USER
from ..lag import is_visible
from ..store import Document
from . import access, app_policy, errors, lookup, query
from .deleted_items import shown
from .filterable import ResourceType
from .service import Request, is_guid

_MOST_IDS = 1000
_BLANK_USER: Document = {
    "businessPhones": [],
    "displayName": None,
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": None,
    "id": None,
}
_BLANK_ORGANIZATION: Document = {
    "id": None,
    "deletedDateTime": None,
    "businessPhones": [],
    "city": None,
    "country": None,
    "countryLetterCode": None,
    "createdDateTime": None,
    "defaultUsageLocation": None,
    "displayName": None,
    "marketingNotificationEmails": [],
    "mobileDeviceManagementAuthority": "unknown",
    "onPremisesLastSyncDateTime": None,
    "onPremisesSyncEnabled": None,
    "partnerTenantType": None,
    "postalCode": None,
    "preferredLanguage": "en",
    "privacyProfile": None,
    "securityComplianceNotificationMails": [],
    "securityComplianceNotificationPhones": [],
    "state": None,
    "street": None,
    "technicalNotificationMails": [],
    "tenantType": "AAD",
    "assignedPlans": [],
    "provisionedPlans": [],
    "verifiedDomains": [],
}
_BLANK_DOMAIN: Document = {
    "id": None,
    "authenticationType": "Managed",
    "availabilityStatus": None,
    "isAdminManaged": True,
    "isDefault": False,
    "isInitial": False,
    "isRoot": True,
    "isVerified": True,
    "passwordNotificationWindowInDays": None,
    "passwordValidityPeriodInDays": None,
    "state": None,
    "supportedServices": [],
}
_USER = ResourceType("user", frozenset(_BLANK_USER), basic={})
_ORGANIZATION = ResourceType("organization", frozenset(_BLANK_ORGANIZATION), basic={})
_DOMAIN = ResourceType("domain", frozenset(_BLANK_DOMAIN), basic={})
_OBJECT_KINDS = {"application": APPLICATION, "servicePrincipal": SERVICE_PRINCIPAL, "user": USER}


def list_organizations(request: Request) -> Reply:
    access.require(request.caller, access.READ_ORGANIZATION)
    return query.collection(request, [_organization(request)], _ORGANIZATION, "organization")


def get_organization(request: Request) -> Reply:
    access.require(request.caller, access.READ_ORGANIZATION)
    if lookup.object_id(request) != request.tenant:
        raise errors.not_found(request.param("id"))
    return query.entity(request, _organization(request), _ORGANIZATION, "organization")


def list_domains(request: Request) -> Reply:
    access.require(request.caller, access.READ_DOMAINS)
    names = request.tenant_document()["domains"]
    found = [
        _BLANK_DOMAIN | {"id": name, "isDefault": name == names[0], "isInitial": name == names[0]} for name in names
    ]
    return query.collection(request, found, _DOMAIN, "domains")


def me(request: Request) -> Reply:
    """GET me: for a signed-in user with User.Read or more."""
    if request.caller.kind == "app":
        raise errors.me_needs_user()
    access.require(request.caller, access.READ_USERS | {"User.Read"})
    found = request.tx.get(USER, request.tenant, request.caller.object_id)
    if found is None:
        raise errors.not_found(request.caller.object_id)
    return query.entity(request, _user(found), _USER, "users")


def get_user(request: Request) -> Reply:
    """GET users/{id or userPrincipalName}; of oneself with User.Read only."""
    found = lookup.user(request, request.param("id"))
    oneself = found is not None and request.caller.kind == "user" and found["id"] == request.caller.object_id
    access.require(request.caller, access.READ_USERS | ({"User.Read"} if oneself else frozenset()))
    if found is None:
        raise errors.not_found(request.param("id"))
    return query.entity(request, _user(found), _USER, "users")


def get_by_ids(request: Request) -> Reply:
    """POST directoryObjects/getByIds {"ids", "types"}: those that exist; unknown ids are left out."""
    access.require(request.caller, access.READ_OBJECTS)
    body = request.body()
    ids, types = body.get("ids"), body.get("types") or list(_OBJECT_KINDS)
    if not isinstance(ids, list) or len(ids) > _MOST_IDS or not all(map(is_guid, ids)):
        raise errors.property_invalid("ids", "directoryObject")
    if not isinstance(types, list) or not all(isinstance(each, str) for each in types):
        raise errors.property_invalid("types", "directoryObject")
    found = []
    for type_name, kind in _OBJECT_KINDS.items():
        for key in ids if {type_name, "directoryObject"} & set(types) else ():
            item = request.tx.get(kind, request.tenant, key.lower())
            if item is not None and is_visible(request.tx, item):
                document = _user(item) if kind == USER else shown(item)
                found.append({"@odata.type": f"#microsoft.graph.{type_name}"} | document)
    return Reply(200, {"@odata.context": f"{request.root}/$metadata#directoryObjects", "value": found})


def get_default_app_management_policy(request: Request) -> Reply:
    access.require(request.caller, access.READ_POLICIES)
    head = {"@odata.context": f"{request.root}/$metadata#policies/defaultAppManagementPolicy/$entity"}
    return Reply(200, head | app_policy.default_policy(request.tenant_document()))


def _organization(request: Request) -> Document:
    tenant = request.tenant_document()
    names = tenant["domains"]
    domains = [
        {
            "capabilities": "",
            "isDefault": name == names[0],
            "isInitial": name == names[0],
            "name": name,
            "type": "Managed",
        }
        for name in names
    ]
    return _BLANK_ORGANIZATION | {
        "id": tenant["id"],
        "displayName": tenant["displayName"],
        "partnerTenantType": "breadthPartner" if tenant["partner"] else None,
        "verifiedDomains": domains,
    }


def _user(found: Document) -> Document:
    """A user with the members the service shows unasked."""
    return _BLANK_USER | {name: found[name] for name in ("displayName", "userPrincipalName", "id")}
