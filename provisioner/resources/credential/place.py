"""Where the application's credential lies in the vault, and what is in force there.

A certificate takes a key and a secret of its own name with it (sam-facts 6.4), so a certificate and a client secret
cannot share one. Where the spec's type was switched, the newer of the two lies beside: NAME-certificate, NAME-secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioner.clients.key_vault import SecretFacts
from provisioner.clients.vault_certificates import CertificateFacts
from provisioner.resources.marks import TAG
from provisioner.spec.model import CredentialType, Spec

STATE_TAG = "state"
CURRENT = "current"
"""The certificate version that is in force carries `state=current`; a staged one does not."""


@dataclass(frozen=True)
class CredentialPlace:
    """name: of the vault object, as the spec has it. mark: the spec whose objects are ours."""

    type: CredentialType
    vault_name: str
    name: str
    mark: str
    audience: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Where a credential of the spec's type may lie, the likelier name first."""
        return self.names_of(self.type)

    def names_of(self, kind: CredentialType) -> tuple[str, str]:
        """The same for any type: a type that was switched from may still be there."""
        return self.name, f"{self.name}-{kind}"


def place_of(spec: Spec) -> CredentialPlace:
    """The place of the credential the spec asks for."""
    credential = spec.application.credential
    return CredentialPlace(credential.type, spec.vault.name, credential.name, spec.name, credential.audience or "")


def version_in_force(place: CredentialPlace, versions: Iterable[CertificateFacts]) -> CertificateFacts | None:
    """The newest enabled version of ours that is tagged as in force; `versions` oldest first."""
    ours = [
        entry
        for entry in versions
        if entry.enabled and entry.tags.get(TAG) == place.mark and entry.tags.get(STATE_TAG) == CURRENT
    ]
    return ours[-1] if ours else None


def certificate_name(place: CredentialPlace, secrets: Iterable[SecretFacts]) -> str:
    """The name of the certificate among the vault's secrets, of which each certificate is one. Names ignore case."""
    client_secrets = {secret.name.lower() for secret in secrets if not secret.managed}
    return next(name for name in place.names_of("certificate") if name.lower() not in client_secrets)
