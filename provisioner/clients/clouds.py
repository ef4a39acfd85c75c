"""Where each cloud's services are. The only source of an endpoint: never a spec, never an answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CloudEndpoints:
    """Origins without a trailing slash; `vault_suffix` is what follows the vault's name and a dot (sam-facts 2).

    exchange_audience: the audience of a token that is to stand for a credential (Learn, workload identity federation).
    """

    name: str
    authority: str
    graph: str
    arm: str
    vault_suffix: str
    partner_center: str
    exchange_audience: str

    @property
    def vault_audience(self) -> str:
        """Key Vault's audience: no trailing slash (sam-facts 2)."""
        return f"https://{self.vault_suffix}"

    @property
    def partner_center_scope(self) -> str:
        """The v2 scope whose token has Partner Center's audience."""
        return f"{self.partner_center}/user_impersonation"

    def vault_url(self, name: str) -> str:
        return f"https://{name}.{self.vault_suffix}"


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
)
_CHINA = CloudEndpoints(
    name="china",
    authority="https://login.partner.microsoftonline.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    arm="https://management.chinacloudapi.cn",
    vault_suffix="vault.azure.cn",
    partner_center="https://partner.partnercenterapi.microsoftonline.cn",
    exchange_audience="api://AzureADTokenExchangeChina",
)

CLOUDS = {cloud.name: cloud for cloud in (_PUBLIC, _USGOV, _CHINA)}


def endpoints(cloud: str) -> CloudEndpoints:
    """The endpoints of a spec's `cloud`; `emulator` has public's host names."""
    return CLOUDS["public" if cloud == "emulator" else cloud]
