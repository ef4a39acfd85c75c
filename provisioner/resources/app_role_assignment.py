"""Application permissions granted to our service principal: one assignment for each app role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from provisioner.clients.graph_facts import AppRoleAssignmentFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.permissions import ROLE, Permission, declared, permission_id
from provisioner.resources.rights import READ_APP_ROLES, WRITE_APP_ROLES
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class AssignmentWanted:
    """application, client and api: the addresses of what the assignment is between."""

    permission: Permission
    application: Address
    client: Address
    api: Address


class AppRoleAssignment:
    """Granting one is an administrator's act; without the right it is a person's step."""

    name = "app_role_assignment"
    after = ("application", "api_service_principal")

    def wanted(self, spec: Spec) -> Mapping[Address, AssignmentWanted]:
        return {
            Address(spec.name, self.name, f"{entry.api_name}/{entry.value}"): AssignmentWanted(
                entry,
                Address(spec.name, "application"),
                Address(spec.name, "service_principal"),
                Address(spec.name, "api_service_principal", entry.api_name),
            )
            for entry in declared(spec)
            if entry.kind == ROLE
        }

    async def observe(
        self, wanted: Mapping[Address, AssignmentWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[AppRoleAssignmentFacts]]:
        seen: dict[Address, Observation[AppRoleAssignmentFacts]] = {}
        for address, entry in wanted.items():
            application, api = known.fact(entry.application), known.fact(entry.api)
            if (unknown := blocked(known, entry.application, entry.api)) is not None:
                seen[address] = unknown
            elif application is None or api is None:
                seen[address] = Absent()
            else:
                app_id = application.app_id
                listed = await read.once(
                    f"app-roles/{app_id}",
                    partial(read.clients.graph.list_app_role_assignments, app_id),
                )
                seen[address] = _find(listed, api.id, permission_id(entry.permission, api))
        return seen

    def steps(
        self,
        address: Address,
        wanted: AssignmentWanted | None,
        seen: Observation[AppRoleAssignmentFacts],
        now: datetime,
    ) -> Sequence[Step]:
        if wanted is None or isinstance(seen, Present):
            return ()
        return (
            Step(
                address,
                Action.CREATE,
                "assign",
                (Change(wanted.permission.path, None, wanted.permission.value),),
                needs=(wanted.client, wanted.api),
                target=str(address),
            ),
        )

    async def perform(
        self, step: Step, wanted: AssignmentWanted | None, known: Known, write: Writer
    ) -> Observation[AppRoleAssignmentFacts]:
        assert wanted is not None, "only destroy removes an assignment"  # steps() never plans it
        client, api = known.fact(wanted.client), known.fact(wanted.api)
        assert client is not None and api is not None, "both are among the needs"
        graph = write.clients.graph
        role_id = permission_id(wanted.permission, api)
        there = _find(await graph.list_app_role_assignments(client.app_id), api.id, role_id)
        if isinstance(there, Present):
            return there
        try:
            made = await retry_while(
                write,
                directory_lag,
                lambda: graph.create_app_role_assignment(client.id, api.id, role_id),
                "the new service principal to be visible",
                DIRECTORY_DEADLINE_S,
            )
        except ApiError as error:
            if error.status not in (400, 409):  # a duplicate answers either (sam-facts 5.3): look
                raise
            there = _find(await graph.list_app_role_assignments(client.app_id), api.id, role_id)
            if not isinstance(there, Present):
                raise
            return there
        return Present(made)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_APP_ROLES,) if operation == "observe" else (WRITE_APP_ROLES,)

    def person(self, step: Step, wanted: AssignmentWanted | None, known: Known, clients: TenantClients) -> str | None:
        """The admin consent page grants app roles too, to a Privileged Role or Global Administrator."""
        application = None if wanted is None else known.fact(wanted.application)
        who = "a Privileged Role or Global Administrator opens"
        if application is None:
            return f"{who} the adminconsent link, which plan shows once the application exists"
        return f"{who} {clients.cloud.authority}/{clients.tenant}/adminconsent?client_id={application.app_id}"

    def to_spec(self, seen: Mapping[Address, AppRoleAssignmentFacts]) -> SpecFragment:
        by_api: dict[str, list[str]] = {}
        for address in seen:
            api, _, value = address.key.rpartition("/")
            by_api.setdefault(api, []).append(value)
        permissions = [{"api": api, "application": values} for api, values in by_api.items()]
        return {"application": {"permissions": permissions}} if permissions else {}


def _find(
    listed: Sequence[AppRoleAssignmentFacts], resource_id: str, role_id: str
) -> Observation[AppRoleAssignmentFacts]:
    for assignment in listed:
        if assignment.resource_id == resource_id and assignment.app_role_id == role_id:
            return Present(assignment)
    return Absent()
