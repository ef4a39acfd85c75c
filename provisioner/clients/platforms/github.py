"""GitHub Actions: a job with `permissions: id-token: write` asks GitHub for a token, for any audience it names.

Such a token lives five minutes. Source: GitHub, "OpenID Connect reference".
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

REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  # a variable's name
_HOSTS = (".actions.githubusercontent.com",)
_WORKFLOW = "give the job `permissions: {id-token: write, contents: read}` in the workflow, and run there"


@dataclass(frozen=True)
class GitHubActions:
    """Implements PlatformTokens for the job this process runs in."""

    session: aiohttp.ClientSession = field(repr=False)
    request_url: URL = field(repr=False)
    request_token: Secret
    label: ClassVar[str] = "GitHub Actions"

    async def token(self, audience: str) -> Secret:
        return await job_requests.ask(
            self.session,
            self.label,
            "GET",
            self.request_url.update_query(audience=audience),
            self.request_token,
            member="value",
            advice=f"the job may be over; otherwise {_WORKFLOW}",
        )


def in_github_actions(environment: Mapping[str, str]) -> bool:
    """True in a job that may ask for a token."""
    return bool(environment.get(REQUEST_URL) and environment.get(REQUEST_TOKEN))


def github_actions(session: aiohttp.ClientSession, environment: Mapping[str, str]) -> GitHubActions:
    """The job of this environment. Raises PlatformMissingError with the workflow's line."""
    url, token = (require(environment, name, GitHubActions.label, _WORKFLOW) for name in (REQUEST_URL, REQUEST_TOKEN))
    return GitHubActions(session, job_requests.platform_url(REQUEST_URL, url, _HOSTS), Secret(token))
