"""Azure Resource Manager for one subscription: what the vault needs, through Microsoft's SDKs over our session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
from azure.core.exceptions import ResourceNotFoundError

from provisioner.clients import arm_facts as facts
from provisioner.clients.arm_governance import ArmGovernance
from provisioner.clients.arm_reads import ArmReads
from provisioner.clients.azure_errors import is_absence, told
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential
from provisioner.clients.shared_transport import shared_transport

if TYPE_CHECKING:
    from azure.mgmt.authorization.v2022_04_01.aio.operations import RoleAssignmentsOperations
    from azure.mgmt.keyvault.aio.operations import VaultsOperations
    from azure.mgmt.keyvault.models import VaultCreateOrUpdateParameters, VaultPatchParameters
    from azure.mgmt.resource.resources.aio import ResourceManagementClient

Model = TypeVar("Model")
Facts = TypeVar("Facts")
_NAMESPACE = "Microsoft.KeyVault"
_VAULTS, _ASSIGNMENTS = "2026-05-15", "2022-04-01"  # api-versions, those of the SDKs
_POLL_S = 2
_ABSENT = ("ResourceNotFound", "ResourceGroupNotFound", "DeletedVaultNotFound")


class ArmClient:
    """Raises ApiError's classes; `find_*` gives None for what is not there."""

    def __init__(
        self, session: aiohttp.ClientSession, cloud: CloudEndpoints, credential: RunnerCredential, subscription: str
    ) -> None:
        self.subscription = subscription
        self.governance = ArmGovernance(session, cloud, credential, subscription)
        self._session, self._cloud, self._credential = session, cloud, credential
        self._reads = ArmReads(cloud, credential, shared_transport(session, credential.clock))

    # The SDKs are for writes, and for a vault that is not there: a clean plan does not pay for their import.

    @cached_property
    def _vaults(self) -> VaultsOperations:
        from azure.mgmt.keyvault.aio import KeyVaultManagementClient

        return KeyVaultManagementClient(self._credential, self.subscription, **self._options()).vaults

    @cached_property
    def _roles(self) -> RoleAssignmentsOperations:
        from azure.mgmt.authorization.v2022_04_01.aio import AuthorizationManagementClient

        return AuthorizationManagementClient(self._credential, self.subscription, **self._options()).role_assignments

    @cached_property
    def _resources(self) -> ResourceManagementClient:
        from azure.mgmt.resource.resources.aio import ResourceManagementClient

        return ResourceManagementClient(self._credential, self.subscription, **self._options())

    def _options(self) -> dict[str, Any]:
        return {
            "base_url": self._cloud.arm,
            "credential_scopes": [f"{self._cloud.arm}/.default"],
            "transport": shared_transport(self._session, self._credential.clock),
            "retry_total": 0,
            "permit_redirects": False,
            "polling_interval": _POLL_S,
        }

    def group_id(self, group: str) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{group}"

    def vault_id(self, group: str, name: str) -> str:
        """The ARM id a vault has or will have."""
        return f"{self.group_id(group)}/providers/{_NAMESPACE}/vaults/{name}"

    # resource providers

    async def provider_state(self) -> str:
        """Microsoft.KeyVault's registrationState in the subscription: `Registered`, `NotRegistered` …"""
        with _told("get resource provider"):
            return str((await self._resources.providers.get(_NAMESPACE)).registration_state)

    async def register_provider(self) -> None:
        """Ask for the registration; it takes a while to be in force."""
        with _told("register resource provider"):
            await self._resources.providers.register(_NAMESPACE)

    # resource groups

    async def find_group(self, name: str) -> facts.ResourceGroupFacts | None:
        group = self._resources.resource_groups.get(name)
        return await _none_if_missing(group, f"get resource group {name}", facts.resource_group)

    async def create_group(self, name: str, location: str, tags: dict[str, str]) -> facts.ResourceGroupFacts:
        from azure.mgmt.resource.resources.models import ResourceGroup

        with _told(f"create resource group {name}"):
            group = ResourceGroup(location=location, tags=tags)
            made = await self._resources.resource_groups.create_or_update(name, group)
            return facts.resource_group(made)

    async def list_resources(self, group: str) -> tuple[str, ...]:
        """The ids of the resources in a group, all pages: those that the caller may read, without a word of others."""
        with _told(f"list the resources of {group}"):
            return tuple([str(item.id) async for item in self._resources.resources.list_by_resource_group(group)])

    async def list_tagged(self, name: str, value: str) -> tuple[str, ...]:
        """The ids of the subscription's resources with this tag, all pages: those that the caller may read."""
        with _told(f"list what is tagged {name}"):
            listed = self._resources.resources.list(filter=f"tagName eq '{name}' and tagValue eq '{value}'")
            return tuple([str(item.id) async for item in listed])

    async def delete_group(self, name: str) -> None:
        """Delete a group with everything in it, and wait until it is gone; one that is gone already is no error."""
        with _told(f"delete resource group {name}"):
            try:
                poller = await self._resources.resource_groups.begin_delete(name)
                await poller.result()
            except ResourceNotFoundError as error:
                if not is_absence(error, *_ABSENT):
                    raise

    # vaults

    async def find_vault(self, group: str, name: str) -> facts.VaultFacts | None:
        vault = self._reads.get(self.vault_id(group, name), _VAULTS)
        return await _none_if_missing(vault, f"get vault {name}", facts.vault)

    async def list_vaults(self) -> tuple[facts.VaultFacts, ...]:
        """Every vault of the subscription that the runner may see."""
        with _told("list vaults"):
            return tuple([facts.vault(model) async for model in self._vaults.list_by_subscription()])

    async def find_deleted_vault(self, name: str, location: str) -> facts.DeletedVaultFacts | None:
        """The soft-deleted vault that holds this name in this subscription and location."""
        deleted = self._vaults.get_deleted(name, facts.normal_location(location))
        return await _none_if_missing(deleted, f"get deleted vault {name}", facts.deleted_vault)

    async def find_deleted_vault_anywhere(self, name: str) -> facts.DeletedVaultFacts | None:
        """The same in any location of the subscription: a list of all that are soft-deleted there."""
        with _told("list deleted vaults"):
            async for model in self._vaults.list_deleted():
                if (model.name or "").lower() == name.lower():
                    return facts.deleted_vault(model)
        return None

    async def put_vault(self, group: str, name: str, vault: VaultCreateOrUpdateParameters) -> facts.VaultFacts:
        """Create or recover, and wait until ARM says it is done."""
        with _told(f"create vault {name}"):
            poller = await self._vaults.begin_create_or_update(group, name, vault)
            return facts.vault(await poller.result())

    async def patch_vault(self, group: str, name: str, patch: VaultPatchParameters) -> facts.VaultFacts:
        """Change what the patch names; tags and network rules are replaced whole."""
        with _told(f"update vault {name}"):
            return facts.vault(await self._vaults.update(group, name, patch))

    async def delete_vault(self, group: str, name: str) -> None:
        """Soft-delete a vault with all it holds; its role assignments are gone (sam-facts 6.1)."""
        with _told(f"delete vault {name}"):
            await self._vaults.delete(group, name)

    async def purge_vault(self, name: str, location: str) -> None:
        """Delete a soft-deleted vault for good, and wait until ARM says it is done. Never under purge protection."""
        with _told(f"purge vault {name}"):
            await (await self._vaults.begin_purge_deleted(name, location)).result()

    # role assignments

    async def list_role_assignments(self, scope: str, *, below: bool = False) -> tuple[facts.RoleAssignmentFacts, ...]:
        """Assignments at the scope and inherited from above; none when the scope is not there.

        below: those further in too.
        """
        with _told("list role assignments"):
            try:
                path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
                listed = await self._reads.list(path, _ASSIGNMENTS, "" if below else "atScope()")
                return tuple(map(facts.role_assignment, listed))
            except ResourceNotFoundError as error:
                if is_absence(error, *_ABSENT):
                    return ()
                raise

    async def create_role_assignment(
        self, scope: str, name: str, *, role_id: str, principal_id: str, principal_type: str, description: str
    ) -> facts.RoleAssignmentFacts:
        """principal_type is given so that a principal still replicating is taken (sam-facts 6.2)."""
        from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters

        parameters = RoleAssignmentCreateParameters(
            role_definition_id=(
                f"/subscriptions/{self.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_id}"
            ),
            principal_id=principal_id,
            principal_type=principal_type,
            description=description,
        )
        with _told(f"assign role {role_id} to {principal_id}"):
            made = await self._roles.create(scope, name, parameters)
            return facts.role_assignment(made.serialize(keep_readonly=True))

    async def delete_role_assignment(self, scope: str, name: str) -> None:
        """Remove an assignment; one that is gone already is no error."""
        with _told(f"delete role assignment {name}"):
            await self._roles.delete(scope, name)


def _told(operation: str) -> AbstractContextManager[None]:
    return told("Azure Resource Manager", operation)


async def _none_if_missing(call: Awaitable[Model], operation: str, read: Callable[[Model], Facts]) -> Facts | None:
    with _told(operation):
        try:
            return read(await call)
        except ResourceNotFoundError as error:
            if is_absence(error, *_ABSENT):
                return None
            raise
