"""What every Graph request has in common: the caller, the body, the ids in headers and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Refusal, Reply
from ..kinds import TENANT
from ..store import Document, Transaction
from . import errors

_LAST_ID = re.compile(r"[/(]'?([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})'?\)?/?$")
_REGIONS = {"public": "West Europe", "usgov": "USGov Virginia", "china": "China East 2"}


@dataclass(frozen=True)
class Request:
    """An authenticated call to Graph."""

    call: Call
    caller: Caller

    @property
    def tx(self) -> Transaction:
        return self.call.tx

    @property
    def tenant(self) -> str:
        return self.caller.tenant

    @property
    def cloud(self) -> str:
        """The cloud of the caller's tenant."""
        return self.caller.cloud

    @property
    def version(self) -> str:
        return self.call.path.split("/")[1]

    @property
    def root(self) -> str:
        """Scheme, host and version, without a slash at the end."""
        return f"https://{self.call.host}/{self.version}"

    def param(self, name: str) -> str:
        """A path parameter, with OData's doubled quotes undone."""
        return self.call.params[name].replace("''", "'")

    def tenant_document(self) -> Document:
        found = self.tx.get(TENANT, "", self.tenant)
        if found is None:
            raise LookupError(f"the tenant of an accepted token is not in the store: {self.tenant}")
        return found

    def body(self) -> Document:
        """The JSON object sent, without OData annotations (sam-facts 5; SDKs send @odata.type everywhere)."""
        content_type = self.call.headers.get("content-type", "")
        if not content_type.lower().startswith("application/json"):
            raise errors.body_unreadable()
        try:
            sent = self.call.json()
        except ValueError as error:
            raise errors.body_unreadable() from error
        if not isinstance(sent, dict):
            raise errors.body_unreadable()
        plain: Document = without_annotations(sent)
        return plain

    def reference(self) -> str:
        """The id of the object a `$ref` body names: {"@odata.id": ".../directoryObjects/{id}"}, or with a key in ()."""
        try:
            sent = self.call.json()
        except ValueError as error:
            raise errors.body_unreadable() from error
        return id_in_link(sent.get("@odata.id") if isinstance(sent, dict) else None)

    def prefers(self, preference: str) -> bool:
        """Whether the header Prefer holds this preference."""
        return preference in [each.strip().lower() for each in self.call.headers.get("prefer", "").split(",")]


GraphHandler = Callable[[Request], Reply]


def without_annotations(value: Any) -> Any:
    """A JSON value without @odata.type and its kind; `owners@odata.bind` stays, it is content."""
    if isinstance(value, dict):
        return {k: without_annotations(v) for k, v in value.items() if not _is_annotation(k)}
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    return value


def _is_annotation(name: str) -> bool:
    return name.startswith("@odata.") or name.endswith("@odata.type")


def answered(handler: GraphHandler) -> Handler:
    """The kernel handler of a Graph handler: authenticates, and gives answers and errors the service's headers."""

    def handle(call: Call) -> Reply:
        request_id = str(uuid4())
        client_request_id = call.headers.get("client-request-id") or request_id
        ids = {"request-id": request_id, "client-request-id": client_request_id}
        call = replace(call, path=without_empty_segments(call.path))
        try:
            request = Request(call, _caller(call))
            reply = _as_preferred(request, handler(request))
        except Refusal as refusal:
            reply = _completed(refusal.reply, ids, call.tx.now)
            raise Refusal(replace(reply, headers=_headers(call, ids) | dict(reply.headers))) from refusal
        return replace(reply, headers=_headers(call, ids, reply) | dict(reply.headers))

    return handle


def _headers(call: Call, ids: dict[str, str], reply: Reply | None = None) -> dict[str, str]:
    """What every answer carries; a body of OData says its version and how much metadata it holds."""
    server = {"DataCenter": _REGIONS[call.cloud], "Slice": "E", "Ring": "5", "ScaleUnit": "001"}
    common = ids | {
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        "x-ms-ags-diagnostic": json.dumps({"ServerInfo": server}, separators=(",", ":")),
    }
    if reply is None or not isinstance(reply.body, dict):
        return common
    metadata = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    return common | {"OData-Version": "4.0", "Content-Type": metadata}


def _as_preferred(request: Request, reply: Reply) -> Reply:
    """`Prefer: return=minimal` takes the body off an answer to a create; the header says that it was heeded."""
    if request.call.method == "POST" and reply.status == 201 and request.prefers("return=minimal"):
        return Reply(204, None, dict(reply.headers) | {"Preference-Applied": "return=minimal"})
    return reply


def _caller(call: Call) -> Caller:
    cloud = CLOUDS[call.cloud]
    try:
        caller = bearer(call, cloud.graph_audiences)
    except BadToken as error:
        raise errors.token_invalid(error.reason, cloud.login[0]) from error
    if caller is None:
        raise errors.token_missing(cloud.login[0])
    return caller


def _completed(reply: Reply, ids: dict[str, str], now: float) -> Reply:
    date = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    error = dict(reply.body["error"]) | {"innerError": {"date": date} | ids}
    return Reply(reply.status, {"error": error}, ids | dict(reply.headers))


def id_in_link(link: object) -> str:
    """The id at the end of a link to an object. Raises reference_link_invalid."""
    found = _LAST_ID.search(link) if isinstance(link, str) else None
    if found is None:
        raise errors.reference_link_invalid()
    return found[1].lower()


def without_empty_segments(path: str) -> str:
    return re.sub(r"/{2,}", "/", path) if "//" in path else path


def is_guid(text: object) -> bool:
    """True for the 36-character form only, in any case."""
    if not isinstance(text, str) or len(text) != 36:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return text.count("-") == 4
