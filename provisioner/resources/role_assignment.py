"""Roles on the vault: the consumers' (`vault.access`), the operators' (`consent.operators`) and the runner's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisioner.clients.arm_facts import RoleAssignmentFacts, VaultFacts
from provisioner.clients.identity import RunnerFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ConflictError
from provisioner.core.observation import Absent, Known, Observation, Present, Unknown
from provisioner.core.step import Action, Change, Step
from provisioner.resources import access_policies
from provisioner.resources.access_policies import Asked, PolicyFact, PolicyGap
from provisioner.resources.access_spec import access_fragment
from provisioner.resources.contract import Reader, Right, SpecFragment, Writer, blocked, could_not_look
from provisioner.resources.lag import DIRECTORY_DEADLINE_S, principal_lag, retry_while
from provisioner.resources.marks import role_assignment_name, role_assignment_note
from provisioner.resources.rights import ASSIGN_VAULT_ROLES, READ_VAULT
from provisioner.resources.vault_contents import other_spec, stays_shared
from provisioner.resources.vault_roles import (
    CERTIFICATES_OFFICER,
    ROLE_IDS,
    SECRETS_OFFICER,
    covering,
    operator_roles,
    runner_roles,
)
from provisioner.spec.model import PrincipalType, Spec

ACCESS, OPERATOR, RUNNER = "access", "operator", "runner"
PURPOSES = (ACCESS, OPERATOR, RUNNER)


@dataclass(frozen=True)
class RoleWanted:
    """principal "" stands for whoever applies. purpose: `access`, `operator` or `runner`. exact: others' are to go.

    model_stays: the vault was there before us; where it has access policies, they are what gives access.
    spare: a runner's role that nothing of the spec needs, but what another type of credential left behind may. It is
    never told of unless a step asks for it.
    """

    spec_name: str
    scope_group: str
    scope_vault: str
    role: str
    principal: str
    principal_type: PrincipalType
    purpose: str
    vault: Address
    exact: bool
    model_stays: bool
    spare: bool = False


@dataclass(frozen=True)
class RoleFact:
    """assignment: the one that gives the role, or a wider one.

    extra: on the vault itself, and not asked for by the spec. ours: made by us for it once. exact: then it is to go.
    relied_on: but not while this other spec, which shares the vault, may need it.
    """

    assignment: RoleAssignmentFacts
    extra: bool = False
    ours: bool = False
    exact: bool = False
    relied_on: str = ""


def runner_address(spec_name: str, role: str = SECRETS_OFFICER) -> Address:
    """Where the runner's own role stands in the plan; what writes to the vault needs it."""
    return Address(spec_name, RoleAssignment.name, f"{role}/{RUNNER}")


def runner_addresses(spec: Spec) -> tuple[Address, ...]:
    """Every role the runner needs on the vault for what the spec keeps there."""
    return tuple(runner_address(spec.name, role) for role in runner_roles(spec.application.credential.type))


def holds_role(known: Known, role: Address, runner: RunnerFacts) -> bool:
    """Whether the identity that applies is known to have the role: then a 403 is lag and worth waiting for."""
    fact = known.fact(role)
    return isinstance(fact, RoleFact) and fact.assignment.principal_id == runner.object_id.lower()


