"""A managed identity: the machine's own, whose tokens the machine hands out (azure-identity knows each kind of it)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import aiohttp
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import AzureError

from provisioner.clients.azure_errors import api_error
from provisioner.clients.platforms.environment import PlatformMissingError
from provisioner.clients.shared_transport import shared_transport
from provisioner.core.clock import Clock
from provisioner.core.secret import Secret

_ASSIGNED = "assign a managed identity to this machine, name a user-assigned one in auth.clientId, or run elsewhere"


@dataclass(frozen=True)
class ManagedIdentity:
    """Implements PlatformTokens. client_id: of a user-assigned identity; None: the machine's own."""

    session: aiohttp.ClientSession = field(repr=False)
    clock: Clock = field(repr=False)
    client_id: str | None = None
    label: ClassVar[str] = "managed identity"

    async def token(self, audience: str) -> Secret:
        return Secret((await self.access_token(f"{audience}/.default")).token)

    async def access_token(self, scope: str) -> AccessTokenInfo:
        """Raises PlatformMissingError when nothing here answers, or no such identity is assigned; ApiError."""
        from azure.identity import CredentialUnavailableError
        from azure.identity.aio import ManagedIdentityCredential

        options: dict[str, Any] = {  # its own retries stay: it knows that IMDS answers 404 and 410 while it starts
            "transport": shared_transport(self.session, self.clock),
            "_exclude_workload_identity_credential": True,  # a pod's token file is another identity (auth decides)
        }
        try:
            credential = ManagedIdentityCredential(client_id=self.client_id, **options)
            found: AccessTokenInfo = await credential.get_token_info(scope)
        except CredentialUnavailableError:
            whose = f" {self.client_id}" if self.client_id else ""
            raise PlatformMissingError(
                f"no managed identity{whose} is available on this machine",
                where="managed identity",
                next_step=_ASSIGNED,
            ) from None
        except AzureError as error:
            raise api_error("managed identity", "token", error) from None
        return found
