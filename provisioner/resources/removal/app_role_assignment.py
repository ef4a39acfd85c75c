"""The application permissions granted to the application we made: revoked before it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.graph_facts import AppRoleAssignmentFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.app_role_assignment import told
from provisioner.resources.contract import Reader, Right, Writer, blocked
from provisioner.resources.removal.fate import Fate
from provisioner.resources.removal.grant import WITH_THE_PRINCIPAL, may
from provisioner.resources.rights import READ_APP_ROLES, WRITE_APP_ROLES
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class AssignmentStanding:
    """goes: with the application. revocable: the runner's token allows it. command: with which a person does it."""

    assignment: AppRoleAssignmentFacts
    goes: bool
    revocable: bool
    command: str


class AppRoleAssignmentRemoval:
    """As with grants: an adopted application may have had them before."""

    name = "app_role_assignment"
    after = ("application",)

    def wanted(self, spec: Spec) -> Mapping[Address, Address]:
        """The application's address, at one of its own: where a look that fails is told."""
        return {Address(spec.name, self.name): Address(spec.name, "application")}

    async def observe(
        self, wanted: Mapping[Address, Address], known: Known, read: Reader
    ) -> Mapping[Address, Observation[AssignmentStanding]]:
        ((address, application_address),) = wanted.items()
        if (unknown := blocked(known, application_address)) is not None:
            return {address: unknown}
        standing = known.fact(application_address)
        if standing is None or standing.fate is Fate.STAYS:
            return {address: Absent()}
        graph, app_id = read.clients.graph, standing.application.app_id
        listed = await graph.list_app_role_assignments(app_id)
        apis = await read.all_of(lambda each: graph.find_service_principal_by_id(each.resource_id), listed)
        seen: dict[Address, Observation[AssignmentStanding]] = {address: Absent()}
        revocable = may(read, *WRITE_APP_ROLES.names)
        for assignment, api in zip(listed, apis, strict=True):
            path = f"servicePrincipals(appId='{app_id}')/appRoleAssignments/{assignment.id}"
            command = f'az rest --method DELETE --url "{read.clients.cloud.graph}/v1.0/{path}"'
            here = Address(address.name, self.name, told(assignment, api))
            seen[here] = Present(AssignmentStanding(assignment, standing.fate is Fate.GOES, revocable, command))
        return seen

    def steps(
        self, address: Address, wanted: Address | None, seen: Observation[AssignmentStanding], now: datetime
    ) -> Sequence[Step]:
        if not isinstance(seen, Present):
            return ()
        standing = seen.fact
        if not standing.goes:
            told = "it stays granted: it may have been before us. To revoke it:"
            kept = ("granted application permission",)
            return (Step(address, Action.NONE, kept=kept, reason=f"{told}\n  {standing.command}"),)
        if not standing.revocable:
            return (Step(address, Action.NONE, reason=WITH_THE_PRINCIPAL),)
        api, _, value = address.key.rpartition("/")
        return (
            Step(
                address,
                Action.DELETE,
                "revoke",
                (Change(f"application.permissions[{api}].application", value, None),),
                target=str(address),
                removal=True,
                seen=standing.assignment.id,
            ),
        )

    async def perform(
        self, step: Step, wanted: Address | None, known: Known, write: Writer
    ) -> Observation[AssignmentStanding]:
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
