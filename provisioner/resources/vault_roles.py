"""Which of Key Vault's data roles cover which (sam-facts 6.2)."""

from __future__ import annotations

from provisioner.spec.vault_roles import VAULT_ROLES

SECRETS_OFFICER = "Key Vault Secrets Officer"
_ADMINISTRATOR = "Key Vault Administrator"

ROLE_IDS: dict[str, str] = {role_id: name for name, role_id in VAULT_ROLES.items()}

_WIDER: dict[str, tuple[str, ...]] = {
    SECRETS_OFFICER: (_ADMINISTRATOR,),
    "Key Vault Secrets User": (SECRETS_OFFICER, _ADMINISTRATOR),
    "Key Vault Certificates Officer": (_ADMINISTRATOR,),
    "Key Vault Crypto Officer": (_ADMINISTRATOR,),
    "Key Vault Crypto User": (_ADMINISTRATOR,),
    "Key Vault Crypto Service Encryption User": (_ADMINISTRATOR,),
    "Key Vault Reader": (SECRETS_OFFICER, "Key Vault Certificates Officer", "Key Vault Crypto Officer", _ADMINISTRATOR),
}


def covering(role: str) -> frozenset[str]:
    """The ids of a role and of every role that allows at least the same data actions."""
    names = {role, *_WIDER.get(role, ())}
    return frozenset(known_id for known_id, name in ROLE_IDS.items() if name in names)
