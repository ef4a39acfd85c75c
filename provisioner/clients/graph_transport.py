"""Sending to Microsoft Graph: reads that are asked for at the same moment travel as one `$batch`.

A read is its path below the version. A write is built by msgraph-sdk's own builders and models; only its pipeline is
not used (it parses every answer into models, repeats POSTs, and its batching is broken: see the client library notes,
section 3).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import aiohttp

from provisioner.clients.identity import RunnerCredential
from provisioner.clients.retry import LONGEST_WAIT_S, NoAnswerError, retry_after_s
from provisioner.core.clock import Clock
from provisioner.core.errors import AnswerLostError, ApiError, ApiReplyError, UnreachableError, api_error_class

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient

_LARGEST_BATCH = 20
_ATTEMPTS = 5
_TURNS = 4
_TEXT_LIMIT = 600
_BATCH_RETRIED = frozenset({429, 502, 503, 504})

Json = dict[str, Any]


@dataclass(frozen=True)
class GraphReply:
    """One answer, inner or outer. body is {} when there was none."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Waiting:
    path: str
    operation: str
    reply: asyncio.Future[GraphReply]


class GraphTransport:
    """One tenant's way to Graph."""

    def __init__(self, session: aiohttp.ClientSession, graph: str, credential: RunnerCredential, clock: Clock) -> None:
        self._session = session
        self._origin = graph
        self.root = f"{graph}/v1.0"
        self._credential = credential
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._flushes: set[asyncio.Task[None]] = set()

    @cached_property
    def build(self) -> GraphServiceClient:
        """What writes are built with; who only reads does not pay for its import."""
        from provisioner.clients.graph_build import builders

        return builders(self.root)

    async def get(self, path: str, operation: str) -> GraphReply:
        """The answer to a read, whatever its status below 400, or Graph's own word that it is not there (a 404).

        Raises ApiError for the rest: any other 404, of a proxy say, is no answer to the question.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(path, operation, loop.create_future())
        self._waiting.append(waiting)
        if len(self._waiting) == 1:
            flush = loop.create_task(self._flush())
            self._flushes.add(flush)
            flush.add_done_callback(self._flushes.discard)
        reply = await waiting.reply
        if reply.status < 400:
            return reply
        error = graph_error(operation, reply)
        if not (reply.status == 404 and error.code == _ABSENT):
            raise error
        return reply

    async def list_all(self, path: str, operation: str) -> list[Json]:
        """All pages of a collection. Raises ApiError, a 404 included."""
        reply = await self.get(path, operation)
        if reply.status == 404:
            raise graph_error(operation, reply)
        items = items_of(reply.body, operation)
        while (following := reply.body.get("@odata.nextLink")) is not None:
            if not str(following).startswith(f"{self._origin}/"):
                raise ApiReplyError("Graph", operation, reply.status, "", "the next page is on another host")
            reply = await self._send("GET", str(following), {}, None, operation)
            items += items_of(reply.body, operation)
        return items

    async def write(self, request: RequestInformation, operation: str) -> GraphReply:
        """Send a write, once. Raises ApiError for any status from 400."""
        headers = {"Content-Type": "application/json"} if request.content else {}
        method = request.http_method.value if request.http_method else "POST"
        request.path_parameters["baseurl"] = self.root
        reply = await self._send(method, request.url, headers, request.content, operation)
        if reply.status >= 400:
            raise graph_error(operation, reply)
        return reply

    async def _flush(self) -> None:
        """Lets the tasks that are ready now, and those they start, ask for their reads first."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), _LARGEST_BATCH):
            chunk = waiting[start : start + _LARGEST_BATCH]
            try:
                await self._answer(chunk)
            except BaseException as error:  # noqa: BLE001  # whoever waits gets it; nobody awaits this task
                for entry in chunk:
                    if not entry.reply.done():
                        entry.reply.set_exception(error)

    async def _answer(self, chunk: Sequence[_Waiting]) -> None:
        if len(chunk) == 1:
            only = chunk[0]
            only.reply.set_result(await self._send("GET", f"{self.root}{only.path}", {}, None, only.operation))
            return
        left = list(chunk)
        for attempt in range(_ATTEMPTS):
            replies = await self._batch(left)
            again = [entry for entry, reply in zip(left, replies, strict=True) if reply.status in _BATCH_RETRIED]
            waits = [reply.headers.get("Retry-After") for reply in replies if reply.status in _BATCH_RETRIED]
            wait = max((retry_after_s(asked, attempt) for asked in waits), default=0.0)
            last = attempt == _ATTEMPTS - 1 or wait > LONGEST_WAIT_S
            for entry, reply in zip(left, replies, strict=True):
                if entry not in again or last:
                    entry.reply.set_result(reply)
            if not again or last:
                return
            await self._clock.sleep(wait)
            left = again

    async def _batch(self, chunk: Sequence[_Waiting]) -> list[GraphReply]:
        """Inner answers in the order asked; Graph answers in any order, by id (sam-facts 5.5)."""
        requests = [{"id": str(n), "method": "GET", "url": entry.path} for n, entry in enumerate(chunk)]
        headers = {"Content-Type": "application/json"}
        body = json.dumps({"requests": requests}).encode()
        outer = await self._send("POST", f"{self.root}/$batch", headers, body, "read the directory")
        if outer.status != 200:
            raise graph_error("read the directory", outer)
        by_id = {str(inner.get("id")): inner for inner in _objects(outer.body.get("responses"))}
        if set(by_id) != {entry["id"] for entry in requests}:
            raise ApiReplyError("Graph", "read the directory", 200, "", "the batch answer is incomplete")
        return [_inner_reply(by_id[str(n)]) for n in range(len(chunk))]

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operation: str
    ) -> GraphReply:
        authorized = {**headers, "Authorization": await self._credential.bearer(self._origin)}
        try:
            async with self._session.request(
                method, url, headers=authorized, data=body, allow_redirects=False
            ) as response:
                raw = await response.read()
                status, answered = response.status, dict(response.headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error, NoAnswerError) and error.write:
                raise AnswerLostError("Graph", operation) from error
            raise UnreachableError(
                "Graph",
                operation,
                0,
                type(error).__name__,
                "does not answer",
                next_step="check the network and try again",
            ) from error
        try:
            parsed = json.loads(raw.decode("utf-8-sig")) if raw else {}
        except ValueError:
            raise ApiReplyError("Graph", operation, status, "", "the answer is not JSON") from None
        if not isinstance(parsed, dict):
            raise ApiReplyError("Graph", operation, status, "", "the answer is not a JSON object")
        return GraphReply(status, parsed, answered)


