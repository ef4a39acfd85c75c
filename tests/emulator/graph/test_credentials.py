"""Keys rolled by proof, secrets of service principals, federation and the policies over them (sam-facts 5.2)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from provisioner.emulator.kinds import FEDERATED_CREDENTIAL
from provisioner.emulator.store import Store
from tests.emulator.certificates import self_signed

from ..clock import advance
from .world import HOST, OWNED_ONLY, TENANT, Graph, certificate_with_key, make_certificate, proof

_KEY = {"type": "AsymmetricX509Cert", "usage": "Verify"}
_FEDERATED = {
    "name": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/sam:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_certificate_in_force_proves_the_right_to_add_and_remove_another(
    store: Store, graph: Graph, algorithm: str
) -> None:
    certificate, key = certificate_with_key()
    made, principal = graph.create_pair(keyCredentials=[_KEY | {"key": certificate}])
    path = f"/applications/{made['id']}"
    powerless = Graph(store, roles=()).token(appid=made["appId"], oid=principal["id"])
    signed = proof(store, key, made["id"], algorithm)
    body = {"keyCredential": _KEY | {"key": make_certificate()}, "passwordCredential": None, "proof": signed}
    added = graph.send("POST", f"{path}/addKey", body, {"Authorization": f"Bearer {powerless}"})
    assert (added.status, added.body["key"]) == (200, None)
    assert len(graph.get(path)["keyCredentials"]) == 2
    assert graph.send("POST", f"{path}/removeKey", {"keyId": added.body["keyId"], "proof": signed}).status == 204
    assert len(graph.get(path)["keyCredentials"]) == 1


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": "00000003-0000-0000-c000-000000000000"}, id="for another audience"),
        pytest.param({"iss": TENANT.runner.application_id}, id="for another application"),
        pytest.param({"exp": 4102444800}, id="for longer than ten minutes"),
        pytest.param({"nbf": 0, "exp": 600}, id="of long ago"),
    ],
)
def test_proof_for_anything_else_proves_nothing(store: Store, graph: Graph, claims: dict[str, Any]) -> None:
    certificate, key = certificate_with_key()
    made = graph.create_application(keyCredentials=[_KEY | {"key": certificate}])
    signed = proof(store, key, made["id"], **claims)
    body = {"keyCredential": _KEY | {"key": make_certificate()}, "passwordCredential": None, "proof": signed}
    assert graph.send("POST", f"/applications/{made['id']}/addKey", body).status == 401


def test_key_with_its_private_part_needs_its_password_beside_it(store: Store, graph: Graph) -> None:
    certificate, key = certificate_with_key()
    made = graph.create_application(keyCredentials=[_KEY | {"key": certificate}])
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = x509.load_der_x509_certificate(self_signed(other, datetime.now(UTC), 365))
    pfx = pkcs12.serialize_key_and_certificates(b"x", other, public, None, BestAvailableEncryption(b"pass"))
    sent = {"type": "X509CertAndPassword", "usage": "Sign", "key": base64.b64encode(pfx).decode()}
    body = {"keyCredential": sent, "proof": proof(store, key, made["id"])}
    path = f"/applications/{made['id']}/addKey"
    assert graph.send("POST", path, body).status == 400
    assert graph.send("POST", path, body | {"passwordCredential": {"secretText": "wrong"}}).status == 400
    assert graph.send("POST", path, body | {"passwordCredential": {"secretText": "pass"}}).body["usage"] == "Sign"


def test_expired_certificate_proves_nothing(store: Store, graph: Graph) -> None:
    certificate, key = certificate_with_key(days=10)
    made = graph.create_application(keyCredentials=[_KEY | {"key": certificate}])
    advance(store, 11 * 86400)
    body = {"keyId": made["keyCredentials"][0]["keyId"], "proof": proof(store, key, made["id"])}
    assert graph.send("POST", f"/applications/{made['id']}/removeKey", body).status == 401


def test_certificate_is_taken_as_az_sends_it_and_shown_only_when_asked_for(graph: Graph) -> None:
    der = self_signed(rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC), 365)
    made = graph.create_application()
    path = f"/applications/{made['id']}"
    entry = _KEY | {"key": base64.encodebytes(der).decode(), "displayName": "x" * 91}
    assert graph.send("PATCH", path, {"keyCredentials": [entry]}).status == 204
    [hidden] = graph.get(path)["keyCredentials"]
    assert (hidden["key"], len(hidden["customKeyIdentifier"]), len(hidden["displayName"])) == (None, 40, 90)
    [listed] = graph.get("/applications", filter=f"appId eq '{made['appId']}'", select="keyCredentials")["value"]
    assert listed["keyCredentials"][0]["key"] is None
    [shown] = graph.get(path, select="keyCredentials")["keyCredentials"]
    assert base64.b64decode(shown["key"]) == der


def test_service_principal_has_secrets_and_certificates_of_its_own(graph: Graph) -> None:
    application, principal = graph.create_pair()
    path = f"/servicePrincipals/{principal['id']}"
    secret = graph.post(f"{path}/addPassword", {"passwordCredential": {"displayName": "sp"}})
    assert graph.send("PATCH", path, {"keyCredentials": [_KEY | {"key": make_certificate()}]}).status == 204
    read = graph.get(path)
    assert [each["keyId"] for each in read["passwordCredentials"]] == [secret["keyId"]]
    assert len(read["keyCredentials"]) == 1
    assert graph.get(f"/applications/{application['id']}")["passwordCredentials"] == []
    assert graph.send("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status == 204


def test_federated_credential_is_found_by_id_and_name_changed_and_deleted(graph: Graph) -> None:
    path = f"/applications/{graph.create_application()['id']}/federatedIdentityCredentials"
    made = graph.post(path, _FEDERATED)
    assert made | _FEDERATED == made
    for key in (f"{path}/{made['id']}", f"{path}/github", f"{path}(name='github')"):
        assert graph.get(key)["id"] == made["id"]
    assert graph.send("PATCH", f"{path}/github", {"subject": "repo:contoso/sam:environment:live"}).status == 204
    [read] = graph.get(path, filter="name eq 'github'")["value"]
    assert read["subject"] == "repo:contoso/sam:environment:live"
    assert graph.send("DELETE", f"{path}/{made['id']}").status == 204
    assert graph.get(path)["value"] == []


def test_federated_credential_is_upserted_by_name(graph: Graph) -> None:
    path = f"/applications/{graph.create_application()['id']}/federatedIdentityCredentials(name='github')"
    body = {name: value for name, value in _FEDERATED.items() if name != "name"}
    assert graph.send("PATCH", path, body).status == 404
    made = graph.send("PATCH", path, body, {"Prefer": "create-if-missing"})
    again = graph.send("PATCH", path, {"description": "again"}, {"Prefer": "create-if-missing"})
    assert (made.status, made.body["name"], again.status) == (201, "github", 204)
    assert graph.get(path)["description"] == "again"


def test_federation_comes_back_with_its_application_and_goes_for_good_with_it(store: Store, graph: Graph) -> None:
    made = graph.create_application()
    path = f"/applications/{made['id']}/federatedIdentityCredentials"
    graph.post(path, _FEDERATED)
    graph.send("DELETE", f"/applications/{made['id']}")
    graph.send("POST", f"/directory/deletedItems/{made['id']}/restore")
    assert [each["name"] for each in graph.get(path)["value"]] == ["github"]
    graph.send("DELETE", f"/applications/{made['id']}")
    graph.send("DELETE", f"/directory/deletedItems/{made['id']}")
    with store.transaction() as tx:
        assert tx.list(FEDERATED_CREDENTIAL, TENANT.id) == []


def test_owned_by_caller_federates_what_it_owns_only(store: Store, graph: Graph) -> None:
    owned_only = Graph(store, roles=OWNED_ONLY)
    own = owned_only.create_application("own")["id"]
    other = Graph(store, person=TENANT.operator_id, scopes=("Application.ReadWrite.All",)).create_application("other")
    assert owned_only.send("POST", f"/applications/{own}/federatedIdentityCredentials", _FEDERATED).status == 201
    path = f"/applications/{other['id']}/federatedIdentityCredentials"
    assert owned_only.send("POST", path, _FEDERATED).status == 403


def _limit(lifetime: str) -> dict[str, Any]:
    entry = {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": lifetime}
    return {"passwordCredentials": [entry]}


def _add_secret(graph: Graph, application: str, end: str) -> int:
    body = {"passwordCredential": {"endDateTime": end}}
    return graph.send("POST", f"/applications/{application}/addPassword", body).status


def test_policy_of_the_application_wins_over_the_default_for_the_restriction_it_defines(graph: Graph) -> None:
    year = datetime.now(UTC).year
    soon, later = f"{year + 1}-01-15T00:00:00Z", f"{year + 3}-01-15T00:00:00Z"
    blocked, exempt = graph.create_application("blocked")["id"], graph.create_application("exempt")["id"]
    default = {"isEnabled": True, "applicationRestrictions": _limit("P400D")}
    assert graph.send("PATCH", "/policies/defaultAppManagementPolicy", default).status == 204
    policy = {"displayName": "exemption", "isEnabled": True, "restrictions": _limit("P3650D")}
    made = graph.post("/policies/appManagementPolicies", policy)
    reference = {"@odata.id": f"{HOST}/v1.0/policies/appManagementPolicies/{made['id']}"}
    assert graph.send("POST", f"/applications/{exempt}/appManagementPolicies/$ref", reference).status == 204
    assert [_add_secret(graph, each, later) for each in (blocked, exempt)] == [400, 200]
    assert _add_secret(graph, blocked, soon) == 200
    applied = graph.get(f"/policies/appManagementPolicies/{made['id']}/appliesTo")["value"]
    assert [each["id"] for each in applied] == [exempt]
    assert graph.send("DELETE", f"/applications/{exempt}/appManagementPolicies/{made['id']}/$ref").status == 204
    assert _add_secret(graph, exempt, later) == 400
    assert graph.send("DELETE", f"/policies/appManagementPolicies/{made['id']}").status == 204


def test_restriction_spares_applications_made_before_its_date(graph: Graph) -> None:
    made = graph.create_application()["id"]
    limit = _limit("P1D")
    limit["passwordCredentials"][0]["restrictForAppsCreatedAfterDateTime"] = "2199-01-01T00:00:00Z"
    change = {"isEnabled": True, "applicationRestrictions": limit}
    assert graph.send("PATCH", "/policies/defaultAppManagementPolicy", change).status == 204
    assert graph.send("POST", f"/applications/{made}/addPassword", {"passwordCredential": {}}).status == 200
    assert (
        Graph(graph.store, roles=("Policy.Read.All",))
        .send("PATCH", "/policies/defaultAppManagementPolicy", change)
        .status
        == 403
    )
