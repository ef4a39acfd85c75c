"""Every route of the services Microsoft describes: one success and refusals, each as its description has it.

The routes are the routers' own, so the list grows with the emulator. Each request is rolled back: every route finds the
same cloud.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import pytest

from provisioner.emulator import dispatch, kinds
from provisioner.emulator.kernel import Reply, Route
from provisioner.emulator.seed import plant
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.services import ROUTERS
from provisioner.emulator.store import Store
from tests.contracts import ContractViolation
from tests.contracts.allowed import ALLOWED
from tests.contracts.ledger import Answer, Ledger

from ..azure import Azure, operator
from . import azure, graph, key_vault
from .asks import Ask, Asks

HOSTS = {
    "graph": "graph.microsoft.com",
    "arm": "management.azure.com",
    "key_vault": "kv-contoso.vault.azure.net",
    "partner_center": "api.partnercenter.microsoft.com",
}
_AUDIENCES = HOSTS | {"key_vault": "vault.azure.net"}
_HEADERS = {"Content-Type": "application/json", "ConsistencyLevel": "eventual"}
_SAFE = "/()$,='"
_ABSENT = "9c9c9c9c-0000-4000-8000-9c9c9c9c9c9c"


class _RolledBackError(Exception):
    """Ends a request's transaction."""


@dataclass
class World:
    """A cloud with one of everything, and what its routes answered."""

    store: Store
    asks: dict[str, Asks]
    ledger: Ledger = field(default_factory=Ledger)
    complaints: list[str] = field(default_factory=list)

    def send(self, service: str, route: Route, ask: Ask, token: str | None, path: str) -> Reply:
        """The answer, counted and judged, nothing kept."""
        query = urlencode(dict(self.asks[service].query) | dict(ask.query))
        headers = _HEADERS | ({"Authorization": f"Bearer {token}"} if token else {})
        body = b"" if ask.body is None else json.dumps(ask.body).encode()
        found: list[Reply] = []
        with contextlib.suppress(_RolledBackError), self.store.transaction() as tx:
            url = f"https://{HOSTS[service]}{quote(path, safe=_SAFE)}?{query}"
            found.append(dispatch.dispatch(dispatch.received(tx, route.method, url, headers, body)))
            raise _RolledBackError
        [reply] = found
        answer = Answer(service, route.operation, route.method, path, reply.status, reply.headers, reply.body)
        try:
            self.ledger.judge(answer)
        except ContractViolation as violation:
            self.complaints.append(f"{answer}: {violation}")
        return reply

    def token(self, service: str, route: Route) -> str:
        """Of a caller who may do everything: a person where only people may, an application elsewhere."""
        audience = f"https://{_AUDIENCES[service]}"
        with self.store.transaction() as tx:
            [api] = tx.find(kinds.SERVICE_PRINCIPAL, CONTOSO.id, "appId", "00000003-0000-0000-c000-000000000000")
            person = tx.get(kinds.USER, CONTOSO.id, CONTOSO.operator_id) or {}
        if service == "partner_center" or {"me", "tenantRelationships"} & set(route.pattern.split("/")):
            scopes = " ".join(scope["value"] for scope in api["oauth2PermissionScopes"])
            claims = {"scp": f"{scopes} user_impersonation", "wids": person["_directoryRoles"], "amr": ["pwd", "mfa"]}
            return operator(self.store).token(audience, **claims)
        return Azure(self.store).token(audience, roles=[role["value"] for role in api["appRoles"]])

    def drive(self, service: str) -> None:
        """Every route of the service: as it should be asked, without a token, and for what is not there."""
        asks = self.asks[service]
        for route in ROUTERS[service].routes:
            ask, token = asks.of(route), self.token(service, route)
            path = asks.path(route, ask)
            good = self.send(service, route, ask, token, path)
            if (good.status < 400) == (route.operation in asks.hopeless):
                self.complaints.append(f"{route.operation}: {route.method} {path} -> {good.status} {good.body!s:.900}")
            refused = self.send(service, route, ask, None, path)
            if refused.status < 400:
                self.complaints.append(f"{route.operation}: {route.method} {path} needs no token")
            self.send(service, route, Ask(ask.body), token, re.sub(r"\{[^}]*\}", _ABSENT, route.pattern))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(tmp_path_factory.mktemp("cloud"))
    with store.transaction() as tx:
        plant(tx)
    asks: dict[str, Asks] = {"arm": azure.arm(store), "partner_center": azure.partner_center(store)}
    asks |= {"graph": graph.asks(store), "key_vault": key_vault.asks(store)}
    yield World(store, asks)
    store.close()


@pytest.mark.parametrize("service", sorted(HOSTS))
def test_every_route_succeeds_and_refuses_as_described(world: World, service: str) -> None:
    world.complaints.clear()
    world.drive(service)
    assert world.complaints == [], "\n".join(world.complaints)


def test_every_excuse_has_a_reason_and_is_needed(world: World) -> None:
    """Driven anew, so that the test may run alone."""
    ledger = world.ledger = Ledger()
    for service in HOSTS:
        world.drive(service)
    assert ALLOWED.keys() - ledger.allowed.keys() == set()
    assert [name for name, reason in ALLOWED.items() if len(reason.split()) < 3] == []
