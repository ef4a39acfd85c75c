"""az and Azure: resource groups, vaults with their life after deletion, roles."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.foreign.cloud import Cloud

from .conftest import Az

USER_OF_SECRETS = "Key Vault Secrets User"


@pytest.fixture
def group(az: Az) -> Iterator[str]:
    """A resource group of the story's own."""
    name = f"rg-{uuid.uuid4().hex[:8]}"
    az("group create", name=name, location="westeurope")
    yield name
    az("group delete", name=name, yes=True)


@pytest.fixture
def name() -> str:
    """A vault's name nobody else takes."""
    return f"kv-{uuid.uuid4().hex[:12]}"


def test_resource_group_is_made_shown_listed_and_deleted(az: Az) -> None:
    name = f"rg-{uuid.uuid4().hex[:8]}"
    made = az("group create", name=name, location="westeurope", tags=["team=partner"])
    assert (made["tags"], made["properties"]) == ({"team": "partner"}, {"provisioningState": "Succeeded"})
    assert az("group show", name=name) == made
    assert name in [each["name"] for each in az("group list")]
    az("group delete", name=name, yes=True)
    assert az("group exists", name=name) is False
    assert "ResourceGroupNotFound" in az.refused("group show", name=name)


def test_vault_is_made_deleted_recovered_and_purged(az: Az, group: str, name: str) -> None:
    made = az("keyvault create", name=name, resource_group=group, location="westeurope", retention_days=7)
    properties = made["properties"]
    assert (properties["vaultUri"], properties["enableRbacAuthorization"]) == (f"https://{name}.vault.azure.net/", True)
    assert az("keyvault show", name=name)["id"] == made["id"]
    assert [each["name"] for each in az("keyvault list", resource_group=group)] == [name]

    az("keyvault delete", name=name)
    assert "not found" in az.refused("keyvault show", name=name)
    assert name in [each["name"] for each in az("keyvault list-deleted")]
    assert az("keyvault show-deleted", name=name)["properties"]["vaultId"] == made["id"]
    assert "already exists in deleted state" in az.refused("keyvault create", name=name, resource_group=group)
    assert az("keyvault recover", name=name)["id"] == made["id"]

    az("keyvault delete", name=name)
    az("keyvault purge", name=name)
    assert name not in [each["name"] for each in az("keyvault list-deleted", resource_type="vault")]


def test_taken_vault_name_and_shortened_retention_are_refused(az: Az, group: str, name: str) -> None:
    az("keyvault create", name=name, resource_group=group, retention_days=90)
    said = az.refused("keyvault update", name=name, retention_days=7)
    assert "softDeleteRetentionInDays" in said
    assert "already exist" in az.refused("keyvault create", name=name, resource_group=group)


def test_policy_of_a_vault_without_roles_opens_its_secrets(az: Az, cloud: Cloud, group: str, name: str) -> None:
    runner = cloud.tenant["runner"]
    made = az("keyvault create", name=name, resource_group=group, enable_rbac_authorization="false")
    assert [each["objectId"] for each in made["properties"]["accessPolicies"]] == [runner["objectId"]]
    az("keyvault delete-policy", name=name, object_id=runner["objectId"])
    assert "does not have secrets set permission" in az.refused(
        "keyvault secret set", vault_name=name, name="s", value="v"
    )
    az("keyvault set-policy", name=name, spn=runner["clientId"], secret_permissions=["get", "list", "set"])
    assert az("keyvault secret set", vault_name=name, name="s", value="v")["value"] == "v"


def test_role_is_assigned_listed_and_taken_away(az: Az, cloud: Cloud, group: str) -> None:
    runner, tenant = cloud.tenant["runner"], cloud.tenant
    scope = f"/subscriptions/{tenant['subscription']}/resourceGroups/{group}"
    made = az("role assignment create", assignee=runner["clientId"], role=USER_OF_SECRETS, scope=scope)
    assert (made["principalId"], made["principalType"]) == (runner["objectId"], "ServicePrincipal")
    listed = az("role assignment list", scope=scope)
    assert [(each["roleDefinitionName"], each["principalName"]) for each in listed] == [
        (USER_OF_SECRETS, runner["clientId"])
    ]
    az("role assignment delete", assignee=runner["clientId"], role=USER_OF_SECRETS, scope=scope)
    assert az("role assignment list", scope=scope) == []
    everywhere = az("role assignment list", all=True, assignee=runner["clientId"])
    assert {each["roleDefinitionName"] for each in everywhere} >= {"Contributor"}


def test_roles_are_described(az: Az) -> None:
    described = az("role definition list", name=USER_OF_SECRETS)
    assert [each["name"] for each in described] == ["4633458b-17de-408a-b874-0445c86b69e6"]
    actions = described[0]["permissions"][0]["dataActions"]
    assert "Microsoft.KeyVault/vaults/secrets/getSecret/action" in actions


def test_provider_is_registered(az: Az) -> None:
    az("provider register", namespace="Microsoft.KeyVault")
    assert az("provider show", namespace="Microsoft.KeyVault")["registrationState"] in ("Registering", "Registered")
