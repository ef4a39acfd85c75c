"""What Azure allows and holds: the runner's rights, provider, name, locks, policies, conditions on roles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from provisioner.clients.arm_facts import RoleAssignmentFacts, VaultFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError
from provisioner.core.observation import Absent, Present, Unknown
from provisioner.operations.preflight.check import Check, Need, Scene, failed, lacking, passed, unknown, unread, untold
from provisioner.resources.contract import Right
from provisioner.resources.marks import TAG
from provisioner.resources.rights import ASSIGN_VAULT_ROLES, READ_SUBSCRIPTION, WRITE_SUBSCRIPTION, WRITE_VAULT
from provisioner.resources.role_assignment import RoleAssignment
from provisioner.resources.vault_roles import ROLE_IDS
from provisioner.spec.model import Spec


@dataclass(frozen=True)
class _Action:
    """name: of the check. told: for people. inside: asked at the innermost place that exists. kinds: that need it."""

    name: str
    told: str
    action: str
    right: Right
    inside: bool
    kinds: tuple[str, ...]


_ACTIONS = (
    _Action(
        "providerRight",
        "register Microsoft.KeyVault",
        "Microsoft.KeyVault/register/action",
        WRITE_SUBSCRIPTION,
        False,
        ("resource_provider",),
    ),
    _Action(
        "groupRight",
        "make the resource group",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
        WRITE_SUBSCRIPTION,
        False,
        ("resource_group",),
    ),
    _Action(
        "vaultRight",
        "make and change the vault",
        "Microsoft.KeyVault/vaults/write",
        WRITE_VAULT,
        True,
        ("vault", "spec_digest"),
    ),
    _Action(
        "assignRight",
        "assign roles",
        "Microsoft.Authorization/roleAssignments/write",
        ASSIGN_VAULT_ROLES,
        True,
        ("role_assignment", "vault"),
    ),
)
_LOCKED = ("vault", "resource_group", "role_assignment", "spec_digest")


async def azure(scene: Scene) -> tuple[Check, ...]:
    """All of Azure's checks."""
    rights, name, locks, policies, conditions = await asyncio.gather(
        _rights(scene),
        _vault_name(scene),
        _read("locks", _locks(scene)),
        _read("azurePolicies", _policies(scene), advisory=True),
        _read("roleConditions", _conditions(scene)),
    )
    return (_provider(scene), *rights, conditions, name, locks, policies)


async def _read(name: str, look: Awaitable[Check], *, advisory: bool = False) -> Check:
    try:
        return await look
    except ApiError as error:
        return unread(name, error, READ_SUBSCRIPTION, advisory=advisory)


def place(scene: Scene) -> str:
    """The innermost of vault, group and subscription that exists: what is said of it holds further in."""
    arm, vault = scene.tenant.clients.arm, scene.spec.vault
    if isinstance(scene.known.get(Address(scene.spec.name, "vault")), Present):
        return arm.vault_id(vault.resource_group, vault.name)
    group = scene.known.fact(Address(scene.spec.name, "resource_group"))
    there = group is not None and group.group is not None
    return arm.group_id(vault.resource_group) if there else f"/subscriptions/{scene.spec.subscription}"


def place_name(scope: str) -> str:
    """A scope for people: its kind, and its name where it has one."""
    parts = scope.strip("/").split("/")
    if len(parts) > 4:
        return f"vault {parts[-1]}"
    return f"resource group {parts[3]}" if len(parts) == 4 else "subscription"


def _provider(scene: Scene) -> Check:
    name = "resourceProvider"
    seen = scene.known.get(Address(scene.spec.name, "resource_provider", "Microsoft.KeyVault"))
    if isinstance(seen, Unknown):
        return untold(name, seen)
    if isinstance(seen, Present) and seen.fact.state != "Registered":
        return passed(name, f"Microsoft.KeyVault is {seen.fact.state} in the subscription: apply registers it")
    return passed(name, "Microsoft.KeyVault is registered in the subscription")


async def _rights(scene: Scene) -> tuple[Check, ...]:
    """Asked of ARM itself, at the subscription and at what exists further in.

    Where the vault was there before us nothing is made around it, and the subscription is none of the runner's.
    """
    governance = scene.tenant.clients.arm.governance
    outer = f"/subscriptions/{scene.spec.subscription}" if scene.spec.vault.mode == "create" else place(scene)
    scopes = (outer, place(scene))
    try:
        whole, inner = await asyncio.gather(*(governance.list_permissions(scope) for scope in scopes))
    except ApiError as error:
        return tuple(unread(action.name, error, action.right) for action in _ACTIONS)
    return tuple(
        _right(
            scene,
            action,
            scopes[action.inside],
            any(held.allows(action.action) for held in (whole, inner)[action.inside]),
        )
        for action in _ACTIONS
    )


def _right(scene: Scene, action: _Action, scope: str, held: bool) -> Check:
    where = f"in the {place_name(scope)}"
    if held:
        return passed(action.name, f"the runner may {action.told} {where}")
    text = f"the runner may not {action.told} {where} ({action.action})"
    return lacking(action.name, scene.need(*action.kinds), text, _assign(scene, action.right.names[0], scope))


