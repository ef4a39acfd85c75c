"""What a story needs to be there before it begins, made by raw HTTP as the seeded runner: applications and vaults."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.robot import through_proxy

from .cloud import Cloud

GRAPH = "https://graph.microsoft.com"
ARM = "https://management.azure.com"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"  # Key Vault Administrator


@dataclass(frozen=True)
class Application:
    """An application with a service principal, a secret and a certificate. pem: file with its key and certificate."""

    app_id: str
    object_id: str
    principal_id: str
    secret: str
    pem: Path


class Estate:
    """Makes things in the first seeded tenant."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        self._cloud = cloud
        self._folder = folder
        self._http = through_proxy(cloud.description["proxy"], cloud.description["ca"])

    def application(self, **members: Any) -> Application:
        """`members` go into the application as they are: web, isFallbackPublicClient and so on."""
        pem, certificate = self._certificate()
        key = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate}
        body = {"displayName": f"story {uuid.uuid4()}", "keyCredentials": [key], **members}
        made = self._send("POST", f"{GRAPH}/v1.0/applications", body)
        principal = self._send("POST", f"{GRAPH}/v1.0/servicePrincipals", {"appId": made["appId"]})
        secret = self._send("POST", f"{GRAPH}/v1.0/applications/{made['id']}/addPassword", {})
        return Application(made["appId"], made["id"], principal["id"], secret["secretText"], pem)

    def vault(self, principal_id: str) -> str:
        """The address of a new vault at which the principal may do everything."""
        subscription = f"{ARM}/subscriptions/{self._cloud.tenant['subscription']}"
        group, name = f"rg-{uuid.uuid4().hex[:8]}", f"kv-{uuid.uuid4().hex[:12]}"
        self._send("POST", f"{subscription}/providers/Microsoft.KeyVault/register?api-version=2022-09-01")
        self._send("PUT", f"{subscription}/resourceGroups/{group}?api-version=2022-09-01", {"location": "westeurope"})
        properties = {
            "tenantId": self._cloud.tenant["id"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
        }
        vault = f"{subscription}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{name}"
        made = self._send(
            "PUT", f"{vault}?api-version=2023-07-01", {"location": "westeurope", "properties": properties}
        )
        role = f"{subscription.removeprefix(ARM)}/providers/Microsoft.Authorization/roleDefinitions/{ADMINISTRATOR}"
        assignment = {"roleDefinitionId": role, "principalId": principal_id, "principalType": "ServicePrincipal"}
        path = f"{vault}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}?api-version=2022-04-01"
        self._send("PUT", path, {"properties": assignment})
        return str(made["properties"]["vaultUri"])

    def trust(self, application: Application, issuer: str, subject: str) -> None:
        """Lets the application sign in with a token of that issuer for that subject."""
        body = {
            "name": f"trust-{uuid.uuid4().hex[:8]}",
            "issuer": issuer,
            "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }
        self._send("POST", f"{GRAPH}/v1.0/applications/{application.object_id}/federatedIdentityCredentials", body)

    def token_of_job(self, subject: str) -> tuple[str, str]:
        """Issuer and token of a run of a GitHub workflow, as the workflow gets it from its platform."""
        control = self._cloud.description["control"]
        job = self._http.post(
            f"{control['url'].rstrip('/')}/jobs",
            json={"platform": "github", "subject": subject},
            headers={"Authorization": f"Bearer {control['token']}"},
            proxies={"https": ""},
            timeout=30,
        )
        assert job.ok, job.text
        variables = job.json()["variables"]
        answer = self._http.get(
            f"{variables['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=api://AzureADTokenExchange",
            headers={"Authorization": f"Bearer {variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return "https://token.actions.githubusercontent.com", str(answer.json()["value"])

    def _send(self, method: str, url: str, body: Any = None) -> Any:
        audience = url[: url.index("/", len("https://"))]
        answer = self._http.request(
            method, url, json=body, headers={"Authorization": f"Bearer {self.token(audience)}"}, timeout=30
        )
        assert answer.ok, f"{method} {url}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def token(self, audience: str) -> str:
        """An access token of the runner."""
        runner = self._cloud.tenant["runner"]
        form = {
            "grant_type": "client_credentials",
            "client_id": runner["clientId"],
            "client_secret": runner["clientSecret"],
            "scope": f"{audience}/.default",
        }
        url = f"https://login.microsoftonline.com/{self._cloud.tenant['id']}/oauth2/v2.0/token"
        return str(self._http.post(url, data=form, timeout=30).json()["access_token"])

    def _certificate(self) -> tuple[Path, str]:
        """A PEM file with key and certificate, as tools want it, and the certificate in base64, as Graph wants it."""
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "story")])
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
        certificate = builder.not_valid_after(start + timedelta(days=90)).sign(key, hashes.SHA256())
        public = certificate.public_bytes(Encoding.PEM)
        path = self._folder / f"{uuid.uuid4().hex}.pem"
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + public)
        return path, "".join(public.decode().splitlines()[1:-1])
