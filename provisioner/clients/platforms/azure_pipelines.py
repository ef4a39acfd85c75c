"""Azure Pipelines: a job asks Azure DevOps for a token of a service connection it may use.

Such a token lives ten minutes and is always for Entra. azure-identity has a credential for this
(AzurePipelinesCredential), but its asynchronous form asks Azure DevOps through a blocking pipeline of its own, past
our session. Source: Azure DevOps REST API, "Oidctoken - Create".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import aiohttp
from yarl import URL

from provisioner.clients.platforms import job_requests
from provisioner.clients.platforms.environment import require
from provisioner.core.secret import Secret

REQUEST_URI = "SYSTEM_OIDCREQUESTURI"
ACCESS_TOKEN = "SYSTEM_ACCESSTOKEN"  # noqa: S105  # a variable's name
CONNECTION = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"
_API_VERSION = "7.1"
_HOSTS = ("dev.azure.com", ".visualstudio.com")  # the second: organisations that keep their old address
_MAPPED = f"map it in the step: `env: {{{ACCESS_TOKEN}: $(System.AccessToken)}}`, and run it in Azure Pipelines"
_CONNECTED = (
    "set auth.serviceConnection to the id of the service connection (`resourceId` in the address of its page), "
    "or run inside a task that has the connection (AzureCLI@2)"
)


@dataclass(frozen=True)
class AzurePipelines:
    """Implements PlatformTokens for the job this process runs in. connection: the service connection's id."""

    session: aiohttp.ClientSession = field(repr=False)
    request_uri: URL = field(repr=False)
    access_token: Secret
    connection: str
    label: ClassVar[str] = "Azure Pipelines"

    async def token(self, audience: str) -> Secret:
        """audience: cannot be chosen here; whoever needs another one sees it in the token."""
        query = {"api-version": _API_VERSION, "serviceConnectionId": self.connection}
        return await job_requests.ask(
            self.session,
            self.label,
            "POST",
            self.request_uri.update_query(query),
            self.access_token,
            member="oidcToken",
            advice=f"let the pipeline use the service connection {self.connection}, and check its id; the job's token: "
            f"{_MAPPED}",
        )


def in_azure_pipelines(environment: Mapping[str, str]) -> bool:
    """True in a job that may ask for a token, and knows of which service connection."""
    return all(environment.get(name) for name in (REQUEST_URI, ACCESS_TOKEN, CONNECTION))


def azure_pipelines(
    session: aiohttp.ClientSession, environment: Mapping[str, str], connection: str | None = None
) -> AzurePipelines:
    """The job of this environment; connection None: of the task it runs in.

    Raises PlatformMissingError with the line of YAML.
    """
    uri, token = (require(environment, name, AzurePipelines.label, _MAPPED) for name in (REQUEST_URI, ACCESS_TOKEN))
    connection = connection or require(environment, CONNECTION, AzurePipelines.label, _CONNECTED)
    return AzurePipelines(session, job_requests.platform_url(REQUEST_URI, uri, _HOSTS), Secret(token), connection)
