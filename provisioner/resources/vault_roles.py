"""Which of Key Vault's data roles cover which (sam-facts 6.2)."""

from __future__ import annotations

from provisioner.spec.model import CredentialType
from provisioner.spec.vault_roles import VAULT_ROLES

SECRETS_OFFICER = "Key Vault Secrets Officer"
CERTIFICATES_OFFICER = "Key Vault Certificates Officer"
CRYPTO_USER = "Key Vault Crypto User"
READER = "Key Vault Reader"
SECRETS_USER = "Key Vault Secrets User"
_ADMINISTRATOR = "Key Vault Administrator"

ROLE_IDS: dict[str, str] = {role_id: name for name, role_id in VAULT_ROLES.items()}

_WIDER: dict[str, tuple[str, ...]] = {
    SECRETS_OFFICER: (_ADMINISTRATOR,),
    SECRETS_USER: (SECRETS_OFFICER, _ADMINISTRATOR),
    CERTIFICATES_OFFICER: (_ADMINISTRATOR,),
    "Key Vault Crypto Officer": (_ADMINISTRATOR,),
    CRYPTO_USER: (_ADMINISTRATOR,),
    "Key Vault Crypto Service Encryption User": (_ADMINISTRATOR,),
    READER: (_ADMINISTRATOR,),  # an officer sees the metadata of its own kind of object only
}


def covering(role: str) -> frozenset[str]:
    """The ids of a role and of every role that allows at least the same data actions."""
    names = {role, *_WIDER.get(role, ())}
    return frozenset(known_id for known_id, name in ROLE_IDS.items() if name in names)


def runner_roles(credential_type: CredentialType) -> tuple[str, ...]:
    """What the runner needs on the vault: it keeps the token and the credential there, and signs with a certificate."""
    signing = (CERTIFICATES_OFFICER, CRYPTO_USER) if credential_type == "certificate" else ()
    return (SECRETS_OFFICER, *signing)


def operator_roles(credential_type: CredentialType) -> tuple[str, ...]:
    """What `consent` needs: it stores the token; with a certificate it finds the version in force and signs with it."""
    signing = (READER, CRYPTO_USER) if credential_type == "certificate" else ()
    return (SECRETS_OFFICER, *signing)


def consumer_roles(credential_type: CredentialType) -> tuple[str, ...]:
    """What a program that redeems the token needs: it reads it (and the secret); with a certificate it also finds the
    version in force and has the vault sign.
    """
    signing = (READER, CRYPTO_USER) if credential_type == "certificate" else ()
    return (SECRETS_USER, *signing)