class RoleAssignment:
    """Ours when its name is the GUID of its own scope, principal and role, and its description is ours."""

    name = "role_assignment"
    after = ("vault",)

    def wanted(self, spec: Spec) -> Mapping[Address, RoleWanted]:
        def entry(role: str, principal: str, kind: PrincipalType, purpose: str) -> RoleWanted:
            vault = Address(spec.name, "vault")
            group = spec.vault.resource_group
            exact = spec.owns_exactly("access")
            stays = spec.vault.mode != "create"
            return RoleWanted(
                spec.name, group, spec.vault.name, role, principal.lower(), kind, purpose, vault, exact, stays
            )

        kind = spec.application.credential.type
        roles = {}
        for role in dict.fromkeys((*runner_roles(kind), CERTIFICATES_OFFICER)):
            runner = entry(role, spec.vault.runner or "", "ServicePrincipal", RUNNER)
            roles[runner_address(spec.name, role)] = replace(runner, spare=role not in runner_roles(kind))
        for operator in spec.consent.operators:
            for role in operator_roles(kind):
                address = Address(spec.name, self.name, f"{role}/{operator}")
                roles[address] = entry(role, operator, "User", OPERATOR)
        for access in spec.vault.access or ():
            address = Address(spec.name, self.name, f"{access.role}/{access.principal}")
            roles[address] = entry(access.role, access.principal, access.type, ACCESS)
        return roles

    def rests_on(self, address: Address, wanted: RoleWanted | None) -> tuple[Address, ...]:
        return (Address(address.name, "vault"),)

    async def observe(
        self, wanted: Mapping[Address, RoleWanted], known: Known, read: Reader
    ) -> Mapping[Address, Observation[RoleFact | PolicyFact]]:
        first = next(iter(wanted.values()))
        asked = [address for address, role in wanted.items() if not role.spare]
        if (unknown := blocked(known, first.vault)) is not None:
            return dict.fromkeys(asked, unknown)
        vault = known.fact(first.vault)
        if vault is None:
            return dict.fromkeys(asked, Absent())
        try:
            return await self._look(wanted, vault, read)
        except ApiError as error:
            return dict.fromkeys(asked, could_not_look(error, READ_VAULT.told()))

    async def _look(
        self, wanted: Mapping[Address, RoleWanted], vault: VaultFacts, read: Reader
    ) -> Mapping[Address, Observation[RoleFact | PolicyFact]]:
        first = next(iter(wanted.values()))
        if vault.rbac or not first.model_stays:
            return await self._by_roles(wanted, vault, read)
        by_policy = {
            address: asked
            for address, role in wanted.items()
            if not role.spare and (asked := _asked(role, read.runner))
        }
        left = {address: role for address, role in wanted.items() if address not in by_policy}
        seen = dict(await self._by_roles(left, vault, read)) if left else {}
        policies, given = await access_policies.look(by_policy, vault, read)
        known_to_spec = {asked.principal for asked in by_policy.values()} | {read.runner.object_id.lower()}
        others = {
            Address(first.spec_name, self.name, f"access policy/{other.principal}"): Present(other)
            for other in policies.others(known_to_spec, exact=first.exact)
        }
        return {**seen, **given, **others}

    async def _by_roles(
        self, wanted: Mapping[Address, RoleWanted], vault: VaultFacts, read: Reader
    ) -> Mapping[Address, Observation[RoleFact | PolicyFact]]:
        first = next(iter(wanted.values()))
        listed = await read.clients.arm.list_role_assignments(vault.id)
        runner = read.runner.object_id.lower()
        left = [entry for entry in listed if _left_by_us(entry, first.spec_name, wanted.values(), runner)]
        standing = [entry for entry in listed if entry not in left]
        seen: dict[Address, Observation[RoleFact | PolicyFact]] = {}
        for address, role in wanted.items():
            found = _find(role, standing, read.runner.object_id)
            if isinstance(found, Present) or not role.spare:
                seen[address] = found
        used = {
            found.fact.assignment.name
            for found in seen.values()
            if isinstance(found, Present) and isinstance(found.fact, RoleFact)
        }
        for entry in listed:
            if entry.name in used or not _on_vault(entry, vault.id) or _of_a_runner(entry, first.spec_name, read):
                continue
            role_name = ROLE_IDS.get(entry.role_id, entry.role_id)
            address = Address(first.spec_name, self.name, f"{role_name}/{entry.principal_id}")
            if address not in seen:
                seen[address] = await _extra(entry, entry in left, first, vault, read)
        return seen

    def steps(
        self, address: Address, wanted: RoleWanted | None, seen: Observation[RoleFact | PolicyFact], now: datetime
    ) -> Sequence[Step]:
        if isinstance(seen, Present):
            fact = seen.fact
            if not fact.extra:
                return ()
            if isinstance(fact, PolicyFact):
                return (access_policies.extra_step(address, fact),)
            return (_extra_step(address, fact),)
        if wanted is None:
            return ()
        if isinstance(seen, Absent) and isinstance(seen.remains, PolicyGap):
            return (access_policies.gap_step(address, seen.remains, on_demand=wanted.purpose == RUNNER),)
        who = wanted.principal or "whoever applies"
        return (
            Step(
                address,
                Action.CREATE,
                "assign",
                (Change("role", None, wanted.role), Change("principal", None, who)),
                needs=(wanted.vault,),
                target=str(address),
                on_demand=wanted.purpose == RUNNER,
                reason=_REASONS[wanted.purpose],
            ),
        )

    async def perform(
        self, step: Step, wanted: RoleWanted | None, known: Known, write: Writer
    ) -> Observation[RoleFact]:
        vault = known.fact(Address(step.address.name, "vault"))
        assert vault is not None, "the vault is among the needs"
        listed = await write.clients.arm.list_role_assignments(vault.id)
        if wanted is None:
            for assignment in listed:
                if assignment.id == step.seen:
                    await write.clients.arm.delete_role_assignment(vault.id, assignment.name)
            return Absent()
        # A wider role that we gave once may leave with this very plan: only the role itself, or another's, is enough.
        staying = [
            entry
            for entry in listed
            if not made_by_us(entry, wanted.spec_name, ACCESS, OPERATOR) or _gives(entry, wanted.role)
        ]
        there = _find(wanted, staying, write.runner.object_id)
        return there if isinstance(there, Present) else await self._assign(wanted, vault.id, write)

    async def _assign(self, wanted: RoleWanted, scope: str, write: Writer) -> Observation[RoleFact]:
        arm = write.clients.arm
        principal = wanted.principal or write.runner.object_id.lower()
        role_id = next(known_id for known_id, role in ROLE_IDS.items() if role == wanted.role)
        try:
            made = await retry_while(
                write,
                principal_lag,
                lambda: arm.create_role_assignment(
                    scope,
                    role_assignment_name(scope, principal, role_id),
                    role_id=role_id,
                    principal_id=principal,
                    principal_type=_type_of(wanted, principal, write.runner),
                    description=role_assignment_note(wanted.spec_name, wanted.purpose),
                ),
                f"principal {principal}",
                DIRECTORY_DEADLINE_S,
            )
        except ConflictError:
            there = _find(wanted, await arm.list_role_assignments(scope), write.runner.object_id)
            if not isinstance(there, Present):
                raise
            return there
        return Present(RoleFact(made))

    def rights(self, operation: str) -> tuple[Right, ...]:
        return (READ_VAULT,) if operation == "observe" else (ASSIGN_VAULT_ROLES,)

    def person(self, step: Step, wanted: RoleWanted | None, known: Known, clients: TenantClients) -> str | None:
        if wanted is None:
            return f"az role assignment delete --ids {step.seen}"
        scope = clients.arm.vault_id(wanted.scope_group, wanted.scope_vault)
        return (
            f'az role assignment create --role "{wanted.role}" --scope {scope} '
            f"--assignee-object-id {wanted.principal or 'RUNNER_OBJECT_ID'} "
            f"--assignee-principal-type {wanted.principal_type}"
        )

    def to_spec(self, seen: Mapping[Address, RoleFact | PolicyFact]) -> SpecFragment:
        """What the runner itself holds is no part of a spec: it is planned where a step needs it."""
        facts = [fact for address, fact in seen.items() if not address.key.endswith(f"/{RUNNER}")]
        roles = [fact.assignment for fact in facts if isinstance(fact, RoleFact)]
        return access_fragment(roles, [fact for fact in facts if isinstance(fact, PolicyFact) and fact.extra])


