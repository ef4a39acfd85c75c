"""What Graph refuses of certificates, proofs, federation, owners and app-management policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.emulator.kernel import Reply
from provisioner.emulator.kinds import APPLICATION, GROUP, SERVICE_PRINCIPAL
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.store import Store
from tests.emulator.graph.world import HOST, TENANT, Graph, certificate_with_key, make_certificate, proof

Row = tuple[str, str, Callable[[Store], Reply], int, str]
_ABSENT = "3f0c6b0e-7b0f-4d52-9c8e-5a1f6f5f7d11"
_KEY = {"type": "AsymmetricX509Cert", "usage": "Verify"}
_FEDERATED = {
    "name": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "subject": "repo:contoso/sam:ref:refs/heads/main",
    "audiences": ["api://AzureADTokenExchange"],
}
_POLICY = {"displayName": "none", "isEnabled": True, "restrictions": {}}
_BAD, _INVALID = "Request_BadRequest", "InvalidFederatedIdentityCredentialValue"


def _to_application(method: str, rest: str, *bodies: Any) -> Callable[[Store], Reply]:
    """Requests below a new application, with one body each; the last one's answer."""

    def provoke(store: Store) -> Reply:
        graph = Graph(store)
        made = graph.create_application()
        return [graph.send(method, f"/applications/{made['id']}{rest}", body) for body in bodies][-1]

    return provoke


def _federated(*changes: dict[str, Any]) -> Callable[[Store], Reply]:
    bodies = [_FEDERATED | change for change in changes]
    return _to_application("POST", "/federatedIdentityCredentials", *bodies)


def _renamed_federation(store: Store) -> Reply:
    graph = Graph(store)
    path = f"/applications/{graph.create_application()['id']}/federatedIdentityCredentials"
    made = graph.post(path, _FEDERATED)
    return graph.send("PATCH", f"{path}/{made['id']}", {"name": "other"})


def _federated_too_often(store: Store) -> Reply:
    each = [{"name": f"name-{number}", "subject": str(number)} for number in range(1, 22)]
    return _federated(*each)(store)


def _changed_key(store: Store) -> Reply:
    graph = Graph(store)
    made = graph.create_application(keyCredentials=[_KEY | {"key": make_certificate()}])
    kept = graph.get(f"/applications/{made['id']}")["keyCredentials"][0]
    return graph.send("PATCH", f"/applications/{made['id']}", {"keyCredentials": [kept | {"usage": "Sign"}]})


def _same_certificate_twice(store: Store) -> Reply:
    entry = _KEY | {"key": make_certificate()}
    return _to_application("PATCH", "", {"keyCredentials": [entry, entry]})(store)


def _key_with(**changed: Any) -> Callable[[Store], Reply]:
    return lambda store: _to_application("PATCH", "", {"keyCredentials": [_key() | changed]})(store)


def _key() -> dict[str, Any]:
    return _KEY | {"key": make_certificate()}


def _first_key_by_proof(store: Store) -> Reply:
    _, key = certificate_with_key()
    graph = Graph(store)
    made = graph.create_application()
    body = {"keyCredential": _key(), "passwordCredential": None, "proof": proof(store, key, made["id"])}
    return graph.send("POST", f"/applications/{made['id']}/addKey", body)


def _remove_absent_key(store: Store) -> Reply:
    certificate, key = certificate_with_key()
    graph = Graph(store)
    made = graph.create_application(keyCredentials=[_KEY | {"key": certificate}])
    body = {"keyId": _ABSENT, "proof": proof(store, key, made["id"])}
    return graph.send("POST", f"/applications/{made['id']}/removeKey", body)


def _locked_copy(store: Store) -> Reply:
    """A secret on the service principal of another tenant's application that locks them."""
    graph = Graph(store)
    made = graph.create_application()
    lock = {"isEnabled": True, "allProperties": True}
    home = {"signInAudience": "AzureADMultipleOrgs", "servicePrincipalLockConfiguration": lock, "uniqueName": None}
    with store.transaction() as tx:
        application = tx.get(APPLICATION, TENANT.id, made["id"])
        assert application is not None
        tx.delete(APPLICATION, TENANT.id, made["id"])
        tx.put(APPLICATION, FABRIKAM.id, made["id"], application | home)
    principal = graph.post("/servicePrincipals", {"appId": made["appId"]})
    return graph.send("POST", f"/servicePrincipals/{principal['id']}/addPassword", {"passwordCredential": {}})


def _owner(object_id: str) -> dict[str, str]:
    return {"@odata.id": f"{HOST}/v1.0/directoryObjects/{object_id}"}


def _group_as_owner(store: Store) -> Reply:
    with store.transaction() as tx:
        tx.put(GROUP, TENANT.id, _ABSENT, {"id": _ABSENT, "displayName": "People", "_members": []})
    return _to_application("POST", "/owners/$ref", _owner(_ABSENT))(store)


