"""Who the runner can be, and how each asks Entra for a token: azure-identity's credentials over our transport.

One credential is made for each token request: what a platform vouches for lives minutes, and azure-identity would keep
tokens by this machine's clock. What is kept, and for how long, RunnerCredential decides.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import aiohttp
from azure.core.credentials import AccessTokenInfo

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.platform_tokens import PlatformTokens, Presented, presented
from provisioner.clients.platforms.managed_identity import ManagedIdentity
from provisioner.clients.shared_transport import shared_transport
from provisioner.core.clock import Clock
from provisioner.core.errors import ProvisionerError
from provisioner.core.secret import Secret


@dataclass(frozen=True)
class Asking:
    """Of which tenant a token is asked, and how a request gets there."""

    session: aiohttp.ClientSession = field(repr=False)
    cloud: CloudEndpoints
    tenant: str
    clock: Clock = field(repr=False)

    @property
    def options(self) -> dict[str, Any]:
        """For a credential of azure-identity. Retries are the session's."""
        return {
            "authority": self.cloud.authority,
            "transport": shared_transport(self.session, self.clock),
            "retry_total": 0,
        }


class RunnerIdentity(Protocol):
    """client_id: "" where only the token tells."""

    @property
    def client_id(self) -> str: ...

    @property
    def through(self) -> str:
        """How the runner is who it is, for the plan's first line; "" when there is nothing to say."""
        ...

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        """Raises azure-core's errors, which may quote an answer; ProvisionerError's classes."""
        ...

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        """What to tell, and what to do, where azure-identity may find no such identity at all; None: it never looks."""
        ...

    def remedy(self, code: str, asking: Asking) -> str:
        """What to do about Entra's refusal by this code (`AADSTS…`); "" where the runner is no special case."""
        ...


@dataclass(frozen=True)
class ClientSecretIdentity:
    """A service principal and its secret: from the environment, or the emulator's seeded runner."""

    client_id: str
    client_secret: Secret
    through: ClassVar[str] = ""

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        from azure.identity.aio import ClientSecretCredential

        secret = self.client_secret.reveal()
        return await ClientSecretCredential(asking.tenant, self.client_id, secret, **asking.options).get_token_info(
            scope
        )

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        return None

    def remedy(self, code: str, asking: Asking) -> str:
        remedies = {
            "AADSTS7000215": "correct AZURE_CLIENT_SECRET: it is the secret's value, not its id",
            "AADSTS7000222": "the runner's own secret expired: make a new one and set AZURE_CLIENT_SECRET",
        }
        return remedies.get(code) or _unknown_application(code, self.client_id, asking)


@dataclass(frozen=True)
class CertificateIdentity:
    """A service principal and a file with its certificate and private key (PEM or PKCS #12)."""

    client_id: str
    path: Path
    password: Secret | None = None
    through: ClassVar[str] = "certificate"

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        credential = await asyncio.to_thread(self._load, asking)
        found: AccessTokenInfo = await credential.get_token_info(scope)
        return found

    def _load(self, asking: Asking) -> Any:
        """What cannot be loaded is told without the library's words: they could quote the file."""
        from azure.identity.aio import CertificateCredential

        password = None if self.password is None else self.password.reveal()
        try:
            return CertificateCredential(
                asking.tenant, self.client_id, str(self.path), password=password, **asking.options
            )
        except OSError as error:
            reason = error.strerror or "it cannot be read"
        except (ValueError, TypeError):
            reason = "it is not a PEM or PKCS #12 file with a private key, or its password is wrong"
        raise ProvisionerError(
            f"the runner's certificate {self.path}: {reason}",
            where="AZURE_CLIENT_CERTIFICATE_PATH",
            next_step="correct AZURE_CLIENT_CERTIFICATE_PATH and AZURE_CLIENT_CERTIFICATE_PASSWORD",
        )

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        return None

    def remedy(self, code: str, asking: Asking) -> str:
        if code == "AADSTS700027":
            return f"register the public part of {self.path} as a certificate of the application {self.client_id}"
        return _unknown_application(code, self.client_id, asking)


