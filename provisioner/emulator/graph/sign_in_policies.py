"""Security defaults and Conditional Access as Graph shows them, read only; entra/ enforces what they say.

Shown from the tenant's document: `mfa` (security defaults, applications that require MFA, sign-in frequency) and
`_conditionalAccess` (see entra/conditional_access.py). What has no counterpart in a policy's conditions, a risky
partner say, is shown as the condition that comes nearest.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from ..kernel import Reply
from ..store import Document
from . import access, errors, query
from .filterable import CONDITIONAL_ACCESS_POLICY as TYPE
from .service import Request

_SET = "identity/conditionalAccess/policies"
_BY_SECURITY_DEFAULTS = "securityDefaults"  # a result of `_conditionalAccess` that no policy of this list brings about
_CONTROLS = {
    "requireMfa": "mfa",
    "requireFreshMfa": "mfa",
    "requireDevice": "compliantDevice",
    "requireCompliantDevice": "compliantDevice",
    "requireManagedDevice": "compliantDevice",
    "requireJoinedDevice": "domainJoinedDevice",
    "requireApprovedApp": "approvedApplication",
}
_USER_RISK = ("blockRiskyUser", "blockRiskyPartner")
_EVERY_TIME = {"frequencyInterval": "everyTime", "type": None, "value": None}


def get_security_defaults(request: Request) -> Reply:
    access.require(request.caller, access.READ_SIGN_IN_POLICIES)
    tenant = request.tenant_document()
    results = {policy["result"] for policy in tenant.get("_conditionalAccess", ())}
    return Reply(
        200,
        {
            "@odata.context": f"{request.root}/$metadata#policies/identitySecurityDefaultsEnforcementPolicy/$entity",
            "id": "00000000-0000-0000-0000-000000000005",
            "deletedDateTime": None,
            "displayName": "Security Defaults",
            "description": "Security defaults is a set of basic identity security mechanisms recommended by "
            "Microsoft. When enabled, these recommendations will be automatically enforced in your organization. "
            "Administrators and users will be better protected from common identity related attacks.",
            "isEnabled": tenant["mfa"]["securityDefaults"] or _BY_SECURITY_DEFAULTS in results,
        },
    )


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_SIGN_IN_POLICIES)
    return query.collection(request, _policies(request.tenant_document()), TYPE, _SET)


def get(request: Request) -> Reply:
    access.require(request.caller, access.READ_SIGN_IN_POLICIES)
    key = request.param("id").lower()
    for policy in _policies(request.tenant_document()):
        if policy["id"] == key:
            return query.entity(request, policy, TYPE, _SET)
    raise errors.not_found(key)


def _policies(tenant: Document) -> list[Document]:
    """All of a tenant's. The first with a result has the id that the claims of entra's refusal name."""
    found, seen = [], Counter[str]()
    if apps := tenant["mfa"]["requireForApps"]:
        conditions = _conditions("all", apps)
        found.append(_policy(tenant, "mfaForApps", "Require MFA for named applications", conditions, _grant("mfa")))
    if hours := tenant["mfa"].get("signInFrequencyHours"):
        frequency = {"frequencyInterval": "timeBased", "type": "hours", "value": max(1, round(hours))}
        everything = _conditions("all", "all")
        found.append(_policy(tenant, "signInFrequency", "Sign-in frequency", everything, None, _session(frequency)))
    for each in tenant.get("_conditionalAccess", ()):
        result = each["result"]
        if result == _BY_SECURITY_DEFAULTS:
            continue
        conditions = _conditions(each["users"], each["apps"])
        conditions["userRiskLevels"] = ["high"] if result in _USER_RISK else []
        conditions["signInRiskLevels"] = ["high"] if result == "blockRisk" else []
        session = _session(_EVERY_TIME) if result == "requireFreshMfa" else None
        key = result if not seen[result] else f"{result}/{seen[result]}"
        seen[result] += 1
        found.append(_policy(tenant, key, result, conditions, _granted(result), session))
    return found


def _policy(
    tenant: Document,
    key: str,
    name: str,
    conditions: Document,
    grant: Document | None,
    session: Document | None = None,
) -> Document:
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{tenant['id']}/{key}")),
        "templateId": None,
        "displayName": name,
        "createdDateTime": None,
        "modifiedDateTime": None,
        "state": "enabled",
        "sessionControls": session,
        "conditions": conditions,
        "grantControls": grant,
    }


def _conditions(users: Any, apps: Any) -> Document:
    return {
        "userRiskLevels": [],
        "signInRiskLevels": [],
        "clientAppTypes": ["all"],
        "servicePrincipalRiskLevels": [],
        "insiderRiskLevels": None,
        "platforms": None,
        "locations": None,
        "devices": None,
        "clientApplications": None,
        "authenticationFlows": None,
        "applications": {
            "includeApplications": ["All"] if apps == "all" else apps,
            "excludeApplications": [],
            "includeUserActions": [],
            "includeAuthenticationContextClassReferences": [],
            "applicationFilter": None,
        },
        "users": {
            "includeUsers": ["All"] if users == "all" else users,
            "excludeUsers": [],
            "includeGroups": [],
            "excludeGroups": [],
            "includeRoles": [],
            "excludeRoles": [],
            "includeGuestsOrExternalUsers": None,
            "excludeGuestsOrExternalUsers": None,
        },
    }


def _granted(result: str) -> Document:
    if result == "externalChallenge":
        return _grant() | {"customAuthenticationFactors": ["external"]}
    return _grant(_CONTROLS.get(result, "block"))


def _grant(*controls: str) -> Document:
    return {
        "operator": "OR",
        "builtInControls": list(controls),
        "customAuthenticationFactors": [],
        "termsOfUse": [],
        "authenticationStrength": None,
    }


def _session(frequency: Document) -> Document:
    return {
        "disableResilienceDefaults": None,
        "applicationEnforcedRestrictions": None,
        "cloudAppSecurity": None,
        "persistentBrowser": None,
        "signInFrequency": frequency | {"authenticationType": "primaryAndSecondaryAuthentication", "isEnabled": True},
    }
