"""A tenant somebody has signed in to, what an administrator changes there, and our requests that Entra refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from provisioner.clients.device_code import ask_for_device_code
from provisioner.clients.entra import AuthorizationRequest, EntraClient, UserTokens, tokens_in
from provisioner.clients.guard import signatures_allowed
from provisioner.clients.proof import ASSERTION_TYPE
from provisioner.clients.tenant import TenantClients
from provisioner.consent.answer import SignInAnswer, read_answer
from provisioner.consent.paste import parse_pasted
from provisioner.core.errors import ProvisionerError
from provisioner.core.secret import Secret
from provisioner.resources.token_held import held_token, redeem
from tests.rehearsal import SECRET, Rehearsal, clients_of
from tests.robot import Person, StuckError

NATIVE = "http://localhost:8400/native"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True)
class Assertion:
    """A client's proof that somebody else made: implements clients.proof.ClientProof."""

    token: str
    kind: str = "certificate"

    async def fields(self, client_id: str, token_endpoint: str) -> dict[str, Secret]:
        return {"client_assertion": Secret(self.token), "client_assertion_type": Secret(ASSERTION_TYPE)}


@dataclass
class Scene:
    """clients: ours, for the time of one request. before: the moment the sign-in of the snapshot was made."""

    rehearsal: Rehearsal
    clients: TenantClients = field(init=False, repr=False)

    def refusal(self, act: Callable[[Scene], Awaitable[object]]) -> ProvisionerError:
        """What our code raises when it does this."""

        async def run() -> ProvisionerError:
            async with clients_of(self.rehearsal) as self.clients:
                try:
                    with signatures_allowed():
                        await act(self)
                except ProvisionerError as error:
                    return error
                raise AssertionError("nothing was refused")

        return asyncio.run(run())

    # what an administrator changes

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.rehearsal.cloud.control(method, path, body)

    def tenant(self, **policies: Any) -> None:
        self.control("PATCH", f"tenants?id={self.rehearsal.tenant.id}", policies)

    def policy(self, result: str) -> None:
        self.tenant(conditionalAccess=[{"users": "all", "apps": "all", "result": result}])

    def operator(self, **changed: Any) -> None:
        self.control("PATCH", f"users?id={self.rehearsal.tenant.operator_id}", changed)

    def later(self, **time: float) -> None:
        """Our clock follows, for a request that is under way."""
        offset = self.control("POST", "clock", {"advanceSeconds": timedelta(**time).total_seconds()})["offset"]
        if hasattr(self, "clients"):
            self.clients.clock.offset = timedelta(seconds=offset)

    def graph(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self.rehearsal._graph(method, path, body)

    def change_application(self, **members: Any) -> None:
        self.graph("PATCH", f"applications(appId='{self.rehearsal.app_id}')", members)

    def change_principal(self, **members: Any) -> None:
        self.graph("PATCH", f"servicePrincipals(appId='{self.rehearsal.app_id}')", members)

    # what we ask

    @property
    def partner_center(self) -> str:
        return self.clients.cloud.partner_center_scope

    async def entra(self, tenant: str | None = None) -> EntraClient:
        held = await held_token(self.clients, self.rehearsal.spec())
        return self.clients.entra(held.app_id, held.proof, tenant)

    async def redeeming(self, scope: str | None = None, tenant: str | None = None) -> UserTokens:
        """As renew, token and plan --probe do."""
        held = await held_token(self.clients, self.rehearsal.spec())
        return await redeem(self.clients, held, scope or self.partner_center, tenant)

    async def proving(self, token: str) -> None:
        """The application's own request, with an assertion."""
        await self.clients.entra(self.rehearsal.app_id, Assertion(token)).prove_credential()

    async def posting(
        self,
        form: Mapping[str, str],
        endpoint: str = "oauth2/v2.0/token",
        tenant: str | None = None,
        *,
        proven: bool = True,
    ) -> UserTokens:
        entra = await self.entra(tenant)
        return tokens_in("a request", await entra.post(endpoint, form, proven=proven))

    async def refresh_form(self, **changed: str) -> dict[str, str]:
        held = await held_token(self.clients, self.rehearsal.spec())
        token = held.stored.value.reveal()
        return {"grant_type": "refresh_token", "refresh_token": token, "scope": self.partner_center, **changed}

    async def signing_in(
        self,
        entra: EntraClient | None = None,
        reply_url: str = "",
        *,
        force_mfa: bool = False,
        person: Person | None = None,
        changed: Mapping[str, str | None] = MappingProxyType({}),
    ) -> tuple[AuthorizationRequest, SignInAnswer]:
        """The sign-in by paste; `changed` parameters of its address (None leaves one out)."""
        entra = entra or await self.entra()
        begun = await entra.begin(reply_url or self.rehearsal.reply_urls[0], force_mfa=force_mfa)
        parts = urlsplit(begun.url)
        query = {**dict(parse_qsl(parts.query)), **changed}
        url = parts._replace(query=urlencode({name: value for name, value in query.items() if value is not None}))
        return begun, await self._walked(url.geturl(), begun.state, person or self.rehearsal.operator)

    async def signing_in_as(self, **changed: str) -> SignInAnswer:
        begun = await (await self.entra()).begin(self.rehearsal.reply_urls[0])
        person = replace(self.rehearsal.operator, **changed)  # type: ignore[arg-type]  # fields of a Person
        return await self._walked(begun.url, begun.state, person)

    async def _walked(self, url: str, state: str, person: Person) -> SignInAnswer:
        """Where Entra goes no further, the person pastes what its page says."""
        robot = self.rehearsal.cloud.robot()
        try:
            ending = await asyncio.to_thread(robot.sign_in, url, person, deliver=False)
        except StuckError as stuck:
            return parse_pasted(str(stuck), state)
        return parse_pasted(ending.address, state) if "?" in ending.address else read_answer(ending.fields)

    async def redeeming_code(
        self, *, late_s: float = 0, twice: bool = False, tenant: str | None = None, **changed: Any
    ) -> None:
        """The second leg of a good sign-in, `changed` members of the request that was begun."""
        begun, answer = await self.signing_in()
        self.later(seconds=late_s)
        entra = await self.entra(tenant)
        for _ in range(1 + twice):
            await entra.redeem_code(replace(begun, **changed), answer.code)

    async def polling(self, *, version: int = 2, late_s: float = 0, code: str = "") -> UserTokens:
        """A device code's poll, as Entra answers it."""
        entra = await self.entra()
        asked = await ask_for_device_code(entra, self.partner_center)
        self.later(seconds=late_s)
        form = {"grant_type": _DEVICE_GRANT, "device_code": code or asked.code.reveal()}
        return await self.posting(form)

    # what was stored

    def keep(self, token: str) -> None:
        """Put this into the vault as the refresh token, as a consumer might."""
        self.rehearsal.put_secret(SECRET, token)

    def sign_in_without_mfa(self) -> None:
        """Nobody asks for MFA then; the token is kept as it comes."""
        self.tenant(mfa={"securityDefaults": False, "requireForApps": []}, conditionalAccess=[])

        async def run() -> None:
            async with clients_of(self.rehearsal) as self.clients:
                begun, answer = await self.signing_in()
                with signatures_allowed():
                    tokens = await (await self.entra()).redeem_code(begun, answer.code)
                assert tokens.refresh_token is not None
                self.keep(tokens.refresh_token.reveal())

        asyncio.run(run())