_REASONS = {
    RUNNER: "a pending step writes to the vault",
    OPERATOR: "consent.operators may run consent from their own machine",
    ACCESS: "",
}


def _asked(wanted: RoleWanted, runner: RunnerFacts) -> Asked | None:
    """What stands for the role in access policies; None for a role that is about the vault itself."""
    permissions = access_policies.permissions_of(wanted.role, consumer=wanted.purpose == ACCESS)
    if permissions is None:
        return None
    principal = wanted.principal or runner.object_id.lower()
    return Asked(principal, _type_of(wanted, principal, runner), permissions)


def _type_of(wanted: RoleWanted, principal: str, runner: RunnerFacts) -> PrincipalType:
    is_user = principal == runner.object_id.lower() and bool(runner.user_name)
    return "User" if is_user else wanted.principal_type


def _find(wanted: RoleWanted, listed: Sequence[RoleAssignmentFacts], runner: str) -> Observation[RoleFact]:
    """A wider role, or one inherited from above the vault, counts as present; where access is exact, not a wider one.

    Of several, the role itself: what is wider than that is another's.
    """
    principal = wanted.principal or runner.lower()
    held = [entry for entry in listed if entry.principal_id == principal and entry.role_id in covering(wanted.role)]
    itself = [entry for entry in held if _gives(entry, wanted.role)]
    narrow = wanted.exact and wanted.purpose != RUNNER
    found = next(iter(itself if narrow or itself else held), None)
    return Absent() if found is None else Present(RoleFact(found))


