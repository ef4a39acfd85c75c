"""Set-ups that others made, each by raw HTTP as its maker would: in the portal, with Terraform, by another tool."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.inherited import GRAPH, Inherited
from tests.rehearsal import PARTNER_CENTER, SECRETS_OFFICER, USER_IMPERSONATION

USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
DIRECTORY_AS_USER = "0e263e50-5827-48a4-b97c-d940288653c7"
USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"
ORGANIZATION_READ_ALL = "498476ce-e0fe-48b0-b801-37ba7e2685c6"
RELATIONSHIPS = "885f682f-a990-4bad-a642-36736a74b0c7"
NOBODY_S_PERMISSION = "0b7d52c9-e1f4-4836-a05c-6d9e83b1f274"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
LEGACY_GRAPH = "00000002-0000-0000-c000-000000000000"


@dataclass
class Found(Inherited):
    """Whoever looks is the seeded runner, who may read the vault's secrets."""

    group: str = "rg-by-hand"

    @property
    def group_path(self) -> str:
        return f"/subscriptions/{self.tenant.subscription}/resourceGroups/{self.group}"

    def an_application(self, name: str, *, with_principal: bool = True, **members: Any) -> dict[str, Any]:
        made = self.graph("POST", "applications", {"displayName": name, **members})
        self.app_id = made["appId"]
        if with_principal:
            self.graph("POST", "servicePrincipals", {"appId": self.app_id})
        return made

    def grant(self, api: str, scopes: str) -> None:
        """For everybody. Microsoft makes an API's principal at the first consent."""
        body = {"clientId": self.principal(self.app_id)["id"], "resourceId": self.the_api(api)["id"]}
        self.graph("POST", "oauth2PermissionGrants", {**body, "consentType": "AllPrincipals", "scope": scopes})

    def assign(self, api: str, role: str) -> None:
        client, resource = self.principal(self.app_id)["id"], self.the_api(api)["id"]
        body = {"principalId": client, "resourceId": resource, "appRoleId": role}
        self.graph("POST", f"servicePrincipals/{client}/appRoleAssignments", body)

    def the_api(self, app_id: str) -> dict[str, Any]:
        listed = self.graph("GET", f"servicePrincipals?$filter=appId eq '{app_id}'")["value"]
        return listed[0] if listed else self.graph("POST", "servicePrincipals", {"appId": app_id})

    def a_vault(self, *, tags: dict[str, str] | None = None, **properties: Any) -> None:
        subscription = f"/subscriptions/{self.tenant.subscription}"
        self.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", version="2022-09-01")
        self.arm("PUT", self.group_path, {"location": self.location}, "2022-09-01")
        plain = {
            "tenantId": self.tenant.id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": self.rbac,
            "accessPolicies": [],
        }
        body = {"location": self.location, "tags": tags or {}, "properties": {**plain, **properties}}
        self.arm("PUT", self.vault_path, body)
        if self.rbac:
            self.give(SECRETS_OFFICER, self.tenant.runner.object_id, "ServicePrincipal")

    def give(self, role: str, principal: str, kind: str) -> None:
        """A role on the vault, under a name that is not ours."""
        subscription = f"/subscriptions/{self.tenant.subscription}"
        definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"roleDefinitionId": definition, "principalId": principal, "principalType": kind}
        path = f"{self.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.arm("PUT", path, {"properties": body}, "2022-04-01")

    # the shapes

    def by_hand_in_the_portal(self) -> None:
        """As a consultant did it once: a web application, consent given with the button, a token put in by a script."""
        made = self.an_application(
            "Contoso Partner Center Web App",
            web={
                "redirectUris": ["https://localhost:44395/", "http://localhost:8400/"],
                "homePageUrl": "https://partners.contoso.example/",
                "implicitGrantSettings": {"enableIdTokenIssuance": True},
            },
            requiredResourceAccess=[
                asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION]),
                asks(GRAPH, Scope=[USER_READ, DIRECTORY_AS_USER], Role=[USER_READ_ALL]),
            ],
        )
        password = {"passwordCredential": {"displayName": "portal secret"}}
        self.graph("POST", f"applications/{made['id']}/addPassword", password)
        self.grant(PARTNER_CENTER, "user_impersonation")
        self.grant(GRAPH, "User.Read Directory.AccessAsUser.All")
        self.assign(GRAPH, USER_READ_ALL)
        self.a_vault(tags={"team": "partner-platform"}, enableSoftDelete=True, softDeleteRetentionInDays=30)
        self.give(SECRETS_USER, self.tenant.colleague_id, "User")
        self.give(CONTRIBUTOR, self.tenant.colleague_id, "User")
        self.secrets("PUT", "secrets/PartnerCenterRefreshToken", {"value": "play money", "contentType": "text/plain"})
        self.secrets("PUT", "secrets/sql-password", {"value": "play money"})

    def by_terraform(self) -> None:
        """No uniqueName, tags of its own, two owners, a certificate, only part of what it asks for granted."""
        made = self.an_application(
            "sam terraform (prod) ${env}",
            signInAudience="AzureADMultipleOrgs",
            tags=["terraform", "HideApp"],
            web={"redirectUris": ["https://sam.contoso.example/cb"]},
            publicClient={"redirectUris": ["http://localhost:8400/cli"]},
            requiredResourceAccess=[
                asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION]),
                asks(GRAPH, Scope=[USER_READ, DIRECTORY_AS_USER], Role=[ORGANIZATION_READ_ALL]),
            ],
            keyCredentials=[certificate("terraform")],
        )
        for owner in (self.tenant.operator_id, self.tenant.colleague_id):
            reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}
            self.graph("POST", f"applications/{made['id']}/owners/$ref", reference)
        self.grant(PARTNER_CENTER, "user_impersonation")
        self.grant(GRAPH, "User.Read offline_access")
        rules = [{"value": "203.0.113.7"}, {"value": "198.51.100.0/24"}]
        acls = {"bypass": "None", "defaultAction": "Allow", "ipRules": rules}
        self.a_vault(tags={"managed-by": "terraform"}, enablePurgeProtection=True, networkAcls=acls)

    def by_another_tool(self) -> None:
        """Multitenant, of many permissions, with SPA and out-of-band URLs and localhost ports that collide."""
        self.an_application(
            "CIPP-SAM",
            signInAudience="AzureADMultipleOrgs",
            isFallbackPublicClient=True,
            web={"redirectUris": ["https://cipp.contoso.example/authredirect", "urn:ietf:wg:oauth:2.0:oob"]},
            publicClient={"redirectUris": ["http://localhost", "http://localhost:8400"]},
            spa={"redirectUris": ["https://cipp.contoso.example/spa"]},
            requiredResourceAccess=[
                asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION]),
                asks(GRAPH, Scope=[USER_READ, RELATIONSHIPS, NOBODY_S_PERMISSION]),
                asks(LEGACY_GRAPH, Scope=[USER_READ]),
            ],
        )
        self.grant(PARTNER_CENTER, "user_impersonation")
        self.grant(GRAPH, "User.Read DelegatedAdminRelationship.ReadWrite.All")
        self.a_vault()
        for name in ("RefreshToken", "ApplicationSecret", "ApplicationID", "TenantID"):
            self.secrets("PUT", f"secrets/{name}", {"value": "play money"})

    def with_application_permissions_only(self) -> None:
        """A daemon: nobody signs in, and it has a uniqueName of its own."""
        self.an_application(
            "Nightly export",
            uniqueName="nightly-export",
            requiredResourceAccess=[asks(GRAPH, Role=[USER_READ_ALL, ORGANIZATION_READ_ALL])],
        )
        self.assign(GRAPH, USER_READ_ALL)
        self.assign(GRAPH, ORGANIZATION_READ_ALL)
        self.a_vault()

    def with_access_policies(self) -> None:
        """A vault from before roles; people consented one by one."""
        self.an_application(
            "Old SAM",
            web={"redirectUris": ["https://localhost:44395/"]},
            requiredResourceAccess=[asks(PARTNER_CENTER, Scope=[USER_IMPERSONATION]), asks(GRAPH, Scope=[USER_READ])],
        )
        self.the_api(PARTNER_CENTER)
        everything = {"secrets": ["all"], "certificates": ["all"], "keys": ["all"]}
        policies = [
            {"tenantId": self.tenant.id, "objectId": self.tenant.runner.object_id, "permissions": everything},
            {"tenantId": self.tenant.id, "objectId": self.tenant.colleague_id, "permissions": {"secrets": ["get"]}},
        ]
        old = replace(self, rbac=False)
        old.a_vault(accessPolicies=policies)
        self.secrets("PUT", "secrets/partner-refresh-token", {"value": "play money"})


SHAPES = (
    Found.by_hand_in_the_portal,
    Found.by_terraform,
    Found.by_another_tool,
    Found.with_application_permissions_only,
    Found.with_access_policies,
)


def asks(api: str, **kinds: list[str]) -> dict[str, Any]:
    access = [{"id": permission, "type": kind} for kind, permissions in kinds.items() for permission in permissions]
    return {"resourceAppId": api, "resourceAccess": access}


def certificate(name: str) -> dict[str, Any]:
    """The public part of one that only its maker has the key of."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=15))
        .not_valid_after(now + timedelta(days=300))
        .sign(key, hashes.SHA256())
    )
    der = base64.b64encode(made.public_bytes(Encoding.DER)).decode()
    return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": der, "displayName": name}
