"""Every kind of resource there is, in the order in which a reader meets them."""

from __future__ import annotations

from provisioner.resources.api_service_principal import ApiServicePrincipal
from provisioner.resources.app_role_assignment import AppRoleAssignment
from provisioner.resources.application import Application
from provisioner.resources.contract import AnyKind
from provisioner.resources.credential import Credential
from provisioner.resources.grant import Grant
from provisioner.resources.refresh_token import RefreshToken
from provisioner.resources.resource_group import ResourceGroup
from provisioner.resources.resource_provider import ResourceProvider
from provisioner.resources.role_assignment import RoleAssignment
from provisioner.resources.service_principal import ServicePrincipal
from provisioner.resources.spec_digest import SpecDigest
from provisioner.resources.vault import Vault

_WANTED: tuple[AnyKind, ...] = (
    ResourceProvider(),
    ResourceGroup(),
    Vault(),
    RoleAssignment(),
    ApiServicePrincipal(),
    Application(),
    ServicePrincipal(),
    Grant(),
    AppRoleAssignment(),
    Credential(),
    RefreshToken(),
)
KINDS: tuple[AnyKind, ...] = (*_WANTED, SpecDigest(_WANTED))
BY_NAME = {kind.name: kind for kind in KINDS}
