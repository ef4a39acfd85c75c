"""explain: what is declared, requested and granted, how far it reaches, and who needs which role. Read-only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.core.address import Address
from provisioner.core.exit_codes import COULD_NOT_TELL, DONE
from provisioner.core.observation import Known, Present
from provisioner.operations.outputs import outputs_of
from provisioner.operations.plan import look
from provisioner.operations.tenant import OpenTenant
from provisioner.resources.app_role_assignment import AppRoleAssignment
from provisioner.resources.contract import Right
from provisioner.resources.grant import Grant
from provisioner.resources.kinds import KINDS
from provisioner.resources.permissions import ROLE, SCOPE, Permission, declared, permission_named
from provisioner.resources.vault_roles import SECRETS_OFFICER
from provisioner.spec import catalogue
from provisioner.spec.model import Spec

_OPERATIONS = ("create", "update")
_SCOPES = ("", "subscription", "resource group", "vault")  # widest first


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
class Need:
    """who: `runner`, `operator` or `account`. names: any one of them does. scope: where; "" for the tenant."""

    who: str
    service: str
    names: tuple[str, ...]
    scope: str
    why: str


@dataclass(frozen=True)
class Explanation:
    """unknown: the addresses that could not be read, with the reason."""

    name: str
    permissions: tuple[PermissionRow, ...]
    needs: tuple[Need, ...]
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
        needs=(*_runner(spec), *_operators(spec), *_account(spec)),
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


def _runner(spec: Spec) -> Iterable[Need]:
    """What plan needs (observe), then what apply needs: the least that does, each once."""
    kinds = [kind for kind in KINDS if kind.wanted(spec)]
    for verb, operations in (("plan", ("observe",)), ("apply", _OPERATIONS)):
        rights = dict.fromkeys(right for kind in kinds for name in operations for right in kind.rights(name))
        for right in rights:
            if not any(_implied(right, other) for other in rights if other != right):
                why = f"{verb}: {right.why}" if right.why else verb
                yield Need("runner", right.service, right.names, right.scope, why)


def _implied(right: Right, by: Right) -> bool:
    """Whoever holds the least of `by` holds `right` too. Of two that imply each other the earlier name stays."""
    if right.service != by.service or by.names[0] not in right.names or not _covers(by.scope, right.scope):
        return False
    mutual = right.names[0] in by.names and _covers(right.scope, by.scope)
    return not mutual or by < right


def _covers(scope: str, other: str) -> bool:
    return _SCOPES.index(scope) <= _SCOPES.index(other)


def _operators(spec: Spec) -> Iterable[Need]:
    if spec.consent.operators:
        why = "reads the credential and stores the refresh token; apply assigns it"
        yield Need("operator", "key_vault", (SECRETS_OFFICER,), f"vault {spec.vault.name}", why)
    yield Need("operator", "graph", ("Directory Readers", "member user"), "", "finds the application")


def _account(spec: Spec) -> Iterable[Need]:
    """The person who signs in (sam-facts 7)."""
    account = spec.consent.account or "the account that signs in"
    yield Need("account", "partner_center", ("Admin agent", "Sales agent"), "", f"{account} calls Partner Center")
    yield Need("account", "entra", ("MFA registered",), "", "Partner Center takes no token without MFA (401, 900421)")
    if spec.verify.customer:
        roles = ("Directory Readers", "Global Reader", "User Administrator")
        yield Need("account", "gdap", roles, f"customer {spec.verify.customer}", "verify reads the customer's users")
