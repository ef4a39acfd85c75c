"""Whatever a client sends, Graph answers in its own shape and never fails (a failure of the emulator is a 500)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.emulator.graph.microsoft_apps import GRAPH
from provisioner.emulator.graph.shapes import APPLICATION, SERVICE_PRINCIPAL

from .world import Graph

_ID = "3f0c6b0e-7b0f-4d52-9c8e-5a1f6f5f7d11"
_NAMES = sorted(
    {*APPLICATION, *SERVICE_PRINCIPAL, "redirectUris", "redirectUriSettings", "uri", "id", "type", "isEnabled", "key"}
    | {"resourceAppId", "resourceAccess", "keyId", "usage", "endDateTime", "oauth2PermissionScopes", "displayName"}
    | {
        "clientId",
        "resourceId",
        "principalId",
        "appRoleId",
        "consentType",
        "scope",
        "ids",
        "types",
        "appId",
        "requests",
    }
    | {"passwordCredential", "method", "url", "headers", "body", "dependsOn"}
)
_WORDS = ("", "x", "AllPrincipals", "Principal", "AsymmetricX509Cert", "Verify", "Scope", "AzureADMyOrg", "GET", "%")
_TEXTS = (_ID, "https://localhost:44395/", "http://[", "://", "9999-12-31T23:59:59Z", "/organization")
_SCALARS = st.sampled_from([None, True, 0, -1.5, *_WORDS, *_TEXTS])
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)


def _of(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a writable member's type, with whatever text."""
    if isinstance(shape, dict):
        return st.none() | st.fixed_dictionaries({}, optional={name: _of(each) for name, each in shape.items()})
    if isinstance(shape, list):
        return st.lists(_of(shape[0]), max_size=2)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "text": st.sampled_from(_WORDS + _TEXTS),
        "bool": st.booleans(),
        "int": st.integers(),
        "object": st.just({}),
    }
    return plain[shape.removesuffix("?")] | (st.none() if shape.endswith("?") else st.nothing())


_BODIES = (
    _of(APPLICATION).filter(bool)
    | _of(SERVICE_PRINCIPAL).filter(bool)
    | st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=4)
)


@pytest.fixture
def world(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """A caller, and what the paths below stand for."""
    application, principal = graph.create_pair()
    return graph, {"APPLICATION": application["id"], "PRINCIPAL": principal["id"], "GRAPH": graph.principal_id(GRAPH)}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/applications"),
        ("PATCH", "/applications/APPLICATION"),
        ("POST", "/applications/APPLICATION/addPassword"),
        ("POST", "/applications/APPLICATION/removePassword"),
        ("POST", "/servicePrincipals"),
        ("PATCH", "/servicePrincipals/PRINCIPAL"),
        ("PATCH", f"/servicePrincipals(appId='{_ID}')"),
        ("POST", "/servicePrincipals/PRINCIPAL/appRoleAssignments"),
        ("POST", "/oauth2PermissionGrants"),
        ("POST", "/directoryObjects/getByIds"),
        ("POST", "/$batch"),
    ],
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES)
def test_no_body_makes_the_service_fail(
    world: tuple[Graph, dict[str, str]], method: str, path: str, body: dict[str, Any]
) -> None:
    graph, ids = world
    for name, value in ids.items():
        path = path.replace(name, value)
    reply = graph.send(method, path, body, headers={"Prefer": "create-if-missing"})
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert set(reply.body["error"]["innerError"]) == {"date", "request-id", "client-request-id"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/applications", "/servicePrincipals", "/oauth2PermissionGrants"]),
    query=st.dictionaries(
        st.sampled_from(["$filter", "$select", "$top", "$count", "$skiptoken", "$expand"]),
        st.text(max_size=20) | st.sampled_from(["displayName/any(x:x eq 1)", "tags eq null", "true", "2", "id"]),
        max_size=3,
    ),
)
def test_no_query_makes_the_service_fail(graph: Graph, path: str, query: dict[str, str]) -> None:
    assert graph.send("GET", path, query=query, headers={"ConsistencyLevel": "eventual"}).status < 500
