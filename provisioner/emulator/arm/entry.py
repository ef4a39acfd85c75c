"""What every ARM call goes through: request ids, the token, the api-version, the subscription, the right."""

from __future__ import annotations

import functools
import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from .. import kinds
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Json, Refusal, Reply
from ..store import Document
from . import access, errors

_API_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?", re.IGNORECASE)

_SUBSCRIPTION = "x-ms-ratelimit-remaining-subscription-"
_READS = {f"{_SUBSCRIPTION}reads": "249", f"{_SUBSCRIPTION}global-reads": "3749"}
_WRITES = {f"{_SUBSCRIPTION}writes": "199", f"{_SUBSCRIPTION}global-writes": "2999"}
_DELETES = {f"{_SUBSCRIPTION}deletes": "199", f"{_SUBSCRIPTION}global-deletes": "2999"}
_LEFT = {"GET": _READS, "HEAD": _READS, "PUT": _WRITES, "PATCH": _WRITES, "POST": _WRITES, "DELETE": _DELETES}


def answered(handler: Handler) -> Handler:
    """A handler whose every answer carries ARM's ids; a correlation id sent is the one answered.

    Query names are taken in any case (`Api-Version`), as the service does: handlers see them in lower case.
    """

    @functools.wraps(handler)
    def with_ids(call: Call) -> Reply:
        headers = _headers(call)
        try:
            reply = handler(replace(call, query={name.lower(): value for name, value in call.query.items()}))
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        return replace(reply, headers=headers | _LEFT[call.method] | dict(reply.headers))

    return with_ids


def _headers(call: Call) -> dict[str, str]:
    """On every answer; the client's own request id comes back only to those who ask for it."""
    request_id = str(uuid.uuid4())
    correlation = call.headers.get("x-ms-correlation-request-id", request_id)
    moment = datetime.fromtimestamp(call.tx.now, UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"WESTEUROPE:{moment}:{correlation}",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
    }
    own = call.headers.get("x-ms-client-request-id")
    if own and call.headers.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = own
    return headers


@dataclass(frozen=True)
class Session:
    """An authenticated call within a subscription of the caller's directory."""

    call: Call
    caller: Caller
    subscription: Document

    @property
    def subscription_id(self) -> str:
        return str(self.subscription["subscriptionId"])

    @property
    def scope(self) -> str:
        return f"/subscriptions/{self.subscription_id}"

    def require(self, action: str, scope: str) -> None:
        """Raises AuthorizationFailed unless the caller may do this here."""
        if not self.may(action, scope):
            raise errors.authorization_failed(self.caller, action, scope)

    def may(self, action: str, scope: str) -> bool:
        return access.permitted(self.call.tx, self.caller.tenant, self.caller.object_id, action, scope)


def authenticated(call: Call) -> Caller:
    """The caller of any ARM call; raises the 401s, and 400 without a well-formed api-version."""
    try:
        caller = bearer(call, CLOUDS[call.cloud].arm_audiences)
    except BadToken as bad:
        if bad.reason == "expired":
            raise errors.expired_token(call.cloud, call.tx.now) from bad
        if bad.reason == "audience":
            raise errors.wrong_audience(call.cloud) from bad
        raise errors.bad_token(call.cloud) from bad
    if caller is None:
        raise errors.no_token(call.cloud, _tenant_of_path(call))
    if not call.query.get("api-version"):
        raise errors.missing_api_version()
    if not _API_VERSION.fullmatch(call.query["api-version"]):
        raise errors.invalid_api_version(call.query["api-version"])
    return caller


def _tenant_of_path(call: Call) -> str | None:
    """The directory of the subscription a call is about, for those who do not know it yet."""
    parts = call.path.strip("/").lower().split("/")
    found = call.tx.get(kinds.SUBSCRIPTION, "", parts[1]) if parts[0] == "subscriptions" and len(parts) > 1 else None
    return found["tenantId"] if found else None


def session(call: Call, subscription: str | None = None) -> Session:
    """The call within the subscription of its path (or the one named)."""
    caller = authenticated(call)
    wanted = (subscription or call.params["subscription"]).lower()
    document = call.tx.get(kinds.SUBSCRIPTION, "", wanted)
    if document is None:
        raise errors.subscription_not_found(wanted)
    if document["tenantId"] != caller.tenant:
        raise errors.wrong_tenant(caller, document["tenantId"])
    _check_mfa(call, caller)
    return Session(call, caller, document)


def _check_mfa(call: Call, caller: Caller) -> None:
    """People write with MFA only, service principals without, and China does not enforce it (sam-facts 8)."""
    writes = call.method in ("PUT", "PATCH", "DELETE")
    if writes and caller.kind == "user" and "mfa" not in caller.amr and caller.cloud != "china":
        raise errors.mfa_required(call.cloud)


def body(call: Call) -> dict[str, Any]:
    """The body as a JSON object."""
    try:
        parsed: Json = call.json()
    except ValueError as error:
        raise errors.invalid_body("not JSON.") from error
    if not isinstance(parsed, dict):
        raise errors.invalid_body("a JSON object is required.")
    return parsed
