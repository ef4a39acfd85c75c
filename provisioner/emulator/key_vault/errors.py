"""What the Key Vault data plane refuses: {"error": {"code", "message", "innererror"?}}.

Texts marked "observed" are those of public issue reports of the real service; the others are worded after them.
"""

from __future__ import annotations

from ..clouds import CLOUDS
from ..identity import Caller
from ..kernel import Json, Refusal, Reply
from ..refusals import refusal
from ..store import Document


def error(
    status: int, code: str, message: str, inner: str | None = None, headers: dict[str, str] | None = None
) -> Refusal:
    """A refusal in the service's shape; `inner` is the code in `innererror`."""
    body: Json = {"code": code, "message": message}
    if inner:
        body["innererror"] = {"code": inner}
    return Refusal(Reply(status, {"error": body}, headers or {}))


def describe(caller: Caller) -> str:
    """How the service names a caller in its texts."""
    return f"appid={caller.app_id};oid={caller.object_id};iss={caller.claims['iss']}"


def _place(vault: Document) -> str:
    return f"{vault['name']};location={vault['location']}"


def _unauthorized(vault: Document, cloud: str, message: str) -> Refusal:
    """Every 401 carries the challenge by which SDKs learn tenant and audience (client-libraries 4)."""
    authority = f"https://{CLOUDS[cloud].login[0]}/{vault['properties']['tenantId']}"
    challenge = f'Bearer authorization="{authority}", resource="{CLOUDS[cloud].vault_audience}"'
    return error(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})


@refusal("key_vault.no_token")
def no_token(vault: Document, cloud: str) -> Refusal:
    """Observed."""
    return _unauthorized(vault, cloud, "AKV10000: Request is missing a Bearer or PoP token.")


@refusal("key_vault.bad_token")
def bad_token(vault: Document, cloud: str) -> Refusal:
    return _unauthorized(vault, cloud, "[BearerReadAccessTokenFailed] Error occurred reading bearer token.")


@refusal("key_vault.expired_token")
def expired_token(vault: Document, cloud: str) -> Refusal:
    message = "[TokenExpired] Error validating token: IDX10223: Lifetime validation failed. The token is expired."
    return _unauthorized(vault, cloud, message)


@refusal("key_vault.wrong_audience")
def wrong_audience(vault: Document, cloud: str) -> Refusal:
    """Observed."""
    expected = CLOUDS[cloud].vault_audience
    return _unauthorized(vault, cloud, f"AKV10022: Invalid audience. Expected {expected}, found: another resource.")


@refusal("key_vault.wrong_tenant")
def wrong_tenant(vault: Document, cloud: str, caller: Caller) -> Refusal:
    """Observed."""
    found = str(caller.claims["iss"])
    expected = found.replace(caller.tenant, vault["properties"]["tenantId"])
    message = f"AKV10032: Invalid issuer. Expected one of {expected}, found {found}."
    return _unauthorized(vault, cloud, message)


@refusal("key_vault.forbidden_by_rbac")
def forbidden_by_rbac(vault: Document, caller: Caller, action: str, resource: str) -> Refusal:
    """Observed; also while a new assignment has not taken effect."""
    message = (
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation "
        f"time.\r\nCaller: {describe(caller)}\r\nAction: '{action}'\r\nResource: '{resource}'\r\n"
        "Assignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\n"
        f"Vault: {_place(vault)}\r\n"
    )
    return error(403, "Forbidden", message, "ForbiddenByRbac")


@refusal("key_vault.forbidden_by_access_policy")
def forbidden_by_access_policy(vault: Document, caller: Caller, family: str, permission: str) -> Refusal:
    """Observed. An access-policy vault says AccessDenied inside; ForbiddenByPolicy there means something else."""
    message = (
        f"The user, group or application '{describe(caller)}' does not have {family} {permission} permission on key "
        f"vault '{_place(vault)}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    return error(403, "Forbidden", message, "AccessDenied")


@refusal("key_vault.forbidden_by_firewall")
def forbidden_by_firewall(vault: Document, caller: Caller, address: str) -> Refusal:
    """Observed."""
    message = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {address}\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}"
    )
    return error(403, "Forbidden", message, "ForbiddenByFirewall")


