"""Puts the seeded directory into an empty store, and describes it as `emulator start --json` prints it."""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..directory_roles import GLOBAL_ADMINISTRATOR
from ..graph import microsoft_apps
from ..graph.documents import (
    microsofts_service_principal,
    new_app_role_assignment,
    new_application,
    new_service_principal,
    timestamp,
)
from ..store import Document, Transaction
from .directory import OPERATOR_OTP, OPERATOR_PASSWORD, RUNNER_SECRET, TENANTS, Customer, Tenant

# What the main job needs of Graph. Creating the service principal of a Microsoft application that is missing in the
# tenant takes Application.ReadWrite.All: under OwnedBy Graph answers 403 "the backing application ... must in the
# local tenant" (sam-facts 5.6).
_RUNNER_ROLES = (
    "DelegatedPermissionGrant.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Directory.Read.All",
    "Policy.Read.All",
)
_RUNNER_ARM_ROLES = (
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",  # Role Based Access Control Administrator
)
_RUNNER_NAME = "pipeline-runner"
_MICROSOFT_APPS = (
    microsoft_apps.GRAPH,
    microsoft_apps.AZURE_SERVICE_MANAGEMENT,
    microsoft_apps.AZURE_AD_GRAPH,
    microsoft_apps.KEY_VAULT,
    "00000002-0000-0ff1-ce00-000000000000",
    "00000003-0000-0ff1-ce00-000000000000",
)


def plant(tx: Transaction) -> None:
    """Seed the store unless it holds tenants already."""
    if tx.list(kinds.TENANT, ""):
        return
    for tenant in TENANTS:
        _plant_tenant(tx, tenant)
        _plant_people(tx, tenant)
        _plant_runner(tx, tenant)
        for customer in tenant.customers:
            _plant_customer(tx, tenant, customer)


def describe(tx: Transaction) -> list[dict[str, Any]]:
    """The `tenants` member of `emulator start --json`: seeded partner tenants, in seeding order."""
    present = {tenant["id"] for tenant in tx.list(kinds.TENANT, "")}
    return [
        {
            "id": tenant.id,
            "domain": tenant.domain,
            "cloud": tenant.cloud,
            "subscription": tenant.subscription,
            "runner": {
                "clientId": tenant.runner.client_id,
                "clientSecret": RUNNER_SECRET,
                "objectId": tenant.runner.object_id,
            },
            "operator": {"username": tenant.operator, "password": OPERATOR_PASSWORD, "otp": OPERATOR_OTP},
            "customers": [{"id": customer.id, "domain": customer.domain} for customer in tenant.customers],
        }
        for tenant in TENANTS
        if tenant.id in present
    ]


def _plant_tenant(tx: Transaction, tenant: Tenant) -> None:
    mfa = [microsoft_apps.PARTNER_CENTER] if tenant.mfa_for_partner_center else []
    body = _tenant(tenant.id, tenant.name, tenant.domain, tenant.cloud) | {
        "subscription": tenant.subscription,
        "partner": True,
        "mfa": {"securityDefaults": False, "requireForApps": mfa},
        "_customers": [customer.id for customer in tenant.customers],
    }
    tx.put(kinds.TENANT, "", tenant.id, body)
    subscription = {
        "subscriptionId": tenant.subscription,
        "tenantId": tenant.id,
        "displayName": f"{tenant.name} subscription",
        "state": "Enabled",
    }
    tx.put(kinds.SUBSCRIPTION, "", tenant.subscription, subscription)
    for app_id in _MICROSOFT_APPS + ((microsoft_apps.PARTNER_CENTER,) if tenant.partner_center_present else ()):
        principal = microsofts_service_principal(app_id, tenant.id)
        tx.put(kinds.SERVICE_PRINCIPAL, tenant.id, principal["id"], principal)


def _plant_people(tx: Transaction, tenant: Tenant) -> None:
    operator = _user(tenant.operator_id, tenant.operator, "SAM Operator") | {
        "_otp": OPERATOR_OTP,
        "_directoryRoles": [GLOBAL_ADMINISTRATOR],
        "_partnerRoles": ["AdminAgent"],
        "_gdap": {customer.id: ["Directory Reader", "User Administrator"] for customer in tenant.customers},
    }
    tx.put(kinds.USER, tenant.id, tenant.operator_id, operator)
    tx.put(kinds.USER, tenant.id, tenant.colleague_id, _user(tenant.colleague_id, tenant.colleague, "Colleague"))


