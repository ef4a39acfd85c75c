"""The sign-in of a person, from what must be there before a browser opens to the refresh token read back.

Nothing is stored unless every check holds, and the write to the vault is the only one that may leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from provisioner.clients.entra import AuthorizationRequest
from provisioner.clients.guard import signatures_allowed, writes_allowed
from provisioner.clients.tenant import TenantClients
from provisioner.consent.answer import SignInAnswer
from provisioner.consent.listener import listen
from provisioner.consent.page import Page
from provisioner.consent.paste import ask_for_answer
from provisioner.consent.reply_url import for_browser, for_paste
from provisioner.core.errors import ConsentError, ProvisionerError, UsageError
from provisioner.operations.consent_ready import Ready, check_ready
from provisioner.operations.plan import awaits_sign_in, plan
from provisioner.operations.tenant import OpenTenant
from provisioner.operations.ui import Ui
from provisioner.resources.contract import Writer
from provisioner.resources.token_checks import ExpectedToken, MfaMissingError
from provisioner.resources.token_proof import expected_token, prove
from provisioner.resources.token_state import LIFETIME, wanted_token
from provisioner.resources.token_store import store
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec

DEFAULT_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class ConsentOptions:
    """mode: how the answer comes back. hybrid: `code id_token`, in browser mode. timeout_s: for one sign-in."""

    mode: Literal["browser", "paste"] = "browser"
    hybrid: bool = False
    timeout_s: float = DEFAULT_TIMEOUT_S


@dataclass(frozen=True)
class ConsentResult:
    """Who signed in, and where the token is. expires_at: if nothing renews it."""

    account: str
    object_id: str
    vault: str
    secret_name: str
    version: str
    expires_at: datetime


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
    """Have a person sign in, and store the refresh token.

    Without MFA one repetition is offered, over v1 with `amr_values=mfa`; after that the error advises a policy.

    Raises: ConsentError's classes and SignInError (nothing was stored), UsageError, ApiError.
    """
    if options.hybrid and options.mode != "browser":
        raise UsageError("--hybrid needs --mode browser: its answer cannot be pasted", next_step="leave --hybrid out")
    ui.progress("looking at what a sign-in needs")
    ready = await check_ready(clients, spec)
    for note in ready.notes:
        ui.info(note)
    expected = await expected_token(clients, ready.app_id, spec.consent.account)
    sign_in = _SignIn(clients, spec, ui, options, ready, expected)
    with signatures_allowed():
        try:
            return await sign_in.run(force_mfa=False)
        except MfaMissingError as missing:
            ui.info(f"{missing.what}. Nothing was stored.")
            if not await _agreed(ui, "Sign in once more, this time asking Entra for MFA?"):
                raise
        return await sign_in.run(force_mfa=True)


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
    expected: ExpectedToken

    async def run(self, *, force_mfa: bool) -> ConsentResult:
        if self.options.mode == "paste":
            request = await self._begin(for_paste(self.ready.reply_urls), force_mfa=force_mfa)
            return await self._by_paste(request)
        request = await self._begin(for_browser(self.ready.reply_urls), force_mfa=force_mfa)
        return await self._by_browser(request)

    async def _begin(self, reply_url: str, *, force_mfa: bool) -> AuthorizationRequest:
        listens_with_tls = self.options.mode == "browser" and urlsplit(reply_url).scheme == "https"
        return await self.clients.entra(self.ready.app_id, self.ready.proof).begin(
            reply_url,
            login_hint=self.spec.consent.account,
            response_mode="form_post" if listens_with_tls else "query",
            hybrid=self.options.hybrid,
            force_mfa=force_mfa,
        )

    async def _by_paste(self, request: AuthorizationRequest) -> ConsentResult:
        self.ui.info(
            f"Open this address, sign in{self._as_whom()}, and copy the address of the page you end on, even if the "
            f"browser cannot show it (or the code it shows):\n\n{request.url}\n"
        )
        return await self._finish(request, await ask_for_answer(self.ui.ask, request.state))

    async def _by_browser(self, request: AuthorizationRequest) -> ConsentResult:
        async with listen(request.redirect_uri, request.state, request.response_mode) as listener:
            opened = await self.ui.open_browser(request.url)
            lead = "A browser opens for the sign-in. If it does not, open" if opened else "Open"
            self.ui.info(f"{lead} this address on this machine and sign in{self._as_whom()}:\n\n{request.url}\n")
            if request.redirect_uri.startswith("https:"):
                self.ui.info("Your browser will ask about the certificate of localhost: it was made for this sign-in.")
            self.ui.progress("waiting for the sign-in")
            try:
                result = await self._finish(request, await listener.answer(self.options.timeout_s))
            except ProvisionerError as error:
                listener.tell(_failure(error))
                raise
            listener.tell(_success(result))
            return result

    async def _finish(self, request: AuthorizationRequest, answer: SignInAnswer) -> ConsentResult:
        """Redeem, prove, store: in this order, and nothing after the first thing that does not hold."""
        self.ui.progress("redeeming the code")
        entra = self.clients.entra(self.ready.app_id, self.ready.proof)
        tokens = await entra.redeem_code(request, answer.code, answer.id_token)
        self.ui.progress("checking the token")
        identity = await prove(tokens, self.expected, self.clients)
        if tokens.refresh_token is None:
            raise ConsentError(
                "Entra gave no refresh token", where="the sign-in", next_step="repeat it: provisioner consent SPEC"
            )
        self.ui.progress(f"storing the token in vault {self.spec.vault.name}")
        write = Writer(self.clients, self.ready.runner, self.clients.clock, self.ui.progress)
        secrets = VaultSecrets(self.spec.vault.name, self.spec.name, write, self.ready.role_held)
        with writes_allowed():
            stored = await store(wanted_token(self.spec), tokens.refresh_token, identity, secrets)
        return ConsentResult(
            account=identity.account,
            object_id=identity.object_id,
            vault=self.spec.vault.name,
            secret_name=stored.name,
            version=stored.version,
            expires_at=stored.expires_at or stored.created_at + LIFETIME,
        )

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
    return Page(False, "Nothing was stored", f"{error.what}.", next_step)
