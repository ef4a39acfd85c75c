"""The refresh token in the vault: the one thing only a person can bring, and what keeps it alive afterwards.

A person's step while it is missing or broken; renewing it (redeem, prove, store, read back) while it is due or
expiring. What it is worth is read from the vault's metadata; its value is read only to renew it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.credential.proof import proof_in_force
from provisioner.resources.marks import TAG
from provisioner.resources.rights import LIST_SECRETS, WRITE_SECRETS
from provisioner.resources.role_assignment import holds_role
from provisioner.resources.sign_in_needs import by_policies, keeps_policies
from provisioner.resources.token_held import ANOTHER_NAME, COMMAND, HeldToken
from provisioner.resources.token_renewal import renew
from provisioner.resources.token_state import Health, TokenFact, TokenState, TokenWanted, health, wanted_token
from provisioner.resources.vault_contents import list_secrets
from provisioner.resources.vault_roles import operator_roles
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.draft import Draft, Lines
from provisioner.spec.model import Spec
from provisioner.spec.nodes import Path

RECOVER = "recover"
RENEW = "renew"
CONSENT = "consent"


class RefreshToken:
    """One token a spec, at NAME/refresh_token/SECRET-NAME. Absent.remains: the soft-deleted vault."""

    name = "refresh_token"
    after = ("vault", "application")

    def wanted(self, spec: Spec) -> Mapping[Address, TokenWanted]:
        wanted = wanted_token(spec)
        return {Address(spec.name, self.name, wanted.secret_name): wanted}

    def rests_on(self, address: Address, wanted: TokenWanted | None) -> tuple[Address, ...]:
        """It is redeemed with the application's credential."""
        return () if wanted is None else (wanted.vault, wanted.application, wanted.credential)

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
        secrets = await list_secrets(read, wanted.vault_name)
        found = next((secret for secret in secrets if secret.name.lower() == wanted.secret_name.lower()), None)
        if found is not None:
            return Present(TokenFact(found, _app_id(wanted, known)))
        return await self._deleted(wanted, _app_id(wanted, known), read)

    async def _deleted(self, wanted: TokenWanted, app_id: str | None, read: Reader) -> Observation[TokenFact]:
        """Absent, with our soft-deleted token if that is what holds the name."""
        deleted = await read.clients.vault(wanted.vault_name).find_deleted_secret(wanted.secret_name)
        ours = deleted is not None and deleted.tags.get(TAG) == wanted.mark
        return Absent(TokenFact(deleted, app_id) if deleted is not None and ours else None)

    def steps(
        self, address: Address, wanted: TokenWanted | None, seen: Observation[TokenFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if isinstance(seen, Absent) and isinstance(seen.remains, TokenFact):
            return (_recovery(address, wanted, seen.remains, now),)
        if isinstance(seen, Absent) and seen.remains is not None:
            return (Step(address, Action.NONE, reason="a token in the deleted vault comes back with it"),)
        if isinstance(seen, Absent):
            return (_for_a_person(address, wanted, "no refresh token is stored"),)
        if not isinstance(seen, Present):
            return ()
        found = health(wanted, seen.fact, now)
        if found.taken:
            return (_for_a_person(address, wanted, found.why, found.told, ANOTHER_NAME),)
        if found.state is TokenState.BROKEN:
            return (_for_a_person(address, wanted, found.why, found.told),)
        if found.state in (TokenState.FRESH, TokenState.FOREIGN):
            return (Step(address, Action.NONE, reason=found.why, seen=found.told),)
        return (_renewal(address, wanted, found),)

    async def perform(
        self, step: Step, wanted: TokenWanted | None, known: Known, write: Writer
    ) -> Observation[TokenFact]:
        """Renew. Raises StaleError, ConsentRequiredError when only a new sign-in helps, ApiError."""
        assert wanted is not None, "destroy plans no step here"  # steps() gives none without wanted
        role_held = all(holds_role(known, role, write.runner) for role in wanted.runner_roles)
        secrets = VaultSecrets(wanted.vault_name, wanted.mark, write, role_held)
        if step.operation == RECOVER:
            await secrets.recover(wanted.secret_name)
        held = await secrets.find(wanted.secret_name)
        if held is None:
            raise StaleError(f"secret {wanted.secret_name} is gone", where=str(step.address), next_step=COMMAND)
        fact = TokenFact(held.facts, _app_id(wanted, known))
        if step.operation == RECOVER:
            return Present(fact)
        state = health(wanted, fact, write.clock.now()).state
        if state is TokenState.FRESH:
            return Present(fact)
        if state is TokenState.BROKEN or fact.app_id is None:
            raise StaleError(
                f"secret {wanted.secret_name} changed since the plan", where=str(step.address), next_step=COMMAND
            )
        proof = await secrets.patiently(lambda: proof_in_force(write.clients, wanted.credential_place))
        renewed = await renew(wanted, HeldToken(fact.app_id, proof, held), secrets)
        return Present(TokenFact(renewed.stored, fact.app_id))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (LIST_SECRETS,) if operation == "observe" else (WRITE_SECRETS,)

    def person(self, step: Step, wanted: TokenWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None if wanted is None else _sign_in(wanted, step.address.name, known)

    def to_spec(self, seen: Mapping[Address, TokenFact]) -> SpecFragment:
        """Of a token of ours also who signed in; a note of each secret that others wrote."""
        told: dict[str, Any] = {}
        notes: list[str] = []
        for fact in seen.values():
            secret = fact.secret
            told["secretName"] = secret.name
            if TAG in secret.tags and "@" in secret.tags.get("account", ""):
                told["account"] = secret.tags["account"]
            elif TAG not in secret.tags:
                notes.append(_of_others(secret))
        remarks: dict[Path, Lines] = {("consent", "secretName"): tuple(notes)} if notes else {}
        return Draft({"consent": told} if told else {}, remarks=remarks)


def _of_others(secret: SecretFacts) -> str:
    """What its metadata tells; the value is not read."""
    kind = f", {secret.content_type}" if secret.content_type else ""
    end = f"until {secret.expires_at:%Y-%m-%d}" if secret.expires_at else "without an end"
    return f"by its name a refresh token, of unknown origin: written {secret.created_at:%Y-%m-%d}, {end}{kind}"


def _app_id(wanted: TokenWanted, known: Known) -> str | None:
    """A soft-deleted application comes back with its appId."""
    seen = known.get(wanted.application)
    application = seen.remains if isinstance(seen, Absent) else known.fact(wanted.application)
    return None if application is None else str(application.app_id)


def _sign_in(wanted: TokenWanted, spec_name: str, known: Known) -> str:
    """Ready to be handed to the person: the command, alone on its line; the account, and what else it takes."""
    who = f" as {wanted.account}" if wanted.account else ""
    kind = wanted.credential_place.type
    there = kind == "federated"
    command, place = (f"{COMMAND} --mode device", "run it where the trusted token is; ") if there else (COMMAND, "")
    vault = known.fact(wanted.vault)
    needs = (
        by_policies(vault, spec_name, wanted.operators, kind, known)
        if vault is not None and keeps_policies(vault, model_stays=wanted.model_stays)
        else f"whoever runs it needs on vault {wanted.vault_name}: {', '.join(operator_roles(kind))}"
    )
    return f"{command}\n{place}sign in{who}, with MFA; {needs}"


def _for_a_person(address: Address, wanted: TokenWanted, reason: str, seen: str = "", todo: str = "") -> Step:
    """todo: where it is something else than the sign-in, which `person` tells."""
    return Step(
        address,
        Action.PERSON,
        CONSENT,
        needs=(wanted.vault, wanted.application, wanted.credential),
        target=str(address),
        reason=reason,
        todo=todo,
        seen=seen,
    )


def _recovery(address: Address, wanted: TokenWanted, remains: TokenFact, now: datetime) -> Step:
    """One that can serve comes back; what is left of another only makes way for a new one."""
    found = health(wanted, remains, now)
    if found.state is TokenState.BROKEN:
        reason = f"no refresh token is stored; of the deleted one: {found.why}"
        return _for_a_person(address, wanted, reason)
    return Step(
        address,
        Action.CREATE,
        RECOVER,
        (Change("vault.secret", None, wanted.secret_name),),
        needs=(wanted.vault, wanted.application, *wanted.runner_roles),
        target=str(address),
        reveals=True,
        reason="somebody deleted it from the vault: it comes back with its versions",
        seen=found.told,
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
        seen=found.told,
    )
