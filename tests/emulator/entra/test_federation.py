"""Workloads without a secret: an issuer the application trusts vouches for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientAssertionCredential

from provisioner.emulator import kinds
from provisioner.emulator.issuers import keys
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.server import Emulator
from provisioner.emulator.store import Store
from tests.emulator.entra.world import API_OF_V2, ARM, AUDIENCE, MAIN, World, claims, json_of, web
from tests.robot import through_proxy

_CLUSTER = "https://oidc.cluster.example/8a1b/"


@pytest.fixture
def http(emulator: Emulator) -> Iterator[requests.Session]:
    cloud = emulator.description()
    with through_proxy(cloud["proxy"], cloud["ca"]) as session:
        yield session


def test_azure_identity_exchanges_a_pipelines_token(emulator: Emulator, http: requests.Session) -> None:
    world = World(Store(emulator.folder)).add_application().trust(MAIN)
    asked = []

    def assertion() -> str:
        asked.append(MAIN)
        return str(world.federated()["client_assertion"])

    transport = RequestsTransport(session=http, session_owner=False, connection_verify=http.verify)
    credential = ClientAssertionCredential(world.tenant.id, world.client_id, assertion, transport=transport)
    token = claims(credential.get_token(f"{ARM}/.default").token)
    assert (token["appid"], token["appidacr"], asked) == (world.client_id, "2", [MAIN])


def test_registered_cluster_is_an_issuer_like_any_other(store: Store) -> None:
    world = World(store).add_application()
    with store.transaction() as tx:
        keys.register(tx, _CLUSTER)
    subject = "system:serviceaccount:jobs:partner"
    world.trust(subject, issuer=_CLUSTER)
    assert world.as_application(**world.federated(_CLUSTER, sub=subject)).status == 200


def test_application_of_another_tenant_is_trusted_by_its_own_token(store: Store) -> None:
    """Entra itself is an issuer: the outside application's app-only token for the exchange stands for a credential."""
    outside = World(store, tenant=CONTOSO).add_application()
    exchange = World(store, tenant=CONTOSO).add_application(identifierUris=[AUDIENCE], api=API_OF_V2, web=web())
    principal = exchange.principal(exchange.client_id)
    exchange.change(kinds.SERVICE_PRINCIPAL, principal["id"], servicePrincipalNames=[AUDIENCE])
    token = json_of(outside.as_application(scope=f"{AUDIENCE}/.default"))["access_token"]
    told = claims(token)
    world = World(store).add_application()
    world.trust(told["sub"], issuer=told["iss"], audience=told["aud"])
    fields = world.federated() | {"client_assertion": token}
    assert world.as_application(**fields).status == 200


def test_one_of_several_trusts_is_enough(store: Store) -> None:
    world = World(store).add_application().trust("repo:contoso/other:ref:refs/heads/main").trust(MAIN)
    assert world.as_application(**world.federated()).status == 200


def test_federated_client_redeems_codes_too(store: Store) -> None:
    world = World(store).add_application().trust(MAIN)
    assert world.redeem(world.code(), **world.federated()).status == 200
