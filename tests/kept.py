"""A tenant that is set up and signed in, with a credential of each type: what keeping it alive is tried on."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientMiddlewareType

from provisioner.clients.guard import signatures_allowed
from provisioner.clients.runner_identities import ClientSecretIdentity
from provisioner.clients.session import EmulatorEndpoint, open_session
from provisioner.core.plan import Plan
from provisioner.core.secret import Secret
from provisioner.operations.apply import ApplyResult
from provisioner.operations.consent import ConsentOptions, consent
from provisioner.operations.renew import RenewResult, renew
from provisioner.operations.tenant import OpenTenant, open_tenant
from provisioner.resources.token_held import held_token
from provisioner.spec.model import Spec, parse
from provisioner.spec.vault_roles import VAULT_ROLES
from tests.consent.player import Player
from tests.platforms import AUDIENCE, GITHUB, GITHUB_SUBJECT
from tests.rehearsal import SECRET
from tests.robot import Person
from tests.trial import Onlooker, Trial, failures

TYPES = ("secret", "certificate")
LIVES = {"lifetime": "180d", "rotateBefore": "30d", "overlap": "7d"}


@dataclass
class Kept:
    """One tenant with everything in place. type: of its credential."""

    trial: Trial
    type: str

    def document(self, **consent: Any) -> dict[str, Any]:
        """The spec as a file would hold it."""
        document = self.trial.document()
        trust = {"issuer": GITHUB, "subject": GITHUB_SUBJECT, "audience": AUDIENCE, "overlap": LIVES["overlap"]}
        document["application"]["credential"] = {"type": self.type, **(trust if self.type == "federated" else LIVES)}
        document["consent"] |= consent
        return document

    def spec(self, **consent: Any) -> Spec:
        return parse(self.document(**consent))

    def write_spec(self, folder: Path) -> Path:
        """As a file; JSON is YAML."""
        path = folder / "trial.yaml"
        path.write_text(json.dumps(self.document()), encoding="utf-8")
        return path

    @asynccontextmanager
    async def opened(
        self, *innermost: ClientMiddlewareType, identity: ClientSecretIdentity | None = None, verb: str = ""
    ) -> AsyncIterator[OpenTenant]:
        """The tenant, with its runner or somebody else signed in."""
        if identity is None:
            async with self.trial.opened(*innermost, spec=self.spec(), verb=verb) as tenant:
                yield tenant
            return
        cloud = self.trial.cloud
        host, _, port = cloud.description["address"].partition(":")
        endpoint = EmulatorEndpoint(host, int(port), Path(cloud.description["ca"]))
        clock = self.trial.clock()
        async with (
            open_session(clock, emulator=endpoint, verb=verb, innermost=innermost) as session,
            open_tenant(self.spec(), session, clock, identity) as tenant,
        ):
            yield tenant

    def apply(self) -> ApplyResult:
        """Which must not fail."""
        result = self.trial.apply(self.spec())
        assert not failures(result)
        return result

    def plan(self) -> Plan:
        return self.trial.plan(self.spec())

    def sign_in(self) -> None:
        async def run() -> None:
            async with self.opened() as tenant:
                player = Player(self.trial.cloud.robot, self.trial.operator)
                await consent(tenant.clients, self.spec(), player, ConsentOptions(timeout_s=20))

        asyncio.run(run())

    def without_mfa(self) -> None:
        """No policy of the tenant asks for MFA any more."""
        nothing = {"mfa": {"securityDefaults": False, "requireForApps": []}}
        self.trial.cloud.control("PATCH", f"tenants?id={self.trial.tenant.id}", nothing)

    def token_of(self, person: Person) -> str:
        """The refresh token of a sign-in that nobody checks: what a consumer may write back."""

        async def run() -> str:
            async with self.opened() as tenant:
                held = await held_token(tenant.clients, self.spec())
                entra = tenant.clients.entra(held.app_id, held.proof)
                request = await entra.begin(self.trial.reply_urls[0])
                ending = await asyncio.to_thread(self.trial.cloud.robot().sign_in, request.url, person, deliver=False)
                code = parse_qs(urlsplit(ending.address).query)["code"][0]
                with signatures_allowed():
                    tokens = await entra.redeem_code(request, Secret(code))
                assert tokens.refresh_token is not None
                return tokens.refresh_token.reveal()

        return asyncio.run(run())

    def renew(self, *innermost: ClientMiddlewareType, **consent: Any) -> RenewResult:
        async def run() -> RenewResult:
            async with self.opened(*innermost) as tenant:
                return await renew(tenant, self.spec(**consent), Onlooker())

        return asyncio.run(run())

    def advance(self, time: timedelta) -> None:
        self.trial.cloud.control("POST", "clock", {"advanceSeconds": time.total_seconds()})

    def token(self) -> dict[str, Any]:
        """The stored refresh token as the vault has it, with its value."""
        found = self.trial.token()
        assert found is not None
        return found

    def enabled(self) -> list[str]:
        """The enabled versions of the token, oldest first."""

        async def run() -> list[str]:
            async with self.opened() as tenant:
                versions = await tenant.clients.vault(self.trial.vault).list_versions(SECRET)
                return [entry.version for entry in versions if entry.enabled]

        return asyncio.run(run())

    def vault_writes(self) -> list[str]:
        """Everything that could have changed the vault's secrets."""
        return [line for line in self.trial.writes() if "secrets." in line]


def put_in_place(trial: Trial, kind: str) -> Kept:
    """Apply and sign in, from nothing; a snapshot of the type's name is taken."""
    kept = Kept(trial.back_to("new"), kind)
    kept.apply()
    kept.sign_in()
    trial.forget()
    trial.cloud.control("POST", "snapshot", {"name": kind})
    return kept


def value_of(token: dict[str, Any]) -> str:
    """The refresh token itself."""
    assert token["id"].split("/")[-2] == SECRET
    return str(token["value"])


def newcomer(kept: Kept, *vault_roles: str) -> ClientSecretIdentity:
    """A service principal of the tenant that holds these roles on the vault and no other right anywhere."""
    trial = kept.trial
    application = trial.graph("POST", "applications", {"displayName": "Renews only"})
    principal = trial.graph("POST", "servicePrincipals", {"appId": application["appId"]})
    secret = trial.graph("POST", f"applications/{application['id']}/addPassword", {"passwordCredential": {}})
    definitions = f"/subscriptions/{trial.tenant.subscription}/providers/Microsoft.Authorization/roleDefinitions"
    for role in vault_roles:
        assignment = {
            "roleDefinitionId": f"{definitions}/{VAULT_ROLES[role]}",
            "principalId": principal["id"],
            "principalType": "ServicePrincipal",
        }
        path = f"{trial.vault_path}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        trial.arm("PUT", path, {"properties": assignment}, "2022-04-01")
    return ClientSecretIdentity(application["appId"], Secret(secret["secretText"]))
