"""Application permissions granted to our service principal: one assignment for each app role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.graph_facts import AppRoleAssignmentFacts, ServicePrincipalFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.api_service_principal import read_granted_api
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.elsewhere import APPLICATION, application_is_elsewhere, by_its_manager
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, find_after_conflict, retry_while
from provisioner.resources.permissions import ROLE, Permission, declared, grants_are_exact, permission_id
from provisioner.resources.rights import READ_APP_ROLES, WRITE_APP_ROLES
from provisioner.spec import catalogue
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class AssignmentWanted:
    """application, client and api: the addresses of what the assignment is between. exact: others' are to go.

    permission: None of the list itself, where the spec asks for no permission and looks at what others granted.
    elsewhere: it is not ours to give or to take.
    """

    permission: Permission | None
    application: Address
    client: Address
    api: Address
    exact: bool
    elsewhere: bool


@dataclass(frozen=True)
class AssignmentFact:
    """An app role granted to us. extra: the spec does not ask for it; exact: then it is to go.

    elsewhere: by whoever manages the application. api: of an extra one, the API's principal where it is there.
    """

    assignment: AppRoleAssignmentFacts
    api: ServicePrincipalFacts | None = None
    extra: bool = False
    exact: bool = False
    elsewhere: bool = False


class AppRoleAssignment:
    """Granting one is an administrator's act; without the right it is a person's step.

    What is granted is looked at whatever the spec asks for: nothing else tells what others gave the application.
    """

    name = "app_role_assignment"
    after = ("application", "api_service_principal")

    def wanted(self, spec: Spec) -> Mapping[Address, AssignmentWanted]:
        exact = grants_are_exact(spec)

        def entry(permission: Permission | None) -> AssignmentWanted:
            application, client = Address(spec.name, "application"), Address(spec.name, "service_principal")
            api = Address(spec.name, "api_service_principal", permission.api_name if permission else "")
            return AssignmentWanted(permission, application, client, api, exact, application_is_elsewhere(spec))

        asked = [permission for permission in declared(spec) if permission.kind == ROLE]
        if not asked:
            return {Address(spec.name, self.name): entry(None)}
        return {
            Address(spec.name, self.name, f"{permission.api_name}/{permission.value}"): entry(permission)
            for permission in asked
        }

    def rests_on(self, address: Address, wanted: AssignmentWanted | None) -> tuple[Address, ...]:
        """The key is `API/permission`; the list itself has none."""
        api = Address(address.name, "api_service_principal", address.key.rpartition("/")[0])
        return (Address(address.name, "service_principal"), *((api,) if address.key else ()))

    async def observe(
        self, wanted: Mapping[Address, AssignmentWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[AssignmentFact]]:
        first = next(iter(wanted.values()))
        application = known.fact(first.application)
        if (unknown := blocked(known, first.application)) is not None:
            return dict.fromkeys(wanted, unknown)
        if application is None:
            return {address: Absent() for address, entry in wanted.items() if entry.permission is not None}
        listed = await read.clients.graph.list_app_role_assignments(application.app_id)
        seen: dict[Address, Observation[AssignmentFact]] = {}
        for address, entry in wanted.items():
            api, unread = known.fact(entry.api), blocked(known, entry.api)
            if unread is not None:
                return dict.fromkeys(wanted, unread)
            if entry.permission is None:
                continue
            found = None if api is None else _find(listed, api.id, permission_id(entry.permission, api))
            seen[address] = found or Absent()
        used = {observation.fact.assignment for observation in seen.values() if isinstance(observation, Present)}
        left = [assignment for assignment in listed if assignment not in used]
        apis = await read.all_of(lambda one: read_granted_api(read, known, one.resource_id), left)
        for assignment, api in zip(left, apis, strict=True):
            address = Address(first.application.name, self.name, told(assignment, api))
            seen[address] = Present(
                AssignmentFact(assignment, api, extra=True, exact=first.exact, elsewhere=first.elsewhere)
            )
        return seen

    def steps(
        self,
        address: Address,
        wanted: AssignmentWanted | None,
        seen: Observation[AssignmentFact],
        now: datetime,
    ) -> Sequence[Step]:
        if isinstance(seen, Present):
            return (_extra_step(address, seen.fact),) if seen.fact.extra else ()
        if wanted is None or wanted.permission is None:
            return ()
        step = Step(
            address,
            Action.CREATE,
            "assign",
            (Change(wanted.permission.path, None, wanted.permission.value),),
            needs=(wanted.client, wanted.api),
            target=str(address),
        )
        return (by_its_manager(step, APPLICATION) if wanted.elsewhere else step,)

    async def perform(
        self, step: Step, wanted: AssignmentWanted | None, known: Known, write: Writer
    ) -> Observation[AssignmentFact]:
        if wanted is None or wanted.permission is None:
            client = known.fact(Address(step.address.name, "service_principal"))
            assert client is not None, "it has an assignment"
            await write.clients.graph.delete_app_role_assignment(client.id, step.seen)
            return Absent()
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
            if error.status != 409 and "already exists" not in error.message:  # a duplicate's answers (sam-facts 5.3)
                raise

            async def listed() -> Present[AssignmentFact] | None:
                found = _find(await graph.list_app_role_assignments(client.app_id), api.id, role_id)
                return found if isinstance(found, Present) else None

            return await find_after_conflict(write, error, listed, "the assignment to be visible")
        return Present(AssignmentFact(made))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_APP_ROLES,) if operation == "observe" else (WRITE_APP_ROLES,)

    def person(self, step: Step, wanted: AssignmentWanted | None, known: Known, clients: TenantClients) -> str | None:
        """The admin consent page grants app roles too, to a Privileged Role or Global Administrator; it only adds."""
        client = known.fact(Address(step.address.name, "service_principal"))
        if step.operation == "revoke" and client is not None:
            path = f"servicePrincipals/{client.id}/appRoleAssignments/{step.seen}"
            return f"az rest --method DELETE --url {clients.cloud.graph}/v1.0/{path}"
        application = None if wanted is None else known.fact(wanted.application)
        who = "a Privileged Role or Global Administrator opens"
        if application is None:
            return f"{who} the adminconsent link, which plan shows once the application exists"
        return f"{who} {clients.cloud.authority}/{clients.tenant}/adminconsent?client_id={application.app_id}"

    def to_spec(self, seen: Mapping[Address, AssignmentFact]) -> SpecFragment:
        """By name; by id where the API publishes it no more."""
        by_api: dict[str, list[str]] = {}
        for address in seen:
            api, _, value = address.key.rpartition("/")
            by_api.setdefault(api, []).append(value)
        permissions = [{"api": api, "application": sorted(values)} for api, values in by_api.items()]
        return SpecFragment({"application": {"permissions": permissions}} if permissions else {})


def _find(listed: Sequence[AppRoleAssignmentFacts], resource_id: str, role_id: str) -> Observation[AssignmentFact]:
    for assignment in listed:
        if assignment.resource_id == resource_id and assignment.app_role_id == role_id:
            return Present(AssignmentFact(assignment))
    return Absent()


def told(assignment: AppRoleAssignmentFacts, api: ServicePrincipalFacts | None) -> str:
    """`API/permission`, by names where the API tells them."""
    if api is None:
        return f"{assignment.resource_id}/{assignment.app_role_id}"
    names = {role_id: value for value, role_id in api.roles.items()}
    return f"{catalogue.api_name(api.app_id)}/{names.get(assignment.app_role_id, assignment.app_role_id)}"


def _extra_step(address: Address, fact: AssignmentFact) -> Step:
    if not fact.exact:
        return Step(address, Action.NONE, kept=("granted application permission",))
    api, _, value = address.key.rpartition("/")
    step = Step(
        address,
        Action.DELETE,
        "revoke",
        (Change(f"application.permissions[{api}].application", value, None),),
        target=str(address),
        removal=True,
        reason="exact: [grants], and the spec does not name it",
        seen=fact.assignment.id,
    )
    return by_its_manager(step, APPLICATION) if fact.elsewhere else step
