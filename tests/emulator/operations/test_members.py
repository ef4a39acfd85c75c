"""A new object shows every member Microsoft's current type has, with the values it has where nobody said otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.emulator.store import Store
from tests.contracts.graph import properties_of

from ..graph.world import Graph

# Members the service does not answer unless they are asked for by $select.
_ON_REQUEST = {
    "application": {
        "logo": "a stream",
        "managerApplications": "$select only",
        "authenticationBehaviors": "$select only",
    },
    "servicePrincipal": {"customSecurityAttributes": "$select only, and a right of its own"},
    "organization": {},
}


@pytest.mark.parametrize("how", ["created", "read", "listed"])
@pytest.mark.parametrize("type_name", sorted(_ON_REQUEST))
def test_object_has_every_member_of_its_type_and_no_other(store: Store, type_name: str, how: str) -> None:
    graph = Graph(store)
    application, principal = graph.create_pair()
    made = {"application": application, "servicePrincipal": principal}.get(type_name)
    shown = {name for name in _seen(graph, type_name, made, how) if not name.startswith("@")}
    assert properties_of(f"microsoft.graph.{type_name}") - shown == _ON_REQUEST[type_name].keys()
    assert shown - properties_of(f"microsoft.graph.{type_name}") == set()


def _seen(graph: Graph, type_name: str, made: Any, how: str) -> Any:
    if made is None:
        [only] = graph.get("/organization")["value"]
        return graph.get(f"/organization/{only['id']}") if how == "read" else only
    if how == "created":
        return made
    if how == "read":
        return graph.get(f"/{type_name}s/{made['id']}")
    [found] = graph.get(f"/{type_name}s", filter=f"id eq '{made['id']}'")["value"]
    return found


def test_application_nobody_configured_has_the_services_defaults(store: Store) -> None:
    made = Graph(store).post("/applications", {"displayName": "x"})
    assert {name: made[name] for name in ("signInAudience", "isFallbackPublicClient", "uniqueName", "tags")} == {
        "signInAudience": "AzureADMyOrg",
        "isFallbackPublicClient": None,
        "uniqueName": None,
        "tags": [],
    }
    assert made["api"] == {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    }
    assert made["web"]["implicitGrantSettings"] == {
        "enableAccessTokenIssuance": False,
        "enableIdTokenIssuance": False,
    }
    assert (made["spa"], made["publicClient"]) == ({"redirectUris": []}, {"redirectUris": []})
