"""The keys of one vault, by name: we make none of our own, so all that is asked is whether others keep some there."""

from __future__ import annotations

import aiohttp

from provisioner.clients.azure_errors import told
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential
from provisioner.clients.key_vault import sdk_options


class VaultKeys:
    """Raises ApiError's classes."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credential: RunnerCredential,
        cloud: CloudEndpoints,
        tenant: str,
        name: str,
    ) -> None:
        from azure.keyvault.keys.aio import KeyClient

        from provisioner.clients.vault_challenge import know_challenge_of_keys

        self.name = name
        self.url = cloud.vault_url(name)
        know_challenge_of_keys(cloud, self.url, tenant)
        self._client = KeyClient(self.url, credential, **sdk_options(session, credential))

    async def list_names(self) -> tuple[str, ...]:
        """Every key but those of certificates, which come and go with them; all pages."""
        with told("Key Vault", f"list keys of {self.name}"):
            return tuple([str(item.name) async for item in self._client.list_properties_of_keys() if not item.managed])
