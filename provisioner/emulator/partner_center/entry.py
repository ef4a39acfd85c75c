"""What every Partner Center call goes through: headers echoed, the token, MFA, the partner role (sam-facts 4.1-4.3)."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import kinds
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Refusal, Reply
from ..store import Document
from . import errors

_PARTNER_ROLES = {"AdminAgent", "SalesAgent"}


@dataclass(frozen=True)
class Session:
    """An authorised call of a partner."""

    call: Call
    caller: Caller
    partner: Document

    @property
    def user(self) -> Document | None:
        """The signed-in user's document; None for an application."""
        return self.call.tx.get(kinds.USER, self.caller.tenant, self.caller.object_id)

    def customer(self) -> Document:
        """The tenant of the customer in the path; raises when it is not one of this partner's."""
        tenant = self.call.tx.get(kinds.TENANT, "", _guid(self.call.params["customer"]))
        if tenant is None:
            raise errors.tenant_not_found()
        if tenant["id"] not in self.partner["_customers"]:
            raise errors.no_relationship()
        return tenant


def app_or_user(operation: Callable[[Session], Reply]) -> Handler:
    """A handler for calls that take App-only and App+User tokens."""
    return _handler(operation, user_only=False)


def user_only(operation: Callable[[Session], Reply]) -> Handler:
    """A handler for App+User calls."""
    return _handler(operation, user_only=True)


def _handler(operation: Callable[[Session], Reply], *, user_only: bool) -> Handler:
    @functools.wraps(operation)
    def handler(call: Call) -> Reply:
        headers = {
            "MS-RequestId": call.headers.get("ms-requestid", str(uuid.uuid4())),
            "MS-CorrelationId": call.headers.get("ms-correlationid", str(uuid.uuid4())),
            "MS-CV": f"{uuid.uuid4().hex[:16]}.0",
            "MS-ServerId": "000000000001",
        }
        try:
            current = _session(call, user_only=user_only)
            answer = operation(current)
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        if _asks_for_mfa(call) and current.caller.kind == "user":
            headers["isMfaCompliant"] = "true"  # a user's token without MFA did not come this far
        return replace(answer, headers=headers | dict(answer.headers))

    return handler


def _session(call: Call, *, user_only: bool) -> Session:
    caller = _caller(call)
    partner = call.tx.get(kinds.TENANT, "", caller.tenant)
    if partner is None or not partner["partner"]:
        raise errors.access_denied("the tenant is not a partner's")
    current = Session(call, caller, partner)
    if caller.kind == "app":
        if user_only:
            raise errors.access_denied("this operation needs an App+User token")
        return current
    if "mfa" not in caller.amr:
        raise errors.mfa_required(asked=_asks_for_mfa(call))
    if "user_impersonation" not in caller.scopes:
        raise errors.access_denied("the token lacks the scope user_impersonation")
    if not _PARTNER_ROLES & set((current.user or {}).get("_partnerRoles", ())):
        raise errors.access_denied("the user is neither Admin agent nor Sales agent")
    return current


def _asks_for_mfa(call: Call) -> bool:
    return call.headers.get("validatemfa", "").lower() == "true"


def _caller(call: Call) -> Caller:
    try:
        caller = bearer(call, CLOUDS[call.cloud].partner_center_audiences)
    except BadToken as bad:
        raise errors.bad_token() from bad
    if caller is None:
        raise errors.no_token()
    if caller.version != "1.0":
        raise errors.bad_token()  # the resource takes tokens of the v1 format (sam-facts 3.1)
    return caller


def _guid(value: str) -> str:
    try:
        return str(uuid.UUID(value))
    except ValueError as error:
        raise errors.invalid_input("the customer's id is not a GUID") from error
