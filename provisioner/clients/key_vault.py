"""The data plane of one vault: secrets, through Microsoft's SDK over our session."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from provisioner.clients.azure_errors import is_absence, told
from provisioner.clients.vault_access import VaultAccess
from provisioner.core.secret import Secret


@dataclass(frozen=True)
class SecretFacts:
    """A secret without its value. version is empty when read from the list of secrets. Times are UTC.

    managed: it is the secret side of a certificate of the same name (sam-facts 6.4).
    """

    name: str
    version: str
    enabled: bool
    created_at: datetime
    expires_at: datetime | None
    content_type: str
    tags: dict[str, str] = field(default_factory=dict)
    managed: bool = False


@dataclass(frozen=True)
class StoredSecret:
    """A secret with its value."""

    facts: SecretFacts
    value: Secret


class KeyVaultClient:
    """Raises ApiError's classes: ForbiddenError (role, policy, firewall), ConflictError (a soft-deleted name) …"""

    def __init__(self, access: VaultAccess) -> None:
        self.name = access.name
        self._secrets = access.secrets()

    async def list_secrets(self) -> tuple[SecretFacts, ...]:
        """Every secret's current version, all pages, without values."""
        with told("Key Vault", f"list secrets of {self.name}"):
            return tuple([_facts(item) async for item in self._secrets.list_properties_of_secrets()])

    async def list_versions(self, name: str) -> tuple[SecretFacts, ...]:
        """Every version of a secret, oldest first, without values."""
        with told("Key Vault", f"list versions of secret {name}"):
            found = [_facts(item) async for item in self._secrets.list_properties_of_secret_versions(name)]
        return tuple(sorted(found, key=lambda facts: facts.created_at))

    async def find_secret(self, name: str, version: str | None = None) -> StoredSecret | None:
        """The current (or named) version with its value; None when there is no such secret."""
        with told("Key Vault", f"get secret {name}"):
            try:
                found = await self._secrets.get_secret(name, version)
            except ResourceNotFoundError as error:
                if not is_absence(error, "SecretNotFound"):
                    raise
                return None
        return StoredSecret(_facts(found.properties), Secret(found.value or ""))

    async def set_secret(
        self, name: str, value: Secret, *, content_type: str, expires_at: datetime | None, tags: dict[str, str]
    ) -> SecretFacts:
        """Write a new version (every write makes one, even of an equal value: sam-facts 6.3)."""
        with told("Key Vault", f"set secret {name}"):
            done = await self._secrets.set_secret(
                name, value.reveal(), content_type=content_type, expires_on=expires_at, tags=tags
            )
        return _facts(done.properties)

    async def update_secret(self, name: str, version: str, *, enabled: bool) -> SecretFacts:
        """Whether this version can be read; its value and tags stay."""
        with told("Key Vault", f"update secret {name}"):
            return _facts(await self._secrets.update_secret_properties(name, version, enabled=enabled))

    async def tag_secret(self, name: str, version: str, tags: dict[str, str]) -> None:
        """All of a version's tags; its value stays, and no new version is made."""
        with told("Key Vault", f"tag secret {name}"):
            await self._secrets.update_secret_properties(name, version, tags=tags)

    async def delete_secret(self, name: str) -> None:
        """Soft-delete a secret with all its versions; returns when it is among the deleted ones."""
        with told("Key Vault", f"delete secret {name}"):
            await self._secrets.delete_secret(name)

    async def list_deleted_secrets(self) -> tuple[SecretFacts, ...]:
        """Every soft-deleted secret, all pages, without values."""
        with told("Key Vault", f"list deleted secrets of {self.name}"):
            return tuple([_facts(item.properties) async for item in self._secrets.list_deleted_secrets()])

    async def purge_secret(self, name: str) -> None:
        """Delete a soft-deleted secret for good. Raises ForbiddenError under purge protection."""
        with told("Key Vault", f"purge secret {name}"):
            await self._secrets.purge_deleted_secret(name)

    async def find_deleted_secret(self, name: str) -> SecretFacts | None:
        """The soft-deleted secret that holds this name, without its value; None when none does."""
        with told("Key Vault", f"get deleted secret {name}"):
            try:
                found = await self._secrets.get_deleted_secret(name)
            except ResourceNotFoundError as error:
                if not is_absence(error, "SecretNotFound"):
                    raise
                return None
        return _facts(found.properties)

    async def recover_secret(self, name: str) -> None:
        """Bring a soft-deleted secret back, all its versions."""
        with told("Key Vault", f"recover secret {name}"):
            await self._secrets.recover_deleted_secret(name)


def _facts(properties: Any) -> SecretFacts:
    return SecretFacts(
        name=properties.name,
        version=properties.version or "",
        enabled=bool(properties.enabled),
        created_at=properties.created_on,
        expires_at=properties.expires_on,
        content_type=properties.content_type or "",
        tags=dict(properties.tags or {}),
        managed=bool(properties.managed),
    )
