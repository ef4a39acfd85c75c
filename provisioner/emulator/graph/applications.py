"""Applications: list, get, create, change, upsert, delete, owners (sam-facts 5.1, 5.6, 5.7)."""

from __future__ import annotations

from ..kernel import Reply
from ..kinds import APPLICATION, FEDERATED_CREDENTIAL, SERVICE_PRINCIPAL
from ..lag import visible_from
from ..store import Document
from . import (
    access,
    application_rules,
    certificates,
    credential_errors,
    errors,
    lookup,
    owners,
    passwords,
    query,
    quota,
    shapes,
)
from .deleted_items import shown, soft_delete
from .documents import APPLICATION_DEFAULTS, mirrored, new_application
from .expanding import Related
from .filterable import APPLICATION as TYPE
from .service import Request

_SET = "applications"


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    return query.collection(
        request, map(_with_owners, lookup.visible(request, APPLICATION)), TYPE, _SET, _related(request)
    )


def get(request: Request) -> Reply:
    """The public part of certificates only with $select=keyCredentials."""
    access.require(request.caller, access.READ_APPLICATIONS)
    found = lookup.application(request)
    seen = _with_owners(found, keys=query.selects(request, "keyCredentials"))
    return query.entity(request, seen, TYPE, _SET, _related(request))


def create(request: Request) -> Reply:
    """POST applications: 201 with Location; the caller becomes its owner. Secrets may be asked for along with it."""
    access.require_application_create(request.caller, request.tenant_document())
    body = request.body()
    bound = owners.bound(request, body.pop("owners@odata.bind", []))
    made = _new(request, body, owners=list(dict.fromkeys([request.caller.object_id, *bound])))
    wanted = body.get("passwordCredentials", [])
    secrets = [passwords.append_password(request, "application", made, sent) for sent in wanted]
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
        raise credential_errors.password_by_service_action_only()
    found = lookup.find_named(request, APPLICATION)
    if found is not None:
        _change(request, found, body)
        return Reply(204)
    if not request.prefers("create-if-missing"):
        raise errors.not_found(lookup.key(request))
    access.require_application_create(request.caller, request.tenant_document())
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


def _with_owners(found: Document, *, keys: bool = False) -> Document:
    """What reads show, and still `_owners`, by which $expand=owners finds them."""
    return shown(found, keys=keys) | {"_owners": found.get("_owners", [])}


def _related(request: Request) -> Related:
    def federation(application: Document) -> list[Document]:
        found = request.tx.find(FEDERATED_CREDENTIAL, request.tenant, "_application", application["id"])
        return [query.public(credential) for credential in found]

    return {
        "owners": lambda application: owners.of(request, application),
        "federatedIdentityCredentials": federation,
    }


def _new(request: Request, body: Document, owners: list[str]) -> Document:
    """A new application as the body wants it, checked but not stored; its secrets are the caller's business."""
    shapes.check_body(body, shapes.APPLICATION, TYPE.members, TYPE.name)
    domain = request.tenant_document()["domains"][0]
    blank = new_application("", now=request.tx.now, publisher_domain=domain, owners=owners)
    blank["createdByAppId"] = request.caller.app_id
    wanted = {name: value for name, value in body.items() if name not in ("passwordCredentials", "keyCredentials")}
    made = _merged(blank, wanted)
    application_rules.check(request.call, request.tenant_document(), made, None)
    quota.check(request)
    made["keyCredentials"] = certificates.replaced(request, "application", made, body.get("keyCredentials", []))
    made["_visibleFrom"] = visible_from(request.tx)
    return made


def _created(request: Request, made: Document, secrets: list[Document]) -> Reply:
    request.tx.put(APPLICATION, request.tenant, made["id"], made)
    seen = {name: value for name, value in shown(made, keys=True).items() if name not in TYPE.on_request}
    answer = seen | ({"passwordCredentials": secrets} if secrets else {})
    head = {"@odata.context": f"{request.root}/$metadata#{_SET}/$entity"}
    location = f"{request.root.removesuffix(request.version)}v2/{request.tenant}/directoryObjects/{made['id']}"
    return Reply(201, head | answer, {"Location": f"{location}/Microsoft.DirectoryServices.Application"})


def _change(request: Request, found: Document, body: Document) -> None:
    access.require_write(request.caller, found)
    shapes.check_body(body, shapes.APPLICATION, TYPE.members, TYPE.name)
    changed = _merged(found, body)
    application_rules.check(request.call, request.tenant_document(), changed, found)
    if "keyCredentials" in body:
        changed["keyCredentials"] = certificates.replaced(request, "application", found, body["keyCredentials"])
    if "passwordCredentials" in body:
        changed["passwordCredentials"] = passwords.kept_passwords(request, found, body["passwordCredentials"])
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
