"""Delegated permissions granted for the whole tenant (admin consent): one grant for each API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioner.clients.graph_facts import GrantFacts, ServicePrincipalFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core import compare
from provisioner.core.address import Address
from provisioner.core.errors import ConflictError, StaleError
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Change, Step
from provisioner.resources.api_service_principal import read_granted_api
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked, left_to_do
from provisioner.resources.elsewhere import APPLICATION, application_is_elsewhere, by_its_manager
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, find_after_conflict, retry_while
from provisioner.resources.permissions import grants_are_exact
from provisioner.resources.rights import READ_GRANTS, WRITE_GRANTS
from provisioner.spec import catalogue
from provisioner.spec.model import Spec

TENANT_WIDE = "AllPrincipals"


@dataclass(frozen=True)
class GrantWanted:
    """application, client and api: the addresses of what the grant is between. elsewhere: it is not ours to give.

    scopes: empty of the list itself, where the spec asks for none and looks at what others granted.
    given: False where none is to be granted for the tenant, and only what is not among the scopes is to go.
    """

    api_name: str
    scopes: tuple[str, ...]
    given: bool
    exact: bool
    elsewhere: bool
    application: Address
    client: Address
    api: Address

    def scopes_after(self, granted: Sequence[str]) -> tuple[str, ...]:
        """Of the grant once it is as wanted."""
        ours = self.scopes if self.given else [scope for scope in self.scopes if scope in granted]
        return tuple(dict.fromkeys((*(() if self.exact else granted), *ours)))


@dataclass(frozen=True)
class GrantFact:
    """A tenant-wide grant of ours. extra: to an API of which the spec asks nothing; exact: then it is to go.

    elsewhere: by whoever manages the application. api: of an extra one, the API's principal where it is there.
    """

    grant: GrantFacts
    api: ServicePrincipalFacts | None = None
    extra: bool = False
    exact: bool = False
    elsewhere: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        return self.grant.scopes


class Grant:
    """A grant belongs to its client, our service principal; users' own grants (`Principal`) are never touched."""

    name = "grant"
    after = ("application", "api_service_principal")

    def wanted(self, spec: Spec) -> Mapping[Address, GrantWanted]:
        """What is granted is one list, looked at also where the spec asks for none of it."""
        given, exact = spec.application.admin_consent, grants_are_exact(spec)
        if spec.application.permissions is None or not (given or exact):
            return {}

        def entry(api_name: str, scopes: tuple[str, ...]) -> GrantWanted:
            return GrantWanted(
                api_name,
                scopes,
                given,
                exact,
                application_is_elsewhere(spec),
                Address(spec.name, "application"),
                Address(spec.name, "service_principal"),
                Address(spec.name, "api_service_principal", api_name),
            )

        asked = {
            Address(spec.name, self.name, api.api_name): entry(api.api_name, api.delegated) for api in spec.delegated
        }
        return asked or {Address(spec.name, self.name): entry("", ())}

    def rests_on(self, address: Address, wanted: GrantWanted | None) -> tuple[Address, ...]:
        """The key is the API; the list itself has none."""
        api = Address(address.name, "api_service_principal", address.key)
        return (Address(address.name, "service_principal"), *((api,) if address.key else ()))

    async def observe(
        self, wanted: Mapping[Address, GrantWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[GrantFact]]:
        first = next(iter(wanted.values()))
        application = known.fact(first.application)
        if (unknown := blocked(known, first.application)) is not None:
            return dict.fromkeys(wanted, unknown)
        if application is None:
            return {address: Absent() for address, grant in wanted.items() if grant.scopes}
        listed = await read.clients.graph.list_grants(application.app_id)
        seen: dict[Address, Observation[GrantFact]] = {}
        for address, grant in ((address, grant) for address, grant in wanted.items() if grant.scopes):
            api = known.fact(grant.api)
            unread = blocked(known, grant.api)
            seen[address] = unread or (Absent() if api is None else _tenant_wide(listed, api.id))
        return {**seen, **await self._extras(first, listed, seen, known, read)}

    async def _extras(
        self,
        wanted: GrantWanted,
        listed: Sequence[GrantFacts],
        seen: Mapping[Address, Observation[GrantFact]],
        known: Known,
        read: Reader,
    ) -> Mapping[Address, Observation[GrantFact]]:
        """Tenant-wide grants to other APIs; only they may ask for one more look, to tell which API it is."""
        if any(isinstance(observation, Unknown) for observation in seen.values()):
            return {}
        used = {observation.fact.grant for observation in seen.values() if isinstance(observation, Present)}
        left = [grant for grant in listed if grant.consent_type == TENANT_WIDE and grant not in used]
        apis = await read.all_of(lambda grant: read_granted_api(read, known, grant.resource_id), left)
        extras: dict[Address, Observation[GrantFact]] = {}
        for grant, api in zip(left, apis, strict=True):
            address = Address(wanted.application.name, self.name, api_name(grant, api))
            extras[address] = Present(GrantFact(grant, api, extra=True, exact=wanted.exact, elsewhere=wanted.elsewhere))
        return extras

    def steps(
        self, address: Address, wanted: GrantWanted | None, seen: Observation[GrantFact], now: datetime
    ) -> Sequence[Step]:
        if isinstance(seen, Present) and seen.fact.extra:
            return (_extra_step(address, seen.fact),)
        if wanted is None or not wanted.scopes:
            return ()
        granted = seen.fact.scopes if isinstance(seen, Present) else ()
        path = f"application.permissions[{wanted.api_name}].delegated"
        changes, kept = compare.entries(path, wanted.scopes, granted, exact=wanted.exact)
        kept = tuple(f"grant of {scope}" for scope in kept)
        if not wanted.given:
            changes = tuple(change for change in changes if change.removes_entry)
        if not changes:
            return (Step(address, Action.NONE, kept=kept),) if kept else ()
        present = isinstance(seen, Present)
        action, operation = (Action.UPDATE, "update") if present else (Action.CREATE, "grant")
        if not wanted.scopes_after(granted):
            action, operation = Action.DELETE, "revoke"
        step = Step(
            address,
            action,
            operation,
            changes,
            kept=kept,
            needs=(wanted.client, wanted.api),
            target=str(address),
            removal=any(change.removes_entry for change in changes),
            reason="tenant-wide admin consent" if wanted.given else "exact: [grants], and the spec does not name it",
            seen=seen.fact.grant.id if isinstance(seen, Present) else "",
        )
        return (by_its_manager(step, APPLICATION) if wanted.elsewhere else step,)

    async def perform(
        self, step: Step, wanted: GrantWanted | None, known: Known, write: Writer
    ) -> Observation[GrantFact]:
        if wanted is None or step.operation == "revoke":
            principal = known.fact(Address(step.address.name, "service_principal"))
            assert principal is not None, "it has a grant"
            await revoke(step, principal.app_id, write)
            return Absent()
        client, api = known.fact(wanted.client), known.fact(wanted.api)
        assert client is not None and api is not None, "both are among the needs"
        graph = write.clients.graph
        there = _tenant_wide(await graph.list_grants(client.app_id), api.id)
        if not isinstance(there, Present):
            try:
                made = await retry_while(
                    write,
                    directory_lag,
                    lambda: graph.create_grant(client.id, api.id, wanted.scopes),
                    "the new service principal to be visible",
                    DIRECTORY_DEADLINE_S,
                )
                return Present(GrantFact(made))
            except ConflictError as error:

                async def listed() -> Present[GrantFact] | None:
                    found = _tenant_wide(await graph.list_grants(client.app_id), api.id)
                    return found if isinstance(found, Present) else None

                there = await find_after_conflict(write, error, listed, "the grant to be visible")
        if not left_to_do(step, self.steps(step.address, wanted, there, write.clock.now())):
            return there
        return await self._complete(wanted, there.fact.grant, write)

    async def _complete(self, wanted: GrantWanted, there: GrantFacts, write: Writer) -> Observation[GrantFact]:
        scopes = wanted.scopes_after(there.scopes)
        await write.clients.graph.update_grant(there.id, scopes)
        return Present(GrantFact(replace(there, scopes=scopes)))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GRANTS,) if operation == "observe" else (WRITE_GRANTS,)

    def person(self, step: Step, wanted: GrantWanted | None, known: Known, clients: TenantClients) -> str | None:
        """The admin consent page: open to a Privileged Role, Cloud Application or Application Administrator. It only
        adds: what is to go is taken out of the grant, or revoked with it, by its id.
        """
        url = f"{clients.cloud.graph}/v1.0/oauth2PermissionGrants/{step.seen}"
        if step.operation == "revoke":
            return f"az rest --method DELETE --url {url}"
        if wanted is not None and any(change.removes_entry for change in step.fields):
            seen = known.fact(step.address)
            assert seen is not None, "an entry of it is to go"
            scopes = wanted.scopes_after(seen.scopes)
            return f"""az rest --method PATCH --url {url} --body '{{"scope": "{" ".join(scopes)}"}}'"""
        application = None if wanted is None else known.fact(wanted.application)
        who = "an administrator who may consent opens"
        if application is None:
            return f"{who} the adminconsent link, which plan shows once the application exists"
        return f"{who} {clients.cloud.authority}/{clients.tenant}/adminconsent?client_id={application.app_id}"

    def to_spec(self, seen: Mapping[Address, GrantFact]) -> SpecFragment:
        """Under the API's name, or its principal's object id where that is gone."""
        permissions = [{"api": address.key, "delegated": sorted(fact.scopes)} for address, fact in seen.items()]
        return SpecFragment({"application": {"permissions": permissions}} if permissions else {})


