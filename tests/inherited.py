"""A tenant in which somebody else made the application and the vault, before any spec named them. By raw HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.rehearsal import PARTNER_CENTER, USER_IMPERSONATION
from tests.trial import CREDENTIAL, GROUP, Trial, failures

GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"  # an app role of Graph
THEIR_URL = "https://old.contoso.example/signed-in"
_ROLES = "providers/Microsoft.Authorization/roleAssignments"


@dataclass
class Inherited(Trial):
    """mode: of the application and the vault in the spec. app_id: of the application that was there."""

    mode: str = "adopt"
    rbac: bool = True

    def make(self, **members: Any) -> None:
        """`members` go into the application as they are."""
        asked = [
            {"resourceAppId": PARTNER_CENTER, "resourceAccess": [{"id": USER_IMPERSONATION, "type": "Scope"}]},
            {"resourceAppId": GRAPH, "resourceAccess": [{"id": USER_READ_ALL, "type": "Role"}]},
        ]
        made = self.graph(
            "POST",
            "applications",
            {
                "displayName": "Made by hand",
                "tags": ["HideApp"],
                "web": {"redirectUris": [THEIR_URL]},
                "requiredResourceAccess": asked,
                **members,
            },
        )
        self.app_id = made["appId"]
        self.graph("POST", f"applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "theirs"}})
        self.graph("POST", "servicePrincipals", {"appId": self.app_id})
        subscription = f"/subscriptions/{self.tenant.subscription}"
        self.arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", version="2022-09-01")
        self.arm("PUT", self.group_path, {"location": self.location, "tags": {"team": "theirs"}}, "2022-09-01")
        acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [{"value": "198.51.100.0/24"}]}
        properties = {
            "tenantId": self.tenant.id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": self.rbac,
            "accessPolicies": [],
            "networkAcls": acls,
        }
        body = {"location": self.location, "tags": {"cost": "42"}, "properties": properties}
        self.arm("PUT", self.vault_path, body)

    def bring_to_the_spec(self) -> None:
        """By an apply, of which nothing but the settings, the principal and the grants is left then."""
        self.mode = "adopt"
        result = self.apply()
        assert result.exit_code() == 3, failures(result)
        application = self.application()
        for each in application["passwordCredentials"]:
            self.graph("POST", f"applications/{application['id']}/removePassword", {"keyId": each["keyId"]})
        self.secrets("DELETE", f"secrets/{CREDENTIAL}")
        self.cloud.control("POST", "clock", {"advanceSeconds": 300})
        self.secrets("DELETE", f"deletedsecrets/{CREDENTIAL}")
        for each in self.arm("GET", f"{self.vault_path}/{_ROLES}", version="2022-04-01")["value"]:
            if each["id"].lower().startswith(self.vault_path.lower()):
                self.arm("DELETE", each["id"], version="2022-04-01")

    def make_owner(self, object_id: str) -> None:
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{object_id}"}
        self.graph("POST", f"applications/{self.application()['id']}/owners/$ref", reference)

    def document(self) -> dict[str, Any]:
        whole = super().document()
        if self.mode != "create":
            whole["application"] |= {"mode": self.mode, "appId": self.app_id}
            whole["vault"] |= {"mode": self.mode, "resourceGroup": GROUP}
        return whole

    def application(self) -> dict[str, Any]:
        return self.graph("GET", f"applications(appId='{self.app_id}')")

    def the_vault(self) -> dict[str, Any]:
        return self.arm("GET", self.vault_path)
