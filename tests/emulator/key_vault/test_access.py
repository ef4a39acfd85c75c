"""Who may do what in a vault: roles in one, access policies in another (sam-facts 6.2)."""

from __future__ import annotations

import pytest

from provisioner.emulator.seed.directory import CONTOSO
from provisioner.emulator.store import Store

from ..azure import SECRETS_OFFICER, SECRETS_USER, Azure, runner, stranger
from .world import (
    CERTIFICATE_USER,
    CERTIFICATES_OFFICER,
    CRYPTO_OFFICER,
    CRYPTO_USER,
    READER,
    b64,
    create,
    policy,
    version_of,
)

OPERATIONS = {
    "read secret": ("GET", "/secrets/app/", None),
    "list secrets": ("GET", "/secrets", None),
    "set secret": ("PUT", "/secrets/other", {"value": "one"}),
    "read key": ("GET", "/keys/app/", None),
    "create key": ("POST", "/keys/k/create", {"kty": "EC"}),
    "sign": ("POST", "/keys/app/{version}/sign", {"alg": "ES256", "value": b64(bytes(32))}),
    "read certificate": ("GET", "/certificates/app/", None),
    "create certificate": ("POST", "/certificates/new/create", {"policy": policy()}),
    "contacts": ("PUT", "/certificates/contacts", {"contacts": []}),
}
READS = {"read key", "read certificate", "list secrets"}
ROLES = {
    SECRETS_OFFICER: {"read secret", "list secrets", "set secret"},
    SECRETS_USER: {"read secret", "list secrets"},
    CERTIFICATES_OFFICER: {"read certificate", "create certificate", "contacts"},
    CERTIFICATE_USER: {"read secret", *READS},
    CRYPTO_OFFICER: {"read key", "create key", "sign"},
    CRYPTO_USER: {"read key", "sign"},
    READER: READS,
}


def allowed(caller: Azure, version: str) -> set[str]:
    """The operations that the caller is not forbidden."""
    return {
        name
        for name, (method, path, body) in OPERATIONS.items()
        if caller.vault(method, path.replace("{version}", version), body).status != 403
    }


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_what_it_is_for_and_nothing_else(azure: Azure, role: str) -> None:
    version = version_of(create(azure)["kid"])
    azure.assign(role, stranger(azure.store).object_id, principalType="User")
    assert allowed(stranger(azure.store), version) == ROLES[role]


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({"secrets": ["get"]}, {"read secret"}),
        ({"keys": ["Get", "Sign"]}, {"read key", "sign"}),
        ({"certificates": ["all"]}, {"read certificate", "create certificate", "contacts"}),
        ({"certificates": ["get"], "keys": ["create"]}, {"read certificate", "create key"}),
        ({}, set()),
    ],
)
def test_an_access_policy_opens_its_family_only(
    store: Store, permissions: dict[str, list[str]], expected: set[str]
) -> None:
    azure = runner(store)
    everything = {"keys": ["all"], "secrets": ["all"], "certificates": ["all"]}
    entries = [
        {"tenantId": CONTOSO.id, "objectId": azure.object_id, "permissions": everything},
        {"tenantId": CONTOSO.id, "objectId": CONTOSO.colleague_id, "permissions": permissions},
    ]
    azure.ready_vault(enableRbacAuthorization=False, accessPolicies=entries)
    version = version_of(create(azure)["kid"])
    assert allowed(stranger(store), version) == expected


def test_all_permissions_leave_out_purge(store: Store) -> None:
    azure = runner(store)
    entry = {"tenantId": CONTOSO.id, "objectId": azure.object_id, "permissions": {"secrets": ["all"]}}
    azure.ready_vault(enableRbacAuthorization=False, accessPolicies=[entry])
    azure.vault("PUT", "/secrets/token", {"value": "one"})
    azure.vault("DELETE", "/secrets/token")
    assert azure.vault("DELETE", "/deletedsecrets/token").status == 403


def test_an_entry_for_a_user_before_an_application_counts_in_that_application_only(store: Store) -> None:
    azure = runner(store)
    entry = {"tenantId": CONTOSO.id, "objectId": azure.object_id, "permissions": {"secrets": ["list"]}}
    azure.ready_vault(enableRbacAuthorization=False, accessPolicies=[entry | {"applicationId": CONTOSO.colleague_id}])
    assert azure.vault("GET", "/secrets").status == 403
    azure.put_vault(enableRbacAuthorization=False, accessPolicies=[entry | {"applicationId": azure.app_id}])
    assert azure.vault("GET", "/secrets").status == 200


@pytest.mark.parametrize("path", ["/secrets", "/secrets/absent/", "/keys/a_b"])
def test_every_answer_carries_the_services_headers(azure: Azure, path: str) -> None:
    headers = azure.vault("GET", path).headers
    assert headers["x-ms-keyvault-region"] == "westeurope"
    assert headers["x-ms-keyvault-network-info"].startswith("conn_type=Ipv4;addr=127.0.0.1;")
    assert (headers["Pragma"], headers["Expires"], headers["X-Content-Type-Options"]) == ("no-cache", "-1", "nosniff")
    assert headers["Strict-Transport-Security"] == "max-age=31536000;includeSubDomains"
    assert len(headers["x-ms-request-id"]) == 36


@pytest.mark.parametrize("version", ["7.0", "7.6", "7.6-preview.2", "2025-07-01", "2026-01-01-preview", "2026-04-01"])
def test_api_versions_of_all_years_are_taken(azure: Azure, version: str) -> None:
    assert azure.vault("GET", "/secrets", **{"api-version": version}).status == 200
