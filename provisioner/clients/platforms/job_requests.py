"""What GitHub's and Azure DevOps's answers to a job have in common: a JSON object with one token in it.

The job's own request token goes to its platform and nowhere else: the address a job finds in its environment must be
https and the platform's own, and no redirect is followed with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import aiohttp
from yarl import URL

from provisioner.clients.platforms.environment import PlatformMissingError
from provisioner.core.errors import ApiReplyError, UnreachableError, api_error_class
from provisioner.core.secret import Secret

_ASKING = "identity token of this job"


def platform_url(variable: str, value: str, hosts: tuple[str, ...]) -> URL:
    """The address in an environment variable. hosts: names, or suffixes with a leading dot.

    Raises PlatformMissingError for another one.
    """
    try:
        url = URL(value)
    except ValueError:
        url = URL()
    host = (url.host or "").lower()
    own = any(host.endswith(name) if name.startswith(".") else host == name for name in hosts)
    if url.scheme != "https" or not own or url.user is not None:
        raise PlatformMissingError(
            f"{variable} is not an https address of {' or '.join(name.removeprefix('.') for name in hosts)}: "
            f"the job's token is not sent to {host or 'it'}",
            where=variable,
            next_step="leave the variable as the platform sets it",
        )
    return url


async def ask(
    session: aiohttp.ClientSession,
    platform: str,
    method: str,
    url: URL,
    request_token: Secret,
    *,
    member: str,
    advice: str,
) -> Secret:
    """The token in `member` of the answer. advice: for a refusal.

    Raises: UnreachableError; ApiError's classes by status; ApiReplyError.
    """
    headers = {
        "Authorization": f"Bearer {request_token.reveal()}",
        "Accept": "application/json",
        "X-TFS-FedAuthRedirect": "Suppress",  # both are one service inside: it answers 401, not a sign-in page
    }
    try:
        async with session.request(method, url, headers=headers, allow_redirects=False) as response:
            status = response.status
            body = await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnreachableError(
            platform, _ASKING, 0, "", type(error).__name__,
            next_step="check the network and the proxy, then run the job again",
        ) from None  # fmt: skip
    found = _object(body)
    if status != 200:
        raise api_error_class(status)(
            platform, _ASKING, status, str(found.get("typeKey", ""))[:80], str(found.get("message", ""))[:300],
            next_step=advice,
        )  # fmt: skip
    token = found.get(member)
    if not isinstance(token, str) or not token:
        raise ApiReplyError(platform, _ASKING, status, "", "the answer is not in its documented shape")
    return Secret(token)


def _object(body: bytes) -> Mapping[str, object]:
    """Empty for what is no JSON object: nothing of it may be told."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
