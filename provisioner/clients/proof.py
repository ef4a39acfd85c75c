"""How an application proves itself in a token request: by a secret, by a certificate whose key stays in the vault, or
by a token of the machine it runs on. One thing to the token endpoint: a form field or two.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from provisioner.clients.vault_certificates import VaultCertificates
from provisioner.core.clock import Clock
from provisioner.core.secret import Secret

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Entra sets no hard limit; 5 to 10 minutes at most are asked for (sam-facts 3.3). Started early against clock skew.
_ASSERTION_LIFE_S = 300
_BACKDATED_S = 60


class ClientProof(Protocol):
    """kind: as the spec names credential types."""

    @property
    def kind(self) -> str: ...

    async def fields(self, client_id: str, token_endpoint: str) -> dict[str, Secret]:
        """The form fields that go with one token request, made afresh for it.

        token_endpoint: the v2 one of the tenant by its id, which an assertion names as its audience.
        Raises: ApiError when the vault does not sign, or the platform gives no token.
        """
        ...


@dataclass(frozen=True)
class SecretProof:
    """A client secret."""

    value: Secret
    kind: str = "secret"

    async def fields(self, client_id: str, token_endpoint: str) -> dict[str, Secret]:
        return {"client_secret": self.value}


@dataclass(frozen=True)
class FederatedProof:
    """A token that the application trusts, asked of the platform for each request: such tokens live minutes."""

    ask: Callable[[], Awaitable[Secret]]
    kind: str = "federated"

    async def fields(self, client_id: str, token_endpoint: str) -> dict[str, Secret]:
        return _assertion(await self.ask())


@dataclass(frozen=True)
class CertificateProof:
    """One version of a certificate in a vault, which signs; its key never leaves.

    version: the one whose thumbprint is on the application, never "latest". sha256: of its DER.
    """

    certificates: VaultCertificates
    name: str
    version: str
    sha256: bytes
    clock: Clock = field(repr=False)
    kind: str = "certificate"

    async def fields(self, client_id: str, token_endpoint: str) -> dict[str, Secret]:
        """An assertion as Entra documents it: PS256 with x5t#S256, a short life, a jti of its own (sam-facts 3.3)."""
        now = int(self.clock.now().timestamp())
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": _base64url(self.sha256)}
        claims = {
            "aud": token_endpoint,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid.uuid4()),
            "nbf": now - _BACKDATED_S,
            "iat": now - _BACKDATED_S,
            "exp": now + _ASSERTION_LIFE_S,
        }
        signed = f"{_part(header)}.{_part(claims)}"
        digest = hashlib.sha256(signed.encode()).digest()
        signature = await self.certificates.sign(self.name, self.version, digest)
        return _assertion(Secret(f"{signed}.{_base64url(signature)}"))


def _assertion(token: Secret) -> dict[str, Secret]:
    return {"client_assertion": token, "client_assertion_type": Secret(ASSERTION_TYPE)}


def _part(members: dict[str, Any]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
