"""Subscriptions, and the directories of the caller."""

from __future__ import annotations

from .. import kinds
from ..kernel import Call, Reply
from ..store import Document
from . import access
from .entry import authenticated, session

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


def list_tenants(call: Call) -> Reply:
    """The directory of the token: the only one a token is for."""
    caller = authenticated(call)
    tenant = call.tx.get(kinds.TENANT, "", caller.tenant)
    assert tenant is not None  # a token for it was good
    found = {
        "id": f"/tenants/{tenant['id']}",
        "tenantId": tenant["id"],
        "tenantCategory": "Home",
        "countryCode": "CN" if tenant["cloud"] == "china" else "US",
        "displayName": tenant["displayName"],
        "domains": tenant["domains"],
        "defaultDomain": tenant["domains"][0],
        "tenantType": "AAD",
    }
    return Reply(200, {"value": [found], "nextLink": None})


def get_subscription(call: Call) -> Reply:
    current = session(call)
    current.require(_READ, current.scope)
    return Reply(200, _wire(current.subscription))


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
