"""One vault, and how the SDKs' clients get there: over our session, which retries, and without a first 401.

The audience is in the cloud table, so there is nothing to ask a vault for. Each SDK keeps the challenges it met in a
cache of the process and offers no public way to fill it, so this is the one place that reaches into private modules of
theirs. A test counts the requests; the versions are locked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential
from provisioner.clients.shared_transport import shared_transport

if TYPE_CHECKING:
    from azure.keyvault.certificates.aio import CertificateClient
    from azure.keyvault.keys.aio import KeyClient
    from azure.keyvault.secrets.aio import SecretClient


@dataclass(frozen=True)
class VaultAccess:
    """name: of the vault. tenant: the directory it trusts. A token goes to its host only."""

    session: aiohttp.ClientSession = field(repr=False)
    credential: RunnerCredential = field(repr=False)
    cloud: CloudEndpoints
    tenant: str
    name: str

    @property
    def url(self) -> str:
        return self.cloud.vault_url(self.name)

    def secrets(self) -> SecretClient:
        from azure.keyvault.secrets._shared import HttpChallenge, http_challenge_cache
        from azure.keyvault.secrets.aio import SecretClient

        http_challenge_cache.set_challenge_for_url(self.url, HttpChallenge(self.url, self._challenge))
        return SecretClient(self.url, self.credential, **self._options)

    def certificates(self) -> CertificateClient:
        from azure.keyvault.certificates._shared import HttpChallenge, http_challenge_cache
        from azure.keyvault.certificates.aio import CertificateClient

        http_challenge_cache.set_challenge_for_url(self.url, HttpChallenge(self.url, self._challenge))
        return CertificateClient(self.url, self.credential, **self._options)

    def keys(self) -> KeyClient:
        from azure.keyvault.keys._shared import HttpChallenge, http_challenge_cache
        from azure.keyvault.keys.aio import KeyClient

        http_challenge_cache.set_challenge_for_url(self.url, HttpChallenge(self.url, self._challenge))
        return KeyClient(self.url, self.credential, **self._options)

    @property
    def _challenge(self) -> str:
        """What the vault would answer a request without token (sam-facts 6.3)."""
        return f'Bearer authorization="{self.cloud.authority}/{self.tenant}", resource="{self.cloud.vault_audience}"'

    @property
    def _options(self) -> dict[str, Any]:
        return {
            "transport": shared_transport(self.session, self.credential.clock),
            "retry_total": 0,
            "permit_redirects": False,
            "verify_challenge_resource": True,
            "logging_enable": False,
        }
