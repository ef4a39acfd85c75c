"""Microsoft's own clients before the emulator, without a socket: a transport for azure-core, and its credential."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import HttpResponse, HttpTransport
from requests.structures import CaseInsensitiveDict

from provisioner.emulator.dispatch import handle
from provisioner.emulator.kernel import Reply
from provisioner.emulator.store import Store
from tests.contracts import NotDescribed, check_request

from .azure import Azure


class SdkResponse(HttpResponse):
    """The emulator's reply in azure-core's clothes."""

    def __init__(self, request: Any, reply: Reply) -> None:
        super().__init__(request, None)
        self.status_code = reply.status
        self.content, content_type = reply.encoded()
        self.headers = CaseInsensitiveDict({"content-type": content_type or "", **reply.headers})
        self.content_type = content_type
        self.reason = str(reply.status)

    def body(self) -> bytes:
        return self.content

    def read(self) -> bytes:
        return self.content

    def json(self) -> Any:
        return json.loads(self.content)

    def iter_bytes(self) -> Iterator[bytes]:
        yield self.content

    def stream_download(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.content


class SdkTransport(HttpTransport[Any, Any]):
    """Sends by dispatch, each request checked before."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> SdkTransport:
        return self

    def __exit__(self, *_: object) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...

    def send(self, request: Any, **_: Any) -> SdkResponse:
        parts = urlsplit(request.url)
        service = "arm" if "management" in str(parts.hostname) else "key_vault"
        path, body = unquote(parts.path), request.body or b""
        body = body.encode() if isinstance(body, str) else body
        # What is not described must be excused when its answer is judged (tests/contract_report.py). The first request
        # to a vault goes out without token or body.
        with contextlib.suppress(NotDescribed):
            if "Authorization" in request.headers:
                check_request(service, request.method, path, dict(parse_qsl(parts.query)), body)
        return SdkResponse(request, handle(self.store, request.method, request.url, dict(request.headers), body))


class SdkCredential:
    """Tokens of the cloud's own making."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(self.azure.token(scopes[0].removesuffix("/.default")), 9_999_999_999)

    def close(self) -> None: ...
