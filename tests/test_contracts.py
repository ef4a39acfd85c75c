"""The contract check itself: it passes Microsoft's own examples and refuses what breaks them."""

from __future__ import annotations

import json
import re

import pytest

from tests.contracts import ContractViolation, NotDescribed, check_answer, check_request
from tests.contracts.members import folder

CONTEXT = {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x"}
SECRET_ID = "https://kv.vault.azure.net/secrets/token/03bcccc7c8cf4546a0e3e21e52560441"


@pytest.mark.parametrize("name", ["SetSecret", "DeleteSecret", "GetSecrets", "GetDeletedSecrets", "GetSecretVersions"])
def test_microsofts_key_vault_examples_hold(name: str) -> None:
    paths = {
        "SetSecret": ("PUT", "/secrets/crpsecret"),
        "DeleteSecret": ("DELETE", "/secrets/crpsecret"),
        "GetSecrets": ("GET", "/secrets"),
        "GetDeletedSecrets": ("GET", "/deletedsecrets"),
        "GetSecretVersions": ("GET", "/secrets/crpsecret/versions"),
    }
    method, path = paths[name]
    [file] = folder().glob(f"**/7.5/examples/{name}-example.json")
    check_answer("key_vault", method, path, 200, json.loads(file.read_text())["responses"]["200"]["body"])


def test_role_assignment_at_any_scope_is_described() -> None:
    scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    body = {"properties": {"roleDefinitionId": "r", "principalId": "p", "principalType": "User"}}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/n"
    check_request("arm", "PUT", path, {"api-version": "2022-04-01"}, body)


@pytest.mark.parametrize(
    ("why", "service", "method", "path", "status", "body"),
    [
        ("wrong type", "key_vault", "GET", "/secrets/n/", 200, {"id": SECRET_ID, "attributes": {"exp": "soon"}}),
        ("unknown member", "key_vault", "GET", "/secrets/n/", 200, {"id": SECRET_ID, "val": "x"}),
        ("status", "key_vault", "PUT", "/secrets/n", 201, {"id": SECRET_ID}),
        ("body where none is", "key_vault", "DELETE", "/deletedsecrets/n", 204, {}),
        ("unknown member", "graph", "GET", "/v1.0/applications/a", 200, CONTEXT | {"id": "a", "displayNam": "x"}),
        ("unknown nested", "graph", "GET", "/v1.0/applications/a", 200, CONTEXT | {"web": {"redirectUrls": []}}),
        ("null not allowed", "graph", "GET", "/v1.0/applications/a", 200, CONTEXT | {"tags": None}),
        ("no error object", "graph", "GET", "/v1.0/applications/a", 404, {"code": "x"}),
        ("upsert needs the key", "graph", "PATCH", "/v1.0/applications/a", 201, CONTEXT | {"id": "a"}),
        ("no context", "graph", "GET", "/v1.0/applications/a", 200, {"id": "a"}),
        ("a count is a number", "graph", "GET", "/v1.0/applications/$count", 200, {"value": 1}),
        ("member missing", "partner_center", "GET", "/v1/customers", 200, {"items": []}),
    ],
)
def test_broken_answer_is_a_violation(
    why: str, service: str, method: str, path: str, status: int, body: object
) -> None:
    with pytest.raises(ContractViolation):
        check_answer(service, method, path, status, body)


def test_upsert_by_alternate_key_may_create() -> None:
    check_answer("graph", "PATCH", "/v1.0/applications(uniqueName='x')", 201, CONTEXT | {"id": "a", "uniqueName": "x"})


def test_deleted_item_is_checked_as_the_type_it_names() -> None:
    path = "/v1.0/directory/deletedItems/microsoft.graph.application"
    check_answer("graph", "GET", path, 200, CONTEXT | {"value": [{"id": "a", "deletedDateTime": None}]})
    with pytest.raises(ContractViolation, match="uniqNam"):
        check_answer("graph", "GET", path, 200, CONTEXT | {"value": [{"id": "a", "uniqNam": "x"}]})


def test_missing_api_version_is_a_violation() -> None:
    with pytest.raises(ContractViolation, match="api-version"):
        check_request("key_vault", "GET", "/secrets", {})


@pytest.mark.parametrize(("service", "path"), [("graph", "/v1.0/$batch"), ("arm", "/subscriptions/s/providers/X.Y")])
def test_what_no_contract_speaks_of_is_told_apart(service: str, path: str) -> None:
    with pytest.raises(NotDescribed, match=re.escape(path)):
        check_request(service, "POST", path, {})