@refusal("key_vault.forbidden_by_connection")
def forbidden_by_connection(vault: Document, caller: Caller) -> Refusal:
    message = (
        "Public network access is disabled and request is not from a trusted service nor via an approved private "
        f"link.\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}"
    )
    return error(403, "Forbidden", message, "ForbiddenByConnection")


@refusal("key_vault.vault_not_found")
def vault_not_found(host: str) -> Refusal:
    """The name still resolved when the connection was made, and the vault is gone since."""
    return error(404, "VaultNotFound", f"Vault not found: {host.partition('.')[0]}")


@refusal("key_vault.bad_parameter")
def bad_parameter(message: str) -> Refusal:
    return error(400, "BadParameter", message)


@refusal("key_vault.object_not_found")
def object_not_found(noun: str, name: str) -> Refusal:
    """Observed."""
    message = (
        f"A {noun} with (name/id) {name} was not found in this key vault. If you recently deleted this {noun} you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return error(404, f"{noun.capitalize()}NotFound", message)


@refusal("key_vault.deleted_object_not_found")
def deleted_object_not_found(noun: str, name: str) -> Refusal:
    """Observed."""
    return error(404, f"{noun.capitalize()}NotFound", f"Deleted {noun.capitalize()} not found: {name}")


@refusal("key_vault.object_soft_deleted")
def object_soft_deleted(noun: str, name: str) -> Refusal:
    """Observed: the name cannot be set until recovered or purged."""
    message = (
        f"{noun.capitalize()} {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
        f"in this state, the {noun} can only be recovered or purged."
    )
    return error(409, "Conflict", message, "ObjectIsDeletedButRecoverable")


@refusal("key_vault.object_managed")
def object_managed(noun: str, operation: str) -> Refusal:
    """Observed: a certificate's key and secret are written through the certificate."""
    message = (
        f'Operation "{operation}" is not allowed on this {noun}, since it is associated with a certificate. Perform '
        "the operation on the corresponding certificate. For more information refer to https://docs.microsoft.com/"
        "en-us/azure/key-vault/certificates/about-certificates#composition-of-a-certificate"
    )
    return error(403, "Forbidden", message, f"{noun.capitalize()}ManagedByKeyVault")


@refusal("key_vault.secret_disabled")
def secret_disabled() -> Refusal:
    """Observed."""
    return error(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")


@refusal("key_vault.secret_of_expired_certificate")
def secret_of_expired_certificate() -> Refusal:
    """An expired certificate makes its secret inoperable (sam-facts 6.4); the text is assumed."""
    message = "Operation get is not allowed on a secret whose certificate is expired or not yet valid."
    return error(403, "Forbidden", message, "SecretNotYetValidOrExpired")


@refusal("key_vault.purge_protected")
def purge_protected(vault: Document, caller: Caller) -> Refusal:
    """Observed text."""
    message = f'Operation is not allowed.\r\nOperation: "purge"\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}'
    return error(403, "Forbidden", message)


@refusal("key_vault.name_restored_exists")
def name_restored_exists(noun: str, name: str) -> Refusal:
    """A backup is restored under its old name, which must be free; the text is assumed."""
    return error(409, "Conflict", f"There is already a {noun} named {name} in this key vault.")


@refusal("key_vault.backup_of_other_place")
def backup_of_other_place() -> Refusal:
    """A backup is restored in a vault of the same subscription and region group; the text is assumed."""
    message = "The backup was made in another subscription or geography and cannot be restored in this key vault."
    return error(400, "BadParameter", message)


@refusal("key_vault.backup_unreadable")
def backup_unreadable(noun: str) -> Refusal:
    return error(400, "BadParameter", f"The value is not a backup of a {noun}.")


@refusal("key_vault.too_many_versions")
def too_many_versions(noun: str, name: str) -> Refusal:
    """An object with more than 500 versions cannot be backed up (sam-facts 6.3); the text is assumed."""
    return error(403, "Forbidden", f"The {noun} {name} has more than 500 versions and cannot be backed up.")
