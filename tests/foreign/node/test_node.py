"""Programs in JavaScript with nothing but Microsoft's packages, before the emulator."""

from __future__ import annotations

from tests.foreign.cloud import Cloud
from tests.foreign.estate import Estate
from tests.foreign.operations import shows

from .conftest import Node

REPLY = "http://localhost:8400/"


@shows("@azure/msal-node", "getAuthCodeUrl", "acquireTokenByCode", "acquireTokenSilent", "acquireTokenByRefreshToken")
def test_person_signs_in_and_the_refresh_token_buys_a_token_for_azure(node: Node, estate: Estate, cloud: Cloud) -> None:
    made = estate.application(web={"redirectUris": [REPLY]})
    result = node(
        "authorization_code.mjs", AZURE_CLIENT_ID=made.app_id, AZURE_CLIENT_SECRET=made.secret, REDIRECT_URI=REPLY
    )
    assert result["username"] == cloud.operator.username
    assert result["homeAccountId"].endswith(f".{cloud.tenant['id']}")
    assert result["fromCache"] is True
    assert "https://management.azure.com/user_impersonation" in result["refreshedScopes"]


@shows("@azure/msal-node", "acquireTokenByClientCredential (secret)", "acquireTokenByClientCredential (certificate)")
def test_application_signs_in_by_secret_and_by_certificate(node: Node, estate: Estate) -> None:
    made = estate.application()
    result = node(
        "client_credentials.mjs",
        AZURE_CLIENT_ID=made.app_id,
        AZURE_CLIENT_SECRET=made.secret,
        AZURE_CLIENT_CERTIFICATE_PATH=str(made.pem),
    )
    assert (result["secret"], result["certificate"]) == ("Bearer", "Bearer")
    assert result["refused"]["errorCode"] == "invalid_client"
    assert "AADSTS7000215" in result["refused"]["errorMessage"]


@shows("@azure/msal-node", "acquireTokenByDeviceCode")
def test_person_types_the_code_of_a_device(node: Node, estate: Estate, cloud: Cloud) -> None:
    made = estate.application(isFallbackPublicClient=True)
    result = node("device_code.mjs", AZURE_CLIENT_ID=made.app_id)
    assert result["username"] == cloud.operator.username


@shows("@azure/identity", "ClientSecretCredential", "ClientCertificateCredential")
@shows(
    "@azure/keyvault-secrets",
    "setSecret",
    "getSecret",
    "updateSecretProperties",
    "listPropertiesOfSecrets",
    "listPropertiesOfSecretVersions",
    "beginDeleteSecret",
    "beginRecoverDeletedSecret",
    "purgeDeletedSecret",
)
def test_secret_lives_and_dies(node: Node, estate: Estate) -> None:
    made = estate.application()
    vault = estate.vault(made.principal_id)
    result = node(
        "secrets.mjs",
        AZURE_CLIENT_ID=made.app_id,
        AZURE_CLIENT_SECRET=made.secret,
        AZURE_CLIENT_CERTIFICATE_PATH=str(made.pem),
        VAULT_URL=vault,
    )
    assert result == {
        "read": "two",
        "expiresOn": "2030-01-01T00:00:00.000Z",
        "names": ["from-node"],
        "versions": 2,
        "recoveryId": f"{vault}deletedsecrets/from-node",
        "missing": {"statusCode": 404, "code": "SecretNotFound"},
        "recovered": {"value": "two", "contentType": "text/plain"},
    }