def _policy_reference(graph: Graph) -> dict[str, str]:
    made = graph.post("/policies/appManagementPolicies", _POLICY)
    return {"@odata.id": f"{HOST}/v1.0/policies/appManagementPolicies/{made['id']}"}


def _two_policies(store: Store) -> Reply:
    graph = Graph(store)
    path = f"/applications/{graph.create_application()['id']}/appManagementPolicies/$ref"
    return [graph.send("POST", path, _policy_reference(graph)) for _ in range(2)][-1]


def _delete_policy_in_use(store: Store) -> Reply:
    graph = Graph(store)
    reference = _policy_reference(graph)
    made = graph.create_application()
    graph.send("POST", f"/applications/{made['id']}/appManagementPolicies/$ref", reference)
    return graph.send("DELETE", reference["@odata.id"].removeprefix(f"{HOST}/v1.0"))


def _secret_of_disabled_kind_on_principal(store: Store) -> Reply:
    graph = Graph(store)
    restriction = {"restrictionType": "passwordAddition", "state": "enabled", "maxLifetime": None}
    change = {"isEnabled": True, "servicePrincipalRestrictions": {"passwordCredentials": [restriction]}}
    assert graph.send("PATCH", "/policies/defaultAppManagementPolicy", change).status == 204
    with store.transaction() as tx:
        principal = tx.list(SERVICE_PRINCIPAL, TENANT.id)[-1]
    return graph.send("POST", f"/servicePrincipals/{principal['id']}/addPassword", {"passwordCredential": {}})


def _trusted_authority(store: Store) -> Reply:
    entry = {"restrictionType": "trustedCertificateAuthority", "state": "enabled"}
    entries = [entry | {"certificateBasedApplicationConfigurationIds": [_ABSENT]}]
    change = {"applicationRestrictions": {"keyCredentials": entries}}
    return Graph(store).send("PATCH", "/policies/defaultAppManagementPolicy", change)


ROWS: tuple[Row, ...] = (
    ("graph.trusted_authorities_unknown", "assumed", _trusted_authority, 400, _BAD),
    ("graph.key_duplicate", "assumed", _same_certificate_twice, 400, _BAD),
    ("graph.key_not_updatable", "observed", _changed_key, 400, "KeyNotUpdatable"),
    ("graph.key_value_invalid", "observed", _key_with(usage="Encrypt"), 400, "Sign, Verify"),
    ("graph.key_value_invalid", "5.2", _key_with(type="Symmetric"), 400, _BAD),
    ("graph.certificate_invalid", "assumed", _key_with(key=None), 400, _BAD),
    ("graph.proof_invalid", "5.2 not for the first certificate", _first_key_by_proof, 401, "MissingOrMalformed"),
    ("graph.key_not_found", "assumed", _remove_absent_key, 400, _BAD),
    ("graph.service_principal_locked", "observed", _locked_copy, 400, "CannotUpdateLockedServicePrincipalProperty"),
    (
        "graph.federated_name_taken",
        "observed",
        _federated({}, {"subject": "x"}),
        409,
        "MultipleObjectsWithSameKeyValue",
    ),
    ("graph.federated_pair_taken", "observed", _federated({}, {"name": "gitlab"}), 400, _INVALID),
    ("graph.federated_value_invalid", "5.2 name", _federated({"name": "-x"}), 400, _INVALID),
    ("graph.federated_value_invalid", "5.2 issuer", _federated({"issuer": "http://issuer.example"}), 400, _INVALID),
    ("graph.federated_value_invalid", "5.2 one audience", _federated({"audiences": ["a", "b"]}), 400, _INVALID),
    ("graph.federated_name_immutable", "5.2", _renamed_federation, 400, _BAD),
    ("graph.too_many", "5.2 federation: 20", _federated_too_often, 400, _BAD),
    ("graph.reference_link_invalid", "assumed", _to_application("POST", "/owners/$ref", {}), 400, "BadRequest"),
    (
        "graph.reference_exists",
        "observed",
        _to_application("POST", "/owners/$ref", _owner(TENANT.operator_id), _owner(TENANT.operator_id)),
        400,
        _BAD,
    ),
    ("graph.reference_target_invalid", "observed", _group_as_owner, 400, _BAD),
    ("graph.policy_already_assigned", "5.2", _two_policies, 400, _BAD),
    ("graph.policy_in_use", "assumed", _delete_policy_in_use, 400, _BAD),
    (
        "graph.credential_kind_denied_by_policy",
        "5.2 code assumed",
        _secret_of_disabled_kind_on_principal,
        400,
        "CredentialTypeNotAllowedAsPerAppPolicy",
    ),
)
