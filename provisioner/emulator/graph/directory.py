"""The tenant itself and its users: organization, me, users, domains, getByIds, the app-management policy."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, SERVICE_PRINCIPAL, USER
from ..lag import is_visible
from ..store import Document
from . import access, app_policy, errors, lookup, query
from .deleted_items import shown
from .documents import timestamp
from .filterable import DOMAIN, ORGANIZATION, ResourceType
from .service import Request, is_guid

_MOST_IDS = 1000
_USER_SET = "users"
_USER_MEMBERS = ("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation")
_USER = ResourceType(
    "user",
    frozenset(_USER_MEMBERS) | {"preferredLanguage", "surname", "userPrincipalName", "id", "accountEnabled"},
    basic={},
)
_OBJECT_KINDS = {"application": APPLICATION, "servicePrincipal": SERVICE_PRINCIPAL, "user": USER}


def list_organizations(request: Request) -> Reply:
    access.require(request.caller, access.READ_ORGANIZATION)
    return query.collection(request, [_organization(request)], ORGANIZATION, "organization")


def get_organization(request: Request) -> Reply:
    access.require(request.caller, access.READ_ORGANIZATION)
    if lookup.object_id(request) != request.tenant:
        raise errors.not_found(request.param("id"))
    return query.entity(request, _organization(request), ORGANIZATION, "organization")


def list_domains(request: Request) -> Reply:
    access.require(request.caller, access.READ_DOMAINS)
    names = request.tenant_document()["domains"]
    found = [
        {
            "id": name,
            "authenticationType": "Managed",
            "availabilityStatus": None,
            "isAdminManaged": True,
            "isDefault": name == names[0],
            "isInitial": name == names[0],
            "isRoot": True,
            "isVerified": True,
            "passwordNotificationWindowInDays": None,
            "passwordValidityPeriodInDays": None,
            "supportedServices": [],
            "state": None,
        }
        for name in names
    ]
    return query.collection(request, found, DOMAIN, "domains")


def me(request: Request) -> Reply:
    """GET me: for a signed-in user with User.Read or more."""
    if request.caller.kind == "app":
        raise errors.me_needs_user()
    access.require(request.caller, access.READ_USERS | {"User.Read"})
    found = request.tx.get(USER, request.tenant, request.caller.object_id)
    if found is None:
        raise errors.not_found(request.caller.object_id)
    return query.entity(request, _user(found), _USER, _USER_SET)


def get_user(request: Request) -> Reply:
    """GET users/{id or userPrincipalName}; of oneself with User.Read only."""
    found = lookup.user(request, request.param("id"))
    oneself = found is not None and request.caller.kind == "user" and found["id"] == request.caller.object_id
    access.require(request.caller, access.READ_USERS | ({"User.Read"} if oneself else frozenset()))
    if found is None:
        raise errors.not_found(request.param("id"))
    return query.entity(request, _user(found), _USER, _USER_SET)


def get_by_ids(request: Request) -> Reply:
    """POST directoryObjects/getByIds {"ids", "types"}: those that exist; unknown ids are left out."""
    access.require(request.caller, access.READ_OBJECTS)
    body = request.body()
    ids, types = body.get("ids"), body.get("types") or list(_OBJECT_KINDS)
    if not isinstance(ids, list) or len(ids) > _MOST_IDS or not all(map(is_guid, ids)):
        raise errors.property_invalid("ids", "directoryObject")
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
    return {
        "id": tenant["id"],
        "deletedDateTime": None,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": None,
        "createdDateTime": timestamp(tenant.get("_created", 0)),
        "defaultUsageLocation": None,
        "displayName": tenant["displayName"],
        "marketingNotificationEmails": [],
        "mobileDeviceManagementAuthority": "unknown",
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "partnerTenantType": "breadthPartner" if tenant["partner"] else None,
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
        "verifiedDomains": [
            {
                "capabilities": "",
                "isDefault": index == 0,
                "isInitial": index == 0,
                "name": name,
                "type": "Managed",
            }
            for index, name in enumerate(tenant["domains"])
        ],
    }


def _user(found: Document) -> Document:
    """A user with the members the service shows unasked, and accountEnabled only if a client selects it."""
    return {
        "businessPhones": [],
        "displayName": found["displayName"],
        "givenName": None,
        "jobTitle": None,
        "mail": None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": None,
        "userPrincipalName": found["userPrincipalName"],
        "id": found["id"],
    }
