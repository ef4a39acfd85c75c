"""What the Key Vault data plane refuses: {"error": {"code", "message", "innererror"?}}.

Texts marked "observed" are those of public issue reports of the real service; the others are worded after them.
"""

from __future__ import annotations

from ..clouds import CLOUDS
from ..identity import Caller
from ..kernel import Json, Refusal, Reply
from ..refusals import refusal
from ..store import Document


def _error(
    status: int, code: str, message: str, inner: str | None = None, headers: dict[str, str] | None = None
) -> Refusal:
    error: Json = {"code": code, "message": message}
    if inner:
        error["innererror"] = {"code": inner}
    return Refusal(Reply(status, {"error": error}, headers or {}))


def describe(caller: Caller) -> str:
    """How the service names a caller in its texts."""
    return f"appid={caller.app_id};oid={caller.object_id};iss={caller.claims['iss']}"


def _place(vault: Document) -> str:
    return f"{vault['name']};location={vault['location']}"


def _unauthorized(vault: Document, cloud: str, message: str) -> Refusal:
    """Every 401 carries the challenge by which SDKs learn tenant and audience (client-libraries 4)."""
    authority = f"https://{CLOUDS[cloud].login[0]}/{vault['properties']['tenantId']}"
    challenge = f'Bearer authorization="{authority}", resource="{CLOUDS[cloud].vault_audience}"'
    return _error(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})


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
    return _error(403, "Forbidden", message, "ForbiddenByRbac")


@refusal("key_vault.forbidden_by_access_policy")
def forbidden_by_access_policy(vault: Document, caller: Caller, permission: str) -> Refusal:
    """Observed. An access-policy vault says AccessDenied inside; ForbiddenByPolicy there means something else."""
    message = (
        f"The user, group or application '{describe(caller)}' does not have secrets {permission} permission on key "
        f"vault '{_place(vault)}'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    return _error(403, "Forbidden", message, "AccessDenied")


@refusal("key_vault.forbidden_by_firewall")
def forbidden_by_firewall(vault: Document, caller: Caller, address: str) -> Refusal:
    """Observed."""
    message = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {address}\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}"
    )
    return _error(403, "Forbidden", message, "ForbiddenByFirewall")


@refusal("key_vault.forbidden_by_connection")
def forbidden_by_connection(vault: Document, caller: Caller) -> Refusal:
    message = (
        "Public network access is disabled and request is not from a trusted service nor via an approved private "
        f"link.\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}"
    )
    return _error(403, "Forbidden", message, "ForbiddenByConnection")


@refusal("key_vault.vault_not_found")
def vault_not_found(host: str) -> Refusal:
    """The name still resolved when the connection was made, and the vault is gone since."""
    return _error(404, "VaultNotFound", f"Vault not found: {host.partition('.')[0]}")


@refusal("key_vault.bad_parameter")
def bad_parameter(message: str) -> Refusal:
    return _error(400, "BadParameter", message)


@refusal("key_vault.secret_not_found")
def secret_not_found(name: str) -> Refusal:
    """Observed."""
    message = (
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return _error(404, "SecretNotFound", message)


@refusal("key_vault.deleted_secret_not_found")
def deleted_secret_not_found(name: str) -> Refusal:
    return _error(404, "SecretNotFound", f"Deleted Secret not found: {name}")


@refusal("key_vault.secret_disabled")
def secret_disabled() -> Refusal:
    """Observed."""
    return _error(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")


@refusal("key_vault.secret_soft_deleted")
def secret_soft_deleted(name: str) -> Refusal:
    """Observed: the name cannot be set until recovered or purged."""
    message = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, "
        "the secret can only be recovered or purged."
    )
    return _error(409, "Conflict", message, "ObjectIsDeletedButRecoverable")


@refusal("key_vault.purge_protected")
def purge_protected(vault: Document, caller: Caller) -> Refusal:
    """Observed text."""
    message = f'Operation is not allowed.\r\nOperation: "purge"\r\nCaller: {describe(caller)}\r\nVault: {_place(vault)}'
    return _error(403, "Forbidden", message)