_ABSENT = "Request_ResourceNotFound"  # sam-facts 5.6


def graph_error(operation: str, reply: GraphReply) -> ApiError:
    """The error of an answer in Graph's envelope `{error: {code, message, innerError}}` (sam-facts 5.5)."""
    error = reply.body.get("error")
    envelope: Json = error if isinstance(error, dict) else {}
    inner = envelope.get("innerError")
    inner = inner if isinstance(inner, dict) else {}
    wait = reply.headers.get("Retry-After")
    return api_error_class(reply.status)(
        "Graph",
        operation,
        reply.status,
        str(envelope.get("code", "")),
        str(envelope.get("message", ""))[:_TEXT_LIMIT],
        correlation_id=str(inner.get("request-id") or reply.headers.get("request-id") or ""),
        retry_after_s=None if wait is None else retry_after_s(wait, 0),
        next_step=_ADVICE.get(str(envelope.get("code", "")), ""),
    )


# Graph's codes when an app-management policy refuses a credential (Azure/azure-cli issues quote them).
_ASK = "or have whoever keeps the policy exempt this application: provisioner doctor SPEC names the rule"
_ADVICE = {
    "Authorization_RequestDenied": (
        "provisioner doctor SPEC names the right that is missing, or says that the runner must own the application"
    ),
    "CredentialTypeNotAllowedAsPerAppPolicy": f"choose another application.credential.type, {_ASK}",
    "CredentialInvalidLifetimeAsPerAppPolicy": f"write a shorter application.credential.lifetime, {_ASK}",
}


def _inner_reply(inner: Json) -> GraphReply:
    status, body, headers = inner.get("status"), inner.get("body") or {}, inner.get("headers") or {}
    if not (isinstance(status, int) and isinstance(body, dict) and isinstance(headers, dict)):
        raise ApiReplyError("Graph", "read the directory", 200, "", "an answer in the batch is not in its shape")
    return GraphReply(status, body, headers)


def _objects(value: object) -> list[Json]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def items_of(body: Json, operation: str) -> list[Json]:
    """The objects of a collection, or of one page of it."""
    items = body.get("value")
    if not isinstance(items, list):
        raise ApiReplyError("Graph", operation, 200, "", "a collection without `value`")
    return items
