"""Microsoft's own clients of ARM and Key Vault, unchanged, before the emulator: what they send holds the contracts."""

from __future__ import annotations

import uuid
from typing import Any

from azure.keyvault.secrets import SecretClient
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.keyvault.models import VaultAccessPolicyParameters, VaultCreateOrUpdateParameters
from azure.mgmt.resource.resources import ResourceManagementClient

from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

from .azure import OWNER, SECRETS_OFFICER, own, runner
from .sdk import SdkCredential, SdkTransport


def test_microsofts_clients_make_a_vault_and_keep_a_secret(store: Store) -> None:
    azure, transport = runner(store), SdkTransport(store)
    credential = SdkCredential(azure)
    resources = ResourceManagementClient(credential, CONTOSO.subscription, transport=transport, polling_interval=0)
    assert resources.providers.register("Microsoft.KeyVault").registration_state == "Registering"
    assert resources.resource_groups.create_or_update("rg-contoso", {"location": "westeurope"}).id
    vaults = KeyVaultManagementClient(credential, CONTOSO.subscription, transport=transport, polling_interval=0).vaults
    settings = {"tenantId": CONTOSO.id, "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    wanted = _vault(settings | {"enableRbacAuthorization": True})
    vault = vaults.begin_create_or_update("rg-contoso", "kv-contoso", wanted).result()
    assert vault.id == azure.vault_id
    assert vault.properties.vault_uri
    roles = AuthorizationManagementClient(credential, CONTOSO.subscription, transport=transport)
    definition = f"{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_OFFICER}"
    assignment = {"roleDefinitionId": definition, "principalId": azure.object_id, "principalType": "ServicePrincipal"}
    made = roles.role_assignments.create(vault.id, str(uuid.uuid4()), {"properties": assignment})
    assert made.id in [each.id for each in roles.role_assignments.list_for_scope(vault.id, filter="atScope()")]
    secrets = SecretClient(vault.properties.vault_uri, credential, transport=transport)
    version = secrets.set_secret("token", "one", tags={"a": "b"}).properties.version
    assert secrets.get_secret("token").value == "one"
    assert [each.version for each in secrets.list_properties_of_secret_versions("token")] == [version]
    secrets.begin_delete_secret("token").result()
    secrets.begin_recover_deleted_secret("token").result()
    assert secrets.update_secret_properties("token", enabled=True).enabled
    vaults.delete("rg-contoso", "kv-contoso")
    deleted = vaults.get_deleted("kv-contoso", "westeurope")
    assert deleted.as_dict()["properties"]["vaultId"] == vault.id
    wanted = _vault(settings | {"createMode": "recover"})
    assert vaults.begin_create_or_update("rg-contoso", "kv-contoso", wanted).result().id == vault.id


class _Hasty(SdkTransport):
    """A poller waits as long as the answer asks; here it need not."""

    def sleep(self, duration: float) -> None:
        assert duration == 1, "the answer's Retry-After, not the client's own 30 seconds"


def test_microsofts_clients_wait_for_the_end_of_a_purge_and_of_a_group(store: Store) -> None:
    azure, transport = runner(store), _Hasty(store)
    own(azure, OWNER)
    azure.ready_vault()
    credential = SdkCredential(azure)
    vaults = KeyVaultManagementClient(credential, CONTOSO.subscription, transport=transport).vaults
    entry = {"tenantId": CONTOSO.id, "objectId": CONTOSO.operator_id, "permissions": {"secrets": ["get"]}}
    wanted = VaultAccessPolicyParameters({"properties": {"accessPolicies": [entry]}})
    assert vaults.update_access_policy("rg-contoso", "kv-contoso", "add", wanted).id
    vaults.delete("rg-contoso", "kv-contoso")
    vaults.begin_purge_deleted("kv-contoso", "westeurope").result()
    assert list(vaults.list_deleted()) == []
    resources = ResourceManagementClient(credential, CONTOSO.subscription, transport=transport)
    resources.resource_groups.begin_delete("rg-contoso").result()
    assert resources.resource_groups.check_existence("rg-contoso") is False


def _vault(properties: dict[str, Any]) -> VaultCreateOrUpdateParameters:
    return VaultCreateOrUpdateParameters({"location": "westeurope", "properties": properties})
