"""The delegated permissions that were granted for the tenant. A grant belongs to its client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from provisioner.clients.graph_facts import GrantFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Step
from provisioner.resources.contract import Reader, Right, Writer
from provisioner.resources.grant import TENANT_WIDE, api_name, revoke
from provisioner.resources.removal.granted import Found, Granted, granted_step, look_at_granted
from provisioner.resources.rights import READ_GRANTS, WRITE_GRANTS
from provisioner.spec.model import Spec

Standing = Granted[GrantFacts]


class GrantRemoval:
    """One for each API, with all its permissions."""

    name = "grant"
    after = ("application",)

    def wanted(self, spec: Spec) -> Mapping[Address, Address]:
        """The application's address, at one of its own: where a look that fails is told."""
        return {Address(spec.name, self.name): Address(spec.name, "application")}

    async def observe(
        self, wanted: Mapping[Address, Address], known: Known, read: Reader
    ) -> Mapping[Address, Observation[Standing]]:
        graph = read.clients.graph

        async def find(app_id: str) -> Sequence[Found[GrantFacts]]:
            grants = [grant for grant in await graph.list_grants(app_id) if grant.consent_type == TENANT_WIDE]
            apis = await read.all_of(lambda grant: graph.find_service_principal_by_id(grant.resource_id), grants)
            return [
                Found(api_name(grant, api), f"oauth2PermissionGrants/{grant.id}", grant)
                for grant, api in zip(grants, apis, strict=True)
            ]

        return await look_at_granted(wanted, known, read, WRITE_GRANTS, find)

    def steps(
        self, address: Address, wanted: Address | None, seen: Observation[Standing], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        grant, path = seen.fact.entry, f"application.permissions[{address.key}].delegated"
        return (granted_step(address, seen.fact, grant.scopes, path, kind="grant of", seen=grant.id),)

    async def perform(self, step: Step, wanted: Address | None, known: Known, write: Writer) -> Observation[Standing]:
        standing = known.fact(Address(step.address.name, "application"))
        assert standing is not None, "it has a grant"
        await revoke(step, standing.application.app_id, write)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GRANTS,) if operation == "observe" else (WRITE_GRANTS,)

    def person(self, step: Step, wanted: Address | None, known: Known, clients: TenantClients) -> str | None:
        standing = known.fact(step.address)
        return None if standing is None else standing.command
