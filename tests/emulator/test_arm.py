"""ARM's happy paths and the state behind them; what it refuses is in refusals/arm.py."""

from __future__ import annotations

import uuid

import pytest

from provisioner.emulator import kinds, lag
from provisioner.emulator.seed.directory import CONTOSO, TAILSPIN
from provisioner.emulator.store import Store

from .azure import (
    CONTRIBUTOR,
    OWNER,
    RBAC_ADMINISTRATOR,
    READER,
    SECRETS_USER,
    Azure,
    only,
    operator,
    own,
    runner,
    stranger,
)
from .clock import advance

GROUP = f"/subscriptions/{CONTOSO.subscription}/resourceGroups/rg-contoso"


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
        lag.change_settings(tx, {"dns": 20})
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
    assert azure.arm("POST", f"{deleted}/purge").status == 202
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
        azure.send("GET", "https://management.azure.com/subscriptions"),
    ):
        assert reply.headers["x-ms-request-id"]
        assert reply.headers["x-ms-correlation-request-id"]


def test_a_group_being_deleted_is_polled_until_it_is_gone(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    with store.transaction() as tx:
        lag.change_settings(tx, {"rbac": 30})
    accepted = azure.arm("DELETE", GROUP)
    assert (accepted.status, accepted.headers["Retry-After"]) == (202, "1")
    assert azure.arm("GET", GROUP).body["properties"] == {"provisioningState": "Deleting"}
    location = accepted.headers["Location"].partition(".com")[2].partition("?")[0]
    running = azure.arm("GET", location)
    assert (running.status, running.headers["Location"]) == (202, accepted.headers["Location"])
    advance(store, 31)
    assert azure.arm("GET", location).status == 200
    assert azure.arm("HEAD", GROUP).status == 404


def test_purging_a_vault_is_an_operation_that_leads_to_its_end(store: Store) -> None:
    azure = runner(store)
    own(azure, OWNER)
    azure.ready_vault()
    azure.arm("DELETE", azure.vault_id)
    path = f"{azure.subscription}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/kv-contoso"
    purged = azure.arm("POST", f"{path}/purge")
    assert purged.status == 202
    assert azure.arm("GET", purged.headers["Location"].partition(".com")[2].partition("?")[0]).status == 200
    assert azure.arm("GET", path).status == 404


def test_query_names_are_taken_in_any_case(store: Store) -> None:
    azure = runner(store)
    url = f"https://management.azure.com{azure.subscription}/resourcegroups?Api-Version=2022-09-01&$Top=x"
    assert azure.send("GET", url, token=azure.token("https://management.azure.com")).body["error"]["code"] == (
        "InvalidQueryParameterValue"
    )


def test_access_policies_are_edited_one_principal_at_a_time(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault(enableRbacAuthorization=False)

    def edit(kind: str, who: str, **permissions: list[str]) -> list[tuple[str, object]]:
        entry = {"tenantId": CONTOSO.id, "objectId": who, "permissions": permissions}
        answer = azure.arm(
            "PUT", f"{azure.vault_id}/accessPolicies/{kind}", {"properties": {"accessPolicies": [entry]}}
        )
        assert answer.status in (200, 201)
        found = azure.arm("GET", azure.vault_id).body["properties"]["accessPolicies"]
        assert answer.body["properties"]["accessPolicies"] == found
        return [(each["objectId"], each["permissions"]) for each in found]

    mine, other = CONTOSO.runner.object_id, CONTOSO.operator_id
    assert edit("add", mine, secrets=["Get"]) == [(mine, {"secrets": ["get"]})]
    assert edit("add", mine, secrets=["list"], keys=["sign"]) == [
        (mine, {"secrets": ["get", "list"], "keys": ["sign"]})
    ]
    assert len(edit("add", other, secrets=["get"])) == 2
    assert edit("replace", other, keys=["get"])[1] == (other, {"keys": ["get"]})
    assert edit("remove", mine, secrets=["get", "list"], keys=["sign"]) == [(other, {"keys": ["get"]})]


def test_a_lock_made_at_a_group_holds_the_vault_in_it(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    own(azure, OWNER)
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
    wanted = {"properties": {"level": "CanNotDelete", "notes": "rehearsal"}}
    assert [azure.arm("PUT", lock, wanted).status for _ in range(2)] == [201, 200]
    assert azure.arm("DELETE", azure.vault_id).body["error"]["code"] == "ScopeLocked"
    assert azure.arm("GET", lock).body["properties"] == wanted["properties"]
    for scope in (azure.subscription, GROUP, azure.vault_id):
        listed = azure.arm("GET", f"{scope}/providers/Microsoft.Authorization/locks").body["value"]
        assert [each["name"] for each in listed] == ["keep"]
    above = azure.arm("GET", f"{azure.subscription}/providers/Microsoft.Authorization/locks", _filter="atScope()")
    assert above.body["value"] == []
    assert [azure.arm("DELETE", lock).status for _ in range(2)] == [200, 204]
    assert azure.arm("DELETE", azure.vault_id).status == 200


def test_policies_that_deny_can_be_read_before_they_do(store: Store) -> None:
    azure = runner(store)
    rule = {"name": "purge-protection", "resourceType": "Microsoft.KeyVault/vaults", "requires": {}}
    azure.plant(kinds.SUBSCRIPTION, "", CONTOSO.subscription, _policies=[rule])
    path = f"{azure.subscription}/providers/Microsoft.Authorization/policyAssignments"
    assert [each["name"] for each in azure.arm("GET", path).body["value"]] == ["purge-protection"]
    assert azure.arm("GET", f"{path}/purge-protection").body["properties"]["enforcementMode"] == "Default"


def test_permissions_tell_what_the_caller_may_do_at_a_scope(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    path = "providers/Microsoft.Authorization/permissions"
    before = azure.arm("GET", f"{GROUP}/{path}").body["value"]
    azure.assign(SECRETS_USER)
    at_vault = azure.arm("GET", f"{azure.vault_id}/{path}").body["value"]
    assert azure.arm("GET", f"{GROUP}/{path}").body["value"] == before
    assert next(each for each in at_vault if each not in before)["dataActions"] != []
    assert stranger(store).arm("GET", f"{GROUP}/{path}").status == 403


def test_a_delegate_removes_only_what_the_condition_names(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    made = [azure.assign(role, CONTOSO.runner.object_id).body["id"] for role in (SECRETS_USER, READER)]
    person = stranger(store)
    own(person, RBAC_ADMINISTRATOR, condition=only(SECRETS_USER))
    assert [person.arm("DELETE", each, version="2022-04-01").status for each in made] == [200, 403]


def test_a_condition_is_kept_and_told(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    made = azure.assign(SECRETS_USER, condition=only(SECRETS_USER), conditionVersion="2.0")
    assert made.body["properties"]["condition"] == only(SECRETS_USER)


def test_a_role_may_be_assigned_on_one_secret(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    scope = f"{azure.vault_id.upper().replace('/SUBSCRIPTIONS', '/subscriptions')}/secrets/token"
    made = azure.assign(SECRETS_USER, scope=scope.replace("PROVIDERS", "providers"))
    assert made.body["properties"]["scope"] == f"{azure.vault_id}/secrets/token"


def test_definitions_are_found_by_name_and_type_with_and_without_a_scope(store: Store) -> None:
    azure = runner(store)
    path = "/providers/Microsoft.Authorization/roleDefinitions"
    for scope in ("", azure.subscription):
        found = azure.arm("GET", scope + path, _filter="roleName eq 'Key Vault Secrets User'").body["value"]
        assert [each["name"] for each in found] == [SECRETS_USER]
        assert azure.arm("GET", scope + path, _filter="type eq 'CustomRole'").body["value"] == []
        assert azure.arm("GET", f"{scope}{path}/{READER}").body["id"] == f"{scope}{path}/{READER}"


def test_the_token_tells_the_directory_and_the_challenge_tells_it_without(store: Store) -> None:
    azure = runner(store)
    assert [each["tenantId"] for each in azure.arm("GET", "/tenants").body["value"]] == [CONTOSO.id]
    refused = azure.send("GET", f"https://management.azure.com{azure.subscription}?api-version=2022-12-01")
    assert f"login.microsoftonline.com/{CONTOSO.id}" in refused.headers["WWW-Authenticate"]


def test_regions_are_those_of_the_cloud(store: Store) -> None:
    for azure, region in ((runner(store), "westeurope"), (operator(store, TAILSPIN), "usgovvirginia")):
        own(azure, READER)
        listed = azure.arm("GET", f"{azure.subscription}/locations").body["value"]
        assert region in [each["name"] for each in listed]


def test_collections_are_paged_by_top(store: Store) -> None:
    azure = runner(store)
    for name in ("a", "b", "c"):
        azure.arm("PUT", f"{azure.subscription}/resourceGroups/{name}", {"location": "westeurope", "tags": {"x": name}})
    first = azure.arm("GET", f"{azure.subscription}/resourceGroups", _top="2").body
    token = azure.token("https://management.azure.com")
    second = azure.send("GET", first["nextLink"], None, token).body
    assert [each["name"] for each in (*first["value"], *second["value"])] == ["a", "b", "c"]
    assert "nextLink" not in second
    tagged = azure.arm("GET", f"{azure.subscription}/resourceGroups", _filter="tagName eq 'X' and tagValue eq 'b'")
    assert [each["name"] for each in tagged.body["value"]] == ["b"]


def test_every_answer_carries_azures_ids(store: Store) -> None:
    azure = runner(store)
    for path, left in ((azure.subscription, "x-ms-ratelimit-remaining-subscription-reads"), (GROUP, None)):
        reply = azure.arm("GET", path)
        assert reply.headers["x-ms-routing-request-id"].endswith(reply.headers["x-ms-correlation-request-id"])
        assert (left in reply.headers) is (reply.status == 200)


def test_lists_of_what_is_not_here_are_empty(store: Store) -> None:
    azure = runner(store)
    azure.ready_vault()
    kv = f"{azure.subscription}/providers/Microsoft.KeyVault"
    for path in (f"{kv}/managedHSMs", f"{kv}/deletedManagedHSMs", f"{azure.vault_id}/privateEndpointConnections"):
        assert azure.arm("GET", path).body == {"value": []}
    assert azure.arm("POST", f"{kv}/checkMhsmNameAvailability", {"name": "x"}).body == {"nameAvailable": True}
    [link] = azure.arm("GET", f"{azure.vault_id}/privateLinkResources").body["value"]
    assert link["properties"]["groupId"] == "vault"


def test_a_provider_tells_its_types_and_is_unregistered(store: Store) -> None:
    azure = runner(store)
    path = f"{azure.subscription}/providers"
    azure.arm("POST", f"{path}/Microsoft.KeyVault/register")
    listed = {each["namespace"]: each for each in azure.arm("GET", path).body["value"]}
    assert "2026-02-01" in listed["Microsoft.KeyVault"]["resourceTypes"][0]["apiVersions"]
    gone = azure.arm("POST", f"{path}/Microsoft.KeyVault/unregister").body
    assert (listed["Microsoft.KeyVault"]["registrationState"], gone["registrationState"]) == (
        "Registered",
        "NotRegistered",
    )
