"""ARM's happy paths and the state behind them; what it refuses is in refusals/arm.py."""

from __future__ import annotations

import uuid

import pytest

from provisioner.emulator import kinds, lag
from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

from .azure import CONTRIBUTOR, OWNER, READER, SECRETS_USER, Azure, operator, own, runner, stranger
from .clock import advance


def test_registration_passes_through_registering(store: Store) -> None:
    azure = runner(store)
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 30})
    path = f"{azure.subscription}/providers/Microsoft.KeyVault"
    assert azure.arm("GET", path).body["registrationState"] == "NotRegistered"
    assert azure.arm("POST", f"{path}/register").body["registrationState"] == "Registering"
    assert azure.arm("GET", path).body["registrationState"] == "Registering"
    advance(store, 31)
    assert azure.arm("GET", path).body["registrationState"] == "Registered"


def test_subscription_is_listed_for_those_with_a_role_only(store: Store) -> None:
    path = "/subscriptions"
    assert [each["subscriptionId"] for each in runner(store).arm("GET", path).body["value"]] == [CONTOSO.subscription]
    assert stranger(store).arm("GET", path).body["value"] == []
    assert runner(store).arm("GET", f"{path}/{CONTOSO.subscription}").body["tenantId"] == CONTOSO.id


def test_group_is_created_once_and_found_in_any_case(store: Store) -> None:
    azure = runner(store)
    path = f"{azure.subscription}/resourceGroups/rg-contoso"
    assert azure.arm("PUT", path, {"location": "West Europe", "tags": {"a": "b"}}).status == 201
    assert azure.arm("PUT", path, {"location": "westeurope"}).status == 200
    assert (
        azure.arm("GET", path.replace("resourceGroups", "resourcegroups").upper().replace("/SUB", "/sub")).status == 200
    )
    assert azure.arm("HEAD", path).status == 204
    assert azure.arm("PATCH", path, {"tags": {"c": "d"}}).body["tags"] == {"c": "d"}
    assert [each["name"] for each in azure.arm("GET", f"{azure.subscription}/resourceGroups").body["value"]] == [
        "rg-contoso"
    ]


def test_deleting_a_group_soft_deletes_its_vaults(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    deleted = azure.arm("DELETE", f"{azure.subscription}/resourceGroups/rg-contoso")
    assert deleted.status == 202
    assert azure.arm("GET", deleted.headers["Location"].partition(".com")[2].partition("?")[0]).status == 200
    assert azure.arm("HEAD", f"{azure.subscription}/resourceGroups/rg-contoso").status == 404
    listed = azure.arm("GET", f"{azure.subscription}/providers/Microsoft.KeyVault/deletedVaults").body["value"]
    assert [each["name"] for each in listed] == ["kv-contoso"]


@pytest.mark.parametrize(("version", "is_rbac"), [("2025-05-01", False), ("2026-02-01", True)])
def test_permission_model_of_a_new_vault_follows_the_api_version(store: Store, version: str, is_rbac: bool) -> None:
    made = runner(store).ready_vault(enableRbacAuthorization=None, version=version)
    assert made.body["properties"]["enableRbacAuthorization"] is is_rbac


def test_put_replaces_but_keeps_what_cannot_change_back(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault(enablePurgeProtection=True, softDeleteRetentionInDays=30, enabledForDeployment=True)
    again = azure.put_vault(enableRbacAuthorization=None, version="2025-05-01").body["properties"]
    assert (again["enabledForDeployment"], again["enablePurgeProtection"]) == (False, True)
    assert (again["softDeleteRetentionInDays"], again["enableRbacAuthorization"]) == (30, True)


def test_network_rules_come_back_normalised(store: Store) -> None:
    subnet = "/subscriptions/S/resourceGroups/Rg/providers/Microsoft.Network/virtualNetworks/V/subnets/D"
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "124.56.78.91"}], "virtualNetworkRules": [{"id": subnet}]}
    made = runner(store).ready_vault(networkAcls=acls).body["properties"]["networkAcls"]
    assert made["ipRules"] == [{"value": "124.56.78.91/32"}]
    assert made["virtualNetworkRules"][0]["id"] == subnet.lower()
    assert made["bypass"] == "AzureServices"


