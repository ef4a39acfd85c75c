"""The runner: the identity that plans and applies, through azure-identity.

One credential a tenant, wrapped so that each audience's token is asked for once however many callers wait for it
(the SDKs do not do that), and so that the plan can say who the runner is and what its Graph token allows.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError

from provisioner.clients.azure_errors import api_error
from provisioner.clients.jwt_claims import claims_of
from provisioner.clients.runner_identities import Asking, RunnerIdentity
from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.core.errors import ApiError, ApiReplyError, SignInError

_RENEW_BEFORE_S = 300
_ASKING = "runner token"


@dataclass(frozen=True)
class RunnerFacts:
    """What the runner's Graph token says of it. roles: app roles granted; scopes: a user's.

    through: how it signed in (`GitHub Actions, repo:contoso/sam:environment:prod`); "" when that tells nothing.
    """

    tenant_id: str
    object_id: str
    app_id: str
    user_name: str
    roles: frozenset[str]
    scopes: frozenset[str]
    through: str = ""

    @property
    def label(self) -> str:
        """For the plan's first line."""
        who = f"user {self.user_name}" if self.user_name else f"service principal {self.app_id}"
        return f"{who} ({self.through})" if self.through else who

    def may(self, *permissions: str) -> bool:
        """True when the token carries one of these Graph permissions, as a role or a scope."""
        return bool((self.roles | self.scopes) & set(permissions))


class RunnerCredential(AsyncTokenCredential):
    """An azure-core credential for one tenant. Raises SignInError with the remedy, or UnreachableError."""

    def __init__(self, asking: Asking, identity: RunnerIdentity) -> None:
        self.clock = asking.clock
        self._asking = asking
        self._identity = identity
        self._tokens: dict[str, AccessTokenInfo] = {}
        self._good_until: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token for one audience's `/.default`; options are not passed on: the tenant is ours, CAE is not asked."""
        scope = " ".join(scopes)
        async with self._locks.setdefault(scope, asyncio.Lock()):
            if self._good_until.get(scope, 0.0) - self.clock.now().timestamp() < _RENEW_BEFORE_S:
                held = self._tokens[scope] = await self._ask(scope)
                # azure-identity reckons by this machine's clock; the emulator's may be ahead of it
                self._good_until[scope] = held.expires_on + self.clock.offset.total_seconds()
            return self._tokens[scope]

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
        facts = runner_facts((await self.get_token_info(f"{graph}/.default")).token)
        return replace(facts, through=self._identity.through)

    async def close(self) -> None:
        """The session is not ours, and nothing else is held."""

    async def __aenter__(self) -> RunnerCredential:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, scope: str) -> AccessTokenInfo:
        """What azure-identity raises may quote the answer, token and all: nothing is kept but Entra's own text."""
        try:
            return await self._identity.token(self._asking, scope)
        except ClientAuthenticationError as error:
            raise self._refused(error, scope) from None
        except AzureError as error:
            raise api_error("Entra", _ASKING, error) from None
        except (KeyError, TypeError, ValueError):
            raise ApiReplyError("Entra", _ASKING, 200, "", "the answer is not in its documented shape") from None

    def _refused(self, error: ClientAuthenticationError, scope: str) -> ApiError:
        """Entra's refusal, an answer that is none, or no identity at all (azure-identity's class is the same)."""
        message = error.message or ""
        if "AADSTS" in message:
            refusal = sign_in_error(_ASKING, message)
            api = self._asking.cloud.app_id_of(scope.removesuffix("/.default"))
            if refusal.code == "AADSTS500011" and api:  # without a token for it, apply cannot create it
                todo = f"an administrator of the tenant runs: az ad sp create --id {api}"
                refusal.next_step = self._asking.cloud.advice(todo)
            refusal.next_step = self._identity.remedy(refusal.code, self._asking) or refusal.next_step
            return refusal
        unavailable = self._identity.unavailable(self._asking)
        if unavailable is None:
            return api_error("Entra", _ASKING, error)
        what, next_step = unavailable
        return SignInError("Entra", _ASKING, 0, "", what, next_step=next_step)


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
