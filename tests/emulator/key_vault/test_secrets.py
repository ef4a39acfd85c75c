"""Secrets of a vault, and its host; what it refuses is in refusals/key_vault.py."""

from __future__ import annotations

import pytest

from provisioner.emulator import lag
from provisioner.emulator.key_vault.rules import resolves
from provisioner.emulator.seed.directory import CONTOSO, TAILSPIN, WINGTIP, Tenant
from provisioner.emulator.store import Store

from ..azure import SECRETS_OFFICER, SECRETS_USER, Azure, runner, stranger
from .world import ADMINISTRATOR


def test_first_request_without_token_or_body_gets_the_challenge(azure: Azure) -> None:
    url = "https://kv-contoso.vault.azure.net/secrets/token?api-version=7.5"
    reply = azure.send("PUT", url)
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == (
        f'Bearer authorization="https://login.microsoftonline.com/{CONTOSO.id}", resource="https://vault.azure.net"'
    )


@pytest.mark.parametrize(
    ("tenant", "login", "resource"),
    [
        (TAILSPIN, "https://login.microsoftonline.us", "https://vault.usgovcloudapi.net"),
        (WINGTIP, "https://login.chinacloudapi.cn", "https://vault.azure.cn"),
    ],
)
def test_challenge_names_the_clouds_own_hosts(store: Store, tenant: Tenant, login: str, resource: str) -> None:
    azure = Azure(store, tenant, tenant.runner.object_id, tenant.runner.client_id)
    made = azure.ready_vault()
    reply = azure.send("GET", f"{made.body['properties']['vaultUri']}secrets?api-version=7.5")
    assert f'authorization="{login}/{tenant.id}", resource="{resource}"' in reply.headers["WWW-Authenticate"]


def test_host_resolves_only_while_the_vault_stands(azure: Azure) -> None:
    host = "kv-contoso.vault.azure.net"

    def found(name: str) -> bool:
        with azure.store.transaction() as tx:
            return resolves(tx, name)

    assert found(host.upper())
    assert not found("kv-contoso.vault.usgovcloudapi.net")
    assert not found("other.vault.azure.net")
    azure.arm("DELETE", azure.vault_id)
    assert not found(host)
    with azure.store.transaction() as tx:
        lag.change_settings(tx, {"dns": 30})
    azure.put_vault(createMode="recover")
    assert not found(host)


def test_every_set_makes_a_version_and_the_latest_is_read(azure: Azure) -> None:
    first = azure.vault("PUT", "/secrets/token", {"value": "one"}).body
    second = azure.vault("PUT", "/secrets/TOKEN", {"value": "one", "tags": {"a": "b"}, "contentType": "text"}).body
    assert first["id"] != second["id"]
    for path in ("/secrets/token", "/secrets/token/", f"/secrets/token/{second['id'].rsplit('/', 1)[1].upper()}"):
        assert azure.vault("GET", path).body == second
    assert azure.vault("GET", f"/secrets/token/{first['id'].rsplit('/', 1)[1]}").body == first
    versions = azure.vault("GET", "/secrets/token/versions").body
    assert {each["id"] for each in versions["value"]} == {first["id"], second["id"]}
    assert versions["nextLink"] is None


def test_attributes_are_epoch_integers_and_dates_inform_only(azure: Azure) -> None:
    attributes = {"enabled": True, "nbf": 4_000_000_000, "exp": 1_000_000_000}
    made = azure.vault("PUT", "/secrets/token", {"value": "one", "attributes": attributes}).body["attributes"]
    assert (made["nbf"], made["exp"]) == (4_000_000_000, 1_000_000_000)
    assert isinstance(made["created"], int)
    assert (made["recoveryLevel"], made["recoverableDays"]) == ("Recoverable+Purgeable", 90)
    assert azure.vault("GET", "/secrets/token/").body["value"] == "one"


@pytest.mark.parametrize(
    ("properties", "level"),
    [
        ({"enablePurgeProtection": True}, "Recoverable"),
        ({"softDeleteRetentionInDays": 7}, "CustomizedRecoverable+Purgeable"),
        ({"softDeleteRetentionInDays": 7, "enablePurgeProtection": True}, "CustomizedRecoverable"),
    ],
)
def test_recovery_level_follows_the_vault(store: Store, properties: dict[str, object], level: str) -> None:
    azure = runner(store)
    azure.ready_vault(**properties)
    azure.assign(SECRETS_OFFICER)
    made = azure.vault("PUT", "/secrets/token", {"value": "one"}).body
    assert made["attributes"]["recoveryLevel"] == level


