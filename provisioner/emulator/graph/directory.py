"""The tenant itself, and its objects whatever their type: organization, domains, directoryObjects."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, GROUP, SERVICE_PRINCIPAL, USER
from ..lag import is_visible
from ..store import Document
from . import access, errors, lookup, query
from .filterable import DIRECTORY_OBJECT, ResourceType
from .owners import as_directory_object
from .service import Request, is_guid

_MOST_IDS = 1000
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
_ORGANIZATION = ResourceType("organization", frozenset(_BLANK_ORGANIZATION), basic={})
_DOMAIN = ResourceType("domain", frozenset(_BLANK_DOMAIN), basic={})
_OBJECT_KINDS = {"application": APPLICATION, "servicePrincipal": SERVICE_PRINCIPAL, "user": USER, "group": GROUP}


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


def get_object(request: Request) -> Reply:
    """GET directoryObjects/{id}: an application, service principal, user or group."""
    access.require(request.caller, access.READ_OBJECTS)
    key = lookup.object_id(request)
    found = lookup.directory_object(request, key)
    if found is None:
        raise errors.not_found(key)
    return query.entity(request, as_directory_object(*found), DIRECTORY_OBJECT, "directoryObjects")


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
                found.append(as_directory_object(type_name, item))
    return Reply(200, {"@odata.context": f"{request.root}/$metadata#directoryObjects", "value": found})


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
