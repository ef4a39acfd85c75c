"""What every Partner Center call goes through: headers echoed, the token, MFA, the partner role (sam-facts 4.1-4.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import kinds
from ..clouds import CLOUDS
from ..identity import BadToken, Caller, bearer
from ..kernel import Call, Handler, Refusal, Reply
from ..store import Document
from . import activity, errors

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
        tenant = self.call.tx.get(kinds.TENANT, "", guid(self.call.params["customer"], "the customer's id"))
        if tenant is None:
            raise errors.tenant_not_found()
        if tenant["id"] not in self.partner["_customers"]:
            raise errors.no_relationship()
        return tenant

    def delegated_roles(self, customer: Document) -> frozenset[str]:
        """The roles the user has in the customer by GDAP; being Admin agent gives none (sam-facts 7)."""
        return frozenset((self.user or {}).get("_gdap", {}).get(customer["id"], ()))


Operation = Callable[[Session], Reply]


def answered(operation: Operation, name: str, *, user_only: bool) -> Handler:
    """A handler of an operation for App+User tokens, and App-only ones too unless `user_only`.

    `name` is the operation's in the partner's list of requests: "Get /v{version}/customers".
    """

    def handler(call: Call) -> Reply:
        headers = ids(call)
        try:
            caller = _caller(call)
            if caller.kind == "user":
                activity.record(call, caller, name, headers)
            current = _session(call, caller, user_only=user_only)
            answer = operation(current)
        except Refusal as refused:
            raise Refusal(replace(refused.reply, headers=headers | dict(refused.reply.headers))) from None
        if _asks_for_mfa(call) and caller.kind == "user":
            headers["isMfaCompliant"] = "true"  # a user's token without MFA did not come this far
        return replace(answer, headers=headers | dict(answer.headers))

    return handler


def guid(value: object, what: str) -> str:
    """The value as a lower-case GUID; raises invalid input."""
    try:
        return str(uuid.UUID(str(value)))
    except ValueError as error:
        raise errors.invalid_input(f"{what} is not a GUID") from error


def ids(call: Call) -> dict[str, str]:
    """The ids sent, or new ones where none came or what came is no GUID."""
    return {
        "MS-RequestId": _echoed(call, "ms-requestid"),
        "MS-CorrelationId": _echoed(call, "ms-correlationid"),
        "MS-CV": f"{uuid.uuid4().hex[:16]}.0",
        "MS-ServerId": "000000000001",
    }


def _echoed(call: Call, header: str) -> str:
    sent = call.headers.get(header, "")
    try:
        uuid.UUID(sent)
    except ValueError:
        return str(uuid.uuid4())
    return sent


def _session(call: Call, caller: Caller, *, user_only: bool) -> Session:
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