def _assign(scene: Scene, role: str, scope: str) -> str:
    """The command that gives the runner a role."""
    runner = scene.tenant.runner
    kind = "User" if runner.user_name else "ServicePrincipal"
    return (
        f'az role assignment create --role "{role}" --scope {scope} '
        f"--assignee-object-id {runner.object_id} --assignee-principal-type {kind}"
    )


async def _vault_name(scene: Scene) -> Check:
    name, vault = "vaultName", scene.spec.vault
    seen = scene.known.get(Address(scene.spec.name, "vault"))
    if isinstance(seen, Present):
        return _vault_there(name, scene.spec, seen.fact)
    if isinstance(seen, Absent) and seen.remains is not None:
        if seen.remains.tags.get(TAG) == scene.spec.name and vault.mode != "use":
            return passed(name, f"a soft-deleted vault of ours holds {vault.name}: apply recovers it")
        step = f"az keyvault recover --name {vault.name}, or choose another vault.name in the spec"
        return failed(name, f"a soft-deleted vault that is not ours holds {vault.name}", step)
    if vault.mode != "create" and isinstance(seen, Absent):
        text = f"there is no vault {vault.name} in the resource group {vault.resource_group}"
        return failed(name, text, "correct vault.name, vault.resourceGroup or subscription in the spec")
    try:
        taken = await scene.tenant.clients.arm.governance.vault_name_taken(vault.name)
    except ApiError as error:
        return unread(name, error, READ_SUBSCRIPTION)
    if taken:
        return failed(name, taken, "vault names are unique in all of Azure: choose another vault.name in the spec")
    return passed(name, f"the vault name {vault.name} is free")


def _vault_there(name: str, spec: Spec, fact: VaultFacts) -> Check:
    vault, owner = spec.vault, fact.tags.get(TAG)
    if vault.mode == "use":
        return passed(name, f"the vault {vault.name} is there; it is managed elsewhere")
    if owner == spec.name:
        return passed(name, f"the vault {vault.name} is ours")
    if vault.mode == "create":
        step = "choose another vault.name in the spec; or write mode: adopt into vault"
        return failed(name, f"a vault {vault.name} exists without our mark", step)
    if owner is None:
        return passed(name, f"the vault {vault.name} is there: apply marks it as ours")
    return failed(name, f"the vault {vault.name} belongs to the spec {owner}", "write mode: use")


async def _locks(scene: Scene) -> Check:
    """A read-only lock refuses every write to the vault and its roles; secrets in it can still be written."""
    name = "locks"
    found = await scene.tenant.clients.arm.governance.list_locks(place(scene))
    binding = next((lock for lock in found if lock.level == "ReadOnly"), None)
    if binding is not None and scene.need(*_LOCKED) is not Need.NO:
        text = f"the read-only lock {binding.name} on the {place_name(binding.scope)} refuses what apply would write"
        return failed(name, text, f"az lock delete --ids {binding.id}")
    if found:
        told = ", ".join(f"{lock.name} ({lock.level}) on the {place_name(lock.scope)}" for lock in found)
        return passed(name, f"{told}: refuses no write that is planned now")
    return passed(name, "no lock is in the way")


async def _policies(scene: Scene) -> Check:
    """Their rules are read nowhere: what a definition denies is told by the first write, with the policy's name."""
    name = "azurePolicies"
    found = await scene.tenant.clients.arm.governance.list_policy_names(place(scene))
    if not found:
        return passed(name, "no Azure policy is assigned")
    if isinstance(scene.known.get(Address(scene.spec.name, "vault")), Present):
        return passed(name, f"{', '.join(found)}: the vault was let through")
    text = f"whether one of these denies the vault is told by the first write: {', '.join(found)}"
    step = f"az policy state list --resource-group {scene.spec.vault.resource_group}, or ask who assigned them"
    return unknown(name, text, step, advisory=True)


async def _conditions(scene: Scene) -> Check:
    """A condition on the runner's right to assign roles may leave out one that the spec wants (by its GUID)."""
    name = "roleConditions"
    listed = await scene.tenant.clients.arm.list_role_assignments(place(scene))
    mine = [entry for entry in listed if entry.principal_id == scene.tenant.runner.object_id.lower()]
    limited = [entry for entry in mine if entry.condition]
    if not limited:
        return passed(name, "no condition limits which roles the runner may assign")
    wanted = {role.role for role in RoleAssignment().wanted(scene.spec).values()}
    left_out = sorted(role for role in wanted if not any(_names(entry, role) for entry in limited))
    if not left_out:
        return passed(name, "the condition on the runner's role names every role that apply assigns")
    text = f"the condition on the runner's role does not name {', '.join(left_out)}: assigning may be refused"
    return unknown(name, text, f"az role assignment list --scope {place(scene)} --assignee {mine[0].principal_id}")


def _names(assignment: RoleAssignmentFacts, role: str) -> bool:
    role_id = next(known for known, name in ROLE_IDS.items() if name == role)
    return role_id in assignment.condition.lower()
