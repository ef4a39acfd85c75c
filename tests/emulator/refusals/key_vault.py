"""A request for each refusal of the Key Vault data plane."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from provisioner.emulator import kinds
from provisioner.emulator.kernel import Reply
from provisioner.emulator.seed.directory import FABRIKAM
from provisioner.emulator.store import Store

from ..azure import SECRETS_OFFICER, Azure, operator, runner, stranger
from ..certificates import self_signed

Provoke = Callable[[Store], Reply]
Act = Callable[[Azure], Reply]
Row = tuple[str, str, Provoke, int, str]
URL = "https://kv-contoso.vault.azure.net/secrets?api-version=7.5"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
DIGEST = base64.urlsafe_b64encode(bytes(32)).decode()
SELF_SIGNED = {"issuer": {"name": "Self"}, "x509_props": {"subject": "CN=a"}, "key_props": {"kty": "EC"}}
BY_HAND = SELF_SIGNED | {"issuer": {"name": "Unknown"}}


def allowed(act: Act, **properties: Any) -> Provoke:
    """The runner, with the right to all data of the vault, acts."""

    def provoke(store: Store) -> Reply:
        azure = runner(store)
        azure.ready_vault(**properties)
        azure.assign(ADMINISTRATOR)
        return act(azure)

    return provoke


def after(*steps: tuple[Any, ...], **properties: Any) -> Provoke:
    """The answer to the last of some calls (method, path, body)."""

    def act(azure: Azure) -> Reply:
        replies = [azure.vault(*step) for step in steps]
        assert all(reply.status < 300 for reply in replies[:-1]), [reply.body for reply in replies]
        return replies[-1]

    return allowed(act, **properties)


def send(token: Callable[[Azure], str | None]) -> Provoke:
    """A list of the secrets with a token of our making."""
    return allowed(lambda azure: azure.send("GET", URL, None, token(azure)))


def without_version(azure: Azure) -> Reply:
    token = azure.token("https://vault.azure.net")
    return azure.send("GET", URL.split("?")[0], None, token)


def set_secret(body: Any, name: str = "token") -> Provoke:
    return after(("PUT", f"/secrets/{name}", body))


def listing(**query: str) -> Provoke:
    return allowed(lambda azure: azure.vault("GET", "/secrets", **query))


def create_certificate(**policy: Any) -> Provoke:
    return after(("POST", "/certificates/c/create", {"policy": SELF_SIGNED | policy}))


def use_key(verb: str, body: Any, **key: Any) -> Provoke:
    """An operation with a new key, RSA unless said otherwise."""
    made = ("POST", "/keys/k/create", {"kty": "RSA"} | key)
    return after(made, ("POST", f"/keys/k/{verb}", body))


def signing(**key: Any) -> Provoke:
    return use_key("sign", {"alg": "PS256", "value": DIGEST}, **key)


def made_certificate(azure: Azure, name: str = "c") -> None:
    """A certificate whose creation is over."""
    azure.vault("POST", f"/certificates/{name}/create", {"policy": SELF_SIGNED})
    for _ in range(2):
        azure.vault("GET", f"/certificates/{name}/pending")


def managed(method: str, path: str, body: Any = None) -> Provoke:
    def act(azure: Azure) -> Reply:
        made_certificate(azure)
        return azure.vault(method, path, body)

    return allowed(act)


def expired_certificate(azure: Azure) -> Reply:
    """A policy that does not renew, and more than its twelve months."""
    policy = SELF_SIGNED | {"lifetime_actions": []}
    azure.vault("POST", "/certificates/c/create", {"policy": policy})
    for _ in range(2):
        azure.vault("GET", "/certificates/c/pending")
    with azure.store.transaction() as tx:
        tx.advance_clock(370 * 86400)
    return azure.vault("GET", "/secrets/c/")


def over_pending(azure: Azure) -> Reply:
    made_certificate(azure)
    return azure.vault("PATCH", "/certificates/c/pending", {"cancellation_requested": True})


def merge_foreign(azure: Azure) -> Reply:
    azure.vault("POST", "/certificates/c/create", {"policy": BY_HAND})
    foreign = base64.b64encode(self_signed(ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC), 30)).decode()
    return azure.vault("POST", "/certificates/c/pending/merge", {"x5c": [foreign]})


def restore_elsewhere(azure: Azure) -> Reply:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    blob = azure.vault("POST", "/secrets/token/backup").body["value"]
    vault = dict(azure_vault(azure), location="northeurope")
    azure.plant(kinds.VAULT, "", "kv-contoso", **vault)
    return azure.vault("POST", "/secrets/restore", {"value": blob})


def azure_vault(azure: Azure) -> dict[str, Any]:
    with azure.store.transaction() as tx:
        return tx.get(kinds.VAULT, "", "kv-contoso") or {}


def restore_beside(azure: Azure) -> Reply:
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    blob = azure.vault("POST", "/secrets/token/backup").body["value"]
    return azure.vault("POST", "/secrets/restore", {"value": blob})


def many_versions(azure: Azure) -> Reply:
    version = {"version": "0" * 32, "value": "", "enabled": True, "created": 0, "updated": 0}
    azure.plant(kinds.SECRET, "kv-contoso", "token", name="token", versions=[version] * 501)
    return azure.vault("POST", "/secrets/token/backup")


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


def secrets_officer(path: str) -> Provoke:
    """A role for secrets opens neither keys nor certificates."""

    def provoke(store: Store) -> Reply:
        azure = runner(store)
        azure.ready_vault()
        azure.assign(SECRETS_OFFICER)
        return azure.vault("GET", path)

    return provoke


def other_tenant(store: Store) -> Reply:
    runner(store).ready_vault()
    return operator(store, FABRIKAM).vault("GET", "/secrets")


def access_policy(store: Store) -> Reply:
    azure = runner(store)
    azure.ready_vault(enableRbacAuthorization=False)
    return azure.vault("GET", "/secrets")


KEY = ("POST", "/keys/k/create", {"kty": "EC"})
SECRET = ("PUT", "/secrets/token", {"value": "one"})
PENDING = ("POST", "/certificates/c/create", {"policy": BY_HAND})

ACCESS: list[Row] = [
    ("key_vault.no_token", "6.3", send(lambda azure: None), 401, "Unauthorized"),
    ("key_vault.bad_token", "6.3", send(lambda azure: "nonsense"), 401, "Unauthorized"),
    ("key_vault.expired_token", "6.3", send(lambda a: a.token("https://vault.azure.net", exp=1)), 401, "Unauthorized"),
    ("key_vault.wrong_audience", "6.3", send(lambda a: a.token("https://management.azure.com")), 401, "Unauthorized"),
    ("key_vault.wrong_tenant", "6.3", other_tenant, 401, "Unauthorized"),
    ("key_vault.forbidden_by_rbac", "6.2", own_vault, 403, "ForbiddenByRbac"),
    ("key_vault.forbidden_by_rbac", "6.2", no_role, 403, "secrets/readMetadata/action"),
    ("key_vault.forbidden_by_rbac", "6.2", secrets_officer("/keys"), 403, "vaults/keys/read"),
    ("key_vault.forbidden_by_rbac", "6.2", secrets_officer("/certificates"), 403, "vaults/certificates/read"),
    ("key_vault.forbidden_by_access_policy", "6.2", access_policy, 403, "AccessDenied"),
    (
        "key_vault.forbidden_by_firewall",
        "6.1",
        allowed(lambda azure: azure.vault("GET", "/secrets"), networkAcls={"defaultAction": "Deny"}),
        403,
        "ForbiddenByFirewall",
    ),
    (
        "key_vault.forbidden_by_connection",
        "assumed",
        allowed(lambda azure: azure.vault("GET", "/secrets"), publicNetworkAccess="Disabled"),
        403,
        "ForbiddenByConnection",
    ),
    (
        "key_vault.vault_not_found",
        "ours",
        lambda store: runner(store).vault("GET", "/secrets", name="kv-nowhere"),
        404,
        "VaultNotFound",
    ),
]

BODIES: list[Row] = [
    ("key_vault.bad_parameter", source, provoke, 400, "BadParameter")
    for source, provoke in (
        ("6.3 value", set_secret({"value": "x" * 25601})),
        ("6.3 name", set_secret({"value": "x"}, "under_score")),
        ("6.3 name", set_secret({"value": "x"}, "n" * 128)),
        ("6.3 body", set_secret({})),
        ("6.3 body", set_secret(b"{")),
        ("6.3 contentType", set_secret({"value": "x", "contentType": "c" * 256})),
        ("6.3 tags", set_secret({"value": "x", "tags": {"t": "v" * 513}})),
        ("6.3 tags", set_secret({"value": "x", "tags": {f"t{number}": "v" for number in range(16)}})),
        ("6.3 exp", set_secret({"value": "x", "attributes": {"exp": "soon"}})),
        ("assumed", after(SECRET, ("PATCH", "/secrets/token", {"value": "two"}))),
        ("assumed", listing(maxresults="26")),
        ("assumed", listing(**{"$skiptoken": "nonsense"})),
        ("6.3 api-versions", allowed(without_version)),
        ("6.3 api-versions", listing(**{"api-version": "6.9"})),
        ("assumed", use_key("sign", {"alg": "PS256", "value": "not base64url!"})),
        ("assumed", use_key("decrypt", {"alg": "RSA-OAEP", "value": DIGEST})),
        ("assumed", use_key("encrypt", {"alg": "RSA1_5", "value": "A" * 1000})),
        ("assumed", after(("POST", "/keys/k/create", {"kty": "EC", "key_ops": ["encrypt"]}))),
        ("assumed", after(KEY, ("PUT", "/keys/k/rotationpolicy", {"attributes": {"expiryTime": "P1D"}}))),
        ("assumed", after(("PUT", "/certificates/contacts", {"contacts": [{"name": "n"}]}))),
        ("assumed", after(("PUT", "/certificates/issuers/i", {}))),
    )
]

OBJECTS: list[Row] = [
    ("key_vault.object_not_found", "observed", after(("GET", "/secrets/absent/")), 404, "SecretNotFound"),
    ("key_vault.object_not_found", "observed", after(("GET", "/keys/absent/")), 404, "KeyNotFound"),
    ("key_vault.object_not_found", "observed", after(("GET", "/certificates/absent/")), 404, "CertificateNotFound"),
    ("key_vault.object_not_found", "observed", after(KEY, ("GET", f"/keys/k/{'0' * 32}")), 404, "KeyNotFound"),
    (
        "key_vault.deleted_object_not_found",
        "observed",
        after(("POST", "/deletedsecrets/absent/recover")),
        404,
        "Deleted Secret not found: absent",
    ),
    (
        "key_vault.deleted_object_not_found",
        "observed",
        after(("DELETE", "/deletedcertificates/absent")),
        404,
        "Deleted Certificate not found: absent",
    ),
    (
        "key_vault.secret_disabled",
        "observed",
        after(
            ("PUT", "/secrets/token", {"value": "one", "attributes": {"enabled": False}}),
            ("GET", "/secrets/token/"),
        ),
        403,
        "SecretDisabled",
    ),
    (
        "key_vault.secret_of_expired_certificate",
        "6.4",
        allowed(expired_certificate),
        403,
        "SecretNotYetValidOrExpired",
    ),
    (
        "key_vault.object_soft_deleted",
        "6.3",
        after(SECRET, ("DELETE", "/secrets/token"), ("PUT", "/secrets/TOKEN", {"value": "two"})),
        409,
        "ObjectIsDeletedButRecoverable",
    ),
    (
        "key_vault.object_soft_deleted",
        "6.3",
        after(KEY, ("DELETE", "/keys/k"), KEY),
        409,
        "the key can only be recovered or purged",
    ),
    (
        "key_vault.purge_protected",
        "observed",
        after(SECRET, ("DELETE", "/secrets/token"), ("DELETE", "/deletedsecrets/token"), enablePurgeProtection=True),
        403,
        "Operation is not allowed",
    ),
    ("key_vault.object_managed", "6.4", managed("PUT", "/secrets/c", {"value": "x"}), 403, "SecretManagedByKeyVault"),
    ("key_vault.object_managed", "6.4", managed("PATCH", "/secrets/c/", {}), 403, "SecretManagedByKeyVault"),
    ("key_vault.object_managed", "6.4", managed("DELETE", "/keys/c"), 403, "KeyManagedByKeyVault"),
    ("key_vault.object_managed", "6.4", managed("POST", "/keys/c/create", {"kty": "EC"}), 403, "KeyManagedByKeyVault"),
    ("key_vault.object_managed", "6.4", managed("POST", "/keys/c/rotate"), 403, "KeyManagedByKeyVault"),
    ("key_vault.name_restored_exists", "assumed", allowed(restore_beside), 409, "Conflict"),
    ("key_vault.backup_of_other_place", "assumed", allowed(restore_elsewhere), 400, "BadParameter"),
    (
        "key_vault.backup_unreadable",
        "assumed",
        after(("POST", "/secrets/restore", {"value": DIGEST})),
        400,
        "BadParameter",
    ),
    ("key_vault.too_many_versions", "6.3 versions", allowed(many_versions), 403, "500 versions"),
]

KEYS: list[Row] = [
    ("key_vault.key_operation_forbidden", "observed", signing(key_ops=["verify"]), 403, "KeyOperationForbidden"),
    ("key_vault.key_disabled", "observed", signing(attributes={"enabled": False}), 403, "KeyDisabled"),
    ("key_vault.key_out_of_time", "6.4", signing(attributes={"exp": 1}), 403, "KeyNotYetValidOrExpired"),
    ("key_vault.key_out_of_time", "6.4", signing(attributes={"nbf": 2**40}), 403, "KeyNotYetValidOrExpired"),
    ("key_vault.algorithm_unknown", "assumed", use_key("sign", {"alg": "HS256", "value": DIGEST}), 400, "HS256"),
    ("key_vault.algorithm_unknown", "assumed", use_key("encrypt", {"alg": "A128GCM", "value": ""}), 400, "A128GCM"),
    ("key_vault.algorithm_incompatible", "observed", signing(kty="EC"), 400, "can only be used with a key type of"),
    (
        "key_vault.algorithm_incompatible",
        "observed",
        use_key("sign", {"alg": "ES256", "value": DIGEST}, kty="EC", crv="P-384"),
        400,
        "can only be used with curve 'P-256'",
    ),
    (
        "key_vault.digest_length",
        "observed",
        use_key("sign", {"alg": "RS512", "value": DIGEST}),
        400,
        "Invalid length of 'value': 32 bytes. RS512 requires 64 bytes",
    ),
    (
        "key_vault.key_material",
        "assumed",
        after(("POST", "/keys/k/create", {"kty": "RSA", "key_size": 1024})),
        400,
        "Key size 1024",
    ),
    ("key_vault.key_material", "assumed", after(("POST", "/keys/k/create", {"kty": "oct"})), 400, "oct"),
    ("key_vault.key_material", "assumed", after(("POST", "/keys/k/create", {"kty": "RSA-HSM"})), 400, "RSA-HSM"),
    ("key_vault.key_material", "assumed", after(("PUT", "/keys/k", {"key": {"kty": "RSA"}})), 400, "RSA"),
    ("key_vault.key_not_exportable", "assumed", use_key("release", {"target": "t"}), 403, "not exportable"),
    ("key_vault.managed_hsm_only", "assumed", after(("POST", "/rng", {"count": 8})), 400, "managed HSM"),
]

CERTIFICATES: list[Row] = [
    (
        "key_vault.pending_not_found",
        "observed",
        after(("GET", "/certificates/c/pending")),
        404,
        "PendingCertificateNotFound",
    ),
    (
        "key_vault.pending_not_found",
        "6.4",
        allowed(lambda a: (a.vault(*PENDING), a.vault("GET", "/certificates/c/pending", request_id="0"))[1]),
        404,
        "PendingCertificateNotFound",
    ),
    ("key_vault.pending_in_progress", "observed", after(PENDING, PENDING), 409, "status is inProgress"),
    ("key_vault.pending_over", "observed", allowed(over_pending), 400, "completed"),
    (
        "key_vault.merge_with_issuer",
        "observed",
        after(
            ("POST", "/certificates/c/create", {"policy": SELF_SIGNED}),
            ("POST", "/certificates/c/pending/merge", {"x5c": ["AAAA"]}),
        ),
        403,
        "issuer : Self",
    ),
    ("key_vault.merge_other_key", "observed", allowed(merge_foreign), 400, "does not match the public part"),
    (
        "key_vault.certificate_name_taken",
        "6.4",
        after(("PUT", "/secrets/c", {"value": "one"}), ("POST", "/certificates/c/create", {"policy": SELF_SIGNED})),
        409,
        "Conflict",
    ),
    (
        "key_vault.certificate_content",
        "assumed",
        after(("POST", "/certificates/c/import", {"value": "AAAA"})),
        400,
        "content can not be read",
    ),
    (
        "key_vault.certificate_content",
        "assumed",
        after(PENDING, ("POST", "/certificates/c/pending/merge", {"x5c": ["AAAA"]})),
        400,
        "x5c",
    ),
    ("key_vault.issuer_not_found", "assumed", create_certificate(issuer={"name": "ca"}), 404, "Issuer not found: ca"),
    ("key_vault.contacts_not_found", "assumed", after(("GET", "/certificates/contacts")), 404, "ContactsNotFound"),
    *(
        ("key_vault.certificate_policy", "assumed", create_certificate(**policy), 400, "BadParameter")
        for policy in (
            {"x509_props": {}},
            {"x509_props": {"subject": "no name"}},
            {"x509_props": {"subject": "CN=a", "validity_months": 0}},
            {"x509_props": {"subject": "CN=a", "key_usage": ["signing"]}},
            {"x509_props": {"subject": "CN=a", "ekus": ["clientAuth"]}},
            {"x509_props": {"subject": "CN=a", "sans": {"upns": ["u" * 200]}}},
            {"key_props": {"kty": "oct"}},
            {"key_props": {"kty": "RSA", "key_size": 1024}},
            {"secret_props": {"contentType": "text/plain"}},
            {"lifetime_actions": [{"trigger": {}, "action": {"action_type": "AutoRenew"}}]},
            {"lifetime_actions": [{"trigger": {"lifetime_percentage": 100}, "action": {"action_type": "AutoRenew"}}]},
            {"lifetime_actions": [{"trigger": {"days_before_expiry": 400}, "action": {"action_type": "AutoRenew"}}]},
        )
    ),
]

ROWS: tuple[Row, ...] = (*ACCESS, *BODIES, *OBJECTS, *KEYS, *CERTIFICATES)