def _plant_customer(tx: Transaction, partner: Tenant, customer: Customer) -> None:
    body = _tenant(customer.id, customer.name, customer.domain, partner.cloud) | {"subscription": None}
    tx.put(kinds.TENANT, "", customer.id, body)
    person = _user(customer.user_id, f"admin@{customer.domain}", f"{customer.name} Administrator") | {
        "_otp": OPERATOR_OTP,
        "_directoryRoles": [GLOBAL_ADMINISTRATOR],
    }
    tx.put(kinds.USER, customer.id, customer.user_id, person)
    for app_id in _MICROSOFT_APPS:
        principal = microsofts_service_principal(app_id, customer.id)
        tx.put(kinds.SERVICE_PRINCIPAL, customer.id, principal["id"], principal)


def _plant_runner(tx: Transaction, tenant: Tenant) -> None:
    runner, owners = tenant.runner, [tenant.operator_id]
    secret = {
        "customKeyIdentifier": None,
        "displayName": "pipeline",
        "endDateTime": timestamp(tx.now + 730 * 86400, fraction=True),
        "hint": RUNNER_SECRET[:3],
        "keyId": runner.credential_id,
        "secretText": None,
        "startDateTime": timestamp(tx.now, fraction=True),
    }
    application = new_application(
        _RUNNER_NAME,
        now=tx.now,
        publisher_domain=tenant.domain,
        owners=owners,
        app_id=runner.client_id,
        object_id=runner.application_id,
        passwordCredentials=[secret],
    )
    tx.put(kinds.APPLICATION, tenant.id, runner.application_id, application)
    value = {"keyId": runner.credential_id, "appId": runner.client_id, "_secretText": RUNNER_SECRET, "_usableFrom": 0}
    tx.put(kinds.CREDENTIAL_VALUE, tenant.id, runner.credential_id, value)
    principal = new_service_principal(
        application, tenant=tenant.id, now=tx.now, owners=owners, object_id=runner.object_id
    )
    tx.put(kinds.SERVICE_PRINCIPAL, tenant.id, runner.object_id, principal)
    _plant_graph_roles(tx, tenant)
    for role in _RUNNER_ARM_ROLES:
        _plant_arm_role(tx, tenant, role)


def _plant_graph_roles(tx: Transaction, tenant: Tenant) -> None:
    graph = microsofts_service_principal(microsoft_apps.GRAPH, tenant.id)
    principal = {"id": tenant.runner.object_id, "displayName": _RUNNER_NAME}
    by_value = {role["value"]: role["id"] for role in graph["appRoles"]}
    breadth = "Application.ReadWrite.OwnedBy" if tenant.runner_owns_only else "Application.ReadWrite.All"
    for value in (breadth, *_RUNNER_ROLES):
        key = f"{tenant.runner.object_id[:8]}-{by_value[value]}"
        assignment = new_app_role_assignment(principal, graph, by_value[value], now=tx.now) | {"id": key}
        tx.put(kinds.APP_ROLE_ASSIGNMENT, tenant.id, key, assignment)


def _plant_arm_role(tx: Transaction, tenant: Tenant, role: str) -> None:
    scope = f"/subscriptions/{tenant.subscription}"
    # any fixed GUID will do as a name: the role's own is as good as another, once per subscription
    key = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}"
    stamp = timestamp(tx.now)
    properties = {
        "roleDefinitionId": f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": tenant.runner.object_id,
        "principalType": "ServicePrincipal",
        "scope": scope,
        "condition": None,
        "conditionVersion": None,
        "createdOn": stamp,
        "updatedOn": stamp,
        "createdBy": tenant.operator_id,
        "updatedBy": tenant.operator_id,
        "delegatedManagedIdentityResourceId": None,
        "description": None,
    }
    body = {"properties": properties, "id": key, "type": "Microsoft.Authorization/roleAssignments", "name": role}
    tx.put(kinds.ROLE_ASSIGNMENT, tenant.subscription, key.lower(), body)


def _tenant(tenant_id: str, name: str, domain: str, cloud: str) -> Document:
    return {
        "id": tenant_id,
        "displayName": name,
        "domains": [domain],
        "cloud": cloud,
        "partner": False,
        "mfa": {"securityDefaults": False, "requireForApps": []},
        "_customers": [],
        "_policies": {},
    }


def _user(user_id: str, name: str, display: str) -> Document:
    return {
        "id": user_id,
        "userPrincipalName": name,
        "displayName": display,
        "accountEnabled": True,
        "_password": OPERATOR_PASSWORD,
        "_otp": None,
        "_directoryRoles": [],
        "_partnerRoles": [],
        "_gdap": {},
    }
