"""What the vault lets the runner and the operators do, once it exists."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from provisioner.clients.arm_facts import VaultFacts
from provisioner.core.address import Address
from provisioner.core.errors import ApiError, ForbiddenError
from provisioner.core.observation import Absent, Observation, Present, Unknown
from provisioner.operations.preflight.check import Check, Need, Scene, failed, passed, unknown, unread, untold
from provisioner.operations.preflight.network import vault_host
from provisioner.resources.access_policies import PolicyGap, command_for
from provisioner.resources.rights import LIST_SECRETS
from provisioner.resources.role_assignment import RUNNER, RoleAssignment, RoleWanted
from provisioner.resources.vault_contents import list_secrets
from provisioner.resources.vault_roles import runner_roles

_IN_IT = ("vaultHost", "vaultFirewall", "vaultAccess")
_FIREWALL = ("ForbiddenByFirewall", "ForbiddenByConnection")


async def vault(scene: Scene) -> tuple[Check, ...]:
    """Host, firewall and roles; before the vault is there, nothing is in the way."""
    seen = scene.known.get(Address(scene.spec.name, "vault"))
    if isinstance(seen, Unknown):
        return (*(untold(name, seen) for name in _IN_IT), *roles(scene))
    if not isinstance(seen, Present):
        text = f"the vault {scene.spec.vault.name} is yet to be made: apply makes it and assigns the roles"
        return tuple(passed(name, text) for name in _IN_IT)
    host, (firewall, access) = await asyncio.gather(
        vault_host(scene.tenant.clients.session, scene.tenant.clients.cloud.vault_url(scene.spec.vault.name)),
        _data_plane(scene, seen.fact),
    )
    return (host, firewall, access, *roles(scene))


async def _data_plane(scene: Scene, fact: VaultFacts) -> tuple[Check, Check]:
    """The vault's own answer tells firewall and roles apart."""
    open_to = _open_to(fact)
    try:
        await list_secrets(scene.reader, scene.spec.vault.name)
    except ForbiddenError as error:
        if error.code in _FIREWALL:
            blocked = failed("vaultFirewall", error.message, _let_in(scene, error.message))
            return blocked, unknown("vaultAccess", "the vault's firewall is in the way", "see vault firewall")
        return passed("vaultFirewall", open_to), _no_access(scene, fact, error)
    except ApiError as error:
        return unread("vaultFirewall", error), unread("vaultAccess", error, LIST_SECRETS)
    return passed("vaultFirewall", open_to), passed("vaultAccess", "the runner can list the vault's secrets")


def _open_to(fact: VaultFacts) -> str:
    if fact.default_action == "Allow":
        return "the vault answers this machine: its firewall lets everybody in"
    return f"the vault answers this machine: its firewall lets in {', '.join(fact.allowed_ips) or 'its networks'}"


def _let_in(scene: Scene, message: str) -> str:
    """The vault tells the address it saw."""
    seen = re.search(r"Client address: ([0-9a-fA-F.:]+)", message)
    address = seen.group(1).rstrip(".") if seen else "THIS_MACHINES_ADDRESS"
    return f"az keyvault network-rule add --name {scene.spec.vault.name} --ip-address {address}"


def _no_access(scene: Scene, fact: VaultFacts, error: ForbiddenError) -> Check:
    """Once a role is assigned this is lag; before, apply assigns it when it is needed."""
    if not fact.rbac:
        needed = runner_roles(scene.spec.application.credential.type)
        step = command_for(fact, scene.tenant.runner.object_id.lower(), needed) or error.next_step
        return failed("vaultAccess", "the vault uses access policies, and none lets the runner in", step)
    if error.code != "ForbiddenByRbac":
        return unread("vaultAccess", error, LIST_SECRETS)
    wanted = RoleAssignment().wanted(scene.spec)
    mine = [address for address, role in wanted.items() if role.purpose == RUNNER]
    if all(scene.known.fact(address) is not None for address in mine):
        text = "the runner has its roles, but the vault does not see them yet"
        return unknown("vaultAccess", text, "wait: a new role takes up to 10 minutes, then run provisioner doctor SPEC")
    return unknown(
        "vaultAccess", "the runner has no role in the vault yet", "provisioner apply SPEC   # it assigns them"
    )


def roles(scene: Scene) -> Iterable[Check]:
    """Runner, each operator and each consumer: which of their roles stand."""
    people: dict[tuple[str, str], list[tuple[Address, RoleWanted]]] = {}
    for address, role in RoleAssignment().wanted(scene.spec).items():
        people.setdefault((role.purpose, role.principal), []).append((address, role))
    for (purpose, principal), entries in people.items():
        yield _role_check(scene, purpose, principal, entries)


def _gap(seen: Observation[Any]) -> PolicyGap | None:
    """What is missing in a vault with access policies."""
    return seen.remains if isinstance(seen, Absent) and isinstance(seen.remains, PolicyGap) else None


def _is_planned(scene: Scene, addresses: set[Address]) -> bool:
    """The runner's own is asked for only while a step needs it."""
    return scene.plan is None or any(step.address in addresses for step in scene.plan.for_a_person)


_ROLE_CHECKS = {RUNNER: "runnerRoles", "operator": "operatorRoles", "access": "consumerRoles"}


def _role_check(scene: Scene, purpose: str, principal: str, entries: list[tuple[Address, RoleWanted]]) -> Check:
    name, who = _ROLE_CHECKS[purpose], principal or "the runner"
    unread_at = next((seen for address, _ in entries if (seen := scene.known.unknown(address))), None)
    if unread_at is not None:
        return untold(name, unread_at)
    missing = [role.role for address, role in entries if scene.known.fact(address) is None]
    gaps = [gap for address, _ in entries if (gap := _gap(scene.known.get(address))) is not None]
    if gaps and _is_planned(scene, {address for address, _ in entries}):
        lacking = ", ".join(f"{family} {permission}" for gap in gaps for family, permission in gap.lacks)
        return failed(name, f"{who} lacks in the vault's access policies: {lacking}", gaps[0].command)
    if not missing:
        return passed(name, f"{who} has {', '.join(role.role for _, role in entries)}")
    if purpose == RUNNER and scene.need("role_assignment") is Need.NO:
        return passed(name, f"{who} lacks {', '.join(missing)}, and nothing needs it now")
    return passed(name, f"{who} lacks {', '.join(missing)}: apply assigns it")
