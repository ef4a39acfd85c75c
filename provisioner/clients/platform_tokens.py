"""The token of the machine a command runs on: what a CI job, a pod or a virtual machine can prove itself with."""

from __future__ import annotations

from typing import Protocol

from provisioner.core.errors import CredentialMissingError
from provisioner.core.secret import Secret


class PlatformTokens(Protocol):
    """Where such tokens come from."""

    @property
    def label(self) -> str:
        """The platform, for a sentence: `GitHub Actions`."""
        ...

    async def token(self, audience: str) -> Secret:
        """A fresh token for an audience. Raises CredentialMissingError where the machine has none, ApiError."""
        ...


class NoPlatform:
    """A laptop: nothing here can be trusted by an application."""

    label = "this machine"

    async def token(self, audience: str) -> Secret:
        raise CredentialMissingError(
            "this machine has no token that the application could trust",
            where="application.credential",
            next_step="run it where the credential's subject runs: the CI job, the pod or the machine it names",
        )