def test_patch_changes_only_what_it_names(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    changed = azure.arm("PATCH", azure.vault_id, {"tags": {"a": "b"}, "properties": {"enablePurgeProtection": True}})
    assert changed.body["tags"] == {"a": "b"}
    assert changed.body["properties"]["enablePurgeProtection"] is True
    assert changed.body["properties"]["sku"] == {"family": "A", "name": "standard"}
    assert azure.arm("GET", azure.vault_id).body == changed.body


def test_a_new_name_registers_its_dns_while_the_lag_lasts(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 20})
    azure.arm("DELETE", azure.vault_id)
    made = azure.put_vault(createMode="recover")
    assert made.body["properties"]["provisioningState"] == "RegisteringDns"
    assert made.headers["Retry-After"] == "1"
    advance(store, 21)
    assert azure.arm("GET", azure.vault_id).body["properties"]["provisioningState"] == "Succeeded"


def test_recovery_brings_back_settings_but_not_role_assignments(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault(softDeleteRetentionInDays=7)
    azure.assign(SECRETS_USER)
    assert azure.arm("DELETE", azure.vault_id).status == 200
    assert azure.arm("DELETE", azure.vault_id).status == 204
    place = f"{azure.subscription}/providers/Microsoft.KeyVault/locations/West Europe/deletedVaults/kv-contoso"
    assert azure.arm("GET", place).body["properties"]["vaultId"] == azure.vault_id
    body = {"location": "westeurope", "properties": {"createMode": "recover"}}
    recovered = azure.arm("PUT", azure.vault_id, body)
    assert recovered.body["properties"]["softDeleteRetentionInDays"] == 7
    listed = azure.arm("GET", f"{azure.vault_id}/providers/Microsoft.Authorization/roleAssignments").body["value"]
    assert SECRETS_USER not in str(listed)


def test_purged_name_is_free_again(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    azure.arm("DELETE", azure.vault_id)
    check = f"{azure.subscription}/providers/Microsoft.KeyVault/checkNameAvailability"
    body = {"name": "kv-contoso", "type": "Microsoft.KeyVault/vaults"}
    assert azure.arm("POST", check, body).body["reason"] == "AlreadyExists"
    deleted = f"{azure.subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-contoso"
    assert azure.arm("POST", f"{deleted}/purge").status == 200
    assert azure.arm("POST", check, body).body["nameAvailable"] is True
    assert azure.arm("POST", check, body | {"name": "1x"}).body["reason"] == "AccountNameInvalid"


def test_retention_ends_even_under_purge_protection(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault(enablePurgeProtection=True, softDeleteRetentionInDays=7)
    azure.arm("DELETE", azure.vault_id)
    advance(store, 7 * 86400 - 60)
    assert azure.put_vault().status == 409
    advance(store, 120)
    assert azure.arm("GET", f"{azure.subscription}/providers/Microsoft.KeyVault/deletedVaults").body["value"] == []
    assert azure.put_vault().body["properties"].get("enablePurgeProtection") is None


def test_vaults_are_listed_by_group_subscription_and_filter(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    for place in (f"{azure.subscription}/resourceGroups/rg-contoso", azure.subscription):
        listed = azure.arm("GET", f"{place}/providers/Microsoft.KeyVault/vaults").body["value"]
        assert [each["id"] for each in listed] == [azure.vault_id]
    path = f"{azure.subscription}/resources"
    of_type = "resourceType eq 'Microsoft.KeyVault/vaults'"
    assert len(azure.arm("GET", path, version="2015-11-01", _filter=of_type).body["value"]) == 1
    assert azure.arm("GET", path, _filter=f"{of_type} and name eq 'other'").body["value"] == []


def test_the_same_assignment_again_is_no_conflict(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    first = azure.assign(SECRETS_USER, principalType="ServicePrincipal")
    again = azure.assign(SECRETS_USER, principalType="ServicePrincipal")
    assert (first.status, again.status, again.body) == (201, 200, first.body)
    assert azure.arm("GET", first.body["id"]).body == first.body
    assert azure.arm("DELETE", first.body["id"]).status == 200
    assert azure.arm("DELETE", first.body["id"]).status == 204


def test_filters_of_assignments_say_where_and_whose(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    azure.assign(SECRETS_USER)
    path = f"{azure.subscription}/providers/Microsoft.Authorization/roleAssignments"
    vault_path = f"{azure.vault_id}/providers/Microsoft.Authorization/roleAssignments"

    def roles(path: str, text: str) -> list[str]:
        listed = azure.arm("GET", path, _filter=text).body["value"]
        return [each["properties"]["roleDefinitionId"].rsplit("/")[-1] for each in listed]

    assert SECRETS_USER not in roles(path, "atScope()")
    assert SECRETS_USER in roles(vault_path, "atScope()")
    assert CONTRIBUTOR in roles(vault_path, "atScope()")
    assert SECRETS_USER in roles(path, f"principalId eq '{azure.object_id}'")
    assert roles(path, f"assignedTo('{CONTOSO.operator_id}')") == []


def test_assignment_to_a_group_reaches_its_members(store: Store) -> None:
    azure, person = runner(store), stranger(store)
    group = str(uuid.uuid4())
    azure.plant(kinds.GROUP, CONTOSO.id, group, id=group, displayName="readers", _members=[person.object_id])
    azure.ready_vault()
    made = azure.assign(READER, group, azure.subscription, principalType="Group")
    assert made.status == 201
    assert person.arm("GET", azure.vault_id).status == 200
    path = f"{azure.subscription}/providers/Microsoft.Authorization/roleAssignments"
    listed = azure.arm("GET", path, _filter=f"assignedTo('{person.object_id}')").body["value"]
    assert [each["id"] for each in listed] == [made.body["id"]]


def test_principal_type_helps_over_replication(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    new = str(uuid.uuid4())
    azure.plant(kinds.SERVICE_PRINCIPAL, CONTOSO.id, new, id=new, appId=new, _visibleFrom=4e9)
    assert azure.assign(SECRETS_USER, new).body["error"]["code"] == "PrincipalNotFound"
    assert azure.assign(SECRETS_USER, new, principalType="ServicePrincipal").status == 201


def test_role_definitions_are_found_by_name_and_id(store: Store) -> None:
    azure = runner(store)
    path = f"{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    [found] = azure.arm("GET", path, _filter="roleName eq 'Key Vault Secrets User'").body["value"]
    assert found["name"] == SECRETS_USER
    assert azure.arm("GET", f"{path}/{SECRETS_USER}").body == found


def test_a_role_reaches_down_and_not_up(store: Store) -> None:
    azure, person = runner(store), operator(store)
    azure.ready_vault()
    own(person, READER, azure.vault_id)
    assert person.arm("GET", azure.vault_id).status == 200
    assert person.arm("GET", f"{azure.subscription}/resourceGroups/rg-contoso").status == 403


def test_an_assignment_grants_nothing_before_its_lag_is_over(store: Store) -> None:
    azure, person = runner(store), stranger(store)
    azure.ready_vault()
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 60})
    azure.assign(OWNER, person.object_id)
    assert person.arm("GET", azure.vault_id).status == 403
    advance(store, 61)
    assert person.arm("GET", azure.vault_id).status == 200


def test_every_answer_has_its_ids(store: Store) -> None:
    azure = Azure(store)
    for reply in (
        azure.arm("GET", "/subscriptions"),
        azure.send("arm", "GET", "https://management.azure.com/subscriptions"),
    ):
        assert reply.headers["x-ms-request-id"]
        assert reply.headers["x-ms-correlation-request-id"]
