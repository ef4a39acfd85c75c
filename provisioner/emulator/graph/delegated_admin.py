"""GDAP relationships of a partner with its customers, read-only (sam-facts 2, 7). The china cloud has none.

They are made from what is seeded: which customers a partner's people hold which roles in (`_gdap` of a user).
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from ..kernel import Reply
from ..kinds import TENANT, USER
from ..store import Document
from . import access, errors, query
from .documents import timestamp
from .filterable import DELEGATED_ADMIN_RELATIONSHIP as TYPE
from .service import Request

_SET = "tenantRelationships/delegatedAdminRelationships"
_LIFETIME_DAYS = 730
_LIFETIME_S = _LIFETIME_DAYS * 86400
_ROLE_TEMPLATES = {
    "Directory Reader": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
}


def list_all(request: Request) -> Reply:
    _require(request)
    return query.collection(request, _relationships(request), TYPE, _SET)


def get(request: Request) -> Reply:
    _require(request)
    key = request.param("id")
    for found in _relationships(request):
        if found["id"] == key:
            return query.entity(request, found, TYPE, _SET)
    raise errors.not_found(key)


def _require(request: Request) -> None:
    if request.cloud == "china":
        raise errors.segment_unknown("delegatedAdminRelationships")
    access.require(request.caller, access.READ_RELATIONSHIPS)


def _relationships(request: Request) -> list[Document]:
    """One active relationship with each customer, with the roles any of the partner's people hold there."""
    granted: dict[str, set[str]] = {}
    for user in request.tx.list(USER, request.tenant):
        for customer, names in user.get("_gdap", {}).items():
            granted.setdefault(customer, set()).update(names)
    customers = [request.tx.get(TENANT, "", key) for key in sorted(granted)]
    return [_relationship(request, each, granted[each["id"]]) for each in customers if each is not None]


def _relationship(request: Request, customer: Document, names: set[str]) -> Document:
    key = uuid5(NAMESPACE_URL, f"https://graph.microsoft.com/{request.tenant}/{customer['id']}")
    start = request.tx.now - request.tx.now % _LIFETIME_S  # renewed as often as it ends
    begun, ends = timestamp(start), timestamp(start + _LIFETIME_S)
    known = sorted(_ROLE_TEMPLATES[name] for name in names if name in _ROLE_TEMPLATES)
    return {
        "id": f"{key}-{key}",
        "displayName": f"{customer['displayName']} relationship",
        "duration": f"P{_LIFETIME_DAYS}D",
        "customer": {"tenantId": customer["id"], "displayName": customer["displayName"]},
        "accessDetails": {"unifiedRoles": [{"roleDefinitionId": role} for role in known]},
        "status": "active",
        "autoExtendDuration": "PT0S",
        "createdDateTime": begun,
        "lastModifiedDateTime": begun,
        "activatedDateTime": begun,
        "endDateTime": ends,
    }
