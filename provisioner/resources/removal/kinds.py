"""Every kind that `destroy` removes, in the order in which a reader meets them; and why it removes no other."""

from __future__ import annotations

from provisioner.resources.contract import AnyCarried
from provisioner.resources.removal.app_role_assignment import AppRoleAssignmentRemoval
from provisioner.resources.removal.application import ApplicationRemoval
from provisioner.resources.removal.credential import CredentialRemoval
from provisioner.resources.removal.grant import GrantRemoval
from provisioner.resources.removal.refresh_token import RefreshTokenRemoval
from provisioner.resources.removal.resource_group import ResourceGroupRemoval
from provisioner.resources.removal.role_assignment import RoleAssignmentRemoval
from provisioner.resources.removal.vault import VaultRemoval

NO_STEP_OF_ITS_OWN = {
    "resource_provider": "its registration is the subscription's: others may use it",
    "api_service_principal": "Microsoft's service principals are never removed: others may use them",
    "service_principal": "Graph removes it with its application",
    "spec_digest": "a tag, which goes with the vault or with the mark on it",
}


def removals(*, purge: bool) -> tuple[AnyCarried, ...]:
    """purge: also delete for good what can be recovered otherwise."""
    return (
        RefreshTokenRemoval(purge),
        CredentialRemoval(purge),
        AppRoleAssignmentRemoval(),
        GrantRemoval(),
        ApplicationRemoval(purge),
        RoleAssignmentRemoval(),
        VaultRemoval(purge),
        ResourceGroupRemoval(),
    )
