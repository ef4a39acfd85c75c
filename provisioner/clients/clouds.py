"""Where each cloud's services are. The only source of an endpoint: never a spec, never an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AZ = re.compile(r"\baz (?=(?:account|ad|group|keyvault|lock|login|policy|provider|rest|role)\b)")
_ADMIN_CENTER = "https://entra.microsoft.com"
_KEY_VAULT = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
_AZURE_SERVICE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"


@dataclass(frozen=True)
class CloudEndpoints:
    """Origins without a trailing slash; `vault_suffix` is what follows the vault's name and a dot (sam-facts 2).

    exchange_audience: the audience of a token that is to stand for a credential (Learn, workload identity federation).
    admin_center: the pages of Entra for people (Learn, "Microsoft Entra FAQ", hosts to allow).
    az_cloud: the name that Azure CLI has for it, "" for the one it is in unless told.
    """

    name: str
    authority: str
    graph: str
    arm: str
    vault_suffix: str
    partner_center: str
    exchange_audience: str
    admin_center: str = _ADMIN_CENTER
    az_cloud: str = ""

    @property
    def vault_audience(self) -> str:
        """Key Vault's audience: no trailing slash (sam-facts 2)."""
        return f"https://{self.vault_suffix}"

    @property
    def partner_center_scope(self) -> str:
        """The v2 scope whose token has Partner Center's audience."""
        return f"{self.partner_center}/user_impersonation"

    def app_id_of(self, audience: str) -> str:
        """The application id of an API whose principal a tenant may lack (sam-facts 3); "" for any other."""
        return {self.vault_audience: _KEY_VAULT, self.arm: _AZURE_SERVICE_MANAGEMENT}.get(audience, "")

    def vault_url(self, name: str) -> str:
        return f"https://{name}.{self.vault_suffix}"

    @property
    def az_commands(self) -> tuple[str, ...]:
        """What comes before other commands of Azure CLI: it acts in one cloud at a time, and takes none as a flag."""
        return (f"az cloud set --name {self.az_cloud}",) if self.az_cloud else ()

    def advice(self, text: str) -> str:
        """Advice as it holds in this cloud: its first command of Azure CLI is told the cloud, and pages are its own."""
        if not self.az_cloud or self.az_commands[0] in text:
            return text
        return _AZ.sub(f"{self.az_commands[0]} && az ", text, count=1).replace(_ADMIN_CENTER, self.admin_center)


_PUBLIC = CloudEndpoints(
    name="public",
    authority="https://login.microsoftonline.com",
    graph="https://graph.microsoft.com",
    arm="https://management.azure.com",
    vault_suffix="vault.azure.net",
    partner_center="https://api.partnercenter.microsoft.com",
    exchange_audience="api://AzureADTokenExchange",
)
_USGOV = CloudEndpoints(
    name="usgov",
    authority="https://login.microsoftonline.us",
    graph="https://graph.microsoft.us",
    arm="https://management.usgovcloudapi.net",
    vault_suffix="vault.usgovcloudapi.net",
    partner_center="https://api.partnercenter.microsoft.com",  # the same host as public (sam-facts 2, PC-urls)
    exchange_audience="api://AzureADTokenExchangeUSGov",
    admin_center="https://entra.microsoft.us",
    az_cloud="AzureUSGovernment",
)
_CHINA = CloudEndpoints(
    name="china",
    authority="https://login.partner.microsoftonline.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    arm="https://management.chinacloudapi.cn",
    vault_suffix="vault.azure.cn",
    partner_center="https://partner.partnercenterapi.microsoftonline.cn",
    exchange_audience="api://AzureADTokenExchangeChina",
    admin_center="https://entra.microsoftonline.cn",
    az_cloud="AzureChinaCloud",
)

CLOUDS = {cloud.name: cloud for cloud in (_PUBLIC, _USGOV, _CHINA)}


def endpoints(cloud: str) -> CloudEndpoints:
    """The endpoints of a spec's `cloud`; `emulator` has public's host names."""
    return CLOUDS["public" if cloud == "emulator" else cloud]
