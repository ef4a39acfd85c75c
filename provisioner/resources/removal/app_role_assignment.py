"""The application permissions that were granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from provisioner.clients.graph_facts import AppRoleAssignmentFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Step
from provisioner.resources.app_role_assignment import told
from provisioner.resources.contract import Reader, Right, Writer
from provisioner.resources.removal.granted import Found, Granted, granted_step, look_at_granted
from provisioner.resources.rights import READ_APP_ROLES, WRITE_APP_ROLES
from provisioner.spec.model import Spec

Standing = Granted[AppRoleAssignmentFacts]


class AppRoleAssignmentRemoval:
    """One for each permission."""

    name = "app_role_assignment"
    after = ("application",)

    def wanted(self, spec: Spec) -> Mapping[Address, Address]:
        """The application's address, at one of its own: where a look that fails is told."""
        return {Address(spec.name, self.name): Address(spec.name, "application")}

    async def observe(
        self, wanted: Mapping[Address, Address], known: Known, read: Reader
    ) -> Mapping[Address, Observation[Standing]]:
        graph = read.clients.graph

        async def find(app_id: str) -> Sequence[Found[AppRoleAssignmentFacts]]:
            listed = await graph.list_app_role_assignments(app_id)
            apis = await read.all_of(lambda each: graph.find_service_principal_by_id(each.resource_id), listed)
            path = f"servicePrincipals(appId='{app_id}')/appRoleAssignments"
            return [Found(told(each, api), f"{path}/{each.id}", each) for each, api in zip(listed, apis, strict=True)]

        return await look_at_granted(wanted, known, read, WRITE_APP_ROLES, find)

    def steps(
        self, address: Address, wanted: Address | None, seen: Observation[Standing], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        api, _, value = address.key.rpartition("/")
        path, kind = f"application.permissions[{api}].application", "application permission"
        return (granted_step(address, seen.fact, (value,), path, kind=kind, seen=seen.fact.entry.id),)

    async def perform(self, step: Step, wanted: Address | None, known: Known, write: Writer) -> Observation[Standing]:
        standing = known.fact(Address(step.address.name, "application"))
        assert standing is not None, "it has an assignment"
        graph, app_id = write.clients.graph, standing.application.app_id
        if all(each.id != step.seen for each in await graph.list_app_role_assignments(app_id)):
            return Absent()
        principal = await graph.find_service_principal(app_id)
        if principal is not None:
            await graph.delete_app_role_assignment(principal.id, step.seen)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_APP_ROLES,) if operation == "observe" else (WRITE_APP_ROLES,)

    def person(self, step: Step, wanted: Address | None, known: Known, clients: TenantClients) -> str | None:
        standing = known.fact(step.address)
        return None if standing is None else standing.command
