"""The sign-in of a person, from what must be there before a browser opens to the refresh token read back.

Nothing is stored unless every check holds, and the write to the vault is the only one that may leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from provisioner.clients.device_code import ask_for_device_code
from provisioner.clients.entra import AuthorizationRequest, EntraClient, UserTokens
from provisioner.clients.guard import signatures_allowed
from provisioner.clients.tenant import TenantClients
from provisioner.consent.answer import SignInAnswer
from provisioner.consent.brought import PROMPT, advise, read_brought
from provisioner.consent.device import ANOTHER_MODE, wait_for_decision
from provisioner.consent.listener import listen
from provisioner.consent.page import Page
from provisioner.consent.paste import ask_for_answer
from provisioner.consent.reply_url import for_browser, for_paste
from provisioner.core.durations import in_words
from provisioner.core.errors import ProvisionerError, SignInError, UsageError
from provisioner.core.secret import Secret
from provisioner.operations.consent_ready import Ready, check_ready
from provisioner.operations.consent_store import ConsentResult, prove_and_store
from provisioner.operations.plan import awaits_sign_in, plan
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.resources.token_checks import MfaMissingError
from provisioner.resources.token_store import OlderVersionsError
from provisioner.spec.model import Spec

DEFAULT_TIMEOUT_S = 600.0
Mode = Literal["browser", "paste", "device", "import"]


@dataclass(frozen=True)
class ConsentOptions:
    """mode: how the answer comes back. hybrid: `code id_token`, in browser mode.

    timeout_s: for one sign-in in a browser; a device code has a life of its own.
    """

    mode: Mode = "browser"
    hybrid: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S


@dataclass(frozen=True)
class NotNeeded:
    """A token that works is there already: among several tenants nobody is asked to sign in for this one."""


async def consent_where_needed(
    tenant: OpenTenant, spec: Spec, ui: Ui, options: ConsentOptions
) -> ConsentResult | NotNeeded:
    """For one of several tenants: sign in only where the plan says that a person must. Raises as `consent` does."""
    if not awaits_sign_in(await plan(tenant, spec)):
        return NotNeeded()
    ui.info(f"Signing in for {spec.name}, tenant {spec.tenant}")
    return await consent(tenant.clients, spec, ui, options)


async def consent(clients: TenantClients, spec: Spec, ui: Ui, options: ConsentOptions) -> ConsentResult:
    """Have a person sign in (or bring a token), and store the refresh token.

    Without MFA one repetition is offered, over v1 with `amr_values=mfa`; after that, and where a way of signing in
    cannot ask for MFA, the error says what can.

    Raises: ConsentError's classes and SignInError (nothing was stored), OlderVersionsError (it was), UsageError,
    ApiError.
    """
    if options.hybrid and options.mode != "browser":
        raise UsageError("--hybrid needs --mode browser: its answer cannot be pasted", next_step="leave --hybrid out")
    ui.progress("looking at what a sign-in needs")
    ready = await check_ready(clients, spec, ui.progress)
    for note in ready.notes:
        ui.info(note)
    sign_in = _SignIn(clients, spec, ui, options, ready)
    with signatures_allowed():
        try:
            return await sign_in.run(force_mfa=False)
        except MfaMissingError as missing:
            if options.mode in _CANNOT_ASK_FOR_MFA:
                raise _without_mfa(missing, _CANNOT_ASK_FOR_MFA[options.mode]) from missing
            ui.info(f"{missing.what}. Nothing was stored.")
            if not await _agreed(ui, "Sign in once more, this time asking Entra for MFA?"):
                raise
        return await sign_in.run(force_mfa=True)


_CANNOT_ASK_FOR_MFA: dict[Mode, str] = {
    "device": f"a device code cannot ask Entra for MFA, these can: {ANOTHER_MODE}",
    "import": "bring a token of a sign-in with MFA, or sign in: provisioner consent SPEC",
}


def _without_mfa(missing: MfaMissingError, instead: str) -> MfaMissingError:
    return MfaMissingError(missing.what, where=missing.where, next_step=f"{instead}; {missing.next_step}")


async def _agreed(ui: Ui, question: str) -> bool:
    """Nobody to ask is a no: what is told then is why there was a question."""
    try:
        return await ui.confirm(question)
    except UsageError:
        return False


@dataclass(frozen=True)
class _SignIn:
    """What both attempts of one consent share."""

    clients: TenantClients
    spec: Spec
    ui: Ui
    options: ConsentOptions
    ready: Ready

    async def run(self, *, force_mfa: bool) -> ConsentResult:
        match self.options.mode:
            case "device":
                return await self._store(await self._by_device())
            case "import":
                return await self._import()
            case "paste":
                return await self._by_paste(await self._begin(for_paste(self.ready.reply_urls), force_mfa=force_mfa))
            case "browser":
                reply_url = for_browser(self.ready.reply_urls)
                return await self._by_browser(await self._begin(reply_url, force_mfa=force_mfa))

    @property
    def _entra(self) -> EntraClient:
        return self.clients.entra(self.ready.app_id, self.ready.proof)

    async def _begin(self, reply_url: str, *, force_mfa: bool) -> AuthorizationRequest:
        listens_with_tls = self.options.mode == "browser" and urlsplit(reply_url).scheme == "https"
        return await self._entra.begin(
            reply_url,
            login_hint=self.spec.consent.account,
            response_mode="form_post" if listens_with_tls else "query",
            hybrid=self.options.hybrid,
            force_mfa=force_mfa,
        )

    async def _by_paste(self, request: AuthorizationRequest) -> ConsentResult:
        self.ui.by_hand(
            f"Open this address, sign in{self._as_whom()}, and copy the address of the page you end on, even if the "
            f"browser cannot show it (or the code it shows):\n\n{request.url}\n"
        )
        return await self._redeem(request, await ask_for_answer(self.ui.ask, request.state))

    async def _by_browser(self, request: AuthorizationRequest) -> ConsentResult:
        async with listen(request.redirect_uri, request.state, request.response_mode) as listener:
            opened = await self.ui.open_browser(request.url)
            lead = "A browser opens for the sign-in. If it does not, open" if opened else "Open"
            self.ui.info(f"{lead} this address on this machine and sign in{self._as_whom()}:\n\n{request.url}\n")
            if request.redirect_uri.startswith("https:"):
                self.ui.info("Your browser will ask about the certificate of localhost: it was made for this sign-in.")
            self.ui.progress("waiting for the sign-in")
            try:
                result = await self._redeem(request, await listener.answer(self.options.timeout_s))
            except ProvisionerError as error:
                listener.tell(_failure(error))
                raise
            listener.tell(_success(result))
            return result

    async def _by_device(self) -> UserTokens:
        """No `prompt` and no `login_hint` go with a device code, so the person is told what to look out for."""
        asked = await ask_for_device_code(self._entra, self.clients.cloud.partner_center_scope)
        self.ui.by_hand(
            f"On any device, open\n\n    {asked.page}\n\ntype the code\n\n    {asked.user_code}\n\n"
            f"and sign in{self._as_whom()}, with MFA. The code is good for {in_words(asked.life_s)}. A browser "
            "that is signed in already may not ask for MFA again: a private window does."
        )
        return await wait_for_decision(self._entra, asked, self.clients.clock, self.ui.progress)

    async def _import(self) -> ConsentResult:
        brought = read_brought(await self.ui.secret(PROMPT))
        self.ui.progress("redeeming the token")
        try:
            tokens = await self._entra.redeem_refresh_token(brought, self.clients.cloud.partner_center_scope)
        except SignInError as error:
            advise(error)
            raise
        return await self._store(tokens, brought)

    async def _redeem(self, request: AuthorizationRequest, answer: SignInAnswer) -> ConsentResult:
        self.ui.progress("redeeming the code")
        return await self._store(await self._entra.redeem_code(request, answer.code, answer.id_token))

    async def _store(self, tokens: UserTokens, brought: Secret | None = None) -> ConsentResult:
        return await prove_and_store(tokens, self.clients, self.spec, self.ui, self.ready, brought)

    def _as_whom(self) -> str:
        account = self.spec.consent.account
        return f" as {account}" if account else ""


def _success(result: ConsentResult) -> Page:
    return Page(
        True,
        "The sign-in is done",
        f"{result.account} signed in with MFA. The token is in the vault {result.vault} as {result.secret_name}.",
        "You can close this window.",
    )


def _failure(error: ProvisionerError) -> Page:
    next_step = f"What to do next: {error.next_step}." if error.next_step else "The program's window says more."
    title = "The token is stored" if isinstance(error, OlderVersionsError) else "Nothing was stored"
    return Page(False, title, f"{error.what}.", next_step)
