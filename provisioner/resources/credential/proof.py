"""With what the application proves itself now: the credential in force, read from where the spec keeps it."""

from __future__ import annotations

from provisioner.clients.proof import CertificateProof, ClientProof, FederatedProof, SecretProof
from provisioner.clients.tenant import TenantClients
from provisioner.core.errors import CredentialMissingError
from provisioner.resources.credential.place import CredentialPlace, version_in_force

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
    for name in place.names:
        found = await clients.vault(place.vault_name).find_secret(name)
        if found is not None and not found.facts.managed:
            return SecretProof(found.value)
    return None


async def _certificate(clients: TenantClients, place: CredentialPlace) -> ClientProof | None:
    certificates = clients.certificates(place.vault_name)
    for name in place.names:
        version = version_in_force(place, await certificates.list_versions(name))
        found = None if version is None else await certificates.find(name, version.version)
        if found is not None:
            return CertificateProof(certificates, name, found.facts.version, found.sha256, clients.clock)
    return None
