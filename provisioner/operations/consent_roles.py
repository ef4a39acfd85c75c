"""Whether whoever runs `consent` holds the vault roles that it needs, as far as Azure tells them."""

from __future__ import annotations

from provisioner.clients.arm_facts import RoleAssignmentFacts, VaultFacts
from provisioner.clients.identity import RunnerFacts
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import ConsentError, ForbiddenError
from provisioner.resources.access_policies import WHO, command_for
from provisioner.resources.vault_roles import CERTIFICATES_OFFICER, READER, covering, operator_roles
from provisioner.spec.model import Spec

_APPLY = "provisioner apply SPEC"


async def holds_roles(clients: TenantClients, spec: Spec, vault: VaultFacts | None, runner: RunnerFacts) -> bool:
    """True when roles of the caller's own allow it, be they too new to count already; False when that cannot be seen.

    Raises: ConsentError when a role is missing, with the id to give it to.
    """
    if vault is None:
        return False
    if not vault.rbac:
        return _policies_let_in(spec, vault, runner)
    try:
        listed = await clients.arm.list_role_assignments(vault.id)
    except ForbiddenError:
        return False
    needed = operator_roles(spec.application.credential.type)
    if all(_is_given(role, listed, runner) for role in needed):
        return True
    missing = [role for role in needed if not (_is_given(role, listed, runner) or _may_be_given(role, listed))]
    if missing:
        raise _missing(missing, spec, runner)
    return False


def _policies_let_in(spec: Spec, vault: VaultFacts, runner: RunnerFacts) -> bool:
    """The same of a vault with access policies, where one for a group may be the caller's too."""
    command = command_for(vault, runner.object_id.lower(), operator_roles(spec.application.credential.type))
    if command and all(policy.object_id == runner.object_id for policy in vault.access_policies):
        raise ConsentError(
            f"the access policies of vault {vault.name} do not let {runner.label} store the token",
            where="vault",
            next_step=f"{WHO}\n  {command}",
        )
    return not command


def shut_out(spec: Spec, runner: RunnerFacts, error: ForbiddenError) -> ConsentError:
    """The vault says no to somebody whose roles cannot be seen, or do not count after all the waiting."""
    roles = ", ".join(operator_roles(spec.application.credential.type))
    return ConsentError(
        f"vault {spec.vault.name} does not let {runner.label} in: {error.what}",
        where=error.where,
        next_step=f"needed there: {roles}. If apply has just given them to {runner.object_id} (consent.operators), "
        "they take up to 10 minutes to count: run the same command again then",
    )


def _enough(role: str) -> frozenset[str]:
    """The ids of roles that do: the runner, who makes certificates, sees them without being a reader of all."""
    return covering(role) | (covering(CERTIFICATES_OFFICER) if role == READER else frozenset())


def _is_given(role: str, listed: tuple[RoleAssignmentFacts, ...], runner: RunnerFacts) -> bool:
    enough = _enough(role)
    return any(entry.role_id in enough and entry.principal_id == runner.object_id for entry in listed)


def _may_be_given(role: str, listed: tuple[RoleAssignmentFacts, ...]) -> bool:
    """A group has it, and the caller may be among its members."""
    enough = _enough(role)
    return any(entry.role_id in enough and entry.principal_type == "Group" for entry in listed)


def _missing(roles: list[str], spec: Spec, runner: RunnerFacts) -> ConsentError:
    return ConsentError(
        f"{runner.label} has no role on vault {spec.vault.name} that gives what {' and '.join(roles)} give",
        where="vault",
        next_step=f"add {runner.object_id} to consent.operators and have the runner run {_APPLY}: it assigns them",
    )
