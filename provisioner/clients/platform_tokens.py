"""The token of the machine a command runs on: what a CI job, a pod or a virtual machine can prove itself with.

The runner may sign in with it, and so may the application, where its credential is the trust in such a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from provisioner.clients.clouds import CLOUDS
from provisioner.clients.jwt_claims import claims_of
from provisioner.clients.platforms.azure_pipelines import REQUEST_URI as AZURE_PIPELINES
from provisioner.clients.platforms.azure_pipelines import azure_pipelines
from provisioner.clients.platforms.environment import PlatformMissingError
from provisioner.clients.platforms.github import github_actions
from provisioner.clients.platforms.managed_identity import ManagedIdentity
from provisioner.clients.platforms.token_file import in_pod, token_file
from provisioner.core.clock import Clock
from provisioner.core.errors import CredentialMissingError
from provisioner.core.secret import Secret

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENTRA = {urlsplit(cloud.authority).hostname for cloud in CLOUDS.values()}
_OF_JOBS = {"token.actions.githubusercontent.com", "vstoken.dev.azure.com"}
_WHERE = "application.credential"


class PlatformTokens(Protocol):
    """Where such tokens come from."""

    @property
    def label(self) -> str:
        """The platform, for a sentence: `GitHub Actions`."""
        ...

    async def token(self, audience: str) -> Secret:
        """A fresh token for an audience. Raises PlatformMissingError where the machine has none, ApiError."""
        ...


@dataclass(frozen=True)
class NoPlatform:
    """Implements PlatformTokens for a laptop, or a job that may not ask: nothing here can be trusted. reason: why."""

    reason: str = "this machine has no token that the application could trust"
    next_step: str = "run it where the credential's subject runs: the CI job, the pod or the machine it names"
    label: str = "this machine"

    async def token(self, audience: str) -> Secret:
        raise PlatformMissingError(self.reason, where=_WHERE, next_step=self.next_step)


@dataclass(frozen=True)
class Trust:
    """Whose token an application takes, compared as written (sam-facts 5.2)."""

    issuer: str
    subject: str

    @property
    def of_managed_identity(self) -> bool:
        """Entra is the issuer, and the subject the identity's object id. A service connection's has another form."""
        return urlsplit(self.issuer).hostname in _ENTRA and _GUID.fullmatch(self.subject.lower()) is not None

    @property
    def of_a_job(self) -> bool:
        """GitHub or Azure DevOps is the issuer."""
        return urlsplit(self.issuer).hostname in _OF_JOBS


@dataclass(frozen=True)
class Presented:
    """What a token says of itself: no secret, and just what a federated credential is made of."""

    issuer: str
    subject: str
    audience: str

    def __str__(self) -> str:
        return f"subject {self.subject} by issuer {self.issuer} for audience {self.audience}"


@dataclass(frozen=True)
class TrustedTokens:
    """Implements PlatformTokens: a token that the trust is not about never leaves the process."""

    platform: PlatformTokens
    trust: Trust

    @property
    def label(self) -> str:
        return self.platform.label

    async def token(self, audience: str) -> Secret:
        """Raises CredentialMissingError: there is none, or it is not the trusted one (both are named); ApiError."""
        try:
            token = await self.platform.token(audience)
            says = presented(token)
        except PlatformMissingError as missing:
            raise CredentialMissingError(missing.what, where=_WHERE, next_step=missing.next_step) from missing
        if (says.issuer, says.subject) == (self.trust.issuer, self.trust.subject) and self._is_for(says, audience):
            return token
        wanted = Presented(self.trust.issuer, self.trust.subject, audience)
        raise CredentialMissingError(
            f"the token of {self.label} has {says}; the application trusts {wanted}",
            where=_WHERE,
            next_step="run it where that subject runs, or correct the credential's trust in the spec and apply",
        )

    def _is_for(self, says: Presented, audience: str) -> bool:
        """Entra's own v2 tokens name their resource by an id of Entra's (assumed from v2 tokens in general)."""
        return says.audience == audience or self.trust.of_managed_identity


def presented(token: Secret) -> Presented:
    """Read, not verified: it is shown and compared, and Entra decides. Raises PlatformMissingError for no JWT."""
    try:
        claims = claims_of(token.reveal())
    except ValueError:
        raise PlatformMissingError(
            "the platform's token cannot be read: it is not a JWT",
            next_step="check what writes it: a token file must hold the token and nothing else",
        ) from None
    audience = claims.get("aud", "")
    named = " ".join(map(str, audience)) if isinstance(audience, list) else str(audience)
    return Presented(str(claims.get("iss", "")), str(claims.get("sub", "")), named)


@dataclass(frozen=True)
class Machine:
    """Where this process runs. connection, token_path, managed_identity: what the spec's `auth` names of them."""

    session: aiohttp.ClientSession = field(repr=False)
    clock: Clock = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    connection: str | None = None
    token_path: str | None = None
    managed_identity: str | None = None

    def trusted_tokens(self, trust: Trust) -> PlatformTokens:
        """The tokens a trust could be about. A machine that has none says so when one is asked: not all need one."""
        try:
            platform = self._platform(trust)
        except PlatformMissingError as missing:
            platform = NoPlatform(f"no token for the application: {missing.what}", missing.next_step)
        return TrustedTokens(platform, trust)

    def _platform(self, trust: Trust) -> PlatformTokens:
        """A managed identity shows in no variable, and a job may run in a pod: there the trust decides."""
        if trust.of_managed_identity:
            return ManagedIdentity(self.session, self.clock, self.managed_identity)
        if (self.token_path or in_pod(self.environment)) and not trust.of_a_job:
            return token_file(self.environment, self.token_path)
        if self.environment.get("GITHUB_ACTIONS"):
            return github_actions(self.session, self.environment)
        if self.environment.get(AZURE_PIPELINES):
            return azure_pipelines(self.session, self.environment, self.connection)
        return NoPlatform(f"{NoPlatform.reason}: it trusts subject {trust.subject} by issuer {trust.issuer}")
