"""Programs in Python with nothing but Microsoft's libraries, before the emulator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jwt

from tests.foreign import program
from tests.foreign.cloud import Cloud
from tests.foreign.estate import Application, Estate
from tests.foreign.operations import shows

REPLY = "http://localhost:8400/"
SUBJECT = "repo:contoso/sam:ref:refs/heads/main"
_HERE = Path(__file__).parent


def run(cloud: Cloud, name: str, as_application: Application | None = None, **variables: str) -> Any:
    """The result of a program of this folder, run as the seeded runner or as an application of the story's own."""
    own = {}
    if as_application is not None:
        own = {"AZURE_CLIENT_ID": as_application.app_id, "AZURE_CLIENT_SECRET": as_application.secret}
    environment = cloud.as_runner | own | variables
    return program.run([sys.executable, str(_HERE / name)], environment, cloud)


@shows(
    "msal",
    "acquire_token_for_client (secret)",
    "acquire_token_for_client (certificate)",
    "acquire_token_for_client (thumbprint)",
    "initiate_auth_code_flow",
    "acquire_token_by_auth_code_flow",
    "acquire_token_silent",
    "acquire_token_by_refresh_token",
    "initiate_device_flow",
    "acquire_token_by_device_flow",
)
def test_msal_signs_in_applications_and_people(cloud: Cloud, estate: Estate) -> None:
    made = estate.application(web={"redirectUris": [REPLY]}, isFallbackPublicClient=True)
    answers = run(cloud, "msal_tokens.py", made, AZURE_CLIENT_CERTIFICATE_PATH=str(made.pem), REDIRECT_URI=REPLY)
    wrong = answers.pop("wrong")
    assert (wrong["error"], wrong["error_codes"]) == ("invalid_client", [7000215])
    assert {name: answer.get("error") for name, answer in answers.items()} == dict.fromkeys(answers)
    assert answers["code"]["id_token_claims"]["preferred_username"] == cloud.operator.username


@shows(
    "azure-identity",
    "ClientSecretCredential",
    "CertificateCredential",
    "WorkloadIdentityCredential",
    "ClientAssertionCredential",
    "EnvironmentCredential",
)
def test_azure_identity_signs_in_an_application(cloud: Cloud, estate: Estate, tmp_path: Path) -> None:
    made = estate.application()
    issuer, token = estate.token_of_job(SUBJECT)
    estate.trust(made, issuer, SUBJECT)
    file = tmp_path / "token"
    file.write_text(token)
    answers = run(cloud, "identity.py", made, CERTIFICATE_PEM=str(made.pem), TOKEN_FILE=str(file))
    assert "AADSTS7000215" in answers["wrong"]
    assert len(answers["sync"]) == len(answers["async"]) == 5
    for token in (*answers["sync"].values(), *answers["async"].values()):
        assert jwt.decode(token, options={"verify_signature": False})["appid"] == made.app_id


@shows("azure-identity", "AuthorizationCodeCredential", "DeviceCodeCredential")
def test_azure_identity_signs_in_a_person(cloud: Cloud, estate: Estate) -> None:
    made = estate.application(web={"redirectUris": [REPLY]}, isFallbackPublicClient=True)
    for token in run(cloud, "person.py", made, REDIRECT_URI=REPLY).values():
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["upn"], claims["appid"]) == (cloud.operator.username, made.app_id)


