"""The refresh token in the vault: the one thing only a person can bring, and what keeps it alive afterwards.

A person's step while it is missing or broken; renewing it (redeem, prove, store, read back) while it is due or
expiring. What it is worth is read from the vault's metadata; its value is read only to renew it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from provisioner.clients.sign_in_errors import remedy_of
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiReplyError, ConsentRequiredError, SignInError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.secret import Secret
from provisioner.core.step import Action, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.rights import LIST_SECRETS, WRITE_SECRETS
from provisioner.resources.role_assignment import holds_role
from provisioner.resources.token_checks import TokenIdentity
from provisioner.resources.token_proof import expected_token, prove
from provisioner.resources.token_state import Health, TokenFact, TokenState, TokenWanted, health, wanted_token
from provisioner.resources.token_store import store
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec

RENEW = "renew"
CONSENT = "consent"
COMMAND = "provisioner consent SPEC"


class RefreshToken:
    """One token a spec, at NAME/refresh_token/SECRET-NAME. Absent.remains: the soft-deleted vault."""

    name = "refresh_token"
    after = ("vault", "application")

    def wanted(self, spec: Spec) -> Mapping[Address, TokenWanted]:
        wanted = wanted_token(spec)
        return {Address(spec.name, self.name, wanted.secret_name): wanted}

    async def observe(
        self, wanted: Mapping[Address, TokenWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[TokenFact]]:
        """From the vault's list of secrets, which the credential's kind reads too: one request for both."""
        return {address: await self._look(token, known, read) for address, token in wanted.items()}

    async def _look(self, wanted: TokenWanted, known: Known, read: Reader) -> Observation[TokenFact]:
        if (unknown := blocked(known, wanted.vault, wanted.application)) is not None:
            return unknown
        vault = known.get(wanted.vault)
        if isinstance(vault, Absent):
            return vault
        secrets = await read.once(
            f"secrets/{wanted.vault_name}", lambda: read.clients.vault(wanted.vault_name).list_secrets()
        )
        found = next((secret for secret in secrets if secret.name.lower() == wanted.secret_name.lower()), None)
        return Absent() if found is None else Present(TokenFact(found, _app_id(wanted, known)))

    def steps(
        self, address: Address, wanted: TokenWanted | None, seen: Observation[TokenFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if isinstance(seen, Absent) and seen.remains is not None:
            return (Step(address, Action.NONE, reason="a token in the deleted vault comes back with it"),)
        if isinstance(seen, Absent):
            return (_for_a_person(address, wanted, "no refresh token is stored", _sign_in(wanted)),)
        if not isinstance(seen, Present):
            return ()
        found = health(wanted, seen.fact, now)
        if found.taken:
            return (_for_a_person(address, wanted, found.why, "name another secret in consent.secretName"),)
        if found.state is TokenState.BROKEN:
            return (_for_a_person(address, wanted, found.why, _sign_in(wanted)),)
        if found.state is TokenState.FOREIGN:
            return (Step(address, Action.NONE, reason=found.why, seen=_seen(found)),)
        return () if found.state is TokenState.FRESH else (_renewal(address, wanted, found),)

    async def perform(
        self, step: Step, wanted: TokenWanted | None, known: Known, write: Writer
    ) -> Observation[TokenFact]:
        """Renew. Raises StaleError, ConsentRequiredError when only a new sign-in helps, ApiError."""
        assert wanted is not None, "destroy plans no step here"  # steps() gives none without wanted
        vault = write.clients.vault(wanted.vault_name)
        held = await vault.find_secret(wanted.secret_name)
        if held is None:
            raise StaleError(f"secret {wanted.secret_name} is gone", where=str(step.address), next_step=COMMAND)
        fact = TokenFact(held.facts, _app_id(wanted, known))
        state = health(wanted, fact, write.clock.now()).state
        if state is TokenState.FRESH:
            return Present(fact)
        if state is TokenState.BROKEN or fact.app_id is None:
            raise StaleError(
                f"secret {wanted.secret_name} changed since the plan", where=str(step.address), next_step=COMMAND
            )
        token, identity = await _redeem(wanted, fact.app_id, held.value, write)
        role_held = all(holds_role(known, role, write.runner) for role in wanted.runner_roles)
        secrets = VaultSecrets(wanted.vault_name, wanted.mark, write, role_held)
        return Present(TokenFact(await store(wanted, token, identity, secrets), fact.app_id))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (LIST_SECRETS,) if operation == "observe" else (WRITE_SECRETS,)

    def person(self, step: Step, wanted: TokenWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None if wanted is None else _sign_in(wanted)

    def to_spec(self, seen: Mapping[Address, TokenFact]) -> SpecFragment:
        for fact in seen.values():
            account = fact.secret.tags.get("account")
            consent: dict[str, Any] = {"secretName": fact.secret.name}
            return {"consent": consent | ({"account": account} if account else {})}
        return {}


async def _redeem(wanted: TokenWanted, app_id: str, held: Secret, write: Writer) -> tuple[Secret, TokenIdentity]:
    """A new refresh token for the old one, proven to be of the same person, with MFA."""
    entra = write.clients.entra(app_id, await proof_in_force(write.clients, wanted.credential_place))
    try:
        tokens = await entra.redeem_refresh_token(held, write.clients.cloud.partner_center_scope)
    except SignInError as error:
        remedy = remedy_of(error)
        if remedy is not None and remedy.consent:
            raise ConsentRequiredError(error.what, where=error.where, next_step=error.next_step) from error
        raise
    expected = await expected_token(write.clients, app_id, wanted.account)
    identity = await prove(tokens, expected, write.clients)
    if tokens.refresh_token is None:
        raise ApiReplyError("Entra", "redeem the refresh token", 200, "", "no new refresh token came back")
    return tokens.refresh_token, identity


def _app_id(wanted: TokenWanted, known: Known) -> str | None:
    """A soft-deleted application comes back with its appId."""
    seen = known.get(wanted.application)
    application = seen.remains if isinstance(seen, Absent) else known.fact(wanted.application)
    return None if application is None else str(application.app_id)


def _sign_in(wanted: TokenWanted) -> str:
    who = f" as {wanted.account}" if wanted.account else ""
    return f"{COMMAND} (sign in{who}, with MFA)"


def _for_a_person(address: Address, wanted: TokenWanted, reason: str, todo: str) -> Step:
    return Step(
        address,
        Action.PERSON,
        CONSENT,
        needs=(wanted.vault, wanted.application, wanted.credential),
        target=str(address),
        reason=reason,
        todo=todo,
    )


def _renewal(address: Address, wanted: TokenWanted, found: Health) -> Step:
    """A due token is no news before twice renewAfter, so that a plan beside a regular renewal stays quiet."""
    news_from = found.issued_at + 2 * wanted.renew_after if found.state is TokenState.DUE else None
    later = "" if news_from is None else f"; the next apply renews it, not a pending change before {news_from:%Y-%m-%d}"
    return Step(
        address,
        Action.UPDATE,
        RENEW,
        needs=(wanted.credential, *wanted.runner_roles),
        target=str(address),
        quiet_until=news_from,
        scheduled=True,
        reason=found.why + later,
        seen=_seen(found),
    )


def _seen(found: Health) -> str:
    return f"{found.state}: issued {found.issued_at:%Y-%m-%d}, expires {found.expires_at:%Y-%m-%d}"
