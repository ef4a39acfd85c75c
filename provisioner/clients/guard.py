"""Nothing is written unless the code says so: outside `writes_allowed()` a request that could write never leaves.

The switch is a context variable, so it follows a task into what it awaits and starts, and one tenant's apply opens
nothing for another tenant's plan.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.payload import Payload

from provisioner.clients.clouds import CLOUDS
from provisioner.core.errors import WriteRefusedError

_writes: ContextVar[bool] = ContextVar("writes", default=False)
_signatures: ContextVar[bool] = ContextVar("signatures", default=False)
_VAULTS = tuple(f".{cloud.vault_suffix}" for cloud in CLOUDS.values())
_SIGN = re.compile(r"/keys/[^/]+/[^/]+/sign")
_LOGIN_HOSTS = {urlsplit(cloud.authority).hostname for cloud in CLOUDS.values()}
_GRAPH_HOSTS = {urlsplit(cloud.graph).hostname for cloud in CLOUDS.values()}
_ARM_HOSTS = {urlsplit(cloud.arm).hostname for cloud in CLOUDS.values()}


@contextmanager
def writes_allowed() -> Iterator[None]:
    """Requests sent inside may write."""
    token = _writes.set(True)
    try:
        yield
    finally:
        _writes.reset(token)


@contextmanager
def signatures_allowed() -> Iterator[None]:
    """Requests sent inside may have a vault's key sign: it changes nothing, and it is how a token is asked for."""
    token = _signatures.set(True)
    try:
        yield
    finally:
        _signatures.reset(token)


async def guard(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """The session's outermost middleware. Raises WriteRefusedError before anything leaves."""
    if not _writes.get() and not (await is_read(request) and (_signatures.get() or not _signs(request))):
        raise WriteRefusedError(
            f"a read-only command tried to send {request.method} {request.url.host}{request.url.path}",
            next_step="this is a defect of provisioner: please report it",
        )
    return await handler(request)


async def is_read(request: ClientRequest) -> bool:
    """Whether it changes nothing at the service: it may be sent by `plan`, and sent again."""
    if request.method in ("GET", "HEAD"):
        return True
    if request.method != "POST":
        return False
    host, path = request.url.host or "", request.url.path
    if host.endswith(_VAULTS):
        return _signs(request)
    if host == "dev.azure.com" or host.endswith(".visualstudio.com"):
        return path.endswith("/oidctoken")  # Azure DevOps vouches for the job this is
    if host in _LOGIN_HOSTS:
        return path.endswith(("/token", "/devicecode"))
    if host in _GRAPH_HOSTS:
        return path.endswith("/directoryObjects/getByIds") or (path.endswith("/$batch") and await _reads_only(request))
    return host in _ARM_HOSTS and path.lower().endswith("/checknameavailability")


def _signs(request: ClientRequest) -> bool:
    """Key Vault's `keys/sign`, the one request of a vault's that is a POST and changes nothing."""
    vault = (request.url.host or "").endswith(_VAULTS)
    return vault and request.method == "POST" and _SIGN.fullmatch(request.url.path) is not None


async def _reads_only(request: ClientRequest) -> bool:
    """True for a `$batch` body of nothing but GETs."""
    if not isinstance(request.body, Payload):
        return False
    inner = json.loads(await request.body.as_bytes()).get("requests", [])
    return bool(inner) and all(entry.get("method") == "GET" for entry in inner)
