"""The clients of one tenant, wired together: one session, one runner, one cloud."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

import aiohttp

from provisioner.clients.arm import ArmClient
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.entra import EntraClient
from provisioner.clients.graph import GraphClient
from provisioner.clients.identity import RunnerCredential
from provisioner.clients.key_vault import KeyVaultClient
from provisioner.clients.partner_center import PartnerCenterClient
from provisioner.clients.platform_tokens import PlatformTokens
from provisioner.clients.proof import ClientProof
from provisioner.clients.vault_access import VaultAccess
from provisioner.clients.vault_certificates import VaultCertificates
from provisioner.clients.vault_keys import VaultKeys
from provisioner.core.clock import Clock
from provisioner.core.secret import Secret

_SDK_OF_SECRETS = "azure.keyvault.secrets.aio"
_SDK_OF_CERTIFICATES = "azure.keyvault.certificates.aio"
_SDKS_OF_WRITES = (
    "provisioner.clients.graph_build",
    "azure.mgmt.keyvault.aio",
    "azure.mgmt.authorization.v2022_04_01.aio",
)


@dataclass(frozen=True)
class TenantClients:
    """Made once a run and passed in; holds nothing that another tenant could see."""

    session: aiohttp.ClientSession
    cloud: CloudEndpoints
    tenant: str
    subscription: str
    credential: RunnerCredential
    clock: Clock
    graph: GraphClient
    arm: ArmClient
    platform: PlatformTokens

    def vault(self, name: str) -> KeyVaultClient:
        """The data plane of a vault; call only once ARM says it exists (negative DNS answers are cached)."""
        return KeyVaultClient(self._access(name))

    def certificates(self, name: str) -> VaultCertificates:
        """The certificates of a vault, and signing with them; the same caution."""
        return VaultCertificates(self._access(name))

    def keys(self, name: str) -> VaultKeys:
        """The keys of a vault; the same caution."""
        return VaultKeys(self._access(name))

    def _access(self, name: str) -> VaultAccess:
        return VaultAccess(self.session, self.credential, self.cloud, self.tenant, name)

    def entra(self, client_id: str, proof: ClientProof, tenant: str | None = None) -> EntraClient:
        """Token requests of the application, with its own credential; in a customer's tenant when one is named."""
        return EntraClient(self.session, self.cloud, tenant or self.tenant, client_id, proof, self.clock)

    def partner_center(self, access_token: Secret) -> PartnerCenterClient:
        """Partner Center with a user's token."""
        return PartnerCenterClient(self.session, self.cloud, access_token)


def load_sdks(*, certificates: bool) -> None:
    """Import Microsoft's SDKs that reads need: meant for a thread, while the first tokens are on their way."""
    for name in (_SDK_OF_SECRETS, *((_SDK_OF_CERTIFICATES,) if certificates else ())):
        import_module(name)


def load_sdks_of_writes() -> None:
    """Import those that only writes need (a quarter of a second): meant for a thread, too."""
    for name in _SDKS_OF_WRITES:
        import_module(name)


def connect(
    session: aiohttp.ClientSession,
    cloud: CloudEndpoints,
    credential: RunnerCredential,
    clock: Clock,
    tenant: str,
    subscription: str,
    platform: PlatformTokens,
) -> TenantClients:
    """The clients for one runner in one tenant. Sends nothing."""
    return TenantClients(
        session=session,
        cloud=cloud,
        tenant=tenant,
        subscription=subscription,
        credential=credential,
        clock=clock,
        graph=GraphClient(session, cloud, credential, clock),
        arm=ArmClient(session, cloud, credential, subscription),
        platform=platform,
    )
