"""Certificates of one vault and signing with their keys, through Microsoft's SDK over our session (sam-facts 6.4).

Signing is one request of our own on the SDK's pipeline: its CryptographyClient would read the key before each use, and
judge its dates by the machine's clock.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.core.rest import HttpRequest

from provisioner.clients.azure_errors import is_absence, told
from provisioner.clients.vault_access import VaultAccess
from provisioner.core.errors import ApiReplyError


@dataclass(frozen=True)
class CertificateFacts:
    """A certificate without its content. version is empty in a list of certificates. Times are UTC.

    thumbprint: SHA-1 of the DER in upper-case hex, as portals and Graph show it.
    """

    name: str
    version: str
    thumbprint: str
    enabled: bool
    created_at: datetime
    not_before: datetime | None
    expires_at: datetime | None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredCertificate:
    """A certificate with its public part. der: what Graph and a thumbprint are made of."""

    facts: CertificateFacts
    der: bytes = field(repr=False)

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.der).digest()


class VaultCertificates:
    """Raises ApiError's classes. One instance a vault and run: the SDK's client keeps its challenge."""

    def __init__(self, access: VaultAccess) -> None:
        self.name, self.url = access.name, access.url
        self._client = access.certificates()

    async def list_certificates(self) -> tuple[CertificateFacts, ...]:
        """Every certificate's newest version, all pages."""
        with told("Key Vault", f"list certificates of {self.name}"):
            return tuple([_facts(item) async for item in self._client.list_properties_of_certificates()])

    async def list_versions(self, name: str) -> tuple[CertificateFacts, ...]:
        """Every version of a certificate, oldest first; none when there is no such certificate."""
        with told("Key Vault", f"list versions of certificate {name}"):
            try:
                versions = self._client.list_properties_of_certificate_versions(name)
                found = [_facts(item) async for item in versions]
            except ResourceNotFoundError as error:
                if not is_absence(error, "CertificateNotFound"):
                    raise
                return ()
        return tuple(sorted(found, key=lambda facts: facts.created_at))

    async def find(self, name: str, version: str) -> StoredCertificate | None:
        """One version with its public part; None when there is no such version."""
        with told("Key Vault", f"get certificate {name}"):
            try:
                return _stored(await self._client.get_certificate_version(name, version))
            except ResourceNotFoundError as error:
                if not is_absence(error, "CertificateNotFound"):
                    raise
                return None

    async def create(
        self, name: str, *, subject: str, months: int, exportable: bool, tags: dict[str, str]
    ) -> StoredCertificate:
        """A new version with a key of its own, made in the vault; self-signed, no renewal behind our back.

        Returns when it is there, waiting by our clock. Raises ConflictError while the name is a secret's, is
        soft-deleted, or another creation is under way.
        """
        from azure.keyvault.certificates import (
            CertificateContentType,
            CertificatePolicy,
            CertificatePolicyAction,
            KeyType,
            KeyUsageType,
            KeyVaultCertificate,
            LifetimeAction,
        )

        policy = CertificatePolicy(
            issuer_name="Self",
            subject=subject,
            validity_in_months=months,
            exportable=exportable,
            key_type=KeyType.rsa,
            key_size=2048,
            reuse_key=False,
            key_usage=[KeyUsageType.digital_signature],
            enhanced_key_usage=["1.3.6.1.5.5.7.3.2"],  # client authentication
            content_type=CertificateContentType.pkcs12,
            lifetime_actions=[LifetimeAction(CertificatePolicyAction.email_contacts, lifetime_percentage=80)],
        )
        with told("Key Vault", f"create certificate {name}"):
            made = await self._client.create_certificate(name, policy, tags=tags)
        if not isinstance(made, KeyVaultCertificate):
            raise ApiReplyError("Key Vault", f"create certificate {name}", 200, "", "the creation did not complete")
        return _stored(made)

    async def update(self, name: str, version: str, *, tags: dict[str, str], enabled: bool | None = None) -> None:
        """Replace a version's tags."""
        with told("Key Vault", f"update certificate {name}"):
            await self._client.update_certificate_properties(name, version, tags=tags, enabled=enabled)

    async def find_deleted(self, name: str) -> CertificateFacts | None:
        """The soft-deleted certificate that holds this name; None when none does."""
        with told("Key Vault", f"get deleted certificate {name}"):
            try:
                return _facts((await self._client.get_deleted_certificate(name)).properties)
            except ResourceNotFoundError as error:
                if not is_absence(error, "CertificateNotFound"):
                    raise
                return None

    async def recover(self, name: str) -> None:
        """Bring a soft-deleted certificate back, all its versions; returns when it is there."""
        with told("Key Vault", f"recover certificate {name}"):
            await self._client.recover_deleted_certificate(name)

    async def delete(self, name: str) -> None:
        """Soft-delete a certificate with all its versions, its key and its secret."""
        with told("Key Vault", f"delete certificate {name}"):
            await self._client.delete_certificate(name)

    async def list_deleted(self) -> tuple[CertificateFacts, ...]:
        """Every soft-deleted certificate, all pages."""
        with told("Key Vault", f"list deleted certificates of {self.name}"):
            return tuple([_facts(item.properties) async for item in self._client.list_deleted_certificates()])

    async def purge(self, name: str) -> None:
        """Delete a soft-deleted certificate for good, its key and its secret with it."""
        with told("Key Vault", f"purge certificate {name}"):
            await self._client.purge_deleted_certificate(name)

    async def sign(self, name: str, version: str, digest: bytes) -> bytes:
        """PS256 over a SHA-256 digest, by the key of one certificate version."""
        operation = f"sign with certificate {name}"
        request = HttpRequest(
            "POST", f"{self.url}/keys/{name}/{version}/sign", json={"alg": "PS256", "value": _base64url(digest)}
        )
        with told("Key Vault", operation):
            response = await self._client.send_request(request)
            response.raise_for_status()
            body: Any = response.json()
        try:
            value = str(body["value"])
            return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (KeyError, TypeError, ValueError):
            raise ApiReplyError("Key Vault", operation, 200, "", "the answer is not in its documented shape") from None


def _stored(certificate: Any) -> StoredCertificate:
    return StoredCertificate(_facts(certificate.properties), bytes(certificate.cer))


def _facts(properties: Any) -> CertificateFacts:
    return CertificateFacts(
        name=properties.name,
        version=properties.version or "",
        thumbprint=bytes(properties.x509_thumbprint or b"").hex().upper(),
        enabled=bool(properties.enabled),
        created_at=properties.created_on,
        not_before=properties.not_before,
        expires_at=properties.expires_on,
        tags=dict(properties.tags or {}),
    )


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
