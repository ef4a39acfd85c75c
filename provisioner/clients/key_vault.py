"""The data plane of one vault: secrets, through Microsoft's SDK over our session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
from azure.core.exceptions import AzureError, ResourceNotFoundError

from provisioner.clients.azure_errors import api_error
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential, shared_transport
from provisioner.core.secret import Secret


@dataclass(frozen=True)
class SecretFacts:
    """A secret without its value. version is empty when read from the list of secrets. Times are UTC."""

    name: str
    version: str
    enabled: bool
    created_at: datetime
    expires_at: datetime | None
    content_type: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredSecret:
    """A secret with its value."""

    facts: SecretFacts
    value: Secret


class KeyVaultClient:
    """Raises ApiError's classes: ForbiddenError (role, policy, firewall), ConflictError (a soft-deleted name) …"""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        credential: RunnerCredential,
        cloud: CloudEndpoints,
        tenant: str,
        name: str,
    ) -> None:
        from azure.keyvault.secrets.aio import SecretClient

        from provisioner.clients.vault_challenge import know_challenge

        self.name = name
        self.url = cloud.vault_url(name)
        know_challenge(cloud, self.url, tenant)
        self._secrets = SecretClient(
            self.url,
            credential,
            transport=shared_transport(session, credential.clock),
            retry_total=0,
            verify_challenge_resource=True,
            logging_enable=False,
        )

    async def list_secrets(self) -> tuple[SecretFacts, ...]:
        """Every secret's current version, all pages, without values."""
        try:
            return tuple([_facts(item) async for item in self._secrets.list_properties_of_secrets()])
        except AzureError as error:
            raise api_error("Key Vault", f"list secrets of {self.name}", error) from error

    async def list_versions(self, name: str) -> tuple[SecretFacts, ...]:
        """Every version of a secret, oldest first, without values."""
        try:
            found = [_facts(item) async for item in self._secrets.list_properties_of_secret_versions(name)]
        except AzureError as error:
            raise api_error("Key Vault", f"list versions of secret {name}", error) from error
        return tuple(sorted(found, key=lambda facts: facts.created_at))

    async def find_secret(self, name: str, version: str | None = None) -> StoredSecret | None:
        """The current (or named) version with its value; None when there is no such secret."""
        try:
            found = await self._secrets.get_secret(name, version)
        except ResourceNotFoundError:
            return None
        except AzureError as error:
            raise api_error("Key Vault", f"get secret {name}", error) from error
        return StoredSecret(_facts(found.properties), Secret(found.value or ""))

    async def set_secret(
        self, name: str, value: Secret, *, content_type: str, expires_at: datetime | None, tags: dict[str, str]
    ) -> SecretFacts:
        """Write a new version (every write makes one, even of an equal value: sam-facts 6.3)."""
        try:
            done = await self._secrets.set_secret(
                name, value.reveal(), content_type=content_type, expires_on=expires_at, tags=tags
            )
        except AzureError as error:
            raise api_error("Key Vault", f"set secret {name}", error) from error
        return _facts(done.properties)

    async def update_secret(
        self, name: str, version: str, *, enabled: bool | None = None, tags: dict[str, str] | None = None
    ) -> SecretFacts:
        """Change a version's attributes or tags (tags are replaced as a whole); the value stays."""
        try:
            return _facts(await self._secrets.update_secret_properties(name, version, enabled=enabled, tags=tags))
        except AzureError as error:
            raise api_error("Key Vault", f"update secret {name}", error) from error

    async def recover_secret(self, name: str) -> None:
        """Bring a soft-deleted secret back, all its versions."""
        try:
            poller = await self._secrets.recover_deleted_secret(name)
        except AzureError as error:
            raise api_error("Key Vault", f"recover secret {name}", error) from error
        del poller


def _facts(properties: Any) -> SecretFacts:
    return SecretFacts(
        name=properties.name,
        version=properties.version or "",
        enabled=bool(properties.enabled),
        created_at=properties.created_on,
        expires_at=properties.expires_on,
        content_type=properties.content_type or "",
        tags=dict(properties.tags or {}),
    )
