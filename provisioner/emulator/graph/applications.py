"""Applications: list, get, create, change, upsert, delete, owners (sam-facts 5.1, 5.6, 5.7)."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, SERVICE_PRINCIPAL, USER
from ..lag import visible_from
from ..store import Document
from . import access, application_rules, credentials, errors, lookup, query, shapes
from .deleted_items import shown, soft_delete
from .documents import APPLICATION_DEFAULTS, mirrored, new_application
from .filterable import APPLICATION as TYPE
from .filterable import DIRECTORY_OBJECT
from .service import Request

_SET = "applications"


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    return query.collection(request, map(shown, lookup.visible(request, APPLICATION)), TYPE, _SET)


def get(request: Request) -> Reply:
    """The public part of certificates only with $select=keyCredentials."""
    access.require(request.caller, access.READ_APPLICATIONS)
    found = lookup.application(request)
    return query.entity(request, shown(found, keys=query.selects(request, "keyCredentials")), TYPE, _SET)


def create(request: Request) -> Reply:
    """POST applications: 201 with Location; the caller becomes its owner. Secrets may be asked for along with it."""
    access.require_application_create(request.caller)
    body = request.body()
    made = _new(request, body, owners=[request.caller.object_id])
    secrets = [credentials.append_password(request, made, sent) for sent in body.get("passwordCredentials", [])]
    return _created(request, made, secrets)


def change(request: Request) -> Reply:
    """PATCH: 204 without body."""
    access.require(request.caller, access.READ_APPLICATIONS)
    _change(request, lookup.application(request), request.body())
    return Reply(204)


def upsert(request: Request) -> Reply:
    """PATCH applications(uniqueName='…'): with Prefer: create-if-missing an absent one is created, 201 with body.

    The caller does not become its owner (sam-facts 5.1, Azure/bicep#14868).
    """
    access.require(request.caller, access.READ_APPLICATIONS)
    body = request.body()
    if "passwordCredentials" in body:
        raise errors.password_by_service_action_only()
    found = lookup.find_named(request, APPLICATION)
    if found is not None:
        _change(request, found, body)
        return Reply(204)
    if not prefers_create(request):
        raise errors.not_found(lookup.key(request))
    access.require_application_create(request.caller)
    name = request.param("unique_name")
    if body.setdefault("uniqueName", name) != name:
        raise errors.property_invalid("uniqueName", TYPE.name)
    return _created(request, _new(request, body, owners=[]), [])


def delete(request: Request) -> Reply:
    """DELETE: 204; the application and its service principal go to the deleted items."""
    access.require(request.caller, access.READ_APPLICATIONS)
    found = lookup.application(request)
    access.require_write(request.caller, found)
    for principal in request.tx.find(SERVICE_PRINCIPAL, request.tenant, "appId", found["appId"]):
        soft_delete(request.tx, request.tenant, "servicePrincipal", principal)
    soft_delete(request.tx, request.tenant, "application", found)
    return Reply(204)


def list_owners(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    return owners_of(request, lookup.application(request))


def owners_of(request: Request, target: Document) -> Reply:
    """The owners of an application or service principal, as directory objects with their type."""
    found = []
    for object_id in target.get("_owners", ()):
        for kind, type_name in ((SERVICE_PRINCIPAL, "servicePrincipal"), (USER, "user")):
            owner = request.tx.get(kind, request.tenant, object_id)
            if owner is not None:
                found.append({"@odata.type": f"#microsoft.graph.{type_name}"} | owner)
    return query.collection(request, found, DIRECTORY_OBJECT, "directoryObjects")


def prefers_create(request: Request) -> bool:
    preferences = request.call.headers.get("prefer", "").lower().split(",")
    return "create-if-missing" in [preference.strip() for preference in preferences]


def _new(request: Request, body: Document, owners: list[str]) -> Document:
    """A new application as the body wants it, checked but not stored; its secrets are the caller's business."""
    shapes.check_body(body, shapes.APPLICATION, TYPE.members, TYPE.name)
    domain = request.tenant_document()["domains"][0]
    blank = new_application("", now=request.tx.now, publisher_domain=domain, owners=owners)
    blank["createdByAppId"] = request.caller.app_id
    wanted = {name: value for name, value in body.items() if name not in ("passwordCredentials", "keyCredentials")}
    made = _merged(blank, wanted)
    application_rules.check(request.call, request.tenant, made, None)
    made["keyCredentials"] = credentials.replaced_certificates(request, made, body.get("keyCredentials", []))
    made["_visibleFrom"] = visible_from(request.tx)
    return made


def _created(request: Request, made: Document, secrets: list[Document]) -> Reply:
    request.tx.put(APPLICATION, request.tenant, made["id"], made)
    answer = shown(made, keys=True) | ({"passwordCredentials": secrets} if secrets else {})
    head = {"@odata.context": f"{request.root}/$metadata#{_SET}/$entity"}
    location = f"{request.root.removesuffix(request.version)}v2/{request.tenant}/directoryObjects/{made['id']}"
    return Reply(201, head | answer, {"Location": f"{location}/Microsoft.DirectoryServices.Application"})


def _change(request: Request, found: Document, body: Document) -> None:
    access.require_write(request.caller, found)
    shapes.check_body(body, shapes.APPLICATION, TYPE.members, TYPE.name)
    changed = _merged(found, body)
    application_rules.check(request.call, request.tenant, changed, found)
    if "keyCredentials" in body:
        changed["keyCredentials"] = credentials.replaced_certificates(request, found, body["keyCredentials"])
    if "passwordCredentials" in body:
        changed["passwordCredentials"] = credentials.kept_passwords(request, found, body["passwordCredentials"])
    request.tx.put(APPLICATION, request.tenant, found["id"], changed)
    for principal in request.tx.find(SERVICE_PRINCIPAL, request.tenant, "appId", found["appId"]):
        request.tx.put(SERVICE_PRINCIPAL, request.tenant, principal["id"], principal | mirrored(changed))


def _merged(found: Document, body: Document) -> Document:
    """`web.redirectUris` and `web.redirectUriSettings` echo each other; the former wins when both are sent."""
    merged = shapes.merged(found, body, APPLICATION_DEFAULTS)
    web = body.get("web") or {}
    if "redirectUriSettings" in web and "redirectUris" not in web:
        merged["web"]["redirectUris"] = [setting["uri"] for setting in web["redirectUriSettings"] if setting.get("uri")]
    settings = {setting.get("uri"): setting.get("index") for setting in merged["web"]["redirectUriSettings"]}
    merged["web"]["redirectUriSettings"] = [
        {"uri": uri, "index": settings.get(uri)} for uri in merged["web"]["redirectUris"]
    ]
    return merged
