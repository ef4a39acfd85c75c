"""What an administrator of a tenant decides about sign-ins, without a portal.

PATCH tenants?id=ID takes
  mfa                {"securityDefaults": bool, "requireForApps": [appId], "signInFrequencyHours": number or null}
  conditionalAccess  [{"users": "all" or [user id], "apps": "all" or [appId], "result": WORD}]; the words are
                     requireMfa and those of entra/conditional_access.py
PATCH users?id=ID takes
  accountEnabled   bool
  password         a new password: grants of public clients end with it
  passwordExpired  bool, or "onPremises"
  otp              the one-time code accepted from now on; null removes the second factor
  revokeSessions   true: every grant and session of this person ends now
  unlock           true: smart lockout forgets
"""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..entra import conditional_access
from ..kernel import Call, Reply
from ..store import Document, Transaction
from .access import members, parameters
from .errors import bad_request, unknown_tenant, unknown_user

_MFA = ("securityDefaults", "requireForApps", "signInFrequencyHours")
_RESULTS = ("requireMfa", *conditional_access.REFUSALS)
_SWITCHES = ("accountEnabled", "revokeSessions", "unlock")
_USER = (*_SWITCHES, "password", "passwordExpired", "otp")


def change_tenant(call: Call) -> Reply:
    key = parameters(call, "id").get("id", "")
    tenant = call.tx.get(kinds.TENANT, "", key)
    if tenant is None:
        raise unknown_tenant(key)
    changed = tenant | tenant_policies(tenant, members(call, ("mfa", "conditionalAccess")))
    call.tx.put(kinds.TENANT, "", tenant["id"], changed)
    shown = {"id": tenant["id"], "mfa": changed["mfa"]}
    return Reply(200, shown | {"conditionalAccess": changed.get("_conditionalAccess", [])})


def tenant_policies(tenant: Document, wanted: dict[str, Any]) -> Document:
    """The tenant's members that change. Raises the refusal of a policy that is none."""
    changed: Document = {}
    if "mfa" in wanted:
        changed["mfa"] = tenant["mfa"] | _mfa(wanted["mfa"])
    if "conditionalAccess" in wanted:
        changed["_conditionalAccess"] = _conditional_access(wanted["conditionalAccess"])
    return changed


def _mfa(policy: Any) -> dict[str, Any]:
    if not isinstance(policy, dict) or not policy.keys() <= set(_MFA):
        raise bad_request(f"mfa must be an object with {', '.join(_MFA)} or some of them")
    if not isinstance(policy.get("securityDefaults", False), bool):
        raise bad_request("securityDefaults must be true or false")
    if not _is_texts(policy.get("requireForApps", [])):
        raise bad_request("requireForApps must be a list of appIds")
    hours = policy.get("signInFrequencyHours")
    if hours is not None and (isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours < 1e5):
        raise bad_request("signInFrequencyHours must be a positive number or null")
    return policy


def _conditional_access(policies: Any) -> list[dict[str, Any]]:
    if not isinstance(policies, list):
        raise bad_request("conditionalAccess must be a list")
    for policy in policies:
        if not isinstance(policy, dict) or policy.keys() != {"users", "apps", "result"}:
            raise bad_request("a policy of conditionalAccess must have users, apps and result")
        for name in ("users", "apps"):
            if policy[name] != "all" and not _is_texts(policy[name]):
                raise bad_request(f"{name} of a policy must be all or a list of ids")
        if policy["result"] not in _RESULTS:
            raise bad_request(f"result of a policy must be one of {', '.join(_RESULTS)}")
    return policies


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def change_user(call: Call) -> Reply:
    """The person is named by object id, in whichever tenant they are."""
    key = parameters(call, "id").get("id", "")
    tenant, person = _person(call.tx, key)
    wanted = members(call, _USER)
    changed = person | _changes(wanted, call.tx.now)
    if wanted.get("unlock"):
        changed.pop("_lockout", None)
    call.tx.put(kinds.USER, tenant, key, changed)
    shown = {"id": key, "userPrincipalName": changed["userPrincipalName"]}
    return Reply(200, shown | {"accountEnabled": changed["accountEnabled"], "mfa": changed["_otp"] is not None})


def _person(tx: Transaction, key: str) -> tuple[str, Document]:
    for tenant in tx.list(kinds.TENANT, ""):
        if (person := tx.get(kinds.USER, tenant["id"], key)) is not None:
            return tenant["id"], person
    raise unknown_user(key)


def _changes(wanted: dict[str, Any], now: float) -> Document:
    """Members of the user; what entra/refresh_grant.py and session.py read about when grants end."""
    for name in _SWITCHES:
        if not isinstance(wanted.get(name, False), bool):
            raise bad_request(f"{name} must be true or false")
    if not isinstance(wanted.get("password", "x"), str) or not wanted.get("password", "x"):
        raise bad_request("password must be text")
    expired = wanted.get("passwordExpired", False)
    if not isinstance(expired, bool) and expired != "onPremises":
        raise bad_request("passwordExpired must be true, false or onPremises")
    if not isinstance(wanted.get("otp"), str | None):
        raise bad_request("otp must be text or null")
    changed: Document = {}
    if "accountEnabled" in wanted:
        changed["accountEnabled"] = wanted["accountEnabled"]
    if "password" in wanted:
        changed |= {"_password": wanted["password"], "_passwordChanged": now}
    if "passwordExpired" in wanted:
        changed["_passwordExpired"] = wanted["passwordExpired"]
    if "otp" in wanted:
        changed["_otp"] = wanted["otp"]
    if wanted.get("revokeSessions"):
        changed["_tokensValidFrom"] = now
    return changed
