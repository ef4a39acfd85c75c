"""Subscriptions, and the registration of resource providers in them."""

from __future__ import annotations

from .. import kinds, lag
from ..kernel import Call, Reply
from ..store import Document, Transaction
from . import access, errors
from .entry import Session, authenticated, session

NAMESPACES = {
    name.lower(): name
    for name in ("Microsoft.KeyVault", "Microsoft.Authorization", "Microsoft.Resources", "Microsoft.Network")
}
_ALWAYS_REGISTERED = {"microsoft.authorization", "microsoft.resources"}
_READ = "Microsoft.Resources/subscriptions/read"


def list_subscriptions(call: Call) -> Reply:
    """Those of the caller's directory in which the caller has any role that reads."""
    caller = authenticated(call)
    found = [
        _wire(each)
        for each in call.tx.find(kinds.SUBSCRIPTION, "", "tenantId", caller.tenant)
        if access.permitted(call.tx, caller.tenant, caller.object_id, _READ, f"/subscriptions/{each['subscriptionId']}")
    ]
    return Reply(200, {"value": found, "nextLink": None})


def get_subscription(call: Call) -> Reply:
    current = session(call)
    current.require(_READ, current.scope)
    return Reply(200, _wire(current.subscription))


def get_provider(call: Call) -> Reply:
    current = session(call)
    current.require("Microsoft.Resources/subscriptions/providers/read", current.scope)
    return Reply(200, _provider(current, _namespace(call)))


def register_provider(call: Call) -> Reply:
    """POST …/register: answers Registering; Registered once the lag of ARM ("rbac") has passed."""
    current = session(call)
    namespace = _namespace(call)
    current.require(f"{namespace}/register/action", current.scope)
    key = namespace.lower()
    if key not in _ALWAYS_REGISTERED and call.tx.get(kinds.PROVIDER, current.subscription_id, key) is None:
        document = {"namespace": namespace, "_registeredFrom": lag.effective_from(call.tx)}
        call.tx.put(kinds.PROVIDER, current.subscription_id, key, document)
        return Reply(200, _provider(current, namespace) | {"registrationState": "Registering"})
    return Reply(200, _provider(current, namespace))


def state(tx: Transaction, subscription_id: str, namespace: str) -> str:
    """NotRegistered, Registering or Registered."""
    if namespace.lower() in _ALWAYS_REGISTERED:
        return "Registered"
    document = tx.get(kinds.PROVIDER, subscription_id, namespace.lower())
    if document is None:
        return "NotRegistered"
    return "Registered" if document["_registeredFrom"] <= tx.now else "Registering"


def _namespace(call: Call) -> str:
    name = NAMESPACES.get(call.params["namespace"].lower())
    if name is None:
        raise errors.invalid_namespace(call.params["namespace"])
    return name


def _provider(current: Session, namespace: str) -> Document:
    types = [{"resourceType": "vaults", "locations": ["West Europe", "North Europe", "East US"], "apiVersions": []}]
    return {
        "id": f"{current.scope}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": state(current.call.tx, current.subscription_id, namespace),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": types if namespace == "Microsoft.KeyVault" else [],
    }


def _wire(subscription: Document) -> Document:
    identifier = subscription["subscriptionId"]
    return {
        "id": f"/subscriptions/{identifier}",
        "subscriptionId": identifier,
        "tenantId": subscription["tenantId"],
        "displayName": subscription["displayName"],
        "state": subscription["state"],
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }
