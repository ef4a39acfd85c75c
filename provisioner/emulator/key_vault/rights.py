"""What each operation needs: an RBAC data action (Azure's list of Microsoft.KeyVault's operations), or in an
access-policy vault a permission of its family (the documented permissions of vault access policies).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Right:
    """`action` stands under Microsoft.KeyVault/vaults/; `family` is secrets, keys or certificates."""

    family: str
    action: str
    permission: str


def _rights(family: str, table: dict[str, tuple[str, str]]) -> dict[str, Right]:
    return {name: Right(family, action, permission) for name, (action, permission) in table.items()}


SECRETS = _rights(
    "secrets",
    {
        "set": ("secrets/setSecret/action", "set"),
        "get": ("secrets/getSecret/action", "get"),
        "list": ("secrets/readMetadata/action", "list"),
        "update": ("secrets/update/action", "set"),
        "delete": ("secrets/delete", "delete"),
        "get_deleted": ("secrets/readMetadata/action", "get"),
        "recover": ("secrets/recover/action", "recover"),
        "purge": ("secrets/purge/action", "purge"),
        "backup": ("secrets/backup/action", "backup"),
        "restore": ("secrets/restore/action", "restore"),
    },
)

KEYS = _rights(
    "keys",
    {
        "create": ("keys/create/action", "create"),
        "import": ("keys/import/action", "import"),
        "get": ("keys/read", "get"),
        "list": ("keys/read", "list"),
        "update": ("keys/update/action", "update"),
        "delete": ("keys/delete", "delete"),
        "recover": ("keys/recover/action", "recover"),
        "purge": ("keys/purge/action", "purge"),
        "backup": ("keys/backup/action", "backup"),
        "restore": ("keys/restore/action", "restore"),
        "rotate": ("keys/rotate/action", "rotate"),
        "release": ("keys/release/action", "release"),
        "get_rotation_policy": ("keyrotationpolicies/read", "getrotationpolicy"),
        "set_rotation_policy": ("keyrotationpolicies/write", "setrotationpolicy"),
        "sign": ("keys/sign/action", "sign"),
        "verify": ("keys/verify/action", "verify"),
        "encrypt": ("keys/encrypt/action", "encrypt"),
        "decrypt": ("keys/decrypt/action", "decrypt"),
        "wrapKey": ("keys/wrap/action", "wrapkey"),
        "unwrapKey": ("keys/unwrap/action", "unwrapkey"),
    },
)

CERTIFICATES = _rights(
    "certificates",
    {
        "create": ("certificates/create/action", "create"),
        "import": ("certificates/import/action", "import"),
        "get": ("certificates/read", "get"),
        "list": ("certificates/read", "list"),
        "update": ("certificates/update/action", "update"),
        "delete": ("certificates/delete", "delete"),
        "recover": ("certificates/recover/action", "recover"),
        "purge": ("certificates/purge/action", "purge"),
        "backup": ("certificates/backup/action", "backup"),
        "restore": ("certificates/restore/action", "restore"),
        "contacts": ("certificatecontacts/write", "managecontacts"),
        "list_issuers": ("certificatecas/read", "listissuers"),
        "get_issuer": ("certificatecas/read", "getissuers"),
        "set_issuer": ("certificatecas/write", "setissuers"),
        "delete_issuer": ("certificatecas/delete", "deleteissuers"),
    },
)

PERMISSIONS = {
    family: frozenset(right.permission for right in table.values())
    for family, table in (("secrets", SECRETS), ("keys", KEYS), ("certificates", CERTIFICATES))
}
_NOT_IN_ALL = frozenset({"purge"})


def granted(family: str, names: set[str]) -> set[str]:
    """The permissions a policy's entry gives: "all" leaves out purge."""
    return names | (PERMISSIONS[family] - _NOT_IN_ALL if "all" in names else set())
