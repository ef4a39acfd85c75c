"""What was granted to the application we made: revoked before it goes. Of one that stays, grants stay too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.graph_facts import GrantFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, Writer, blocked
from provisioner.resources.grant import TENANT_WIDE, api_name, revoke
from provisioner.resources.removal.fate import Fate
from provisioner.resources.rights import READ_GRANTS, WRITE_GRANTS
from provisioner.spec.model import Spec

WITH_THE_PRINCIPAL = "the runner may not revoke it: it goes with the application's service principal"


@dataclass(frozen=True)
class GrantStanding:
    """goes: with the application. revocable: the runner's token allows it. command: with which a person does it."""

    grant: GrantFacts
    goes: bool
    revocable: bool
    command: str


class GrantRemoval:
    """A grant belongs to its client. An adopted application may have had its grants before."""

    name = "grant"
    after = ("application",)

    def wanted(self, spec: Spec) -> Mapping[Address, Address]:
        """The application's address, at one of its own: where a look that fails is told."""
        return {Address(spec.name, self.name): Address(spec.name, "application")}

    async def observe(
        self, wanted: Mapping[Address, Address], known: Known, read: Reader
    ) -> Mapping[Address, Observation[GrantStanding]]:
        ((address, application_address),) = wanted.items()
        if (unknown := blocked(known, application_address)) is not None:
            return {address: unknown}
        standing = known.fact(application_address)
        if standing is None or standing.fate is Fate.STAYS:
            return {address: Absent()}
        graph = read.clients.graph
        listed = await graph.list_grants(standing.application.app_id)
        grants = [grant for grant in listed if grant.consent_type == TENANT_WIDE]
        apis = await read.all_of(lambda grant: graph.find_service_principal_by_id(grant.resource_id), grants)
        seen: dict[Address, Observation[GrantStanding]] = {address: Absent()}
        revocable = may(read, *WRITE_GRANTS.names)
        for grant, api in zip(grants, apis, strict=True):
            command = f"az rest --method DELETE --url {read.clients.cloud.graph}/v1.0/oauth2PermissionGrants/{grant.id}"
            here = Address(address.name, self.name, api_name(grant, api))
            seen[here] = Present(GrantStanding(grant, standing.fate is Fate.GOES, revocable, command))
        return seen

    def steps(
        self, address: Address, wanted: Address | None, seen: Observation[GrantStanding], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        standing = seen.fact
        if not standing.goes:
            kept = tuple(f"grant of {scope}" for scope in standing.grant.scopes)
            told = f"{', '.join(standing.grant.scopes)} stay granted: they may have been before us. To revoke them:"
            return (Step(address, Action.NONE, kept=kept, reason=f"{told}\n  {standing.command}"),)
        if not standing.revocable:
            return (Step(address, Action.NONE, reason=WITH_THE_PRINCIPAL),)
        path = f"application.permissions[{address.key}].delegated"
        return (
            Step(
                address,
                Action.DELETE,
                "revoke",
                tuple(Change(path, scope, None) for scope in standing.grant.scopes),
                target=str(address),
                removal=True,
                seen=standing.grant.id,
            ),
        )

    async def perform(
        self, step: Step, wanted: Address | None, known: Known, write: Writer
    ) -> Observation[GrantStanding]:
        standing = known.fact(Address(step.address.name, "application"))
        assert standing is not None, "it has a grant"
        await revoke(step, standing.application.app_id, write)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GRANTS,) if operation == "observe" else (WRITE_GRANTS,)

    def person(self, step: Step, wanted: Address | None, known: Known, clients: TenantClients) -> str | None:
        standing = known.fact(step.address)
        return None if standing is None else standing.command


def may(read: Reader, *permissions: str) -> bool:
    """Whether the runner's Graph token allows it; True where it does not say what it allows."""
    return not (read.runner.roles or read.runner.scopes) or read.runner.may(*permissions)
