"""The contract check itself: it passes Microsoft's own examples and refuses what breaks them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from tests.contracts import ContractViolation, NotDescribed, check_answer, check_request
from tests.contracts.envelopes import HEADERS
from tests.contracts.ledger import Answer, Ledger
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


def _answer(service: str, operation: str, path: str, status: int, body: object, **headers: str) -> Answer:
    ids = dict.fromkeys(HEADERS.get(service, ()), "x") | {name.replace("_", "-"): v for name, v in headers.items()}
    return Answer(service, operation, "GET", path, status, ids, body)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (_answer("arm", "x", "/x", 404, {"error": {"code": "x"}}), "message"),
        (_answer("graph", "x", "/v1.0/me", 404, {"error": {"code": "x", "message": "x"}}), "innerError"),
        (_answer("arm", "arm.vaults.delete", "/x", 202, None, Location="/x"), "retry-after"),
        (_answer("key_vault", "x", "/secrets", 200, {"value": []}), "nextLink"),
        (_answer("key_vault", "x", "/secrets/n/", 200, {"id": SECRET_ID, "attributes": {}}), "recoveryLevel"),
        (_answer("partner_center", "x", "/v1/customers", 200, {"totalCount": 0, "items": []}), "objectType"),
        (_answer("graph", "graph.news", "/v1.0/news", 200, CONTEXT), "no entry says why"),
        (_answer("graph", "graph.me", "/v1.0/me", 200, {"id": "x"}), "context"),
        (replace(_answer("entra", "x", "/t/oauth2/token", 200, {"expires_in": 1}), method="POST"), "token_type"),
        (_answer("entra", "x", "/t/oauth2/token", 400, {"error": "invalid_request"}), "error_codes"),
        (replace(_answer("arm", "x", "/tenants", 200, {"value": []}), headers={}), "x-ms-request-id"),
    ],
)
def test_answer_that_lacks_what_all_of_its_service_have_is_a_violation(answer: Answer, complaint: str) -> None:
    ledger = Ledger()
    ledger.note(answer)
    with pytest.raises(ContractViolation, match=complaint):
        ledger.settle()


def test_figures_of_several_processes_are_summed() -> None:
    ledgers = Ledger(), Ledger()
    for ledger in ledgers:
        ledger.note(_answer("graph", "graph.me", "/v1.0/me", 200, CONTEXT))
        ledger.note(_answer("arm", "arm.tenants.list", "/x", 404, {"error": {"code": "x", "message": "x"}}))
        ledger.note(_answer("entra", "entra.sign_in", "/common/login", 200, b"<html>", Content_Type="text/html"))
        ledger.settle()
    ledgers[0].add(ledgers[1].figures())
    told = "contracts: 1 operations, 2 answers validated (2 errors), 2 allowed with a reason"
    assert ledgers[0].line().startswith(told)
    assert ledgers[0].pages == 2
