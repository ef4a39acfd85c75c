"""What the spec asks of the credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioner.core.address import Address
from provisioner.resources.credential.place import CredentialPlace, place_of
from provisioner.resources.credential.policy import CHECK
from provisioner.resources.marks import credential_name
from provisioner.resources.role_assignment import runner_address, runner_addresses
from provisioner.resources.vault_roles import CERTIFICATES_OFFICER
from provisioner.spec.model import Spec

EXPIRES_PATH = "application.credential.expires"
"""A new credential's end in a plan, counted from the day it is made: the one value there that moves by itself."""


@dataclass(frozen=True)
class CredentialWanted:
    """mark: the display name of what we add to the application. issuer and subject: of a trusted token.

    policies_may_stay_unread: `safety.accept` does without the tenant's app-management policies.

    rotate_now: replace it though it is not due (`rotate`).
    """

    place: CredentialPlace
    mark: str
    lifetime: timedelta
    rotate_before: timedelta
    overlap: timedelta
    application: Address
    service_principal: Address
    vault: Address
    runner_roles: tuple[Address, ...]
    exportable: bool = False
    issuer: str = ""
    subject: str = ""
    rotate_now: bool = False
    policies_may_stay_unread: bool = False

    @property
    def spec_name(self) -> str:
        return self.place.mark

    @property
    def vault_name(self) -> str:
        return self.place.vault_name

    @property
    def needs(self) -> tuple[Address, ...]:
        """What must be there before anything is written."""
        return (self.application, self.vault, *self.runner_roles)

    @property
    def certificate_roles(self) -> tuple[Address, ...]:
        """What the runner needs in the vault where a certificate is, or one is left that another type replaced."""
        officer = runner_address(self.spec_name, CERTIFICATES_OFFICER)
        return tuple(dict.fromkeys((*self.runner_roles, officer)))


def wanted_credential(spec: Spec, *, rotate_now: bool = False) -> CredentialWanted:
    """What the spec asks for."""
    credential = spec.application.credential
    return CredentialWanted(
        place=place_of(spec),
        mark=credential_name(spec.name, spec.vault.name, credential.name),
        lifetime=credential.lifetime.value,
        rotate_before=credential.rotate_before.value,
        overlap=credential.overlap.value,
        application=Address(spec.name, "application"),
        service_principal=Address(spec.name, "service_principal"),
        vault=Address(spec.name, "vault"),
        runner_roles=runner_addresses(spec),
        exportable=bool(credential.exportable),
        issuer=credential.issuer or "",
        subject=credential.subject or "",
        rotate_now=rotate_now,
        policies_may_stay_unread=CHECK in spec.safety.accept,
    )


def day(moment: datetime | None) -> str:
    """A date for people."""
    return "never" if moment is None else f"{moment:%Y-%m-%d}"


def origin(wanted: CredentialWanted, display_name: str) -> str:
    """Where a credential without our mark for this place comes from, as far as its name tells."""
    if display_name.startswith(wanted.mark.rpartition(":")[0] + ":"):
        return "of this spec, kept in another vault or under another name"
    return "of unknown origin"


def why_now(wanted: CredentialWanted, ends_at: datetime | None) -> str:
    """Why the one in force is replaced."""
    return "you asked for it" if wanted.rotate_now else f"it expires on {day(ends_at)}"
