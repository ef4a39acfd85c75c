"""Applications as the product uses them: every happy answer is also checked against Microsoft's types (world.py)."""

from __future__ import annotations

from provisioner.emulator.kinds import CREDENTIAL_VALUE
from provisioner.emulator.store import Store

from ..clock import advance
from .world import OWNED_ONLY, TENANT, Graph, lag, make_certificate

_REDIRECTS = ["https://localhost:44395/", "http://localhost:8400/", "urn:ietf:wg:oauth:2.0:oob"]
_PARTNER_CENTER = {
    "resourceAppId": "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd",
    "resourceAccess": [{"id": "1cebfa2a-fb4d-419e-b5f9-839b4383e05a", "type": "Scope"}],
}


def test_created_application_is_read_back_by_each_of_its_keys(graph: Graph) -> None:
    made = graph.create_application(web={"redirectUris": _REDIRECTS}, requiredResourceAccess=[_PARTNER_CENTER])
    for path in (f"/{made['id']}", f"(appId='{made['appId']}')", "(uniqueName='contoso-sam')"):
        read = graph.get(f"/applications{path}")
        assert read["web"]["redirectUris"] == _REDIRECTS
        assert [setting["uri"] for setting in read["web"]["redirectUriSettings"]] == _REDIRECTS
        assert read["requiredResourceAccess"] == [_PARTNER_CENTER]
    assert made["signInAudience"] == "AzureADMyOrg"
    assert len(made) > 40


def test_answers_carry_request_ids_and_context(graph: Graph) -> None:
    reply = graph.send("GET", "/applications", headers={"client-request-id": "mine"})
    assert reply.headers["client-request-id"] == "mine"
    assert reply.headers["request-id"] != "mine"
    assert reply.body["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#applications"


def test_patch_keeps_what_it_does_not_name_within_complex_members_too(graph: Graph) -> None:
    made = graph.create_application(web={"redirectUris": _REDIRECTS, "homePageUrl": "https://localhost:44395/"})
    change = {"web": {"implicitGrantSettings": {"enableIdTokenIssuance": True}}, "tags": ["provisioner:contoso-sam"]}
    assert graph.send("PATCH", f"/applications/{made['id']}", change).status == 204
    web = graph.get(f"/applications/{made['id']}")["web"]
    assert web["homePageUrl"] == "https://localhost:44395/"
    assert web["redirectUris"] == _REDIRECTS
    assert web["implicitGrantSettings"] == {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": True}


def test_upsert_creates_with_body_then_updates_without(graph: Graph) -> None:
    path, prefer = "/applications(uniqueName='contoso-sam')", {"Prefer": "create-if-missing"}
    first = graph.send("PATCH", path, {"displayName": "Contoso SAM"}, prefer)
    again = graph.send("PATCH", path, {"displayName": "Contoso SAM 2"}, prefer)
    assert (first.status, first.body["uniqueName"]) == (201, "contoso-sam")
    assert (again.status, again.body) == (204, None)
    assert graph.get(path)["displayName"] == "Contoso SAM 2"


def test_creator_owns_what_it_posted_but_not_what_it_upserted(store: Store, graph: Graph) -> None:
    owned_only = Graph(store, roles=OWNED_ONLY)
    posted = owned_only.create_application("posted")
    owners = graph.get(f"/applications/{posted['id']}/owners")["value"]
    assert [owner["id"] for owner in owners] == [TENANT.runner.object_id]
    owned_only.send("PATCH", "/applications(uniqueName='put')", {"displayName": "put"}, {"Prefer": "create-if-missing"})
    assert owned_only.send("PATCH", f"/applications/{posted['id']}", {"notes": "mine"}).status == 204
    assert owned_only.send("PATCH", "/applications(uniqueName='put')", {"notes": "mine?"}).status == 403


def test_new_application_is_invisible_until_the_directory_caught_up_but_holds_its_name(
    store: Store, graph: Graph
) -> None:
    lag(store, 30)
    made = graph.create_application()
    assert graph.send("GET", f"/applications/{made['id']}").status == 404
    assert graph.send("PATCH", f"/applications/{made['id']}", {"notes": "x"}).status == 404
    assert graph.get("/applications", filter=f"appId eq '{made['appId']}'")["value"] == []
    again = graph.send("POST", "/applications", {"displayName": "again", "uniqueName": "contoso-sam"})
    assert (again.status, again.body["error"]["code"]) == (400, "Request_BadRequest")
    advance(store, 31)
    assert graph.get("/applications(uniqueName='contoso-sam')")["id"] == made["id"]


def test_secret_is_shown_once_and_known_to_entra_alone(store: Store, graph: Graph) -> None:
    made = graph.create_application()
    path = f"/applications/{made['id']}"
    secret = graph.post(f"{path}/addPassword", {"passwordCredential": {"displayName": "sam"}})
    assert secret["secretText"].startswith(secret["hint"])
    assert 16 <= len(secret["secretText"]) <= 64
    [shown] = graph.get(path)["passwordCredentials"]
    assert (shown["keyId"], shown["secretText"]) == (secret["keyId"], None)
    with store.transaction() as tx:
        hidden = tx.get(CREDENTIAL_VALUE, TENANT.id, secret["keyId"])
        assert hidden is not None
        assert hidden["_secretText"] == secret["secretText"]
    assert graph.send("POST", f"{path}/removePassword", {"keyId": secret["keyId"]}).status == 204
    assert graph.get(path)["passwordCredentials"] == []
    with store.transaction() as tx:
        assert tx.get(CREDENTIAL_VALUE, TENANT.id, secret["keyId"]) is None


def test_certificates_are_replaced_as_a_whole_and_kept_by_key_id(graph: Graph, certificate: str) -> None:
    made = graph.create_application()
    path = f"/applications/{made['id']}"
    entry = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate, "displayName": "first"}
    assert graph.send("PATCH", path, {"keyCredentials": [entry]}).status == 204
    [kept] = graph.get(path)["keyCredentials"]
    assert kept["key"] is None
    second = entry | {"key": make_certificate(), "displayName": "second"}
    assert graph.send("PATCH", path, {"keyCredentials": [kept, second]}).status == 204
    both = graph.get(path, select="keyCredentials")["keyCredentials"]
    assert [(each["displayName"], each["key"]) for each in both] == [
        ("first", certificate),
        ("second", second["key"]),
    ]
    assert graph.send("PATCH", path, {"keyCredentials": []}).status == 204
    assert graph.get(path)["keyCredentials"] == []


def test_deleted_application_can_be_restored_whole_but_its_service_principal_separately(
    graph: Graph, certificate: str
) -> None:
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate}
    made, principal = graph.create_pair(keyCredentials=[key])
    assert graph.send("DELETE", f"/applications/{made['id']}").status == 204
    assert graph.send("GET", f"/servicePrincipals/{principal['id']}").status == 404
    for cast in ("microsoft.graph.application", "graph.application"):
        deleted = graph.get(f"/directory/deletedItems/{cast}")["value"]
        assert [(item["id"], item["uniqueName"]) for item in deleted] == [(made["id"], "contoso-sam")]
    restored = graph.send("POST", f"/directory/deletedItems/{made['id']}/restore")
    assert (restored.status, restored.body["id"]) == (200, made["id"])
    assert graph.get(f"/applications/{made['id']}", select="keyCredentials")["keyCredentials"][0]["key"] == certificate
    assert graph.send("GET", f"/servicePrincipals/{principal['id']}").status == 404
    assert graph.send("POST", f"/directory/deletedItems/{principal['id']}/restore").status == 200
    assert graph.get(f"/servicePrincipals/{principal['id']}")["appId"] == made["appId"]


