"""A served cloud, and in a tenant of it what `consent` and `verify` need, made by raw HTTP as an administrator would.

Nothing here goes through our own clients, so that a mistake of theirs cannot hide itself.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from provisioner.clients.arm import ArmClient
from provisioner.clients.clouds import endpoints
from provisioner.clients.graph import GraphClient
from provisioner.clients.identity import RunnerCredential
from provisioner.clients.platform_tokens import NoPlatform
from provisioner.clients.runner_identities import Asking, ClientSecretIdentity
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.clients.tenant import TenantClients
from provisioner.core.clock import Clock
from provisioner.core.secret import Secret
from provisioner.emulator.seed.directory import OPERATOR_OTP, OPERATOR_PASSWORD, RUNNER_SECRET, Tenant
from provisioner.emulator.server import Emulator
from provisioner.resources.marks import TAG, credential_name
from provisioner.spec.model import Spec, parse
from tests.robot import Person, Robot

REGIONS = {"public": "westeurope", "usgov": "usgovvirginia", "china": "chinanorth3"}
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
USER_IMPERSONATION = "1cebfa2a-fb4d-419e-b5f9-839b4383e05a"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
NAME = "rehearsal"
SECRET = "partner-refresh-token"


class _Undelayed(HTTPAdapter):
    """urllib3 turns Nagle's algorithm on behind a proxy, which costs every POST 40 ms."""

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)], **options)


