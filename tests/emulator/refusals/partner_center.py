"""A request for each refusal of Partner Center: (refusal, section of sam-facts, request, status, code)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from provisioner.emulator import kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from provisioner.emulator.store import Store

from ..azure import multi_tenant, operator, runner

Provoke = Callable[[Store], Reply]
HOST = "https://api.partnercenter.microsoft.com"
ORGANIZATION = "/v1/profiles/organization"
GRAPH = "00000003-0000-0000-c000-000000000000"
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
USERS = f"/v1/customers/{CONTOSO.customers[0].id}/users"


def person(path: str = ORGANIZATION, **changed: Any) -> Provoke:
    """The operator, but for what is changed."""
    return lambda store: operator(store, **changed).partner(path)


def claims(changed: dict[str, Any], audience: str = HOST) -> Provoke:
    def provoke(store: Store) -> Reply:
        azure = operator(store)
        token = azure.token(audience, **changed)
        return azure.send("GET", HOST + ORGANIZATION, None, token)

    return provoke


def without(path: str, **members: Any) -> Provoke:
    """The operator, whose account lacks something."""

    def provoke(store: Store) -> Reply:
        azure = operator(store)
        azure.plant(kinds.USER, CONTOSO.id, CONTOSO.operator_id, **members)
        return azure.partner(path)

    return provoke


def customers_person(store: Store) -> Reply:
    """An administrator of a customer tenant, which is no partner's."""
    customer = CONTOSO.customers[0]
    azure = operator(store, object_id=customer.user_id)
    token = azure.token(HOST, tid=customer.id)
    return azure.send("GET", HOST + ORGANIZATION, None, token)


def consent(*grants: tuple[str, str], **more: Any) -> Provoke:
    """The operator consents to the runner's application in the first customer."""

    def provoke(store: Store) -> Reply:
        multi_tenant(store)
        return operator(store).consent(*grants, **more)

    return provoke


def consent_twice(store: Store) -> Reply:
    multi_tenant(store)
    assert operator(store).consent((GRAPH, "User.Read")).status == 201
    return operator(store).consent((GRAPH, "User.Read,Directory.Read.All"))


def consent_without_relationship(store: Store) -> Reply:
    multi_tenant(store)
    azure = operator(store)
    azure.plant(kinds.USER, CONTOSO.id, CONTOSO.operator_id, _gdap={})
    return azure.consent((GRAPH, "User.Read"))


def exchange(token: bool) -> Provoke:
    def provoke(store: Store) -> Reply:
        azure = operator(store)
        sent = azure.token("https://graph.windows.net") if token else None
        return azure.send("POST", f"{HOST}/generatetoken", b"grant_type=jwt_token", sent)

    return provoke


ROWS: tuple[tuple[str, str, Provoke, int, str], ...] = (
    (
        "partner_center.no_token",
        "4.5",
        lambda store: runner(store).send("GET", HOST + ORGANIZATION),
        401,
        "800001",
    ),
    ("partner_center.bad_token", "4.5", claims({}, "https://graph.microsoft.com"), 401, "400"),
    ("partner_center.bad_token", "4.5", claims({"exp": 1}), 401, "400"),
    ("partner_center.bad_token", "3.1", claims({"ver": "2.0"}), 401, "400"),
    ("partner_center.mfa_required", "4.2", person(amr=("pwd",)), 401, "900421"),
    ("partner_center.access_denied", "4.1", lambda store: runner(store).partner(ORGANIZATION), 403, "2032"),
    ("partner_center.access_denied", "7", without(ORGANIZATION, _partnerRoles=[]), 403, "2032"),
    ("partner_center.access_denied", "7", without(USERS, _gdap={}), 403, "2032"),
    ("partner_center.access_denied", "4.1", claims({"scp": "openid"}), 403, "2032"),
    ("partner_center.access_denied", "4.1", customers_person, 403, "2032"),
    ("partner_center.no_relationship", "4.5", person(f"/v1/customers/{FABRIKAM.customers[0].id}"), 403, "20002"),
    ("partner_center.tenant_not_found", "4.5", person(f"/v1/customers/{uuid.uuid4()}"), 404, "60003"),
    ("partner_center.invalid_input", "4.5", person("/v1/customers/x/users"), 400, "800002"),
    ("partner_center.invalid_input", "4.5", person("/v1/customers?size=501"), 400, "800002"),
    ("partner_center.invalid_input", "4.5", person("/v1/customers?size=2&seekOperation=Next"), 400, "800002"),
    ("partner_center.invalid_input", "4.5", person("/v1/customers?size=2&filter=x"), 400, "800002"),
    ("partner_center.invalid_input", "4.6", consent((GRAPH, "User.Read Directory.Read.All")), 400, "800002"),
    ("partner_center.invalid_input", "4.6", consent(("Graph", "User.Read")), 400, "800002"),
    ("partner_center.invalid_input", "4.6", consent(), 400, "800002"),
    ("partner_center.invalid_property", "4.6 Partner Center", consent((PARTNER_CENTER, "x")), 400, "3000"),
    ("partner_center.invalid_property", "4.6", consent((GRAPH, "Application.ReadWrite.OwnedBy")), 400, "3000"),
    (
        "partner_center.invalid_property",
        "assumed",
        lambda store: operator(store).consent((GRAPH, "User.Read")),
        400,
        "single-tenant",
    ),
    ("partner_center.resource_missing", "4.6", consent((str(uuid.uuid4()), "User.Read")), 400, "3000"),
    (
        "partner_center.not_found",
        "4.5",
        consent((GRAPH, "User.Read"), applicationId=str(uuid.uuid4())),
        404,
        "1000",
    ),
    ("partner_center.consent_exists", "4.6", consent_twice, 409, "Permission entry already exists"),
    ("partner_center.access_denied", "4.6 GDAP", consent_without_relationship, 403, "2032"),
    (
        "partner_center.access_denied",
        "4.6 App+User",
        lambda store: runner(store).consent((GRAPH, "User.Read")),
        403,
        "2032",
    ),
    ("partner_center.no_relationship", "4.6", consent((GRAPH, "User.Read"), customer=CONTOSO.id), 403, "20002"),
    ("partner_center.no_token", "4.1", exchange(False), 401, "800001"),
    ("partner_center.token_exchange_retired", "4.1", exchange(True), 401, "400"),
    ("partner_center.not_implemented", "4.5", person("/v1/invoices"), 501, "no GET"),
)
