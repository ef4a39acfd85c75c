"""$batch: each inner request is a request of its own (sam-facts 5.5)."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.emulator.store import Store

from .world import Graph


def _responses(graph: Graph, *requests: dict[str, Any]) -> dict[str, Any]:
    body = graph.post("/$batch", {"requests": list(requests)})
    return {response["id"]: response for response in body["responses"]}


def test_batch_answers_200_whatever_its_parts_say(graph: Graph) -> None:
    made = graph.create_application()
    answers = _responses(
        graph,
        {"id": "a", "method": "GET", "url": "/applications(uniqueName='contoso-sam')?$select=id"},
        {"id": "b", "method": "GET", "url": "applications(uniqueName='absent')"},
        {"id": "c", "method": "GET", "url": f"/applications?$filter=appId%20eq%20'{made['appId']}'"},
    )
    assert answers["a"]["body"]["id"] == made["id"]
    assert (answers["b"]["status"], answers["b"]["body"]["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert [each["id"] for each in answers["c"]["body"]["value"]] == [made["id"]]
    assert answers["a"]["headers"]["request-id"] != answers["b"]["headers"]["request-id"]


def test_responses_do_not_come_in_the_order_of_the_requests(graph: Graph) -> None:
    requests = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(3)]
    responses = graph.post("/$batch", {"requests": requests})["responses"]
    assert [response["id"] for response in responses] != ["0", "1", "2"]


def test_inner_writes_act_and_inner_rights_are_the_callers(store: Store, graph: Graph) -> None:
    create = {
        "id": "1",
        "method": "POST",
        "url": "/applications",
        "headers": {"Content-Type": "application/json"},
        "body": {"displayName": "inner", "uniqueName": "inner"},
    }
    assert _responses(graph, create)["1"]["status"] == 201
    assert graph.get("/applications(uniqueName='inner')")["displayName"] == "inner"
    delete = {"id": "1", "method": "DELETE", "url": "/applications(uniqueName='inner')"}
    assert _responses(Graph(store, roles=("Application.Read.All",)), delete)["1"]["status"] == 403


def test_serial_batch_stops_at_the_first_failure_with_424(graph: Graph) -> None:
    answers = _responses(
        graph,
        {"id": "1", "method": "GET", "url": "/organization"},
        {"id": "2", "method": "GET", "url": "/applications(uniqueName='absent')", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]},
    )
    assert {key: answer["status"] for key, answer in answers.items()} == {"1": 200, "2": 404, "3": 424}


def test_inner_requests_are_recorded_like_any_other(store: Store, graph: Graph) -> None:
    _responses(graph, {"id": "1", "method": "GET", "url": "/organization"})
    with store.transaction() as tx:
        operations = [row[0] for row in tx.sql.execute("SELECT operation FROM requests ORDER BY seq")]
    assert operations == ["graph.organization.list", "graph.batch"]


_STEP = {"id": "1", "method": "GET", "url": "/organization"}


@pytest.mark.parametrize(
    "requests",
    [
        pytest.param([], id="no requests"),
        pytest.param([{**_STEP, "id": str(number)} for number in range(21)], id="more than 20"),
        pytest.param([_STEP, _STEP], id="the same id twice"),
        pytest.param([{"method": "GET", "url": "/organization"}], id="no id"),
        pytest.param([{**_STEP, "url": "https://graph.microsoft.com/v1.0/organization"}], id="absolute url"),
        pytest.param([{**_STEP, "method": "FETCH"}], id="unknown method"),
        pytest.param([{**_STEP, "method": "POST", "body": {}}], id="body without Content-Type"),
        pytest.param([{**_STEP, "url": "/$batch", "method": "POST"}], id="batch in a batch"),
        pytest.param([_STEP, {**_STEP, "id": "2", "dependsOn": ["9"]}], id="depends on an unknown request"),
        pytest.param(
            [
                _STEP,
                {**_STEP, "id": "2", "dependsOn": ["1"]},
                _STEP | {"id": "3"},
                _STEP | {"id": "4", "dependsOn": ["2"]},
            ],
            id="neither serial nor parallel nor all after the same",
        ),
    ],
)
def test_batch_of_wrong_form_is_refused_as_a_whole(graph: Graph, requests: list[dict[str, Any]]) -> None:
    assert graph.send("POST", "/$batch", {"requests": requests}).status == 400
