"""A request for each refusal of the Key Vault data plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.store import Store

from ..azure import SECRETS_OFFICER, Azure, operator, runner, stranger

Provoke = Callable[[Store], Reply]
URL = "https://kv-contoso.vault.azure.net/secrets?api-version=7.5"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"


def allowed(act: Callable[[Azure], Reply], **properties: Any) -> Provoke:
    """The runner, with the right to all data of the vault, acts."""

    def provoke(store: Store) -> Reply:
        azure = runner(store)
        azure.ready_vault(**properties)
        azure.assign(ADMINISTRATOR)
        return act(azure)

    return provoke


def send(token: Callable[[Azure], str | None]) -> Provoke:
    """A list of the secrets with a token of our making."""
    return allowed(lambda azure: azure.send("key_vault", "GET", URL, None, token(azure)))


def set_secret(body: Any, name: str = "token") -> Provoke:
    return allowed(lambda azure: azure.vault("PUT", f"/secrets/{name}", body))


def disabled(azure: Azure) -> Reply:
    azure.vault("PUT", "/secrets/token", {"value": "one", "attributes": {"enabled": False}})
    return azure.vault("GET", "/secrets/token/")


def soft_deleted(azure: Azure) -> Reply:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    azure.vault("DELETE", "/secrets/token")
    return azure.vault("PUT", "/secrets/TOKEN", {"value": "two"})


def purge(azure: Azure) -> Reply:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    azure.vault("DELETE", "/secrets/token")
    return azure.vault("DELETE", "/deletedsecrets/token")


def own_vault(store: Store) -> Reply:
    """Who made the vault has no data right in it (sam-facts 6.2)."""
    runner(store).ready_vault()
    return runner(store).vault("PUT", "/secrets/token", {"value": "one"})


def no_role(store: Store) -> Reply:
    """A reader without any role, in a vault that has others' roles."""
    azure = runner(store)
    azure.ready_vault()
    azure.assign(SECRETS_OFFICER)
    return stranger(store).vault("GET", "/secrets")


def other_tenant(store: Store) -> Reply:
    runner(store).ready_vault()
    return operator(store, FABRIKAM).vault("GET", "/secrets")


def access_policy(store: Store) -> Reply:
    azure = runner(store)
    azure.ready_vault(enableRbacAuthorization=False)
    return azure.vault("GET", "/secrets")


ROWS: tuple[tuple[str, str, Provoke, int, str], ...] = (
    ("key_vault.no_token", "6.3", send(lambda azure: None), 401, "Unauthorized"),
    ("key_vault.bad_token", "6.3", send(lambda azure: "nonsense"), 401, "Unauthorized"),
    ("key_vault.expired_token", "6.3", send(lambda a: a.token("https://vault.azure.net", exp=1)), 401, "Unauthorized"),
    ("key_vault.wrong_audience", "6.3", send(lambda a: a.token("https://management.azure.com")), 401, "Unauthorized"),
    ("key_vault.wrong_tenant", "6.3", other_tenant, 401, "Unauthorized"),
    ("key_vault.forbidden_by_rbac", "6.2", own_vault, 403, "Forbidden"),
    ("key_vault.forbidden_by_rbac", "6.2", no_role, 403, "Forbidden"),
    ("key_vault.forbidden_by_access_policy", "6.2", access_policy, 403, "Forbidden"),
    (
        "key_vault.forbidden_by_firewall",
        "6.1",
        allowed(lambda azure: azure.vault("GET", "/secrets"), networkAcls={"defaultAction": "Deny"}),
        403,
        "Forbidden",
    ),
    (
        "key_vault.forbidden_by_connection",
        "assumed",
        allowed(lambda azure: azure.vault("GET", "/secrets"), publicNetworkAccess="Disabled"),
        403,
        "Forbidden",
    ),
    (
        "key_vault.vault_not_found",
        "ours",
        lambda store: runner(store).vault("GET", "/secrets", name="kv-nowhere"),
        404,
        "VaultNotFound",
    ),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x" * 25601}), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x"}, "under_score"), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x"}, "n" * 128), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret({}), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret(b"{"), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x", "contentType": "c" * 256}), 400, "BadParameter"),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x", "tags": {"t": "v" * 513}}), 400, "BadParameter"),
    (
        "key_vault.bad_parameter",
        "6.3",
        set_secret({"value": "x", "tags": {f"t{number}": "v" for number in range(16)}}),
        400,
        "BadParameter",
    ),
    ("key_vault.bad_parameter", "6.3", set_secret({"value": "x", "attributes": {"exp": "soon"}}), 400, "BadParameter"),
    (
        "key_vault.bad_parameter",
        "6.3",
        allowed(lambda a: a.vault("GET", "/secrets", maxresults="26")),
        400,
        "BadParameter",
    ),
    (
        "key_vault.bad_parameter",
        "6.3",
        allowed(
            lambda azure: azure.send(
                "key_vault", "GET", URL.split("?")[0], None, azure.token("https://vault.azure.net")
            )
        ),
        400,
        "BadParameter",
    ),
    (
        "key_vault.bad_parameter",
        "6.3 api-versions",
        allowed(lambda a: a.vault("GET", "/secrets", **{"api-version": "6.9"})),
        400,
        "BadParameter",
    ),
    (
        "key_vault.secret_not_found",
        "observed",
        allowed(lambda a: a.vault("GET", "/secrets/absent/")),
        404,
        "SecretNotFound",
    ),
    (
        "key_vault.deleted_secret_not_found",
        "assumed",
        allowed(lambda azure: azure.vault("POST", "/deletedsecrets/absent/recover")),
        404,
        "SecretNotFound",
    ),
    ("key_vault.secret_disabled", "observed", allowed(disabled), 403, "Forbidden"),
    ("key_vault.secret_soft_deleted", "6.3", allowed(soft_deleted), 409, "Conflict"),
    ("key_vault.purge_protected", "observed", allowed(purge, enablePurgeProtection=True), 403, "Forbidden"),
)
