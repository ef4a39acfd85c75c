"""What a partner's people and applications asked of this API, and whether with MFA (sam-facts 4.4, last three rows).

Names on the wire are those of the examples of Microsoft's pages "Get API requests", "Get portal requests without MFA"
and "Get MFA adoption status"; the first two are collections, the third is a bare array.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from .. import kinds
from ..identity import Caller
from ..kernel import Call
from ..store import Document, Transaction
from . import errors

_KEPT = 10_000
_PRUNED_EVERY = 500
_WEEK_S = 7 * 86400


def record(call: Call, caller: Caller, operation: str, headers: dict[str, str]) -> None:
    """Keep an App+User request, refused ones too: those without MFA are what the lists are for."""
    number = int(call.tx.meta(f"partner_requests.{caller.tenant}") or 0) + 1
    call.tx.set_meta(f"partner_requests.{caller.tenant}", str(number))
    request = {
        "requestId": headers["MS-RequestId"],
        "correlationId": headers["MS-CorrelationId"],
        "operationName": operation,
        "sourceIpAddress": call.client_address,
        "objectId": caller.object_id,
        "tenantId": caller.tenant,
        "upn": caller.upn or "",
        "applicationId": caller.app_id,
        "mfaCompliant": "mfa" in caller.amr,
        "_at": call.tx.now,
    }
    call.tx.put(kinds.PARTNER_REQUEST, caller.tenant, str(number), request)
    if number % _PRUNED_EVERY == 0:
        for old in range(number - _KEPT - _PRUNED_EVERY, number - _KEPT + 1):
            call.tx.delete(kinds.PARTNER_REQUEST, caller.tenant, str(old))


def requests(tx: Transaction, tenant: str) -> list[Document]:
    """The newest first."""
    return [
        {**{key: value for key, value in each.items() if key != "_at"}, "requestDateTime": _moment(each["_at"])}
        for each in _kept(tx, tenant)
    ]


def people_without_mfa(tx: Transaction, tenant: str) -> list[Document]:
    """Who came without MFA in the last seven days, with their last time."""
    found: dict[str, Document] = {}
    for each in _kept(tx, tenant):
        if not each["mfaCompliant"] and each["_at"] > tx.now - _WEEK_S:
            person = {member: each[member] for member in ("objectId", "tenantId", "upn")}
            last = {"lastNonMfaCompliantRequestDateTime": _moment(each["_at"])}
            found.setdefault(each["objectId"], person | last)
    return list(found.values())


def adoption(call: Call, tenant: str) -> list[Document]:
    """Requests counted by day and application, the newest day first."""
    first, last = _day(call, "startDate", date.min), _day(call, "endDate", date.max)
    counted: dict[tuple[str, str], Document] = {}
    for each in _kept(call.tx, tenant):
        day, application = datetime.fromtimestamp(each["_at"], UTC).date(), each["applicationId"]
        if not first <= day <= last:
            continue
        row = counted.setdefault(
            (day.isoformat(), application),
            {
                "loginDate": day.isoformat(),
                "mfaCompliantRequestCount": 0,
                "totalRequestCount": 0,
                "applicationId": application,
                "applicationName": _name(call.tx, tenant, application),
            },
        )
        row["totalRequestCount"] += 1
        row["mfaCompliantRequestCount"] += each["mfaCompliant"]
    return list(counted.values())


def _kept(tx: Transaction, tenant: str) -> list[Document]:
    return tx.list(kinds.PARTNER_REQUEST, tenant)[::-1]


def _name(tx: Transaction, tenant: str, application: str) -> str:
    """Empty for an application of another tenant, as in Microsoft's examples."""
    found = tx.find(kinds.APPLICATION, tenant, "appId", application)
    return str(found[0]["displayName"]) if found else ""


def _day(call: Call, name: str, default: date) -> date:
    text = call.query.get(name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise errors.invalid_input(f"{name} is not a date") from error


def _moment(seconds: float) -> str:
    """Without a zone, as this API writes UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
