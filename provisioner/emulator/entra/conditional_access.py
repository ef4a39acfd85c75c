"""Conditional Access as far as it decides about tokens: policies of a tenant that refuse, or ask for a stronger proof.

A tenant's `_conditionalAccess` is a list of {"users": "all" or [user id], "apps": "all" or [appId of an API],
"result"}. `result` is "requireMfa" or a name in REFUSALS. "Apps" are the APIs a request names (sam-facts 3.1); with
"all" a policy also meets requests that name none. The first policy that refuses wins.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from ..kernel import Call
from ..refusals import refusal
from ..store import Document
from .errors import SignInRefusal


@dataclass(frozen=True)
class _Answer:
    number: int
    suberror: str
    text: str


_BLOCKED = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."
_DEVICE = "Device is not in required device state: "
REFUSALS = {
    "block": _Answer(53003, "message_only", _BLOCKED),
    "blockDeviceState": _Answer(50131, "message_only", "Access has been blocked due to the state of the device."),
    "blockRisk": _Answer(53004, "additional_action", "User needs to complete MFA registration; risk was detected."),
    "blockRiskyUser": _Answer(53011, "message_only", "User blocked due to risk on home tenant."),
    "blockRiskyPartner": _Answer(
        530034, "message_only", "A delegated administrator was blocked from accessing the tenant due to account risk."
    ),
    "securityPolicy": _Answer(
        530032, "message_only", "User blocked due to existing security policy in place on the tenant."
    ),
    "securityDefaults": _Answer(530035, "message_only", "Access has been blocked by security defaults."),
    "requireDevice": _Answer(50097, "additional_action", "Device authentication is required."),
    "requireCompliantDevice": _Answer(53000, "additional_action", f"{_DEVICE}compliant."),
    "requireJoinedDevice": _Answer(53001, "additional_action", f"{_DEVICE}domain_joined."),
    "requireManagedDevice": _Answer(
        530003, "additional_action", "Your device is required to be managed to access this resource."
    ),
    "requireApprovedApp": _Answer(
        53002, "protection_policy_required", "The app needs to be an approved client app for this access."
    ),
    "requireFreshMfa": _Answer(
        50078,
        "basic_action",
        "Presented multi-factor authentication has expired due to policies configured by your admin.",
    ),
    "externalChallenge": _Answer(50158, "basic_action", "External security challenge not satisfied."),
}


@refusal("entra.conditional_access")
def refused(call: Call, tenant: Document, result: str) -> SignInRefusal:
    """`result` is a key of REFUSALS. `claims` names the policy, so that the next sign-in is about it."""
    answer = REFUSALS[result]
    policy = str(uuid5(NAMESPACE_URL, f"{tenant['id']}/{result}"))
    claims = json.dumps({"access_token": {"capolids": {"essential": True, "values": [policy]}}}, separators=(",", ":"))
    error = "invalid_grant" if answer.suberror == "message_only" else "interaction_required"
    return SignInRefusal(call, 400, error, answer.number, answer.text, suberror=answer.suberror, claims=claims)


def check(call: Call, tenant: Document, person: Document, apis: Collection[str]) -> None:
    """Raises what a policy of the tenant says to this person and the APIs (appIds) the request names."""
    for policy in _meeting(tenant, person, apis):
        if policy["result"] in REFUSALS:
            raise refused(call, tenant, policy["result"])


def requires_mfa(tenant: Document, person: Document, apis: Collection[str]) -> bool:
    return any(policy["result"] == "requireMfa" for policy in _meeting(tenant, person, apis))


def _meeting(tenant: Document, person: Document, apis: Collection[str]) -> Iterator[Document]:
    for policy in tenant.get("_conditionalAccess", ()):
        everybody, everything = policy["users"] == "all", policy["apps"] == "all"
        if (everybody or person["id"] in policy["users"]) and (everything or set(policy["apps"]) & set(apis)):
            yield policy
