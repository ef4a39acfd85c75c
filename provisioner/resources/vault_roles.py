"""Key Vault's data roles and which of them cover which (sam-facts 6.2)."""

from __future__ import annotations

SECRETS_OFFICER = "Key Vault Secrets Officer"
_ADMINISTRATOR = "Key Vault Administrator"

ROLE_IDS: dict[str, str] = {
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": _ADMINISTRATOR,
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": SECRETS_OFFICER,
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "a4417e6f-fecd-4de8-b567-7b0420556985": "Key Vault Certificates Officer",
    "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba": "Key Vault Certificate User",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603": "Key Vault Crypto Officer",
    "12338af0-0e69-4776-bea7-57ae8d297424": "Key Vault Crypto User",
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": "Key Vault Crypto Service Encryption User",
    "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
    "a68e7c17-0ab2-4c09-9a58-125dae29748c": "Key Vault Purge Operator",
    "8b54135c-b56d-4d72-a534-26097cfdc8d8": "Key Vault Data Access Administrator",
}

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
