"""Consent to a partner's application in a customer's tenant, given by Partner Center (CPV consent, sam-facts 4.6).

It makes the application's service principal there and a grant for everybody on each resource named. That it can be read
back here (GET) is documented nowhere; people read it by Graph in the customer's tenant.
"""

from __future__ import annotations

from typing import Any

from .. import kinds, lag
from ..graph.documents import new_grant, new_service_principal
from ..graph.microsoft_apps import PARTNER_CENTER
from ..kernel import Reply
from ..store import Document
from . import errors, wire
from .entry import Session, guid


def create(current: Session) -> Reply:
    """POST: 201. The same MS-RequestId again is the same request again, so it has the same answer."""
    customer = _customer(current)
    body = _body(current)
    application = _application(current, customer, guid(body.get("applicationId"), "applicationId"))
    grants = _grants(body.get("applicationGrants"))
    if found := _consented(current, customer, application["appId"]):
        if found["_requestId"] and found["_requestId"] == current.call.headers.get("ms-requestid"):
            return wire.reply(201, wire.consent(found))
        raise errors.consent_exists()
    resources = [(_resource(current, customer, grant), grant) for grant in grants]
    principal = _principal(current, customer, application)
    for resource, _ in resources:
        _check_grant(current, customer, principal, resource)
    tx = current.call.tx
    tx.put(kinds.SERVICE_PRINCIPAL, customer["id"], principal["id"], principal)
    for resource, grant in resources:
        made = new_grant(principal["id"], resource["id"], None, " ".join(grant["scopes"]))
        tx.put(kinds.GRANT, customer["id"], made["id"], made | {"_visibleFrom": lag.visible_from(tx)})
    consent = {
        "applicationId": application["appId"],
        "displayName": str(body.get("displayName") or application["displayName"]),
        "applicationGrants": [
            {"enterpriseApplicationId": grant["resource"], "scope": ",".join(grant["scopes"])} for grant in grants
        ],
        "_requestId": current.call.headers.get("ms-requestid"),
    }
    tx.put(kinds.APPLICATION_CONSENT, customer["id"], application["appId"], consent)
    return wire.reply(201, wire.consent(consent))


def get(current: Session) -> Reply:
    customer = _customer(current)
    return wire.reply(200, wire.consent(_existing(current, customer)))


def list_all(current: Session) -> Reply:
    customer = _customer(current)
    items = [wire.consent(each) for each in current.call.tx.list(kinds.APPLICATION_CONSENT, customer["id"])]
    uri = f"/customers/{customer['id']}/applicationconsents"
    return wire.reply(200, wire.collection(items, 0, len(items) + 1, uri, uri))


def delete(current: Session) -> Reply:
    """Takes the application out of the customer's tenant, whatever was granted to it there since."""
    customer = _customer(current)
    consent = _existing(current, customer)
    tx, tenant = current.call.tx, customer["id"]
    for principal in tx.find(kinds.SERVICE_PRINCIPAL, tenant, "appId", consent["applicationId"]):
        for kind, member in ((kinds.GRANT, "clientId"), (kinds.APP_ROLE_ASSIGNMENT, "principalId")):
            for held in tx.find(kind, tenant, member, principal["id"]):
                tx.delete(kind, tenant, held["id"])
        tx.delete(kinds.SERVICE_PRINCIPAL, tenant, principal["id"])
    tx.delete(kinds.APPLICATION_CONSENT, tenant, consent["applicationId"])
    return Reply(200)


def _customer(current: Session) -> Document:
    """The customer in the path, with which the user has a GDAP relationship; which role it takes is unconfirmed."""
    customer = current.customer()
    if not current.delegated_roles(customer):
        raise errors.access_denied("the user has no delegated admin relationship with this customer")
    return customer


def _body(current: Session) -> dict[str, Any]:
    try:
        body = current.call.json()
    except ValueError as error:
        raise errors.invalid_input("the body is not JSON") from error
    if not isinstance(body, dict):
        raise errors.invalid_input("the body is not an object")
    return body


def _application(current: Session, customer: Document, app_id: str) -> Document:
    """A multi-tenant application registered in some tenant of the customer's cloud, with its `tenant` added."""
    for tenant in current.call.tx.list(kinds.TENANT, ""):
        if tenant["cloud"] != customer["cloud"]:
            continue
        for application in current.call.tx.find(kinds.APPLICATION, tenant["id"], "appId", app_id):
            if not str(application["signInAudience"]).startswith("AzureADMultipleOrgs"):
                raise errors.invalid_property("applicationId is that of a single-tenant application")
            return application | {"_home": tenant["id"]}
    raise errors.not_found("the application")


def _grants(sent: Any) -> list[Document]:
    """[{resource, scopes}]; scopes are separated by commas, a blank after one does no harm."""
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise errors.invalid_input("applicationGrants must be a list of grants")
    found = []
    for each in sent:
        resource = guid(each.get("enterpriseApplicationId"), "enterpriseApplicationId")
        if resource == PARTNER_CENTER:
            raise errors.invalid_property("Partner Center itself is not granted this way")
        scope = each.get("scope")
        scopes = [part.strip() for part in scope.split(",")] if isinstance(scope, str) else []
        if not scopes or not all(scopes) or any(" " in part for part in scopes):
            raise errors.invalid_input("scope must be delegated permissions separated by commas")
        found.append({"resource": resource, "scopes": list(dict.fromkeys(scopes))})
    if len({each["resource"] for each in found}) != len(found):
        raise errors.invalid_input("applicationGrants names a resource twice")
    return found


def _resource(current: Session, customer: Document, grant: Document) -> Document:
    for resource in current.call.tx.find(kinds.SERVICE_PRINCIPAL, customer["id"], "appId", grant["resource"]):
        known = {scope["value"] for scope in resource["oauth2PermissionScopes"]}
        if unknown := sorted(set(grant["scopes"]) - known):
            raise errors.invalid_property(f"no delegated permission {', '.join(unknown)} of {resource['displayName']}")
        return resource
    raise errors.resource_missing(grant["resource"])


def _principal(current: Session, customer: Document, application: Document) -> Document:
    """The application's service principal in the customer's tenant, a new one if it has none yet."""
    for principal in current.call.tx.find(kinds.SERVICE_PRINCIPAL, customer["id"], "appId", application["appId"]):
        return principal
    made = new_service_principal(application, tenant=application["_home"], now=current.call.tx.now)
    return made | {"_visibleFrom": lag.visible_from(current.call.tx)}


def _check_grant(current: Session, customer: Document, principal: Document, resource: Document) -> None:
    """A grant that stands is neither replaced nor topped up."""
    for found in current.call.tx.find(kinds.GRANT, customer["id"], "clientId", principal["id"]):
        if (found["resourceId"], found["principalId"]) == (resource["id"], None):
            raise errors.consent_exists()


def _consented(current: Session, customer: Document, app_id: str) -> Document | None:
    return current.call.tx.get(kinds.APPLICATION_CONSENT, customer["id"], app_id)


def _existing(current: Session, customer: Document) -> Document:
    found = _consented(current, customer, guid(current.call.params["application"], "the application's id"))
    if found is None:
        raise errors.not_found("the consent")
    return found
