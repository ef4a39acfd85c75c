"""What every Graph request has in common: the caller, the body, the ids in headers and errors."""

from __future__ import annotations

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
    """The kernel handler of a Graph handler: authenticates, and gives answers and errors their request ids."""

    def handle(call: Call) -> Reply:
        request_id = str(uuid4())
        client_request_id = call.headers.get("client-request-id") or request_id
        ids = {"request-id": request_id, "client-request-id": client_request_id}
        try:
            reply = handler(Request(call, _caller(call)))
        except Refusal as refusal:
            raise Refusal(_completed(refusal.reply, ids, call.tx.now)) from refusal
        return replace(reply, headers=ids | dict(reply.headers))

    return handle


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


def is_guid(text: object) -> bool:
    """True for the 36-character form only, in any case."""
    if not isinstance(text, str) or len(text) != 36:
        return False
    try:
        UUID(text)
    except ValueError:
        return False
    return text.count("-") == 4
