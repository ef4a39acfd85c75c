"""Where the application's credential lies in the vault, and what is in force there.

A certificate takes a key and a secret of its own name with it (sam-facts 6.4), so a certificate and a client secret
cannot share one. Where the spec's type was switched, the newer of the two lies beside: NAME-certificate, NAME-secret.
It stays there when the older one is cleared away, because consumers have learnt its name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.resources.application_key import ApplicationKey
from provisioner.resources.marks import TAG
from provisioner.spec.model import CredentialType, Spec

STATE_TAG = "state"
CURRENT = "current"
"""The certificate version that is in force carries `state=current`; a staged one does not."""

ListVersions = Callable[[str], Awaitable[tuple[CertificateFacts, ...]]]


@dataclass(frozen=True)
class CredentialPlace:
    """name: of the vault object, as the spec has it. mark: the spec whose objects are ours.

    app_id: of the application whose credential it is, where the spec names it.
    """

    type: CredentialType
    vault_name: str
    name: str
    mark: str
    audience: str = ""
    app_id: str = ""

    @property
    def application(self) -> ApplicationKey:
        return ApplicationKey(self.mark, self.app_id)

    def names_of(self, kind: CredentialType) -> tuple[str, str]:
        """Where a credential of a type may lie, the likelier name first."""
        return self.name, f"{self.name}-{kind}"


def place_of(spec: Spec) -> CredentialPlace:
    """The place of the credential the spec asks for."""
    application, credential = spec.application, spec.application.credential
    return CredentialPlace(
        credential.type,
        spec.vault.name,
        credential.name,
        spec.name,
        credential.audience or "",
        application.app_id or "",
    )


def version_in_force(place: CredentialPlace, versions: Iterable[CertificateFacts]) -> CertificateFacts | None:
    """The newest enabled version of ours that is tagged as in force; `versions` oldest first."""
    ours = [
        entry
        for entry in versions
        if entry.enabled and entry.tags.get(TAG) == place.mark and entry.tags.get(STATE_TAG) == CURRENT
    ]
    return ours[-1] if ours else None


def is_brought(versions: Sequence[CertificateFacts]) -> bool:
    """Somebody else's certificate: no version carries a mark, of ours or of another spec."""
    return bool(versions) and not any(TAG in version.tags for version in versions)


def secret_name(place: CredentialPlace, stored: Iterable[SecretFacts]) -> str:
    """The name of the client secret, among the vault's secrets. Names ignore case."""
    by_name = {secret.name.lower(): secret for secret in stored}
    first, second = place.names_of("secret")
    at_first, at_second = by_name.get(first.lower()), by_name.get(second.lower())
    if at_first is not None:
        return second if at_first.managed else first
    ours = at_second is not None and not at_second.managed and at_second.tags.get(TAG) == place.mark
    return second if ours else first


async def find_certificate(
    place: CredentialPlace, stored: Iterable[SecretFacts], list_versions: ListVersions
) -> tuple[str, tuple[CertificateFacts, ...]]:
    """The certificate's name and versions, oldest first. Each certificate is one of the vault's secrets, `stored`.

    Raises what `list_versions` raises.
    """
    managed = {secret.name.lower(): secret.managed for secret in stored}
    first, second = place.names_of("certificate")
    at_first = managed.get(first.lower())
    if at_first is None and managed.get(second.lower()):
        versions = await list_versions(second)
        if any(version.tags.get(TAG) == place.mark for version in versions):
            return second, versions
    name = second if at_first is False else first
    return name, await list_versions(name)