@dataclass
class Cloud:
    """A running emulator and its control surface."""

    description: dict[str, Any]
    http: requests.Session = field(default_factory=requests.Session)
    _direct: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        for session in (self.http, self._direct):
            session.trust_env = False
            session.verify = self.description["ca"]
        self.http.proxies = {"https": self.description["proxy"]}
        self.http.mount("https://", _Undelayed())

    def close(self) -> None:
        self.http.close()
        self._direct.close()

    def robot(self) -> Robot:
        return Robot(self.description["proxy"], self.description["ca"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        control = self.description["control"]
        headers = {"Authorization": f"Bearer {control['token']}"}
        answer = self._direct.request(method, control["url"] + path, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None


@contextmanager
def served(folder: Path) -> Iterator[Cloud]:
    emulator = Emulator(folder)
    emulator.start()
    cloud = Cloud(emulator.description())
    try:
        yield cloud
    finally:
        cloud.close()
        emulator.stop()


@dataclass
class Rehearsal:
    """One tenant with application, grant, vault, roles and credential in place, but no refresh token."""

    cloud: Cloud
    tenant: Tenant
    reply_urls: tuple[str, ...]
    app_id: str = ""
    credential: str = ""

    @property
    def vault(self) -> str:
        return f"kv-{self.tenant.id[:8]}"

    @property
    def location(self) -> str:
        """A region of the tenant's cloud."""
        return REGIONS[self.tenant.cloud]

    @property
    def operator(self) -> Person:
        return Person(self.tenant.operator, OPERATOR_PASSWORD, OPERATOR_OTP)

    def spec(self, **consent: Any) -> Spec:
        return parse(
            {
                "version": 1,
                "name": NAME,
                "cloud": self.tenant.cloud,
                "tenant": self.tenant.id,
                "subscription": self.tenant.subscription,
                "application": {
                    "displayName": "Rehearsal",
                    "replyUrls": list(self.reply_urls),
                    "permissions": [{"api": "Microsoft Partner Center", "delegated": ["user_impersonation"]}],
                    "credential": {"type": "secret"},
                },
                "vault": {"name": self.vault, "resourceGroup": "rg-rehearsal", "location": self.location},
                "consent": {"account": self.tenant.operator, **consent},
                "verify": {"customer": self.tenant.customers[0].id},
            }
        )

    def clock(self) -> Clock:
        """The cloud's clock, which sleeping moves."""
        offset = timedelta(seconds=self.cloud.control("GET", "clock")["offset"])

        async def advance(seconds: float) -> None:
            moved = await asyncio.to_thread(self.cloud.control, "POST", "clock", {"advanceSeconds": seconds})
            clock.offset = timedelta(seconds=moved["offset"])

        clock = Clock(offset, advance)
        return clock

    def prepare(self) -> None:
        """Make everything."""
        if not self.tenant.partner_center_present:
            self._graph("POST", "servicePrincipals", {"appId": PARTNER_CENTER})
        access = {"resourceAppId": PARTNER_CENTER, "resourceAccess": [{"id": USER_IMPERSONATION, "type": "Scope"}]}
        web = {"redirectUris": list(self.reply_urls), "implicitGrantSettings": {"enableIdTokenIssuance": True}}
        body = {"displayName": "Rehearsal", "uniqueName": NAME, "web": web, "requiredResourceAccess": [access]}
        application = self._graph("POST", "applications", body)
        self.app_id = application["appId"]
        principal = self._graph("POST", "servicePrincipals", {"appId": self.app_id})
        api = self._graph("GET", f"servicePrincipals(appId='{PARTNER_CENTER}')")
        grant = {"clientId": principal["id"], "resourceId": api["id"], "consentType": "AllPrincipals"}
        self._graph("POST", "oauth2PermissionGrants", grant | {"scope": "user_impersonation"})
        named = {"passwordCredential": {"displayName": credential_name(NAME, self.vault, f"{NAME}-credential")}}
        secret = self._graph("POST", f"applications/{application['id']}/addPassword", named)
        self.credential = secret["secretText"]
        self._make_vault()
        self.put_secret(f"{NAME}-credential", self.credential, tags={TAG: NAME, "keyId": secret["keyId"]})

    def put_secret(self, name: str, value: str, **more: Any) -> dict[str, Any]:
        return self._vault("PUT", f"secrets/{name}", {"value": value, **more})

    def token(self) -> dict[str, Any] | None:
        """The stored refresh token as the vault has it, with its value; None while there is none."""
        found = self._vault("GET", f"secrets/{SECRET}", ignore=404)
        return found if "value" in found else None

    def versions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._vault("GET", f"secrets/{SECRET}/versions")["value"]
        return found

    def _make_vault(self) -> None:
        subscription = f"/subscriptions/{self.tenant.subscription}"
        group = f"{subscription}/resourceGroups/rg-rehearsal"
        self._arm("POST", f"{subscription}/providers/Microsoft.KeyVault/register", None, "2022-09-01")
        self._arm("PUT", group, {"location": self.location}, "2022-09-01")
        properties = {
            "tenantId": self.tenant.id,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
        }
        vault = f"{group}/providers/Microsoft.KeyVault/vaults/{self.vault}"
        self._arm("PUT", vault, {"location": self.location, "properties": properties}, "2023-07-01")
        assignment = {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{SECRETS_OFFICER}",
            "principalId": self.tenant.runner.object_id,
            "principalType": "ServicePrincipal",
        }
        path = f"{vault}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self._arm("PUT", path, {"properties": assignment}, "2022-04-01")

    def _graph(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        origin = endpoints(self.tenant.cloud).graph
        return self._call(method, f"{origin}/v1.0/{path}", origin, body)

    def _arm(self, method: str, path: str, body: Any, version: str) -> dict[str, Any]:
        origin = endpoints(self.tenant.cloud).arm
        return self._call(method, f"{origin}{path}?api-version={version}", origin, body)

    def _vault(self, method: str, path: str, body: Any = None, *, ignore: int = 0) -> dict[str, Any]:
        cloud = endpoints(self.tenant.cloud)
        url = f"{cloud.vault_url(self.vault)}/{path}?api-version=7.5"
        return self._call(method, url, cloud.vault_audience, body, ignore=ignore)

    def _call(self, method: str, url: str, audience: str, body: Any = None, *, ignore: int = 0) -> dict[str, Any]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.tenant.runner.client_id,
            "client_secret": RUNNER_SECRET,
            "scope": f"{audience}/.default",
        }
        authority = endpoints(self.tenant.cloud).authority
        token = self.cloud.http.post(f"{authority}/{self.tenant.id}/oauth2/v2.0/token", data=form).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = self.cloud.http.request(method, url, json=body, headers=headers)
        assert answer.ok or answer.status_code == ignore, f"{method} {url}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


@asynccontextmanager
async def clients_of(rehearsal: Rehearsal, verb: str = "") -> AsyncIterator[TenantClients]:
    """Our clients for the tenant, as its runner. Sleeping advances the cloud's clock, so that nothing waits.

    verb: the command whose part they play, as their requests name it.
    """
    cloud, tenant = rehearsal.cloud, rehearsal.tenant
    host, _, port = cloud.description["address"].partition(":")
    clock = Clock()
    endpoint = EmulatorEndpoint(host, int(port), Path(cloud.description["ca"]))
    async with open_session(clock, emulator=endpoint, verb=verb) as session:
        where = endpoints(tenant.cloud)
        identity = ClientSecretIdentity(tenant.runner.client_id, Secret(RUNNER_SECRET))
        async with RunnerCredential(Asking(session, where, tenant.id, clock), identity) as credential:
            yield TenantClients(
                session=session,
                cloud=where,
                tenant=tenant.id,
                subscription=tenant.subscription,
                credential=credential,
                clock=clock,
                graph=GraphClient(session, where, credential, clock),
                arm=ArmClient(session, where, credential, tenant.subscription),
                platform=NoPlatform(),
            )
