"""The application we made goes, its service principal and its credentials with it; one that was adopted is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioner.clients.graph_facts import ApplicationFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ForbiddenError, NotFoundError, StaleError, VerificationError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Change, Step
from provisioner.resources import application_writes
from provisioner.resources.application_key import ApplicationKey, application_key
from provisioner.resources.contract import Reader, Right, Writer, could_not_look
from provisioner.resources.lag import directory_lag, retry_while
from provisioner.resources.marks import adopted_application_tag, application_tag
from provisioner.resources.removal.fate import AGAIN, KEPT_BY_ENTRA, ApplicationStanding, Fate, fate_of
from provisioner.resources.rights import PURGE_APPLICATION, READ_APPLICATIONS, WRITE_OWN_APPLICATION
from provisioner.spec.model import Mode, Spec

RELEASE = "remove mark"
PURGE = "purge"
_DELETED_SHOWS_S = 120.0


@dataclass(frozen=True)
class ApplicationGoing:
    """marks: the tags by which an application is ours, and by which it was adopted."""

    key: ApplicationKey
    mode: Mode
    mark: str
    adopted_mark: str


@dataclass(frozen=True)
class ApplicationRemoval:
    """Absent.remains is the soft-deleted application, if it is ours. purge: also delete it for good."""

    purge: bool = False
    name = "application"
    after: tuple[str, ...] = ()

    def wanted(self, spec: Spec) -> Mapping[Address, ApplicationGoing]:
        going = ApplicationGoing(
            application_key(spec), spec.application.mode, application_tag(spec.name), adopted_application_tag(spec.name)
        )
        return {Address(spec.name, self.name): going}

    async def observe(
        self, wanted: Mapping[Address, ApplicationGoing], known: Known, read: Reader
    ) -> Mapping[Address, Observation[ApplicationStanding]]:
        return {address: await self._look(going, read) for address, going in wanted.items()}

    async def _look(self, going: ApplicationGoing, read: Reader) -> Observation[ApplicationStanding]:
        found = await going.key.find(read.clients.graph)
        if found is not None:
            ours, adopted = going.mark in found.tags, going.adopted_mark in found.tags
            return Present(ApplicationStanding(found, fate_of(going.mode, ours=ours, adopted=adopted)))
        try:
            remains = await going.key.find_deleted(read.clients.graph)
        except ForbiddenError as error:
            return could_not_look(error, READ_APPLICATIONS.told()) if self.purge else Absent()
        return Absent(remains if remains is not None and _made_by_us(going, remains) else None)

    def steps(
        self,
        address: Address,
        wanted: ApplicationGoing | None,
        seen: Observation[ApplicationStanding],
        now: datetime,
    ) -> Sequence[Step]:
        assert wanted is not None, "one a spec"
        if isinstance(seen, Present):
            application, fate = seen.fact.application, seen.fact.fate
            if fate is Fate.RELEASED:
                return (_release(address, wanted, application),)
            if fate is Fate.GOES:
                if self.purge:
                    return (_delete(address, application), _purge(address, application))
                return (_delete(address, application, now + KEPT_BY_ENTRA),)
            return () if wanted.mode != "create" else (_not_ours(address, application),)
        remains = seen.remains if isinstance(seen, Absent) else None
        return (_purge(address, remains),) if self.purge and remains is not None else ()

    async def perform(
        self, step: Step, wanted: ApplicationGoing | None, known: Known, write: Writer
    ) -> Observation[ApplicationStanding]:
        assert wanted is not None, "one a spec"
        if step.operation == PURGE:
            return await self._purged(step, wanted, write)
        found = await write.clients.graph.find_application_by_id(step.seen)
        if found is None:
            return Absent()
        if wanted.mark not in found.tags:
            if step.operation == RELEASE:
                return Present(ApplicationStanding(found, Fate.STAYS))
            raise _no_longer_ours(step)
        if step.operation == RELEASE:
            return Present(ApplicationStanding(await _released(step, wanted, write), Fate.STAYS))
        if wanted.adopted_mark in found.tags:
            raise _no_longer_ours(step)
        await write.clients.graph.delete_application(found.id)
        return Absent(replace(found, deleted_at=write.clock.now()))

    async def _purged(self, step: Step, wanted: ApplicationGoing, write: Writer) -> Observation[ApplicationStanding]:
        """Its service principals first: without the application nobody would find them. What is gone is well."""
        graph = write.clients.graph

        async def deleted() -> ApplicationFacts:
            found = await graph.find_deleted_application_by_id(step.seen)
            if found is None:
                raise NotFoundError("Graph", f"get deleted application {step.seen}", 404, "", "not among the deleted")
            return found

        try:
            found = await retry_while(write, directory_lag, deleted, "the deleted application", _DELETED_SHOWS_S)
        except NotFoundError:
            if await graph.find_application_by_id(step.seen) is not None:
                raise StaleError(
                    "somebody restored the application", where=str(step.address), next_step=AGAIN
                ) from None
            return Absent()
        if not _made_by_us(wanted, found):
            raise _no_longer_ours(step)
        for principal in await graph.list_deleted_principals(found.app_id):
            await graph.purge(principal)
        await graph.purge(found.id)
        return Absent()

    def rights(self, operation: str) -> tuple[Right, ...]:
        if operation == "observe":
            return (READ_APPLICATIONS,)
        return (PURGE_APPLICATION,) if operation == PURGE else (WRITE_OWN_APPLICATION,)

    def person(self, step: Step, wanted: ApplicationGoing | None, known: Known, clients: TenantClients) -> str | None:
        if step.operation == PURGE:
            return f"az rest --method DELETE --url {clients.cloud.graph}/v1.0/directory/deletedItems/{step.seen}"
        standing = known.fact(step.address)
        if step.operation == RELEASE or standing is None:
            return None
        return f"az ad app delete --id {standing.application.app_id}"


def _made_by_us(going: ApplicationGoing, application: ApplicationFacts) -> bool:
    return going.mark in application.tags and going.adopted_mark not in application.tags


def _no_longer_ours(step: Step) -> StaleError:
    return StaleError("the application lost our mark since the plan", where=str(step.address), next_step=AGAIN)


def _delete(address: Address, application: ApplicationFacts, until: datetime | None = None) -> Step:
    """until: when it can no longer be restored; None where it is purged at once."""
    restorable = f"; can be restored until {until:%Y-%m-%d}" if until is not None else ""
    return Step(
        address,
        Action.DELETE,
        "delete",
        (
            Change("application.displayName", application.display_name, None),
            Change("appId", application.app_id, None),
        ),
        target=str(address),
        removal=True,
        reason=f"with its service principal and its credentials{restorable}",
        seen=application.id,
    )


def _purge(address: Address, application: ApplicationFacts) -> Step:
    return Step(
        address,
        Action.DELETE,
        PURGE,
        (Change("appId", application.app_id, None),),
        target=str(address),
        removal=True,
        irreversible=True,
        reason="for good: an application made later has another appId, and needs a new sign-in",
        seen=application.id,
    )


def _release(address: Address, going: ApplicationGoing, application: ApplicationFacts) -> Step:
    marks = (mark for mark in (going.mark, going.adopted_mark) if mark in application.tags)
    return Step(
        address,
        Action.UPDATE,
        RELEASE,
        tuple(Change("tags", mark, None) for mark in marks),
        target=str(address),
        removal=True,
        reason="it was there before us, and stays as it is",
        seen=application.id,
    )


def _not_ours(address: Address, application: ApplicationFacts) -> Step:
    return Step(address, Action.NONE, reason=f"{application.app_id} has this name and not our mark: it stays")


async def _released(step: Step, going: ApplicationGoing, write: Writer) -> ApplicationFacts:
    """Without our tags. Graph replaces the list whole: two equal reads before, and a look after."""
    from msgraph.generated.models.application import Application

    first, second = [await application_writes.get(write, step.seen) for _ in range(2)]
    if set(first.tags) != set(second.tags):
        raise StaleError("the tags changed while they were read", where=str(step.address), next_step=AGAIN)
    kept = [tag for tag in second.tags if tag not in (going.mark, going.adopted_mark)]
    await write.clients.graph.update_application(step.seen, Application(tags=kept))
    after = await application_writes.get(write, step.seen)
    if lost := sorted(set(kept) - set(after.tags)):
        raise VerificationError(
            f"tags of others are gone after the write: {', '.join(lost)}",
            where=str(step.address),
            next_step="add them again; somebody else wrote to the application in the same moment",
        )
    return after
