"""The application's own service principal in the tenant; it is what grants and assignments are made to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from provisioner.clients.graph_facts import ServicePrincipalFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address, Ref
from provisioner.core.errors import ConflictError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked
from provisioner.resources.elsewhere import APPLICATION, application_is_elsewhere, by_its_manager
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, find_after_conflict, own_principal_lag, retry_while
from provisioner.resources.rights import READ_APPLICATIONS, WRITE_OWN_APPLICATION
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class PrincipalWanted:
    """app_id: known once the application is. elsewhere: it is not ours to make."""

    app_id: Ref
    elsewhere: bool


class ServicePrincipal:
    """Present is enough; a disabled one is somebody's decision and shown, never undone."""

    name = "service_principal"
    after = ("application",)

    def wanted(self, spec: Spec) -> Mapping[Address, PrincipalWanted]:
        app_id = Ref(Address(spec.name, "application"), "app_id")
        return {Address(spec.name, self.name): PrincipalWanted(app_id, application_is_elsewhere(spec))}

    def rests_on(self, address: Address, wanted: PrincipalWanted | None) -> tuple[Address, ...]:
        return (Address(address.name, "application"),)

    async def observe(
        self, wanted: Mapping[Address, PrincipalWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[ServicePrincipalFacts]]:
        seen: dict[Address, Observation[ServicePrincipalFacts]] = {}
        for address, principal in wanted.items():
            app_id = known.resolve(principal.app_id)
            if (unknown := blocked(known, principal.app_id.address)) is not None:
                seen[address] = unknown
            elif app_id is None:
                seen[address] = Absent()
            else:
                found = await read.clients.graph.find_service_principal(app_id)
                seen[address] = Absent() if found is None else Present(found)
        return seen

    def steps(
        self,
        address: Address,
        wanted: PrincipalWanted | None,
        seen: Observation[ServicePrincipalFacts],
        now: datetime,
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if isinstance(seen, Present):
            return () if seen.fact.enabled else (_enable(address, seen.fact),)
        made = Step(
            address,
            Action.CREATE,
            "create",
            (Change("appId", None, wanted.app_id),),
            needs=(wanted.app_id.address,),
            target=str(address),
        )
        return (by_its_manager(made, APPLICATION) if wanted.elsewhere else made,)

    async def perform(
        self, step: Step, wanted: PrincipalWanted | None, known: Known, write: Writer
    ) -> Observation[ServicePrincipalFacts]:
        assert wanted is not None, "only destroy removes it"  # steps() never plans it
        app_id = known.resolve(wanted.app_id)
        graph = write.clients.graph
        there = await graph.find_service_principal(app_id)
        if there is not None:
            return Present(there)
        try:
            made = await retry_while(
                write,
                own_principal_lag,
                lambda: graph.create_service_principal(app_id),
                "the new application to be visible",
                DIRECTORY_DEADLINE_S,
            )
        except ConflictError as error:
            look = partial(graph.find_service_principal, app_id)
            made = await find_after_conflict(write, error, look, "the service principal to be visible")
        return Present(made)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_APPLICATIONS,) if operation == "observe" else (WRITE_OWN_APPLICATION,)

    def person(self, step: Step, wanted: PrincipalWanted | None, known: Known, clients: TenantClients) -> str | None:
        app_id = None if wanted is None else known.resolve(wanted.app_id)
        return f"az ad sp create --id {app_id}" if app_id else None

    def to_spec(self, seen: Mapping[Address, ServicePrincipalFacts]) -> SpecFragment:
        return SpecFragment({})


def _enable(address: Address, seen: ServicePrincipalFacts) -> Step:
    return Step(
        address,
        Action.PERSON,
        "enable",
        (Change("accountEnabled", False, True),),
        target=str(address),
        reason="somebody disabled it: no token is issued (AADSTS7000112)",
        todo=f"az ad sp update --id {seen.app_id} --set accountEnabled=true",
    )
