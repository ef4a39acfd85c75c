"""The emulated clouds by host name: which service answers where, and which audiences name it (sam-facts 2).

The Partner Center host is the same in public and usgov; a call there has `cloud` "public" and the caller's own cloud
stands in its token.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cloud:
    """Host names and token audiences of one national cloud. The first login host is the one issuers name."""

    name: str
    login: tuple[str, ...]
    graph: str
    arm: str
    arm_classic: str
    vault_suffix: str
    partner_center: str

    @property
    def vault_audience(self) -> str:
        return f"https://{self.vault_suffix.removeprefix('.')}"

    @property
    def arm_audiences(self) -> tuple[str, ...]:
        """ARM accepts its own host and the classic management endpoint's."""
        return (f"https://{self.arm}", f"https://{self.arm_classic}")

    @property
    def graph_audiences(self) -> tuple[str, ...]:
        return (f"https://{self.graph}", "00000003-0000-0000-c000-000000000000")

    @property
    def partner_center_audiences(self) -> tuple[str, ...]:
        return (f"https://{self.partner_center}", "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd")


CLOUDS: dict[str, Cloud] = {
    "public": Cloud(
        name="public",
        login=("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
        graph="graph.microsoft.com",
        arm="management.azure.com",
        arm_classic="management.core.windows.net",
        vault_suffix=".vault.azure.net",
        partner_center="api.partnercenter.microsoft.com",
    ),
    "usgov": Cloud(
        name="usgov",
        login=("login.microsoftonline.us", "login.usgovcloudapi.net"),
        graph="graph.microsoft.us",
        arm="management.usgovcloudapi.net",
        arm_classic="management.core.usgovcloudapi.net",
        vault_suffix=".vault.usgovcloudapi.net",
        partner_center="api.partnercenter.microsoft.com",
    ),
    "china": Cloud(
        name="china",
        login=("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
        graph="microsoftgraph.chinacloudapi.cn",
        arm="management.chinacloudapi.cn",
        arm_classic="management.core.chinacloudapi.cn",
        vault_suffix=".vault.azure.cn",
        partner_center="partner.partnercenterapi.microsoftonline.cn",
    ),
}

CONTROL_HOSTS = ("localhost", "127.0.0.1")
_SHORT_LINKS = ("microsoft.com", "www.microsoft.com")  # where a device code sends its person, in every cloud


def _hosts() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for cloud in CLOUDS.values():
        for host in cloud.login:
            found[host] = ("entra", cloud.name)
        found[cloud.graph] = ("graph", cloud.name)
        found[cloud.arm] = found[cloud.arm_classic] = ("arm", cloud.name)
        found.setdefault(cloud.partner_center, ("partner_center", cloud.name))
    for host in ("token.actions.githubusercontent.com", "pipelines.actions.githubusercontent.com"):
        found[host] = ("issuers", "public")
    found["vstoken.dev.azure.com"] = found["dev.azure.com"] = ("issuers", "public")
    for host in _SHORT_LINKS:
        found[host] = ("entra", "public")
    return found | dict.fromkeys(CONTROL_HOSTS, ("control", "public"))


_BY_HOST = _hosts()


def locate(host: str) -> tuple[str, str] | None:
    """(service, cloud) behind a host name without port; None for a host no emulated cloud has."""
    host = host.lower()
    if host in _BY_HOST:
        return _BY_HOST[host]
    name, _, suffix = host.partition(".")
    for cloud in CLOUDS.values():
        if name and f".{suffix}" == cloud.vault_suffix:
            return "key_vault", cloud.name
    return None


def serves(host: str, cloud: str) -> bool:
    """True when tokens of this cloud are good at this host."""
    found = locate(host)
    return found is not None and (found[1] == cloud or host.lower() == CLOUDS[cloud].partner_center)


def certificate_names() -> list[str]:
    """Every host name the TLS listener must be able to prove."""
    return sorted(set(_BY_HOST) | {f"*{cloud.vault_suffix}" for cloud in CLOUDS.values()})
