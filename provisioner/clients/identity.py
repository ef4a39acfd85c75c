"""The runner: the identity that plans and applies, through azure-identity.

One credential a tenant, wrapped so that each audience's token is asked for once however many callers wait for it
(the SDKs do not do that), and so that the plan can say who the runner is and what its Graph token allows.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.transport import AioHttpTransport

from provisioner.clients.azure_errors import api_error
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.core.clock import Clock
from provisioner.core.errors import ApiError, ApiReplyError, SignInError
from provisioner.core.secret import Secret

_RENEW_BEFORE_S = 300
_ASKING = "runner token"


@dataclass(frozen=True)
class ClientSecretIdentity:
    """A service principal and its secret: from the environment, or the emulator's seeded runner."""

    client_id: str
    client_secret: Secret


@dataclass(frozen=True)
class RunnerFacts:
    """What the runner's Graph token says of it. roles: app roles granted; scopes: a user's."""

    tenant_id: str
    object_id: str
    app_id: str
    user_name: str
    roles: frozenset[str]
    scopes: frozenset[str]

    @property
    def label(self) -> str:
        """For the plan's first line."""
        return f"user {self.user_name}" if self.user_name else f"service principal {self.app_id}"

    def may(self, *permissions: str) -> bool:
        """True when the token carries one of these Graph permissions, as a role or a scope."""
        return bool((self.roles | self.scopes) & set(permissions))


class _SharedTransport(AioHttpTransport):  # type: ignore[misc]  # azure-core exports it without its type
    """Waits by our clock: pollers of long operations ask their transport to sleep."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        super().__init__(session=session, session_owner=False)
        self._clock = clock

    async def sleep(self, duration: float) -> None:
        await self._clock.sleep(duration)


def shared_transport(session: aiohttp.ClientSession, clock: Clock) -> AioHttpTransport:
    """azure-core's transport over our session; one for each client, none of which closes it."""
    return _SharedTransport(session, clock)


_RUNNER_REMEDIES = {  # for the runner's own secret, which is not the application's in the vault
    "AADSTS7000215": "correct AZURE_CLIENT_SECRET: it is the secret's value, not its id",
    "AADSTS7000222": "the runner's own secret expired: make a new one and set AZURE_CLIENT_SECRET",
}


class RunnerCredential(AsyncTokenCredential):
    """An azure-core credential for one tenant. Raises SignInError with the remedy, or UnreachableError."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        cloud: CloudEndpoints,
        tenant: str,
        clock: Clock,
        identity: ClientSecretIdentity | None,
    ) -> None:
        self.clock = clock
        self._tenant = tenant
        self._by_chain = identity is None
        self._inner = _azure_credential(session, cloud, tenant, clock, identity)
        self._tokens: dict[str, AccessTokenInfo] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token for one audience's `/.default`; options are not passed on: the tenant is ours, CAE is not asked."""
        scope = " ".join(scopes)
        async with self._locks.setdefault(scope, asyncio.Lock()):
            held = self._tokens.get(scope)
            if held is None or held.expires_on - self.clock.now().timestamp() < _RENEW_BEFORE_S:
                held = self._tokens[scope] = await self._ask(scopes)
            return held

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        info = await self.get_token_info(*scopes)
        return AccessToken(info.token, info.expires_on)

    async def bearer(self, audience: str) -> str:
        """The Authorization header's value for an audience (an origin)."""
        return f"Bearer {(await self.get_token_info(f'{audience}/.default')).token}"

    async def facts(self, graph: str) -> RunnerFacts:
        """Who the runner is, from its Graph token's claims (read, not verified: they are shown, and Graph decides)."""
        return runner_facts((await self.get_token_info(f"{graph}/.default")).token)

    async def close(self) -> None:
        await self._inner.close()

    async def __aenter__(self) -> RunnerCredential:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, scopes: tuple[str, ...]) -> AccessTokenInfo:
        """From the spec's tenant, whichever one the chain's identity is configured for.

        What azure-identity raises may quote the answer, token and all: nothing of it is kept but Entra's own text.
        """
        try:
            token = await self._inner.get_token(*scopes, tenant_id=self._tenant)
        except ClientAuthenticationError as error:
            raise self._refused(error) from None
        except AzureError as error:
            raise api_error("Entra", _ASKING, error) from None
        except (KeyError, TypeError, ValueError):
            raise ApiReplyError("Entra", _ASKING, 200, "", "the answer is not in its documented shape") from None
        return AccessTokenInfo(token.token, token.expires_on)

    def _refused(self, error: ClientAuthenticationError) -> ApiError:
        """Entra's refusal, an answer that is none, or no identity at all (the chain says so by the same class)."""
        message = error.message or ""
        if "AADSTS" in message:
            refusal = sign_in_error(_ASKING, message)
            refusal.next_step = _RUNNER_REMEDIES.get(refusal.code, refusal.next_step)
            return refusal
        if not self._by_chain:
            return api_error("Entra", _ASKING, error)
        return SignInError(
            "Entra",
            _ASKING,
            0,
            "",
            "no identity to run as was found",
            next_step="set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`",
        )


def _azure_credential(
    session: aiohttp.ClientSession,
    cloud: CloudEndpoints,
    tenant: str,
    clock: Clock,
    identity: ClientSecretIdentity | None,
) -> Any:
    from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential

    options: dict[str, Any] = {
        "authority": cloud.authority,
        "transport": shared_transport(session, clock),
        "retry_total": 0,
    }
    if identity is not None:
        return ClientSecretCredential(
            tenant,
            identity.client_id,
            identity.client_secret.reveal(),
            **options,
        )
    return DefaultAzureCredential(additionally_allowed_tenants=[tenant], **options)


def environment_identity(environment: Callable[[str], str | None] = os.environ.get) -> ClientSecretIdentity | None:
    """AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, when both are set."""
    client_id, secret = environment("AZURE_CLIENT_ID"), environment("AZURE_CLIENT_SECRET")
    return ClientSecretIdentity(client_id, Secret(secret)) if client_id and secret else None


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified. Raises ValueError when it is not one."""
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not a JWT")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("the claims are not an object")  # noqa: TRY004  # the value is wrong, not the caller
    return claims


def runner_facts(token: str) -> RunnerFacts:
    """The facts of an access token; empty ones for a token that cannot be read (Entra calls tokens opaque)."""
    try:
        claims = claims_of(token)
    except ValueError:
        claims = {}
    return RunnerFacts(
        tenant_id=str(claims.get("tid", "")).lower(),
        object_id=str(claims.get("oid", "")),
        app_id=str(claims.get("appid") or claims.get("azp") or ""),
        user_name=str(claims.get("upn") or claims.get("unique_name") or ""),
        roles=frozenset(claims.get("roles", ())),
        scopes=frozenset(str(claims.get("scp", "")).split()),
    )
