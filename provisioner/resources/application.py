"""The Entra application: found by uniqueName or appId, marked by a tag, changed only in what the spec owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioner.clients.clouds import endpoints
from provisioner.clients.graph_facts import ApplicationFacts, ServicePrincipalFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ConflictError, ForbiddenError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Step
from provisioner.resources import application_writes
from provisioner.resources.api_service_principal import read_api
from provisioner.resources.application_key import application_key
from provisioner.resources.application_modes import refuse_foreign, refused_absence
from provisioner.resources.application_spec import application_fragment
from provisioner.resources.application_steps import (
    ApplicationWanted,
    creation_step,
    lacks_name,
    restoration_step,
    update_steps,
)
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, could_not_look, left_to_do
from provisioner.resources.elsewhere import APPLICATION, by_its_manager
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, find_after_conflict, retry_while
from provisioner.resources.marks import application_tag
from provisioner.resources.permissions import declared, permission_named
from provisioner.resources.rights import READ_APPLICATIONS, READ_GRANTS, RESTORE_APPLICATION, WRITE_OWN_APPLICATION
from provisioner.spec.draft import merged
from provisioner.spec.model import Spec

_HELD_DAYS = 30


@dataclass(frozen=True)
class ApplicationFact:
    """The application, and the APIs it asks permissions of (by appId; for names of ids the catalogue lacks).

    name_holder: another application, which has the uniqueName that this one is to be given.
    """

    application: ApplicationFacts
    apis: Mapping[str, ServicePrincipalFacts | None]
    name_holder: ApplicationFacts | None = None

    @property
    def id(self) -> str:
        return self.application.id

    @property
    def app_id(self) -> str:
        return self.application.app_id


class Application:
    """Credentials of the application are another kind's: disjoint fields of the same object."""

    name = "application"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, ApplicationWanted]:
        application = spec.application
        return {
            Address(spec.name, self.name): ApplicationWanted(
                key=application_key(spec),
                mode=application.mode,
                graph=endpoints(spec.cloud).graph,
                mark=application_tag(spec.name),
                display_name=application.display_name,
                sign_in_audience=application.sign_in_audience,
                home_page_url=application.home_page_url,
                reply_urls=application.reply_urls,
                id_token_issuance=application.enable_id_token_issuance,
                permissions=None if application.permissions is None else declared(spec),
                exact_reply_urls=spec.owns_exactly("replyUrls"),
                exact_permissions=spec.owns_exactly("permissions"),
            )
        }

    def rests_on(self, address: Address, wanted: ApplicationWanted | None) -> tuple[Address, ...]:
        names = () if wanted is None else wanted.api_names.values()
        return tuple(Address(address.name, "api_service_principal", name) for name in names)

    async def observe(
        self, wanted: Mapping[Address, ApplicationWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[ApplicationFact]]:
        return {address: await self._observe_one(application, read) for address, application in wanted.items()}

    async def _observe_one(self, wanted: ApplicationWanted, read: Reader) -> Observation[ApplicationFact]:
        graph = read.clients.graph
        found = await read.once(f"application/{wanted.key}", lambda: wanted.key.find(graph))
        if found is None:
            return await self._deleted(wanted, read)
        apis = {app_id: await read_api(read, app_id) for app_id in wanted.api_ids}
        holder = await graph.find_application(wanted.unique_name) if lacks_name(wanted, found) else None
        return Present(ApplicationFact(found, apis, holder))

    async def _deleted(self, wanted: ApplicationWanted, read: Reader) -> Observation[ApplicationFact]:
        """Absent, with the soft-deleted application that holds the name if there is one."""
        try:
            return Absent(await wanted.key.find_deleted(read.clients.graph))
        except ForbiddenError as error:
            return could_not_look(error, READ_GRANTS.told())

    def steps(
        self, address: Address, wanted: ApplicationWanted | None, seen: Observation[ApplicationFact], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        if not isinstance(seen, Present):
            remains = seen.remains if isinstance(seen, Absent) else None
            if wanted.mode != "create":
                raise refused_absence(address, wanted, remains)
            if isinstance(remains, ApplicationFacts):
                return (restoration_step(address, wanted, remains),)
            return (creation_step(address, wanted),)
        fact = seen.fact
        refuse_foreign(address, wanted, fact.application, fact.name_holder)
        requested = [permission_named(entry, fact.apis.get(entry.api_app_id)) for entry in fact.application.required]
        steps = update_steps(address, wanted, fact.application, requested)
        if wanted.mode != "use":
            return steps
        return [by_its_manager(step, APPLICATION, _FOR_ITS_MANAGER) for step in steps]

    async def perform(
        self, step: Step, wanted: ApplicationWanted | None, known: Known, write: Writer
    ) -> Observation[ApplicationFact]:
        assert wanted is not None, "only destroy removes an application"  # steps() never plans it
        apis = {
            app_id: known.fact(Address(step.address.name, "api_service_principal", name))
            for app_id, name in wanted.api_names.items()
        }
        found = await wanted.key.find(write.clients.graph)
        if found is not None:
            return await self._complete(step, wanted, ApplicationFact(found, apis), write)
        if step.operation == "update":
            raise StaleError(
                f"application {wanted.key} is gone since the plan",
                where=str(step.address),
                next_step="run the same command again",
            )
        if step.operation == "restore":
            return Present(ApplicationFact(await self._restore(step, write), apis))
        made = ApplicationFact(await self._create(wanted, apis, write), apis)
        return await self._complete(step, wanted, made, write)  # it may be somebody else's, made meanwhile

    async def _create(
        self, wanted: ApplicationWanted, apis: Mapping[str, ServicePrincipalFacts | None], write: Writer
    ) -> ApplicationFacts:
        graph = write.clients.graph
        try:
            return await graph.create_application(application_writes.creation(wanted, apis))
        except ApiError as error:
            if not _refuses_the_name(error):
                raise
            held = _held(wanted, error)
        return await find_after_conflict(
            write,
            held,
            lambda: graph.find_application(wanted.unique_name),
            "the application to be visible",
        )

    async def _restore(self, step: Step, write: Writer) -> ApplicationFacts:
        """It comes back as it was; what differs from the spec is shown by the next plan before it is written."""
        await write.clients.graph.restore(step.seen)
        return await retry_while(
            write,
            directory_lag,
            lambda: application_writes.get(write, step.seen),
            f"the restored {step.address} to appear",
            DIRECTORY_DEADLINE_S,
        )

    async def _complete(
        self, step: Step, wanted: ApplicationWanted, fact: ApplicationFact, write: Writer
    ) -> Observation[ApplicationFact]:
        """Write what still differs, and no other member."""
        fresh = self.steps(step.address, wanted, Present(fact), write.clock.now())
        if not left_to_do(step, fresh):
            return Present(fact)
        paths = frozenset(change.path for each in fresh for change in each.fields)
        try:
            updated = await application_writes.update(wanted, fact.application, fact.apis, paths, write)
        except ApiError as error:
            if not _refuses_the_name(error):
                raise
            raise _held(wanted, error) from None
        return Present(ApplicationFact(updated, fact.apis))

    def rights(self, operation: str) -> tuple[Right, ...]:
        if operation == "observe":
            return (READ_APPLICATIONS,)
        return (RESTORE_APPLICATION,) if operation == "restore" else (WRITE_OWN_APPLICATION,)

    def person(self, step: Step, wanted: ApplicationWanted | None, known: Known, clients: TenantClients) -> str | None:
        if step.operation != "restore":
            return None
        return f"az rest --method POST --url {clients.cloud.graph}/v1.0/directory/deletedItems/{step.seen}/restore"

    def to_spec(self, seen: Mapping[Address, ApplicationFact]) -> SpecFragment:
        return merged(application_fragment(fact.application, fact.apis) for fact in seen.values())


_FOR_ITS_MANAGER = "have whoever manages the application change it, or correct the spec"


def _refuses_the_name(error: ApiError) -> bool:
    """A uniqueName is taken, be it by a deleted application: 400, and nothing is written (sam-facts 5.1)."""
    return error.status == 400 and "uniquename" in error.message.lower()


def _held(wanted: ApplicationWanted, error: ApiError) -> ConflictError:
    return ConflictError(
        error.service, error.operation, error.status, error.code,
        f"the uniqueName {wanted.unique_name} is held by an application we cannot see",
        correlation_id=error.correlation_id,
        next_step=f"a deleted one holds its name {_HELD_DAYS} days: restore or purge it, or choose another",
    )  # fmt: skip