async def revoke(step: Step, app_id: str, write: Writer) -> None:
    """Look again: only the grant that the plan showed goes, with the scopes that it showed. Raises StaleError."""
    graph = write.clients.graph
    for grant in await graph.list_grants(app_id):
        if grant.id == step.seen:
            if set(grant.scopes) != {change.before for change in step.fields}:
                raise StaleError(
                    f"the grant is now of {', '.join(grant.scopes)}, which the plan did not show",
                    where=str(step.address),
                    next_step="somebody changed it since the plan: run the same command again",
                )
            await graph.delete_grant(grant.id)


def _tenant_wide(listed: Sequence[GrantFacts], resource_id: str) -> Observation[GrantFact]:
    """The one tenant-wide grant to this API: Graph allows no second (sam-facts 5.3)."""
    for grant in listed:
        if grant.resource_id == resource_id and grant.consent_type == TENANT_WIDE:
            return Present(GrantFact(grant))
    return Absent()


def api_name(grant: GrantFacts, api: ServicePrincipalFacts | None) -> str:
    """How an address names the API of a grant."""
    return grant.resource_id if api is None else catalogue.api_name(api.app_id)


def _extra_step(address: Address, extra: GrantFact) -> Step:
    path = f"application.permissions[{address.key}].delegated"
    if not extra.exact:
        return Step(address, Action.NONE, kept=tuple(f"grant of {scope}" for scope in extra.grant.scopes))
    step = Step(
        address,
        Action.DELETE,
        "revoke",
        tuple(Change(path, scope, None) for scope in extra.grant.scopes),
        target=str(address),
        removal=True,
        reason="exact: [grants], and the spec names no permission of this API",
        seen=extra.grant.id,
    )
    return by_its_manager(step, APPLICATION) if extra.elsewhere else step
