"""azure-mgmt-resource, -keyvault and -authorization: from an empty resource group to a vault nobody finds any more."""

from __future__ import annotations

import os
import uuid
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.keyvault.models import VaultCheckNameAvailabilityParameters, VaultCreateOrUpdateParameters
from azure.mgmt.resource.resources import ResourceManagementClient
from conversation import say

SUBSCRIPTION, PRINCIPAL = os.environ["AZURE_SUBSCRIPTION_ID"], os.environ["PRINCIPAL_ID"]
GROUP, VAULT = f"rg-{uuid.uuid4().hex[:8]}", f"kv-{uuid.uuid4().hex[:12]}"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
credential = DefaultAzureCredential()
resources = ResourceManagementClient(credential, SUBSCRIPTION)
vaults = KeyVaultManagementClient(credential, SUBSCRIPTION).vaults
roles = AuthorizationManagementClient(credential, SUBSCRIPTION)


def body(**properties: Any) -> VaultCreateOrUpdateParameters:
    tenant, sku = os.environ["AZURE_TENANT_ID"], {"family": "A", "name": "standard"}
    wanted = {"tenantId": tenant, "sku": sku, "enableRbacAuthorization": True, "softDeleteRetentionInDays": 7}
    return VaultCreateOrUpdateParameters({"location": "westeurope", "properties": wanted | properties})


def refused(call: Any, *arguments: Any) -> str:
    try:
        call(*arguments)
    except HttpResponseError as error:
        return f"{error.status_code} {error.error.code}"
    return "not refused"


seen: dict[str, Any] = {
    "namespace": resources.providers.register("Microsoft.KeyVault").namespace,
    "group": resources.resource_groups.create_or_update(GROUP, {"location": "westeurope"}).name == GROUP,
}
made = vaults.begin_create_or_update(GROUP, VAULT, body(), polling_interval=0).result()
seen["vault"] = made.properties.vault_uri == f"https://{VAULT}.vault.azure.net/"
seen["listed"] = VAULT in [each.name for each in vaults.list_by_resource_group(GROUP)]
seen["tags"] = vaults.update(GROUP, VAULT, {"tags": {"team": "partner"}}).tags
taken = vaults.check_name_availability(
    VaultCheckNameAvailabilityParameters({"name": VAULT, "type": "Microsoft.KeyVault/vaults"})
)
seen["taken"] = [taken.name_available, taken.reason]
seen["retention"] = refused(vaults.update, GROUP, VAULT, {"properties": {"softDeleteRetentionInDays": 30}})

definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_USER}"
properties = {"roleDefinitionId": definition, "principalId": PRINCIPAL, "principalType": "ServicePrincipal"}
assignment = roles.role_assignments.create(made.id, str(uuid.uuid4()), {"properties": properties})
seen["role"] = roles.role_definitions.get_by_id(definition).role_name
seen["twice"] = refused(roles.role_assignments.create, made.id, str(uuid.uuid4()), {"properties": properties})
seen["assigned"] = assignment.id in [each.id for each in roles.role_assignments.list_for_scope(made.id)]
roles.role_assignments.delete_by_id(assignment.id)

vaults.delete(GROUP, VAULT)
seen["deleted"] = VAULT in [each.name for each in vaults.list_deleted()]
vaults.begin_create_or_update(GROUP, VAULT, body(createMode="recover"), polling_interval=0).result()
vaults.delete(GROUP, VAULT)
vaults.begin_purge_deleted(VAULT, "westeurope", polling_interval=0).wait()
seen["purged"] = refused(vaults.get_deleted, VAULT, "westeurope")
resources.resource_groups.begin_delete(GROUP, polling_interval=0).wait()
seen["gone"] = not resources.resource_groups.check_existence(GROUP)
say(seen)
