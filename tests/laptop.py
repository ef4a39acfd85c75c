"""Somebody at a machine of their own, signed in to Azure as with `az login`: a user's tokens, by a public client.

An identity for our runner that is a person. Signs in and refreshes by raw HTTP and the robot, not by our clients.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from azure.core.credentials import AccessTokenInfo

from provisioner.clients.clouds import endpoints
from provisioner.clients.runner_identities import Asking
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.operations.tenant import OpenTenant, open_tenant
from provisioner.spec.model import Spec
from tests.robot import Person
from tests.trial import Trial

_REPLY_URL = "http://localhost"
_NEEDED = {
    "00000003-0000-0000-c000-000000000000": "Directory.AccessAsUser.All",
    "797f4846-ba00-4fd7-ba43-dac1f8f63013": "user_impersonation",
    "cfa8b339-82a2-471a-a3c9-0fc0be7a4093": "user_impersonation",
}


@dataclass(frozen=True)
class Laptop:
    """Implements clients.runner_identities.RunnerIdentity."""

    trial: Trial
    client_id: str
    refresh_token: str
    through: ClassVar[str] = ""

    async def token(self, asking: Asking, scope: str) -> AccessTokenInfo:
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token, "scope": scope}
        answer = await asyncio.to_thread(_token, self.trial, {"client_id": self.client_id, **form})
        return AccessTokenInfo(answer["access_token"], int(time.time()) + answer["expires_in"])

    def unavailable(self, asking: Asking) -> None:
        return None

    def remedy(self, code: str, asking: Asking) -> str:
        return ""

    @asynccontextmanager
    async def opened(self, spec: Spec) -> AsyncIterator[OpenTenant]:
        """The tenant, as this person's machine opens it; the trial's clock."""
        host, _, port = self.trial.cloud.description["address"].partition(":")
        endpoint = EmulatorEndpoint(host, int(port), Path(self.trial.cloud.description["ca"]))
        clock = self.trial.clock()
        async with (
            open_session(clock, emulator=endpoint) as session,
            open_tenant(spec, session, clock, self) as tenant,
        ):
            yield tenant


def laptop_of(trial: Trial, person: Person) -> Laptop:
    """Sign a person in to Azure."""
    web = {"publicClient": {"redirectUris": [_REPLY_URL]}, "isFallbackPublicClient": True}
    application = trial.graph("POST", "applications", {"displayName": "A laptop", **web})
    app_id = application["appId"]
    principal = trial.graph("POST", "servicePrincipals", {"appId": app_id})
    for api, scope in _NEEDED.items():
        grant = {"clientId": principal["id"], "resourceId": trial.principal(api)["id"], "consentType": "AllPrincipals"}
        trial.graph("POST", "oauth2PermissionGrants", grant | {"scope": scope})
    arm = endpoints(trial.tenant.cloud).arm
    ask = {"client_id": app_id, "redirect_uri": _REPLY_URL, "scope": f"{arm}/.default offline_access"}
    query = urlencode({**ask, "response_type": "code"})
    url = f"{endpoints(trial.tenant.cloud).authority}/{trial.tenant.id}/oauth2/v2.0/authorize?{query}"
    ending = trial.cloud.robot().sign_in(url, person, deliver=False)
    answer = _token(trial, {**ask, "grant_type": "authorization_code", "code": ending.fields["code"]})
    return Laptop(trial, app_id, answer["refresh_token"])


def _token(trial: Trial, form: dict[str, str]) -> dict[str, Any]:
    authority = endpoints(trial.tenant.cloud).authority
    answer = trial.cloud.http.post(f"{authority}/{trial.tenant.id}/oauth2/v2.0/token", data=form)
    found: dict[str, Any] = answer.json()
    assert answer.ok, found
    return found
