"""Delegated permission grants, in the service's words oauth2PermissionGrants (sam-facts 5.3, 5.6)."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import GRANT, SERVICE_PRINCIPAL
from ..lag import is_visible, visible_from
from ..store import Document
from . import access, errors, lookup, query
from .documents import new_grant
from .filterable import GRANT as TYPE
from .service import Request

_SET = "oauth2PermissionGrants"
_LONGEST_SCOPE = 3850
_WRITABLE = frozenset({"clientId", "consentType", "principalId", "resourceId", "scope", "startTime", "expiryTime"})


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_GRANTS)
    return query.collection(request, _living(request), TYPE, _SET)


def list_of_service_principal(request: Request) -> Reply:
    """GET servicePrincipals/{id}/oauth2PermissionGrants: those in which it is the client."""
    access.require(request.caller, access.READ_GRANTS)
    return query.collection(request, of_client(request, lookup.service_principal(request)), TYPE, _SET)


def of_client(request: Request, client: Document) -> list[Document]:
    """The grants a service principal holds."""
    return [query.public(grant) for grant in _living(request) if grant["clientId"] == client["id"]]


def get(request: Request) -> Reply:
    access.require(request.caller, access.READ_GRANTS)
    return query.entity(request, _found(request), TYPE, _SET)


def create(request: Request) -> Reply:
    """POST: 201. One grant per client, resource and consent type (and principal)."""
    access.require_grant_write(request.caller)
    body = request.body()
    for name in body:
        if name not in _WRITABLE:
            raise errors.property_unknown(name)
    client, resource = _text(body, "clientId"), _text(body, "resourceId")
    principal = _principal(request, body)
    scope = _scope(body)
    if lookup.service_principal_by_id(request, client) is None:
        raise errors.not_found(client)
    if lookup.service_principal_by_id(request, resource) is None:
        raise errors.reference_not_present(resource)
    for other in request.tx.find(GRANT, request.tenant, "clientId", client):
        if (other["resourceId"], other["principalId"]) == (resource, principal):
            raise errors.grant_exists()
    made = new_grant(client, resource, principal, scope)
    request.tx.put(GRANT, request.tenant, made["id"], made | {"_visibleFrom": visible_from(request.tx)})
    return Reply(201, {"@odata.context": f"{request.root}/$metadata#{_SET}/$entity"} | made)


def change(request: Request) -> Reply:
    """PATCH {"scope"}: 204. Nothing else of a grant can change."""
    access.require_grant_write(request.caller)
    found = _found(request)
    body = request.body()
    for name in body:
        if name not in _WRITABLE:
            raise errors.property_unknown(name)
        if name != "scope":
            raise errors.property_read_only(name)
    request.tx.put(GRANT, request.tenant, found["id"], found | {"scope": _scope(body)})
    return Reply(204)


def delete(request: Request) -> Reply:
    access.require_grant_write(request.caller)
    request.tx.delete(GRANT, request.tenant, _found(request)["id"])
    return Reply(204)


def _living(request: Request) -> list[Document]:
    """The grants that can be seen: those of a deleted service principal come back with it, if it does."""
    present = {principal["id"] for principal in request.tx.list(SERVICE_PRINCIPAL, request.tenant)}
    grants = lookup.visible(request, GRANT)
    return [grant for grant in grants if grant["clientId"] in present and grant["resourceId"] in present]


def _found(request: Request) -> Document:
    key = request.param("id")
    grant = request.tx.get(GRANT, request.tenant, key)
    if grant is None or not is_visible(request.tx, grant):
        raise errors.not_found(key)
    if any(request.tx.get(SERVICE_PRINCIPAL, request.tenant, grant[end]) is None for end in ("clientId", "resourceId")):
        raise errors.not_found(key)
    return grant


def _principal(request: Request, body: Document) -> str | None:
    """None for AllPrincipals, which names no principal; for Principal a user of this tenant."""
    consent_type, principal = body.get("consentType"), body.get("principalId")
    if consent_type == "AllPrincipals" and principal is None:
        return None
    if consent_type != "Principal":
        raise errors.property_invalid("principalId" if consent_type == "AllPrincipals" else "consentType", TYPE.name)
    if not isinstance(principal, str) or not principal:
        raise errors.property_missing("principalId", TYPE.name)
    if lookup.user(request, principal) is None:
        raise errors.reference_not_present(principal)
    return principal.lower()


def _text(body: Document, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise errors.property_missing(name, TYPE.name)
    return value.lower()


def _scope(body: Document) -> str:
    scope = body.get("scope") or ""
    if not isinstance(scope, str):
        raise errors.property_invalid("scope", TYPE.name)
    if len(scope) > _LONGEST_SCOPE:
        raise errors.grant_scope_too_long()
    return scope
