"""Delegated permissions granted for the whole tenant (admin consent): one grant for each API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from provisioner.clients.graph_facts import GrantFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core import compare
from provisioner.core.address import Address
from provisioner.core.errors import ConflictError
from provisioner.core.observation import Absent, Known, Observation, Present
from provisioner.core.step import Action, Step
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked, left_to_do
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, directory_lag, retry_while
from provisioner.resources.rights import READ_GRANTS, WRITE_GRANTS
from provisioner.spec.model import Spec

TENANT_WIDE = "AllPrincipals"


@dataclass(frozen=True)
class GrantWanted:
    """application, client and api: the addresses of what the grant is between."""

    api_name: str
    scopes: tuple[str, ...]
    exact: bool
    application: Address
    client: Address
    api: Address


class Grant:
    """A grant belongs to its client, our service principal; users' own grants (`Principal`) are never touched."""

    name = "grant"
    after = ("application", "api_service_principal")

    def wanted(self, spec: Spec) -> Mapping[Address, GrantWanted]:
        if not spec.application.admin_consent:
            return {}
        return {
            Address(spec.name, self.name, api.api_name): GrantWanted(
                api.api_name,
                api.delegated,
                spec.owns_exactly("grants"),
                Address(spec.name, "application"),
                Address(spec.name, "service_principal"),
                Address(spec.name, "api_service_principal", api.api_name),
            )
            for api in spec.delegated
        }

    async def observe(
        self, wanted: Mapping[Address, GrantWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[GrantFacts]]:
        seen: dict[Address, Observation[GrantFacts]] = {}
        for address, grant in wanted.items():
            application, api = known.fact(grant.application), known.fact(grant.api)
            if (unknown := blocked(known, grant.application, grant.api)) is not None:
                seen[address] = unknown
            elif application is None or api is None:
                seen[address] = Absent()
            else:
                app_id = application.app_id
                listed = await read.once(f"grants/{app_id}", partial(read.clients.graph.list_grants, app_id))
                seen[address] = _tenant_wide(listed, api.id)
        return seen

    def steps(
        self, address: Address, wanted: GrantWanted | None, seen: Observation[GrantFacts], now: datetime
    ) -> Sequence[Step]:
        if wanted is None:
            return ()
        granted = seen.fact.scopes if isinstance(seen, Present) else ()
        path = f"application.permissions[{wanted.api_name}].delegated"
        changes, kept = compare.entries(path, wanted.scopes, granted, exact=wanted.exact)
        kept = tuple(f"grant of {scope}" for scope in kept)
        if not changes:
            return (Step(address, Action.NONE, kept=kept),) if kept else ()
        present = isinstance(seen, Present)
        return (
            Step(
                address,
                Action.UPDATE if present else Action.CREATE,
                "update" if present else "grant",
                changes,
                kept=kept,
                needs=(wanted.client, wanted.api),
                target=str(address),
                removal=any(change.removes_entry for change in changes),
                reason="tenant-wide admin consent",
                seen=seen.fact.id if isinstance(seen, Present) else "",
            ),
        )

    async def perform(
        self, step: Step, wanted: GrantWanted | None, known: Known, write: Writer
    ) -> Observation[GrantFacts]:
        assert wanted is not None, "only destroy removes a grant"  # steps() never plans it
        client, api = known.fact(wanted.client), known.fact(wanted.api)
        assert client is not None and api is not None, "both are among the needs"
        graph = write.clients.graph
        there = _tenant_wide(await graph.list_grants(client.app_id), api.id)
        if not isinstance(there, Present):
            try:
                return Present(
                    await retry_while(
                        write,
                        directory_lag,
                        lambda: graph.create_grant(client.id, api.id, wanted.scopes),
                        "the new service principal to be visible",
                        DIRECTORY_DEADLINE_S,
                    )
                )
            except ConflictError:
                there = _tenant_wide(await graph.list_grants(client.app_id), api.id)
                if not isinstance(there, Present):
                    raise
        if not left_to_do(step, self.steps(step.address, wanted, there, write.clock.now())):
            return there
        return await self._complete(wanted, there.fact, write)

    async def _complete(self, wanted: GrantWanted, there: GrantFacts, write: Writer) -> Observation[GrantFacts]:
        others = () if wanted.exact else there.scopes
        scopes = tuple(dict.fromkeys((*others, *wanted.scopes)))
        await write.clients.graph.update_grant(there.id, scopes)
        return Present(GrantFacts(there.id, there.client_id, there.resource_id, there.consent_type, scopes))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_GRANTS,) if operation == "observe" else (WRITE_GRANTS,)

    def person(self, step: Step, wanted: GrantWanted | None, known: Known, clients: TenantClients) -> str | None:
        """The admin consent page: open to a Privileged Role, Cloud Application or Application Administrator."""
        application = None if wanted is None else known.fact(wanted.application)
        who = "an administrator who may consent opens"
        if application is None:
            return f"{who} the adminconsent link, which plan shows once the application exists"
        return f"{who} {clients.cloud.authority}/{clients.tenant}/adminconsent?client_id={application.app_id}"

    def to_spec(self, seen: Mapping[Address, GrantFacts]) -> SpecFragment:
        permissions = [{"api": address.key, "delegated": list(fact.scopes)} for address, fact in seen.items()]
        return {"application": {"permissions": permissions}} if permissions else {}


def _tenant_wide(listed: Sequence[GrantFacts], resource_id: str) -> Observation[GrantFacts]:
    """The one tenant-wide grant to this API: Graph allows no second (sam-facts 5.3)."""
    for grant in listed:
        if grant.resource_id == resource_id and grant.consent_type == TENANT_WIDE:
            return Present(grant)
    return Absent()