_NOT_TRUSTED = frozenset({"AADSTS70021", "AADSTS700211", "AADSTS700212", "AADSTS700213", "AADSTS7002138"})


@dataclass
class AssertionIdentity:
    """A service principal that trusts the token of this machine, which is asked afresh for each token request.

    says: what the last one said of itself.
    """

    client_id: str
    platform: PlatformTokens
    says: Presented | None = None

    @property
    def through(self) -> str:
        return self.platform.label if self.says is None else f"{self.platform.label}, {self.says.subject}"

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        from azure.identity.aio import ClientAssertionCredential

        assertion = await self.platform.token(asking.cloud.exchange_audience)
        self.says = presented(assertion)
        credential = ClientAssertionCredential(asking.tenant, self.client_id, assertion.reveal, **asking.options)
        return await credential.get_token_info(scope)

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        return None

    def remedy(self, code: str, asking: Asking) -> str:
        if code in _NOT_TRUSTED and self.says is not None:
            return (
                f"have the application trust this {self.platform.label} token (a trust made just now takes minutes): "
                f"{self._command(self.says, asking)}"
            )
        if code == "AADSTS700024":
            return (
                f"the token of {self.platform.label} was out of its time when Entra got it: check this machine's "
                "clock, or what keeps the token file fresh"
            )
        return _unknown_application(code, self.client_id, asking)

    def _command(self, says: Presented, asking: Asking) -> str:
        """Entra compares as written, so the claims are written as they came (sam-facts 5.2)."""
        trust = {
            "name": re.sub(r"[^A-Za-z0-9]+", "-", says.subject).strip("-")[:120] or "runner",
            "issuer": says.issuer,
            "subject": says.subject,
            "audiences": [says.audience or asking.cloud.exchange_audience],
        }
        parameters = shlex.quote(json.dumps(trust))
        return f"az ad app federated-credential create --id {self.client_id} --parameters {parameters}"


@dataclass(frozen=True)
class ManagedIdentityRunner:
    """The machine's own identity, or a user-assigned one; of its own tenant whatever tenant is asked for."""

    client_id: str = ""
    through: ClassVar[str] = "managed identity"

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        return await ManagedIdentity(asking.session, asking.clock, self.client_id or None).access_token(scope)

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        return None

    def remedy(self, code: str, asking: Asking) -> str:
        return ""


@dataclass(frozen=True)
class AzureCliIdentity:
    """Whoever is signed in with az."""

    client_id: ClassVar[str] = ""
    through: ClassVar[str] = "Azure CLI"

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        from azure.identity.aio import AzureCliCredential

        found: AccessTokenInfo = await AzureCliCredential(tenant_id=asking.tenant).get_token_info(scope)
        return found

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        return "az is not installed, or nobody is signed in with it", _az_login(asking)

    def remedy(self, code: str, asking: Asking) -> str:
        return _az_login(asking)


@dataclass
class ChainIdentity:
    """What azure-identity's default chain finds; it remembers which one answered."""

    client_id: ClassVar[str] = ""
    through: ClassVar[str] = ""
    _chain: Any = None

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        """Of the asked tenant, whichever one the identity that is found is configured for."""
        if self._chain is None:
            from azure.identity.aio import DefaultAzureCredential

            self._chain = DefaultAzureCredential(additionally_allowed_tenants=[asking.tenant], **asking.options)
        found: AccessTokenInfo = await self._chain.get_token_info(scope, options={"tenant_id": asking.tenant})
        return found

    def unavailable(self, asking: Asking) -> tuple[str, str] | None:
        advice = f"set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, name an identity in auth, or {_az_login(asking)}"
        return "no identity to run as was found", advice

    def remedy(self, code: str, asking: Asking) -> str:
        return ""


def _az_login(asking: Asking) -> str:
    return f"run `az login --tenant {asking.tenant}`"


def _unknown_application(code: str, client_id: str, asking: Asking) -> str:
    if code != "AADSTS700016":
        return ""
    return (
        f"the runner {client_id} has no service principal in tenant {asking.tenant}: check auth.clientId (or "
        "AZURE_CLIENT_ID) and the spec's tenant and cloud"
    )