def test_soft_deleted_application_holds_its_unique_name_until_purged_or_thirty_days_are_over(
    store: Store, graph: Graph
) -> None:
    first = graph.create_application()
    graph.send("DELETE", f"/applications/{first['id']}")
    refused = graph.send("POST", "/applications", {"displayName": "x", "uniqueName": "contoso-sam"})
    assert refused.status == 400
    assert graph.send("DELETE", f"/directory/deletedItems/{first['id']}").status == 204
    second = graph.create_application()
    graph.send("DELETE", f"/applications/{second['id']}")
    advance(store, 30 * 86400 + 1)
    assert graph.send("GET", f"/directory/deletedItems/{second['id']}").status == 404
    graph.create_application()


def test_list_pages_by_next_link_and_counts_only_when_asked_eventually(graph: Graph) -> None:
    names = {graph.create_application(f"app-{number}")["displayName"] for number in range(5)}
    query = {"$filter": "startswith(displayName,'app-')", "$top": "2", "$count": "true"}
    page = graph.send("GET", "/applications", query=query)
    assert "@odata.count" not in page.body
    page = graph.send("GET", "/applications", query=query, headers={"ConsistencyLevel": "eventual"})
    assert page.body["@odata.count"] == 5
    seen = {item["displayName"] for item in page.body["value"]}
    while link := page.body.get("@odata.nextLink"):
        page = graph.follow(link)
        seen |= {item["displayName"] for item in page.body["value"]}
    assert seen == names


def test_select_shows_the_chosen_members_and_says_so_in_the_context(graph: Graph) -> None:
    made = graph.create_application()
    read = graph.get(f"/applications/{made['id']}", select="id,appId")
    context = "https://graph.microsoft.com/v1.0/$metadata#applications(id,appId)/$entity"
    assert read == {"@odata.context": context, "id": made["id"], "appId": made["appId"]}
