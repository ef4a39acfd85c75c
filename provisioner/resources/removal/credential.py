"""The application's credentials of ours: off an application that stays, and out of a vault that stays.

Those of unknown origin are never touched. What goes with the application or the vault needs no step of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provisioner.clients.graph_facts import FederatedCredential, KeyCredential, PasswordCredential
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, blocked
from provisioner.resources.credential.at_work import AtWork
from provisioner.resources.credential.certificate_steps import THUMBPRINT_PATH
from provisioner.resources.credential.certificate_writes import take_off
from provisioner.resources.credential.federated_steps import TRUST_PATH, told
from provisioner.resources.credential.secret_steps import KEY_ID_PATH
from provisioner.resources.credential.wanted import CredentialWanted, wanted_credential
from provisioner.resources.marks import credential_prefix, is_federated_name
from provisioner.resources.removal.fate import ApplicationStanding, Fate
from provisioner.resources.removal.inside import (
    Inside,
    InsideStanding,
    inside,
    look_inside,
    removal_right,
    removal_steps,
    remove,
    seen_inside,
)
from provisioner.resources.rights import LIST_SECRETS, WRITE_OWN_APPLICATION
from provisioner.resources.vault_secrets import VaultSecrets
from provisioner.spec.model import Spec

REMOVE = "remove"


@dataclass(frozen=True)
class CredentialGoing:
    """credential: as apply knows it. inside: the vault it lies in."""

    credential: CredentialWanted
    inside: Inside


@dataclass(frozen=True)
class OnApplication:
    """Ours on an application that stays, by their display names; inside: the object of the same name in the vault."""

    passwords: tuple[PasswordCredential, ...] = ()
    keys: tuple[KeyCredential, ...] = ()
    trusts: tuple[FederatedCredential, ...] = ()
    inside: InsideStanding | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        return (
            *(Change(KEY_ID_PATH, each.key_id, None) for each in self.passwords),
            *(Change(THUMBPRINT_PATH, each.thumbprint or each.key_id, None) for each in self.keys),
            *(Change(TRUST_PATH, told(each.issuer, each.subject), None) for each in self.trusts),
        )


@dataclass(frozen=True)
class CredentialRemoval:
    """purge: also delete for good what the vault has of it."""

    purge: bool = False
    name = "credential"
    after: tuple[str, ...] = field(default=("application", "vault"), init=False)

    def wanted(self, spec: Spec) -> Mapping[Address, CredentialGoing]:
        going = CredentialGoing(wanted_credential(spec), inside(spec, purge=self.purge))
        return {Address(spec.name, self.name, spec.application.credential.name): going}

    async def observe(
        self, wanted: Mapping[Address, CredentialGoing], known: Known, read: Reader
    ) -> Mapping[Address, Observation[OnApplication]]:
        ((address, going),) = wanted.items()
        if (unknown := blocked(known, going.credential.application)) is not None:
            return {address: unknown}
        found = await look_inside(going.inside, known, read)
        if isinstance(found, Unknown):
            return {address: found}
        in_vault = seen_inside(found, known.fact(going.inside.vault), address.name, self.name, tokens=False)
        seen: dict[Address, Observation[OnApplication]] = {
            here: Present(OnApplication(inside=standing.fact)) for here, standing in in_vault.items()
        }
        passwords, keys, trusts = await _on_application(address.name, known.fact(going.credential.application), read)
        own = in_vault.get(address)
        if passwords or keys or trusts:
            seen[address] = Present(OnApplication(passwords, keys, trusts, None if own is None else own.fact))
        return {address: Absent(), **seen}

    def steps(
        self, address: Address, wanted: CredentialGoing | None, seen: Observation[OnApplication], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        standing, steps = seen.fact, list[Step]()
        if standing.changes:
            assert wanted is not None, "only the spec's own address has those on the application"
            steps.append(_take_off(address, wanted, standing))
        if standing.inside is not None:
            steps += removal_steps(address, standing.inside, now, purge=self.purge)
        return steps

    async def perform(
        self, step: Step, wanted: CredentialGoing | None, known: Known, write: Writer
    ) -> Observation[OnApplication]:
        if step.operation != REMOVE:
            return await remove(step, known, write)
        assert wanted is not None, "only the spec's own address has those on the application"
        standing = known.fact(wanted.credential.application)
        assert standing is not None, "it has a credential"
        await _removed(step, wanted, standing, write)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        if operation == "observe":
            return (LIST_SECRETS,)
        return (WRITE_OWN_APPLICATION if operation == REMOVE else removal_right(operation),)

    def person(self, step: Step, wanted: CredentialGoing | None, known: Known, clients: TenantClients) -> str | None:
        standing = None if wanted is None else known.fact(wanted.credential.application)
        if step.operation != REMOVE or standing is None:
            return None
        return "\n".join(_command(standing.application.app_id, change) for change in step.fields)


async def _on_application(
    name: str, standing: ApplicationStanding | None, read: Reader
) -> tuple[tuple[PasswordCredential, ...], tuple[KeyCredential, ...], tuple[FederatedCredential, ...]]:
    """Nothing where it goes with the application. Also those of this spec that are kept in another vault."""
    if standing is None or standing.fate is Fate.GOES:
        return (), (), ()
    application, ours = standing.application, credential_prefix(name)
    trusts = await read.clients.graph.credentials.list_federated(application.id)
    return (
        tuple(each for each in application.passwords if each.display_name.startswith(ours)),
        tuple(each for each in application.keys if each.display_name.startswith(ours)),
        tuple(each for each in trusts if is_federated_name(each.name, name)),
    )


def _take_off(address: Address, wanted: CredentialGoing, standing: OnApplication) -> Step:
    return Step(
        address,
        Action.DELETE,
        REMOVE,
        standing.changes,
        target=str(wanted.credential.application),
        removal=True,
        reason="off the application, which stays: whoever signs in with it is refused from now on",
    )


async def _removed(step: Step, wanted: CredentialGoing, standing: ApplicationStanding, write: Writer) -> None:
    """What the plan shows and is still there, by a look of its own; nothing else."""
    credential, ours = wanted.credential, credential_prefix(step.address.name)
    secrets = VaultSecrets(credential.vault_name, credential.spec_name, write, role_held=False)
    app = standing.application
    work = AtWork(credential, app.id, app.app_id, write, secrets, frozenset(), replaces=False)
    shown = {change.before for change in step.fields}
    application = await work.application()
    graph = write.clients.graph.credentials
    for password in application.passwords:
        if password.key_id in shown and password.display_name.startswith(ours):
            await graph.remove_password(work.object_id, password.key_id)
    keys = [each for each in application.keys if each.display_name.startswith(ours)]
    going = frozenset(each.key_id for each in keys if (each.thumbprint or each.key_id) in shown)
    if going:
        await take_off(work, application.keys, going)
    for trust in await graph.list_federated(work.object_id):
        if told(trust.issuer, trust.subject) in shown and is_federated_name(trust.name, step.address.name):
            await graph.remove_federated(work.object_id, trust.id)


def _command(app_id: str, change: Change) -> str:
    if change.path == TRUST_PATH:
        return f"az ad app federated-credential list --id {app_id}   # and delete that of {change.before}"
    if change.path == THUMBPRINT_PATH:
        return f"az ad app credential list --cert --id {app_id}   # and delete that with thumbprint {change.before}"
    return f"az ad app credential delete --id {app_id} --key-id {change.before}"
