"""What every ARM call goes through: request ids, the token, the api-version, the subscription, the right."""

from __future__ import annotations

import functools
import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

from .. import kinds
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Json, Refusal, Reply
from ..store import Document
from . import access, errors

_API_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?", re.IGNORECASE)


def answered(handler: Handler) -> Handler:
    """A handler whose every answer carries ARM's ids; a correlation id sent is the one answered."""

    @functools.wraps(handler)
    def with_ids(call: Call) -> Reply:
        request_id = str(uuid.uuid4())
        headers = {
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": call.headers.get("x-ms-correlation-request-id", request_id),
            "Cache-Control": "no-cache",
        }
        try:
            reply = handler(call)
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        return replace(reply, headers=headers | dict(reply.headers))

    return with_ids


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
        raise errors.no_token(call.cloud)
    if not call.query.get("api-version"):
        raise errors.missing_api_version()
    if not _API_VERSION.fullmatch(call.query["api-version"]):
        raise errors.invalid_api_version(call.query["api-version"])
    return caller


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