def test_patch_sets_attributes_singly_and_tags_as_a_whole(azure: Azure) -> None:
    made = azure.vault(
        "PUT", "/secrets/token", {"value": "one", "tags": {"a": "b"}, "attributes": {"exp": 4_000_000_000}}
    )
    version = made.body["id"].rsplit("/", 1)[1]
    changed = azure.vault("PATCH", f"/secrets/token/{version}", {"attributes": {"enabled": False}, "tags": {"c": "d"}})
    assert "value" not in changed.body
    assert (changed.body["tags"], changed.body["attributes"]["exp"]) == ({"c": "d"}, 4_000_000_000)
    assert azure.vault("GET", "/secrets/token/").status == 403
    assert azure.vault("PATCH", "/secrets/token/", {"attributes": {"enabled": True}}).status == 200
    assert azure.vault("GET", "/secrets/token/").body["value"] == "one"


def test_lists_come_in_pages_without_values(azure: Azure) -> None:
    for number in range(30):
        azure.vault("PUT", f"/secrets/s{number:02}", {"value": "hush"})
    first = azure.vault("GET", "/secrets").body
    assert len(first["value"]) == 25
    token = azure.token("https://vault.azure.net")
    second = azure.send("GET", first["nextLink"], None, token).body
    names = [each["id"].rsplit("/", 1)[1] for each in (*first["value"], *second["value"])]
    assert names == [f"s{number:02}" for number in range(30)]
    assert second["nextLink"] is None
    assert "hush" not in str(first)
    assert len(azure.vault("GET", "/secrets", maxresults="3").body["value"]) == 3


def test_deleted_secret_comes_back_with_all_versions(azure: Azure) -> None:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    azure.vault("PUT", "/secrets/token", {"value": "two"})
    deleted = azure.vault("DELETE", "/secrets/token").body
    assert deleted["scheduledPurgeDate"] - deleted["deletedDate"] == 90 * 86400
    assert "value" not in deleted
    assert azure.vault("GET", "/deletedsecrets/token").body == deleted
    assert len(azure.vault("GET", "/deletedsecrets").body["value"]) == 1
    assert azure.vault("GET", "/secrets").body["value"] == []
    azure.vault("POST", "/deletedsecrets/token/recover")
    assert azure.vault("GET", "/secrets/token/").body["value"] == "two"
    assert len(azure.vault("GET", "/secrets/token/versions").body["value"]) == 2


def test_purged_name_can_be_set_again(azure: Azure) -> None:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    azure.vault("DELETE", "/secrets/token")
    assert azure.vault("DELETE", "/deletedsecrets/token").status == 204
    assert azure.vault("PUT", "/secrets/token", {"value": "two"}).status == 200
    assert len(azure.vault("GET", "/secrets/token/versions").body["value"]) == 1


def test_owner_of_the_vault_has_no_data_until_a_role_takes_effect(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    assert azure.vault("PUT", "/secrets/token", {"value": "one"}).status == 403
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 300})
    azure.assign(SECRETS_OFFICER)
    assert azure.vault("PUT", "/secrets/token", {"value": "one"}).status == 403
    with store.transaction() as tx:
        tx.advance_clock(301)
    assert azure.vault("PUT", "/secrets/token", {"value": "one"}).status == 200


def test_secrets_user_reads_and_cannot_write(azure: Azure) -> None:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    reader = stranger(azure.store)
    azure.assign(SECRETS_USER, reader.object_id, principalType="User")
    assert reader.vault("GET", "/secrets/token/").status == 200
    assert reader.vault("GET", "/secrets").status == 200
    assert reader.vault("PUT", "/secrets/token", {"value": "two"}).status == 403
    assert reader.vault("DELETE", "/secrets/token").status == 403


def test_role_on_one_secret_opens_that_one_only(azure: Azure) -> None:
    for name in ("mine", "other"):
        azure.vault("PUT", f"/secrets/{name}", {"value": "one"})
    reader = stranger(azure.store)
    azure.assign(SECRETS_USER, reader.object_id, f"{azure.vault_id}/secrets/mine", principalType="User")
    assert reader.vault("GET", "/secrets/mine/").status == 200
    assert reader.vault("GET", "/secrets/other/").status == 403


def test_access_policies_decide_in_their_vault_and_roles_do_not(store: Store) -> None:
    azure = runner(store)
    entry = {"tenantId": CONTOSO.id, "objectId": azure.object_id, "permissions": {"secrets": ["Get", "set", "list"]}}
    azure.ready_vault(enableRbacAuthorization=False, accessPolicies=[entry])
    azure.assign(ADMINISTRATOR)
    assert azure.vault("PUT", "/secrets/token", {"value": "one"}).status == 200
    assert azure.vault("GET", "/secrets/token/").status == 200
    assert azure.vault("DELETE", "/secrets/token").status == 403


def test_an_allowed_address_passes_the_firewall(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]})
    azure.assign(SECRETS_OFFICER)
    assert azure.vault("GET", "/secrets").status == 200


def test_what_is_not_built_is_not_found_in_the_services_shape(azure: Azure) -> None:
    reply = azure.vault("GET", "/nowhere")
    assert reply.status == 404
    assert reply.body["error"].keys() == {"code", "message"}
