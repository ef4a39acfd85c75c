"""The application's client secret: made by Graph, kept in the vault, renewed while the old one still works.

A run that was killed anywhere is finished by the next one: see credential_steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Step
from provisioner.resources import credential_writes
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.credential_history import with_deleted, with_history
from provisioner.resources.credential_steps import (
    CredentialFact,
    CredentialWanted,
    credential_steps,
    sorted_out,
)
from provisioner.resources.marks import credential_name
from provisioner.resources.rights import LIST_SECRETS, WRITE_OWN_APPLICATION, WRITE_SECRETS
from provisioner.resources.role_assignment import holds_role, runner_address
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec


class Credential:
    """Absent: the application or the vault is not there yet."""

    name = "credential"
    after = ("application", "vault")

    def wanted(self, spec: Spec) -> Mapping[Address, CredentialWanted]:
        credential = spec.application.credential
        return {
            Address(spec.name, self.name, credential.name): CredentialWanted(
                spec_name=spec.name,
                mark=credential_name(spec.name, spec.vault.name, credential.name),
                secret_name=credential.name,
                vault_name=spec.vault.name,
                lifetime=credential.lifetime.value,
                rotate_before=credential.rotate_before.value,
                overlap=credential.overlap.value,
                application=Address(spec.name, "application"),
                service_principal=Address(spec.name, "service_principal"),
                vault=Address(spec.name, "vault"),
                runner_role=runner_address(spec.name),
            )
        }

    async def observe(
        self, wanted: Mapping[Address, CredentialWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[CredentialFact]]:
        return {address: await self._observe_one(entry, known, read) for address, entry in wanted.items()}

    async def _observe_one(self, wanted: CredentialWanted, known: Known, read: Reader) -> Observation[CredentialFact]:
        application = known.fact(wanted.application)
        if (unknown := blocked(known, wanted.application, wanted.vault)) is not None:
            return unknown
        vault, holders = known.get(wanted.vault), (known.get(wanted.vault), known.get(wanted.application))
        if any(isinstance(holder, Absent) and holder.remains is not None for holder in holders):
            return Present(CredentialFact(hidden=True))
        if isinstance(vault, Absent):
            return Absent()
        passwords = () if application is None else application.application.passwords
        stored = await list_secrets(read, wanted.vault_name)
        fact = await with_deleted(read.clients, wanted, sorted_out(wanted, passwords, stored))
        return Present(await with_history(read.clients, wanted, fact))

    def steps(
        self, address: Address, wanted: CredentialWanted | None, seen: Observation[CredentialFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        fact = seen.fact if isinstance(seen, Present) else CredentialFact()
        return credential_steps(address, wanted, fact, now)

    async def perform(
        self, step: Step, wanted: CredentialWanted | None, known: Known, write: Writer
    ) -> Observation[CredentialFact]:
        assert wanted is not None, "only destroy removes it"  # steps() never plans it
        application = known.fact(wanted.application)
        assert application is not None, "the application is among the needs"
        held = holds_role(known, wanted.spec_name, write.runner)
        secrets = VaultSecrets(wanted.vault_name, wanted.spec_name, write, held, wanted.vault in step.needs)
        at_work = credential_writes.AtWork(wanted, application.id, application.app_id, write, secrets)
        return Present(await credential_writes.carry_out(step, at_work))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (LIST_SECRETS,) if operation == "observe" else (WRITE_OWN_APPLICATION, WRITE_SECRETS)

    def person(self, step: Step, wanted: CredentialWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None

    def to_spec(self, seen: Mapping[Address, CredentialFact]) -> SpecFragment:
        for address in seen:
            return {"application": {"credential": {"name": address.key, "type": "secret"}}}
        return {}


async def list_secrets(read: Reader, vault_name: str) -> tuple[SecretFacts, ...]:
    """The vault's secrets without values; one listing a run, shared with the refresh token."""
    found: tuple[SecretFacts, ...] = await read.once(
        f"secrets/{vault_name}", lambda: read.clients.vault(vault_name).list_secrets()
    )
    return found
