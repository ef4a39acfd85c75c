"""The keys of one vault, by name: we make none of our own, so all that is asked is whether others keep some there."""

from __future__ import annotations

from provisioner.clients.azure_errors import told
from provisioner.clients.vault_access import VaultAccess


class VaultKeys:
    """Raises ApiError's classes."""

    def __init__(self, access: VaultAccess) -> None:
        self.name = access.name
        self._client = access.keys()

    async def list_names(self) -> tuple[str, ...]:
        """Every key but those of certificates, which come and go with them; all pages."""
        with told("Key Vault", f"list keys of {self.name}"):
            return tuple([str(item.name) async for item in self._client.list_properties_of_keys() if not item.managed])
