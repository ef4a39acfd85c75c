"""explain: what is declared, requested and granted, how far it reaches, and who needs which role. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.core.address import Address
from provisioner.core.exit_codes import COULD_NOT_TELL, DONE
from provisioner.core.observation import Known, Present
from provisioner.operations.explain_needs import Need, Once, needs_of, once
from provisioner.operations.outputs import outputs_of
from provisioner.operations.pipelines import Pipeline, pipelines
from provisioner.operations.plan import look
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.app_role_assignment import AppRoleAssignment
from provisioner.resources.grant import Grant
from provisioner.resources.permissions import ROLE, SCOPE, Permission, declared, permission_named
from provisioner.spec import catalogue
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class PermissionRow:
    """requested: on the application. granted: in the tenant. None: could not be read."""

    api: str
    value: str
    kind: str
    declared: bool
    requested: bool | None
    granted: bool | None
    risk: str
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """once: what is done before the first apply, and by whom. pipelines: how a pipeline signs in, a block each.

    unknown: the addresses that could not be read, with the reason.
    """

    name: str
    permissions: tuple[PermissionRow, ...]
    needs: tuple[Need, ...]
    once: tuple[Once, ...]
    pipelines: tuple[Pipeline, ...]
    outputs: dict[str, object]
    unknown: tuple[tuple[str, str], ...]

    def exit_code(self) -> int:
        """4 when something could not be read: a `not granted` may then be a `could not look`."""
        return COULD_NOT_TELL if self.unknown else DONE


async def explain(tenant: OpenTenant, spec: Spec) -> Explanation:
    """Raises PlanError for what no plan can be made of."""
    seen = await look(tenant, spec)
    return Explanation(
        name=spec.name,
        permissions=tuple(_permissions(spec, seen.known)),
        needs=needs_of(spec),
        once=once(spec, tenant.runner, tenant.clients.cloud),
        pipelines=pipelines(spec, tenant.runner),
        outputs=await outputs_of(tenant, spec, seen.known),
        unknown=tuple((str(step.address), step.reason) for step in seen.plan.unknown),
    )


def _permissions(spec: Spec, known: Known) -> Iterable[PermissionRow]:
    """Declared first, in the spec's order, then what is requested or granted without being declared."""
    asked = declared(spec)
    requested = _requested(spec, known)
    others = sorted(entry for entry in (requested or frozenset()) | set(_granted_at_all(known)) if entry not in asked)
    for entry in (*asked, *others):
        risk = catalogue.risk(entry.api_app_id, entry.kind, entry.value)
        yield PermissionRow(
            api=entry.api_name,
            value=entry.value,
            kind="delegated" if entry.kind == SCOPE else "application",
            declared=entry in asked,
            requested=None if requested is None else entry in requested,
            granted=_granted(spec, entry, known),
            risk=risk.word,
            sentence=risk.sentence,
        )


def _requested(spec: Spec, known: Known) -> frozenset[Permission] | None:
    address = Address(spec.name, "application")
    if known.unknown(address) is not None:
        return None
    fact = known.fact(address)
    if fact is None:
        return frozenset()
    return frozenset(permission_named(entry, fact.apis.get(entry.api_app_id)) for entry in fact.application.required)


def _granted_at_all(known: Known) -> Iterable[Permission]:
    """Every permission granted to our service principal for the whole tenant, the spec's and others'."""
    for address, seen in known.items():
        if not isinstance(seen, Present):
            continue
        if address.kind == Grant.name:
            for scope in seen.fact.scopes:
                yield Permission(address.key, catalogue.api_app_id(address.key), SCOPE, scope)
        elif address.kind == AppRoleAssignment.name:
            api, _, value = address.key.rpartition("/")
            yield Permission(api, catalogue.api_app_id(api), ROLE, value)


def _granted(spec: Spec, entry: Permission, known: Known) -> bool | None:
    if entry.kind == SCOPE:
        address = Address(spec.name, Grant.name, entry.api_name)
    else:
        address = Address(spec.name, AppRoleAssignment.name, f"{entry.api_name}/{entry.value}")
    if known.unknown(address) is not None:
        return None
    return entry in set(_granted_at_all(known))
