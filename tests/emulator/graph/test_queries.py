"""Advanced queries, counts and expansion, as the directory takes them (sam-facts 5.6)."""

from __future__ import annotations

import pytest

from provisioner.emulator import dispatch
from provisioner.emulator.graph.microsoft_apps import GRAPH
from provisioner.emulator.store import Store

from .world import HOST, TENANT, Graph

_EVENTUAL = {"ConsistencyLevel": "eventual"}


def _names(graph: Graph, **query: str) -> list[str]:
    options = {f"${name}": value for name, value in query.items()}
    reply = graph.send("GET", "/applications", query=options, headers=_EVENTUAL)
    assert reply.status == 200, reply.body
    return [each["displayName"] for each in reply.body["value"]]


@pytest.fixture
def named(graph: Graph) -> Graph:
    for name in ("Contoso Billing", "contoso audit", "Fabrikam Billing"):
        graph.post("/applications", {"displayName": name, "description": "of the partner team"})
    return graph


def test_search_finds_words_by_their_beginning_and_joins_clauses(named: Graph) -> None:
    assert set(_names(named, search='"displayName:bill"')) == {"Contoso Billing", "Fabrikam Billing"}
    assert _names(named, search='"displayName:bill" AND "displayName:contoso"') == ["Contoso Billing"]
    found = _names(named, search='"displayName:audit" OR "displayName:fabrikam"')
    assert set(found) == {"contoso audit", "Fabrikam Billing"}
    assert len(_names(named, search='"description:partner team"')) == 3


def test_order_is_by_name_in_any_case_and_survives_paging(named: Graph) -> None:
    query = {"$orderby": "displayName desc", "$filter": "endswith(description,'team')", "$count": "true"}
    refused = named.send("GET", "/applications", query=query, headers=_EVENTUAL)
    assert refused.status == 400  # description cannot be filtered by
    assert _names(named, orderby="displayName")[:3] == ["contoso audit", "Contoso Billing", "Fabrikam Billing"]
    page = named.send("GET", "/applications", query={"$orderby": "displayName", "$top": "2"})
    rest = named.follow(page.body["@odata.nextLink"])
    assert rest.body["value"][0]["displayName"] == "Fabrikam Billing"


def test_filter_and_order_together_are_an_advanced_query(named: Graph) -> None:
    query = {"$orderby": "displayName desc", "$filter": "startswith(displayName,'contoso')", "$count": "true"}
    assert named.send("GET", "/applications", query=query).status == 400
    reply = named.send("GET", "/applications", query=query, headers=_EVENTUAL)
    assert [each["displayName"] for each in reply.body["value"]] == ["Contoso Billing", "contoso audit"]


def test_raw_count_is_plain_text(named: Graph) -> None:
    query = {"$filter": "startswith(displayName,'contoso')"}
    reply = named.send("GET", "/applications/$count", query=query, headers=_EVENTUAL)
    assert (reply.body, reply.headers["Content-Type"]) == (b"2", "text/plain")


def test_expanded_owners_come_with_their_type(graph: Graph) -> None:
    made = graph.create_application()
    read = graph.get(f"/applications/{made['id']}", expand="owners($select=id)")
    assert read["owners"] == [{"@odata.type": "#microsoft.graph.servicePrincipal", "id": TENANT.runner.object_id}]
    [listed] = graph.get("/servicePrincipals", filter=f"appId eq '{GRAPH}'", expand="appRoleAssignedTo")["value"]
    assert {each["principalId"] for each in listed["appRoleAssignedTo"]} == {TENANT.runner.object_id}


def test_create_with_minimal_return_has_no_body(graph: Graph) -> None:
    wanted = {"displayName": "quiet", "uniqueName": "quiet"}
    answer = {"id": "1", "method": "POST", "url": "/applications", "body": wanted}
    headers = {"Content-Type": "application/json", "Prefer": "return=minimal"}
    [reply] = graph.post("/$batch", {"requests": [answer | {"headers": headers}]})["responses"]
    assert (reply["status"], "body" in reply) == (204, False)
    assert reply["headers"]["Preference-Applied"] == "return=minimal"
    assert reply["headers"]["Location"].endswith("Microsoft.DirectoryServices.Application")


def test_paths_match_in_any_case_as_az_writes_them(graph: Graph) -> None:
    assert graph.send("GET", "/oAuth2PermissionGrants", headers={}).status == 200


def test_empty_segments_are_overlooked_as_the_sdk_sends_them(graph: Graph) -> None:
    made = graph.create_application()
    headers = {"Authorization": f"Bearer {graph.token()}"}
    for path in ("/applications", f"/applications/{made['id']}/owners"):
        assert dispatch.handle(graph.store, "GET", f"{HOST}/v1.0/{path}", headers).status == 200


def test_answers_carry_the_services_headers(store: Store, graph: Graph) -> None:
    reply = graph.send("GET", "/applications")
    assert reply.headers["OData-Version"] == "4.0"
    assert reply.headers["Cache-Control"] == "no-cache"
    assert "ServerInfo" in reply.headers["x-ms-ags-diagnostic"]
    refused = Graph(store, roles=()).send("GET", "/applications")
    assert (refused.status, "request-id" in refused.headers) == (403, True)
