"""The service principals of Microsoft's APIs in the tenant; some (Partner Center) are missing until somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.graph_facts import ServicePrincipalFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ConflictError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer
from provisioner.resources.lag import find_after_conflict
from provisioner.resources.permissions import Permission, declared, published, unknown_permission
from provisioner.resources.rights import CREATE_API_PRINCIPAL, READ_APPLICATIONS
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class ApiWanted:
    """An API and what is asked of it."""

    app_id: str
    api_name: str
    permissions: tuple[Permission, ...]


class ApiServicePrincipal:
    """Created when missing; never removed, for others may use it."""

    name = "api_service_principal"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, ApiWanted]:
        asked = declared(spec)
        return {
            Address(spec.name, self.name, api.api_name): ApiWanted(
                api.app_id, api.api_name, tuple(entry for entry in asked if entry.api_app_id == api.app_id)
            )
            for api in spec.application.permissions or ()
        }

    def rests_on(self, address: Address, wanted: ApiWanted | None) -> tuple[Address, ...]:
        return ()

    async def observe(
        self, wanted: Mapping[Address, ApiWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[ServicePrincipalFacts]]:
        found = await read.all_of(lambda api: read_api(read, api.app_id), wanted.values())
        return {address: Absent() if api is None else Present(api) for address, api in zip(wanted, found, strict=True)}

    def steps(
        self, address: Address, wanted: ApiWanted | None, seen: Observation[ServicePrincipalFacts], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if isinstance(seen, Present):
            for permission in wanted.permissions:
                offered = published(seen.fact, permission.kind)
                if permission.value not in offered:
                    raise unknown_permission(permission, offered)
            return ()
        return (
            Step(
                address,
                Action.CREATE,
                "create",
                (Change("appId", None, wanted.app_id),),
                target=str(address),
                reason="the API's service principal is missing in this tenant",
            ),
        )

    async def perform(
        self, step: Step, wanted: ApiWanted | None, known: Known, write: Writer
    ) -> Observation[ServicePrincipalFacts]:
        assert wanted is not None, "an API's principal is never removed"  # steps() never plans it
        graph = write.clients.graph
        there = await graph.find_service_principal(wanted.app_id, published=True)
        if there is None:
            try:
                there = await graph.create_service_principal(wanted.app_id)
            except ConflictError as error:
                there = await find_after_conflict(
                    write,
                    error,
                    lambda: graph.find_service_principal(wanted.app_id, published=True),
                    f"the service principal of {wanted.api_name} to be visible",
                )
        return Present(there)

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_APPLICATIONS,) if operation == "observe" else (CREATE_API_PRINCIPAL,)

    def person(self, step: Step, wanted: ApiWanted | None, known: Known, clients: TenantClients) -> str | None:
        return None if wanted is None else f"az ad sp create --id {wanted.app_id}   # {wanted.api_name}"

    def to_spec(self, seen: Mapping[Address, ServicePrincipalFacts]) -> SpecFragment:
        return SpecFragment({})


async def read_api(read: Reader, app_id: str) -> ServicePrincipalFacts | None:
    """An API's service principal with what it publishes; one request however many kinds ask."""
    found: ServicePrincipalFacts | None = await read.once(
        f"api/{app_id}", lambda: read.clients.graph.find_service_principal(app_id, published=True)
    )
    return found


async def read_granted_api(read: Reader, known: Known, object_id: str) -> ServicePrincipalFacts | None:
    """The principal of an API that something is granted of: the spec's were read already, another is asked for once."""
    for address, seen in known.items():
        if address.kind == ApiServicePrincipal.name and isinstance(seen, Present) and seen.fact.id == object_id:
            its_own: ServicePrincipalFacts = seen.fact
            return its_own
    found: ServicePrincipalFacts | None = await read.once(
        f"principal/{object_id}", lambda: read.clients.graph.find_service_principal_by_id(object_id)
    )
    return found