def made_by_us(assignment: RoleAssignmentFacts, spec_name: str, *purposes: str) -> bool:
    """Made by us for the spec and one of these purposes: by its name, which is our GUID, and its description."""
    ours = role_assignment_name(assignment.scope, assignment.principal_id, assignment.role_id) == assignment.name
    return ours and assignment.description in {role_assignment_note(spec_name, purpose) for purpose in purposes}


def _left_by_us(assignment: RoleAssignmentFacts, spec_name: str, wanted: Iterable[RoleWanted], runner: str) -> bool:
    """Made by us for the spec (by name and description), which no longer asks for this very role of the principal."""
    needed = [each for each in wanted if not each.spare]
    asked = any(
        _gives(assignment, each.role) and (each.principal or runner) == assignment.principal_id for each in needed
    )
    return made_by_us(assignment, spec_name, ACCESS, OPERATOR) and not asked


async def _extra(
    entry: RoleAssignmentFacts, ours: bool, first: RoleWanted, vault: VaultFacts, read: Reader
) -> Observation[RoleFact]:
    """What the spec does not ask for; before it is to go, whether another spec may rely on it. first: any wanted."""
    other = await other_spec(vault, first.spec_name, read) if ours or first.exact else ""
    if isinstance(other, Unknown):
        return replace(other, asks=(runner_address(first.spec_name),))
    return Present(RoleFact(entry, extra=True, ours=ours, exact=first.exact, relied_on=other))


def _gives(assignment: RoleAssignmentFacts, role: str) -> bool:
    """This very role."""
    return ROLE_IDS.get(assignment.role_id) == role


def _on_vault(assignment: RoleAssignmentFacts, vault_id: str) -> bool:
    return assignment.scope.lower() == vault_id.lower()


def _of_a_runner(assignment: RoleAssignmentFacts, spec_name: str, read: Reader) -> bool:
    """This runner's, or made by us for another one: both stay (design section 2)."""
    note = role_assignment_note(spec_name, RUNNER)
    return assignment.principal_id == read.runner.object_id.lower() or assignment.description == note


def _extra_step(address: Address, fact: RoleFact) -> Step:
    if not (fact.ours or fact.exact):
        return Step(address, Action.NONE, kept=(f"role of {fact.assignment.principal_type or 'principal'}",))
    if fact.relied_on:
        return Step(address, Action.NONE, reason=stays_shared(fact.assignment, fact.relied_on))
    return Step(
        address,
        Action.DELETE,
        "withdraw",
        (Change("principal", fact.assignment.principal_id, None),),
        target=str(address),
        removal=True,
        reason="we assigned it, and the spec no longer names it" if fact.ours else "exact: [access]",
        seen=fact.assignment.id,
    )
