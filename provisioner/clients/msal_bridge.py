"""MSAL over the one session: its blocking calls run in a worker thread, its requests in the event loop.

So the read-only guard, the retries and the request log see them like any other. MSAL asks the tenant's discovery
document for its endpoints; the bridge answers that from the cloud table instead, because no answer from the network
may say where a secret goes, and it saves a request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.core.errors import ApiReplyError, ServiceUnavailableError, UnreachableError
from provisioner.core.secret import Secret

_DISCOVERY = "/.well-known/openid-configuration"
_LONGEST_CALL_S = 300


@dataclass(frozen=True)
class _Answer:
    """What MSAL reads of an HTTP answer. The text may hold tokens, so it is not in the repr."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"_Answer({self.status_code})"

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            if "AADSTS" in (description := self._description()):
                raise sign_in_error("token request", description, status=self.status_code)
            raise ServiceUnavailableError(
                "Entra", "token request", self.status_code, "", "no answer in its documented shape",
                next_step="Entra has a passing fault: try again in a minute",
            )  # fmt: skip

    def _description(self) -> str:
        """Entra's own text in its error object; "" when there is none."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return ""
        return str(found.get("error_description", "")) if isinstance(found, dict) else ""


class _Bridge:
    """The `http_client` of one MSAL application; its methods are called in MSAL's thread."""

    def __init__(
        self, session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, cloud: CloudEndpoints, tenant: str
    ) -> None:
        self._session = session
        self._loop = loop
        self._origin = f"{cloud.authority}/{tenant}"

    def get(self, url: str, **kwargs: Any) -> _Answer:
        if url != f"{self._origin}/v2.0{_DISCOVERY}":
            raise ApiReplyError("Entra", "sign-in library", 0, "", f"a read of {url} was not expected")
        endpoints = {
            "issuer": f"{self._origin}/v2.0",
            "authorization_endpoint": f"{self._origin}/oauth2/v2.0/authorize",
            "token_endpoint": f"{self._origin}/oauth2/v2.0/token",
        }
        return _Answer(200, json.dumps(endpoints), {})

    def post(
        self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str] | None = None, **kwargs: Any
    ) -> _Answer:
        sent = asyncio.run_coroutine_threadsafe(post_form(self._session, url, data, headers), self._loop)
        answer = sent.result(_LONGEST_CALL_S)
        if answer.status_code >= 500:  # MSAL would raise an error of its own, which says nothing but the status
            answer.raise_for_status()
        return answer

    def close(self) -> None:
        """The session is not ours."""


async def post_form(
    session: aiohttp.ClientSession, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> _Answer:
    """POST a form to a token endpoint. Raises UnreachableError; any answer is returned."""
    try:
        async with session.post(url, data=dict(form), headers=headers, allow_redirects=False) as response:
            body = await response.read()
            return _Answer(response.status, body.decode("utf-8-sig", "replace"), dict(response.headers))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnreachableError(
            "Entra", "token request", 0, "", type(error).__name__,
            next_step="check the network and the proxy, then run the same command again",
        ) from error  # fmt: skip


async def with_msal(
    session: aiohttp.ClientSession,
    cloud: CloudEndpoints,
    tenant: str,
    client_id: str,
    proof: Mapping[str, Secret],
    call: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """What `call` makes of a fresh `ConfidentialClientApplication`; its token cache goes with it.

    proof: the form fields of a ClientProof; none for a call that sends no token request.
    Raises: UnreachableError, ServiceUnavailableError, ApiReplyError for an answer that is not JSON.
    """
    bridge = _Bridge(session, asyncio.get_running_loop(), cloud, tenant)

    def in_thread() -> dict[str, Any]:
        import msal

        return call(
            msal.ConfidentialClientApplication(
                client_id,
                client_credential=_credential(proof),
                authority=f"{cloud.authority}/{tenant}",
                http_client=bridge,
                instance_discovery=False,
            )
        )

    try:
        return await asyncio.to_thread(in_thread)
    except json.JSONDecodeError:
        raise ApiReplyError("Entra", "token request", 0, "", "the answer is not JSON") from None


def _credential(proof: Mapping[str, Secret]) -> str | dict[str, Callable[[], str]] | None:
    """The form fields as MSAL takes them."""
    if "client_assertion" in proof:
        return {"client_assertion": proof["client_assertion"].reveal}
    return proof["client_secret"].reveal() if "client_secret" in proof else None