@shows("azure-identity", "DefaultAzureCredential")
@shows(
    "azure-keyvault-secrets",
    "set_secret",
    "get_secret",
    "list_properties_of_secrets",
    "list_properties_of_secret_versions",
    "update_secret_properties",
    "backup_secret",
    "restore_secret_backup",
    "begin_delete_secret",
    "list_deleted_secrets",
    "begin_recover_deleted_secret",
    "purge_deleted_secret",
)
@shows(
    "azure-keyvault-certificates",
    "begin_create_certificate",
    "get_certificate",
    "get_certificate_policy",
    "list_properties_of_certificates",
    "list_properties_of_certificate_versions",
    "begin_delete_certificate",
    "begin_recover_deleted_certificate",
)
@shows("azure-keyvault-keys", "create_rsa_key", "list_properties_of_keys", "begin_delete_key", "sign", "verify")
def test_sync_clients_of_key_vault_find_a_vault(cloud: Cloud, estate: Estate) -> None:
    made = estate.application()
    answers = run(cloud, "key_vault.py", made, VAULT_URL=estate.vault(made.principal_id))
    assert answers["secrets"] == {
        "value": "two",
        "names": ["s"],
        "versions": 2,
        "type": "text/plain",
        "deleted": ["s"],
        "restored": "s",
        "missing": "SecretNotFound",
    }
    assert answers["certificates"] == {
        "subject": "CN=DefaultPolicy",
        "names": ["c"],
        "versions": 1,
        "issuer": "Self",
        "signed": True,
        "recovered": "c",
    }
    operations = ["decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey"]
    assert answers["keys"] == {"type": "RSA", "names": ["c", "k"], "operations": operations, "taken": 409}


@shows(
    "azure-keyvault-secrets (async)",
    "set_secret",
    "get_secret",
    "list_properties_of_secrets",
    "delete_secret",
    "recover_deleted_secret",
)
@shows("azure-keyvault-certificates (async)", "create_certificate")
@shows("azure-keyvault-keys (async)", "create_ec_key", "get_key", "sign", "verify")
def test_async_clients_of_key_vault_find_a_vault(cloud: Cloud, estate: Estate) -> None:
    made = estate.application()
    answers = run(cloud, "key_vault_async.py", made, VAULT_URL=estate.vault(made.principal_id))
    assert answers["secrets"] == {"names": [f"s-{number:02}" for number in range(30)], "value": "0"}
    assert answers["certificates"] == {"name": "c", "signed": True}
    assert answers["keys"] == {"type": "EC", "again": True}


@shows(
    "azure-mgmt-resource",
    "providers.register",
    "resource_groups.create_or_update",
    "resource_groups.begin_delete",
    "resource_groups.check_existence",
)
@shows(
    "azure-mgmt-keyvault",
    "vaults.begin_create_or_update",
    "vaults.update",
    "vaults.list_by_resource_group",
    "vaults.check_name_availability",
    "vaults.delete",
    "vaults.list_deleted",
    "vaults.get_deleted",
    "vaults.begin_purge_deleted",
)
@shows(
    "azure-mgmt-authorization",
    "role_assignments.create",
    "role_assignments.list_for_scope",
    "role_assignments.delete_by_id",
    "role_definitions.get_by_id",
)
def test_clients_of_azure_make_a_vault_and_see_it_die(cloud: Cloud, estate: Estate) -> None:
    other = estate.application()
    answers = run(cloud, "management.py", PRINCIPAL_ID=other.principal_id)
    assert answers == {
        "namespace": "Microsoft.KeyVault",
        "group": True,
        "vault": True,
        "listed": True,
        "tags": {"team": "partner"},
        "taken": [False, "AlreadyExists"],
        "retention": "400 BadRequest",
        "role": "Key Vault Secrets User",
        "twice": "409 RoleAssignmentExists",
        "assigned": True,
        "deleted": True,
        "purged": "404 DeletedVaultNotFound",
        "gone": True,
    }


@shows(
    "msgraph-sdk",
    "applications.post",
    "applications.get ($filter, $select)",
    "applications.by_application_id.get",
    "applications.by_application_id.patch",
    "applications.by_application_id.delete",
    "applications.by_application_id.add_password.post",
    "applications.by_application_id.remove_password.post",
    "applications.by_application_id.federated_identity_credentials.post",
    "applications_with_unique_name.patch",
    "service_principals.post",
    "service_principals_with_app_id.get",
    "service_principals.by_service_principal_id.oauth2_permission_grants.get",
    "oauth2_permission_grants.post",
)
def test_graphs_own_library_makes_an_application(cloud: Cloud) -> None:
    answers = run(cloud, "graph.py")
    assert answers.pop("created")
    assert answers == {
        "replies": ["https://localhost/"],
        "listed": True,
        "secret": 40,
        "trusted": SUBJECT,
        "upserted": True,
        "granted": True,
        "missing": {"status": 404, "code": "Request_ResourceNotFound", "request": True},
        "deleted": True,
    }
