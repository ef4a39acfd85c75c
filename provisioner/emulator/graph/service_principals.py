"""Service principals: of the tenant's own applications and of Microsoft's (sam-facts 5.3, 5.6)."""

from __future__ import annotations

from uuid import uuid4

from ..kernel import Reply
from ..kinds import SERVICE_PRINCIPAL
from ..lag import visible_from
from ..store import Document
from . import (
    access,
    assignments,
    certificates,
    credential_errors,
    errors,
    grants,
    instance_lock,
    lookup,
    owners,
    passwords,
    query,
    quota,
    shapes,
)
from .application_rules import are_valid_tags
from .deleted_items import shown, soft_delete
from .documents import SERVICE_PRINCIPAL_DEFAULTS, microsofts_service_principal, new_service_principal
from .expanding import Related
from .filterable import SERVICE_PRINCIPAL as TYPE
from .microsoft_apps import MICROSOFT_APPS
from .service import Request, is_guid

_SET = "servicePrincipals"
_MULTITENANT = ("AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount")


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    found = map(_with_owners, lookup.visible(request, SERVICE_PRINCIPAL))
    return query.collection(request, found, TYPE, _SET, _related(request))


def get(request: Request) -> Reply:
    """The public part of certificates only with $select=keyCredentials."""
    access.require(request.caller, access.READ_APPLICATIONS)
    seen = _with_owners(lookup.service_principal(request), keys=query.selects(request, "keyCredentials"))
    return query.entity(request, seen, TYPE, _SET, _related(request))


def create(request: Request) -> Reply:
    """POST servicePrincipals {"appId"}: 201. `appId` is an application of this tenant, a multitenant one
    of another tenant, or one of Microsoft's."""
    access.require(request.caller, access.READ_APPLICATIONS)
    body = request.body()
    app_id = body.pop("appId", None)
    if not is_guid(app_id):
        raise errors.property_missing("appId", TYPE.name) if not app_id else errors.application_unknown(str(app_id))
    return _created(request, app_id.lower(), body)


def change(request: Request) -> Reply:
    """PATCH: 204 without body."""
    access.require(request.caller, access.READ_APPLICATIONS)
    _change(request, lookup.service_principal(request), request.body())
    return Reply(204)


def upsert(request: Request) -> Reply:
    """PATCH servicePrincipals(appId='…'): with Prefer: create-if-missing an absent one is created, 201 with body."""
    access.require(request.caller, access.READ_APPLICATIONS)
    body = request.body()
    app_id = request.param("app_id").lower()
    if str(body.pop("appId", app_id)).lower() != app_id:
        raise errors.property_invalid("appId", TYPE.name)
    found = lookup.find_named(request, SERVICE_PRINCIPAL)
    if found is not None:
        _change(request, found, body)
        return Reply(204)
    if not request.prefers("create-if-missing"):
        raise errors.not_found(lookup.key(request))
    return _created(request, app_id, body)


def delete(request: Request) -> Reply:
    """DELETE: 204; it goes to the deleted items."""
    access.require(request.caller, access.READ_APPLICATIONS)
    found = lookup.service_principal(request)
    access.require_write(request.caller, found)
    soft_delete(request.tx, request.tenant, "servicePrincipal", found)
    return Reply(204)


def _with_owners(found: Document, *, keys: bool = False) -> Document:
    """What reads show, and still `_owners`, by which $expand=owners finds them."""
    return shown(found, keys=keys) | {"_owners": found.get("_owners", [])}


def _related(request: Request) -> Related:
    return {
        "owners": lambda principal: owners.of(request, principal),
        "appRoleAssignments": lambda principal: assignments.of(request, principal, "principalId"),
        "appRoleAssignedTo": lambda principal: assignments.of(request, principal, "resourceId"),
        "oauth2PermissionGrants": lambda principal: grants.of_client(request, principal),
    }


def _created(request: Request, app_id: str, body: Document) -> Reply:
    """The rules check the caller's right before they say whether the application exists, as the service does."""
    _check(body)
    application = lookup.application_by_app_id(request, app_id)
    access.require_service_principal_create(request.caller, application)
    if "passwordCredentials" in body:
        raise credential_errors.password_by_service_action_only()
    if request.tx.find(SERVICE_PRINCIPAL, request.tenant, "appId", app_id):
        raise errors.service_principal_exists(app_id)
    quota.check(request)
    made = _blank(request, app_id, application)
    wanted = {name: value for name, value in body.items() if name != "keyCredentials"}
    made = shapes.merged(made, wanted, SERVICE_PRINCIPAL_DEFAULTS)
    made["keyCredentials"] = certificates.replaced(request, "servicePrincipal", made, body.get("keyCredentials", []))
    made |= {"createdByAppId": request.caller.app_id, "_visibleFrom": visible_from(request.tx)}
    request.tx.put(SERVICE_PRINCIPAL, request.tenant, made["id"], made)
    head = {"@odata.context": f"{request.root}/$metadata#{_SET}/$entity"}
    location = f"{request.root.removesuffix(request.version)}v2/{request.tenant}/directoryObjects/{made['id']}"
    return Reply(201, head | shown(made), {"Location": f"{location}/Microsoft.DirectoryServices.ServicePrincipal"})


def _blank(request: Request, app_id: str, application: Document | None) -> Document:
    """A service principal of an application of this tenant, of Microsoft's, or of another tenant's that is for all."""
    if application is None and app_id in MICROSOFT_APPS:
        return microsofts_service_principal(app_id, request.tenant, object_id=str(uuid4()))
    home = (request.tenant, application) if application is not None else lookup.home_of(request, app_id)
    if home is None or (home[0] != request.tenant and home[1]["signInAudience"] not in _MULTITENANT):
        raise errors.application_unknown(app_id)
    return new_service_principal(home[1], tenant=home[0], now=request.tx.now, owners=[request.caller.object_id])


def _change(request: Request, found: Document, body: Document) -> None:
    access.require_write(request.caller, found)
    _check(body)
    instance_lock.check(request, "servicePrincipal", found, body)
    changed = shapes.merged(found, body, SERVICE_PRINCIPAL_DEFAULTS)
    if "keyCredentials" in body:
        changed["keyCredentials"] = certificates.replaced(request, "servicePrincipal", found, body["keyCredentials"])
    if "passwordCredentials" in body:
        changed["passwordCredentials"] = passwords.kept_passwords(request, found, body["passwordCredentials"])
    request.tx.put(SERVICE_PRINCIPAL, request.tenant, found["id"], changed)


def _check(body: Document) -> None:
    shapes.check_body(body, shapes.SERVICE_PRINCIPAL, TYPE.members, TYPE.name)
    if not are_valid_tags(body.get("tags", [])):
        raise errors.property_invalid("tags", TYPE.name)
