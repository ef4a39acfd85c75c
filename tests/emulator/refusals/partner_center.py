"""A request for each refusal of Partner Center: (refusal, section of sam-facts, request, status, code)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from provisioner.emulator import kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import CONTOSO, FABRIKAM
from provisioner.emulator.store import Store

from ..azure import operator, runner

Provoke = Callable[[Store], Reply]
HOST = "https://api.partnercenter.microsoft.com"
ORGANIZATION = "/v1/profiles/organization"
USERS = f"/v1/customers/{CONTOSO.customers[0].id}/users"


def person(path: str = ORGANIZATION, **changed: Any) -> Provoke:
    """The operator, but for what is changed."""
    return lambda store: operator(store, **changed).partner(path)


def claims(changed: dict[str, Any], audience: str = HOST) -> Provoke:
    def provoke(store: Store) -> Reply:
        azure = operator(store)
        token = azure.token(audience, **changed)
        return azure.send("partner_center", "GET", HOST + ORGANIZATION, None, token)

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
    return azure.send("partner_center", "GET", HOST + ORGANIZATION, None, token)


ROWS: tuple[tuple[str, str, Provoke, int, str], ...] = (
    (
        "partner_center.no_token",
        "4.5",
        lambda store: runner(store).send("partner_center", "GET", HOST + ORGANIZATION),
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
)
