"""With what the application proves itself now: the credential in force, read from where the spec keeps it."""

from __future__ import annotations

from collections.abc import Sequence

from provisioner.clients.proof import CertificateProof, ClientProof, FederatedProof, SecretProof
from provisioner.clients.tenant import TenantClients
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.core.errors import CredentialMissingError
from provisioner.resources.credential.place import (
    CredentialPlace,
    find_certificate,
    is_brought,
    secret_name,
    version_in_force,
)

_APPLY = "provisioner apply SPEC"


async def proof_in_force(clients: TenantClients, place: CredentialPlace) -> ClientProof:
    """Reads a secret's value, or which certificate version is in force; asks nothing of a platform yet.

    Raises: CredentialMissingError when there is none; ApiError.
    """
    if place.type == "federated":
        return FederatedProof(lambda: clients.platform.token(place.audience))
    found = await (_certificate(clients, place) if place.type == "certificate" else _secret(clients, place))
    if found is None:
        raise CredentialMissingError(
            f"the application's credential {place.name} is not in the vault {place.vault_name}",
            where="application.credential",
            next_step=_APPLY,
        )
    return found


async def _secret(clients: TenantClients, place: CredentialPlace) -> ClientProof | None:
    """The list tells a client secret from a certificate's own, whose value may be a private key and is not asked for.

    Reading a disabled one is refused by the vault, which says so.
    """
    vault = clients.vault(place.vault_name)
    stored = await vault.list_secrets()
    name = secret_name(place, stored)
    if not any(secret.name.lower() == name.lower() and not secret.managed for secret in stored):
        return None
    found = await vault.find_secret(name)
    return None if found is None else SecretProof(found.value)


async def _certificate(clients: TenantClients, place: CredentialPlace) -> ClientProof | None:
    certificates = clients.certificates(place.vault_name)
    stored = await clients.vault(place.vault_name).list_secrets()
    name, versions = await find_certificate(place, stored, certificates.list_versions)
    in_force = version_in_force(place, versions)
    if is_brought(versions):
        in_force = await _on_application(clients, place, versions)
    found = None if in_force is None else await certificates.find(name, in_force.version)
    if found is None:
        return None
    return CertificateProof(certificates, name, found.facts.version, found.sha256, clients.clock)


async def _on_application(
    clients: TenantClients, place: CredentialPlace, versions: Sequence[CertificateFacts]
) -> CertificateFacts | None:
    """Of a certificate that is another's, and so has no tag of ours: the newest version the application takes."""
    application = await place.application.find(clients.graph)
    taken = {entry.thumbprint for entry in application.keys} if application is not None else set()
    usable = [version for version in versions if version.enabled and version.thumbprint in taken]
    return usable[-1] if usable else None
