"""A tenant that provisioner itself plans and applies, and an administrator who changes things behind its back.

The administrator speaks raw HTTP (see rehearsal.py), so that a mistake of our clients cannot hide itself. Sleeping
advances the cloud's clock: what waits for lag costs no time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientMiddlewareType

from provisioner.clients.clouds import endpoints
from provisioner.clients.runner_identities import ClientSecretIdentity
from provisioner.clients.session import EmulatorEndpoint, RequestLog, open_session
from provisioner.core.plan import Plan
from provisioner.core.report import StepResult
from provisioner.core.secret import Secret
from provisioner.core.step import Step
from provisioner.emulator.seed.directory import RUNNER_SECRET
from provisioner.operations.apply import ApplyOptions, ApplyResult, carry_out
from provisioner.operations.plan import look
from provisioner.operations.tenant import OpenTenant, open_tenant
from provisioner.spec.model import Spec, parse
from tests.rehearsal import Rehearsal

NAME = "trial"
CREDENTIAL = f"{NAME}-credential"
GROUP = "rg-trial"
MOST_ROUNDS = 5  # as the command
Request = Mapping[str, Any]


@dataclass
class Onlooker:
    """Implements operations.ui.Ui for a run without a person: keeps what it is told, answers nothing."""

    said: list[str] = field(default_factory=list)
    results: list[StepResult] = field(default_factory=list)

    def progress(self, text: str) -> None:
        self.said.append(text)

    info = progress
    by_hand = progress

    def step_started(self, step: Step) -> None:
        self.said.append(str(step.address))

    def step_done(self, result: StepResult) -> None:
        self.results.append(result)

    async def confirm(self, question: str) -> bool:
        raise AssertionError(f"nobody is there to answer: {question}")

    async def ask(self, prompt: str) -> str:
        raise AssertionError(f"nobody is there to answer: {prompt}")

    async def secret(self, prompt: str) -> str:
        raise AssertionError(f"nobody is there to bring a secret: {prompt}")

    async def open_browser(self, url: str) -> bool:
        raise AssertionError("nobody is there to sign in")


@dataclass
class Trial(Rehearsal):
    """One tenant and the whole of a spec for it: at least one object of every kind."""

    @property
    def vault(self) -> str:
        return f"kv-trial-{self.tenant.id[:8]}"

    @property
    def group_path(self) -> str:
        return f"/subscriptions/{self.tenant.subscription}/resourceGroups/{GROUP}"

    @property
    def vault_path(self) -> str:
        return f"{self.group_path}/providers/Microsoft.KeyVault/vaults/{self.vault}"

    def document(self) -> dict[str, Any]:
        """The spec as a file would hold it."""
        return {
            "version": 1,
            "name": NAME,
            "cloud": self.tenant.cloud,
            "tenant": self.tenant.id,
            "subscription": self.tenant.subscription,
            "application": {
                "displayName": "Trial",
                "signInAudience": "AzureADMultipleOrgs",
                "homePageUrl": "https://localhost:44395/",
                "replyUrls": list(self.reply_urls),
                "enableIdTokenIssuance": True,
                "permissions": [
                    {"api": "Microsoft Partner Center", "delegated": ["user_impersonation"]},
                    {
                        "api": "Microsoft Graph",
                        "delegated": ["User.Read", "Directory.AccessAsUser.All"],
                        "application": ["Organization.Read.All"],
                    },
                ],
                "credential": {"type": "secret", "lifetime": "90d", "rotateBefore": "30d", "overlap": "7d"},
            },
            "vault": {
                "name": self.vault,
                "resourceGroup": GROUP,
                "location": self.location,
                "network": {"defaultAction": "Allow", "allowedIps": ["203.0.113.7"]},
                "access": [
                    {"principal": self.tenant.colleague_id, "type": "User", "role": "Key Vault Secrets User"},
                ],
                "tags": {"team": "partner-platform"},
            },
            "consent": {"account": self.tenant.operator, "operators": [self.tenant.operator_id]},
            "verify": {"customer": self.tenant.customers[0].id},
        }

    def spec(self, **changed: Any) -> Spec:
        """The spec; `application__displayName="X"` changes a member of a part, None takes it out."""
        document = self.document()
        for path, value in changed.items():
            *parts, last = path.split("__")
            node = document
            for part in parts:
                node = node[part]
            if value is None:
                del node[last]
            else:
                node[last] = value
        return parse(document)

    # provisioner

    @asynccontextmanager
    async def opened(
        self,
        *innermost: ClientMiddlewareType,
        log: RequestLog | None = None,
        spec: Spec | None = None,
        by_environment: bool = False,
        verb: str = "",
    ) -> AsyncIterator[OpenTenant]:
        """The tenant, its runner signed in; by_environment: whoever azure-identity finds there.

        verb: the command whose part it plays, as its requests name it.
        """
        host, _, port = self.cloud.description["address"].partition(":")
        endpoint = EmulatorEndpoint(host, int(port), Path(self.cloud.description["ca"]))
        clock = self.clock()
        async with open_session(clock, emulator=endpoint, log=log, verb=verb, innermost=innermost) as session:
            runner = ClientSecretIdentity(self.tenant.runner.client_id, Secret(RUNNER_SECRET))
            identity = None if by_environment else runner
            async with open_tenant(spec or self.spec(), session, clock, identity) as tenant:
                yield tenant

    def plan(self, spec: Spec | None = None, *innermost: ClientMiddlewareType) -> Plan:
        async def run() -> Plan:
            async with self.opened(*innermost, spec=spec, verb="plan") as tenant:
                return (await look(tenant, spec or self.spec())).plan

        return asyncio.run(run())

    def apply(
        self, spec: Spec | None = None, *innermost: ClientMiddlewareType, onlooker: Onlooker | None = None
    ) -> ApplyResult:
        """As `apply --auto-approve --no-consent`, again while what could not be read before is pending."""

        async def run() -> ApplyResult:
            async with self.opened(*innermost, spec=spec, verb="apply") as tenant:
                return await rounds(tenant, spec or self.spec(), onlooker or Onlooker())

        return asyncio.run(run())

    def put_in_place(self) -> None:
        """Apply, which must succeed; the recorded requests are forgotten."""
        result = self.apply()
        assert result.exit_code() == 3, failures(result)
        self.forget()

    def back_to(self, snapshot: str) -> Trial:
        """The cloud as it was then; the recorded requests are forgotten."""
        self.cloud.control("POST", "restore", {"name": snapshot})
        self.forget()
        return self

    # what the cloud got

    def forget(self) -> None:
        self.cloud.control("DELETE", "requests")

    def requests(self) -> list[Request]:
        """Everything the cloud got, parts of a `$batch` included (they have `inner`)."""
        found: list[Request] = self.cloud.control("GET", "requests")["requests"]
        return found

    def writes(self) -> list[str]:
        """`METHOD operation` of everything that could write."""
        return [f"{each['method']} {each['operation']}" for each in self.requests() if could_write(each)]

    def fault(self, operation: str, action: str, **more: Any) -> None:
        self.cloud.control("POST", "faults", {"operation": operation, "action": action, **more})

    # the administrator

    def graph(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        return self._graph(method, path, body)

    def arm(self, method: str, path: str, body: Any = None, version: str = "2023-07-01") -> dict[str, Any]:
        return self._arm(method, path, body, version)

    def secrets(self, method: str, path: str, body: Any = None, *, ignore: int = 0) -> dict[str, Any]:
        """The vault's data plane."""
        return self._vault(method, path, body, ignore=ignore)

    def application(self) -> dict[str, Any]:
        return self.graph("GET", f"applications(uniqueName='{NAME}')")

    def change_application(self, **members: Any) -> None:
        self.graph("PATCH", f"applications/{self.application()['id']}", members)

    def principal(self, app_id: str) -> dict[str, Any]:
        return self.graph("GET", f"servicePrincipals(appId='{app_id}')")

    def grants(self) -> list[dict[str, Any]]:
        """The tenant-wide and personal grants of our service principal."""
        app_id = self.application()["appId"]
        found: list[dict[str, Any]] = self.graph("GET", f"servicePrincipals(appId='{app_id}')/oauth2PermissionGrants")[
            "value"
        ]
        return found

    def take_from_the_runner(self, permission: str) -> None:
        """An application permission of Graph; then nobody with the runner's token has it, the administrator neither."""
        graph = self.principal("00000003-0000-0000-c000-000000000000")
        [role] = [role["id"] for role in graph["appRoles"] if role["value"] == permission]
        path = f"servicePrincipals/{self.tenant.runner.object_id}/appRoleAssignments"
        for assignment in self.graph("GET", path)["value"]:
            if assignment["appRoleId"] == role:
                self.graph("DELETE", f"{path}/{assignment['id']}")

    def mints_a_token(self, secret: str) -> bool:
        """Whether Entra takes this as the application's secret."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.application()["appId"],
            "client_secret": secret,
            "scope": f"{endpoints(self.tenant.cloud).graph}/.default",
        }
        authority = endpoints(self.tenant.cloud).authority
        return self.cloud.http.post(f"{authority}/{self.tenant.id}/oauth2/v2.0/token", data=form).ok


async def rounds(tenant: OpenTenant, spec: Spec, onlooker: Onlooker) -> ApplyResult:
    """apply, at most MOST_ROUNDS times."""
    for _ in range(MOST_ROUNDS):
        result = await carry_out(tenant, spec, await look(tenant, spec), onlooker, ApplyOptions(with_consent=False))
        if not result.another_round:
            break
    return result


def failures(result: ApplyResult) -> list[str]:
    """What went wrong in the last round."""
    results = result.report.results if result.report else ()
    return [f"{each.step.address}: {each.error}" for each in results if each.error]


def could_write(request: Request) -> bool:
    """True for what is neither a read, nor a token request, nor the envelope of a `$batch` (its parts are listed)."""
    reads = request["method"] in ("GET", "HEAD")
    asks = request["operation"].startswith(("entra.token.", "issuers."))
    return not (reads or asks or request["operation"] == "graph.batch")
