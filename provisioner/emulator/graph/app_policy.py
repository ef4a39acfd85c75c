"""App-management policies as far as they refuse credentials (sam-facts 5.2).

An object's own policy wins over the tenant's default for each type of restriction it defines; the rest falls back to
the default. Secrets and certificates that exist already are never touched. Restrictions on symmetric keys and on
secrets a client chooses are accepted in policies but refuse nothing here: Graph takes neither from anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from ..kinds import APP_MANAGEMENT_POLICY
from ..store import Document
from . import credential_errors
from .documents import moment
from .lookup import HolderKind
from .service import Request

DEFAULT_ID = "00000000-0000-0000-0000-000000000000"
CredentialKind = Literal["passwordCredentials", "keyCredentials"]
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS_S = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)


def default_policy(tenant: Document) -> Document:
    """The tenant's defaultAppManagementPolicy; disabled and empty where the tenant has set none."""
    stored: Document = tenant.get("_policies", {}).get("defaultAppManagementPolicy", {})
    none: Document = {"passwordCredentials": [], "keyCredentials": []}
    return {
        "id": DEFAULT_ID,
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service "
        "principals. To apply policy to targeted resources, create a new policy under appManagementPolicies "
        "collection.",
        "isEnabled": False,
        "applicationRestrictions": none | {"identifierUris": {}},
        "servicePrincipalRestrictions": none,
    } | stored


def check_password(request: Request, kind: HolderKind, holder: Document, lifetime_s: float) -> None:
    """Raises when a policy denies this object a new client secret of this lifetime."""
    for policy, restriction in _restrictions(request, kind, holder, "passwordCredentials"):
        if restriction["restrictionType"] == "passwordAddition":
            raise credential_errors.credential_kind_denied_by_policy(policy)
        if restriction["restrictionType"] == "passwordLifetime":
            _check_lifetime(policy, restriction, lifetime_s)


def check_certificate(request: Request, kind: HolderKind, holder: Document, lifetime_s: float) -> None:
    """Raises when a policy denies this object a certificate of this lifetime."""
    for policy, restriction in _restrictions(request, kind, holder, "keyCredentials"):
        if restriction["restrictionType"] == "asymmetricKeyLifetime":
            _check_lifetime(policy, restriction, lifetime_s)


def assigned(request: Request, object_id: str) -> Document | None:
    """The policy assigned to an application or service principal; there is one at most."""
    for policy in request.tx.list(APP_MANAGEMENT_POLICY, request.tenant):
        if object_id in policy["_appliesTo"]:
            return policy
    return None


def forget(request: Request, object_id: str) -> None:
    """An object that is gone for good is assigned no policy."""
    policy = assigned(request, object_id)
    if policy is not None:
        kept = [other for other in policy["_appliesTo"] if other != object_id]
        request.tx.put(APP_MANAGEMENT_POLICY, request.tenant, policy["id"], policy | {"_appliesTo": kept})


def _restrictions(
    request: Request, kind: HolderKind, holder: Document, credentials: CredentialKind
) -> Iterator[tuple[str, Document]]:
    """The restrictions in force for an object of this age, each with the id of its policy."""
    own = assigned(request, holder["id"])
    mine = own["restrictions"].get(credentials) or [] if own is not None and own["isEnabled"] else []
    default = default_policy(request.tenant_document())
    general = (default[f"{kind}Restrictions"] or {}).get(credentials) or [] if default["isEnabled"] else []
    overridden = {restriction["restrictionType"] for restriction in mine}
    candidates = [(str(own["id"]), each) for each in mine] if own is not None else []
    candidates += [(str(default["id"]), each) for each in general if each["restrictionType"] not in overridden]
    created = holder.get("createdDateTime") or holder.get("_createdDateTime")
    for policy, restriction in candidates:
        since = restriction.get("restrictForAppsCreatedAfterDateTime")
        covered = since is None or created is None or moment(created) >= moment(since)
        if restriction.get("state", "enabled") == "enabled" and covered:
            yield policy, restriction


def _check_lifetime(policy: str, restriction: Document, lifetime_s: float) -> None:
    longest = restriction.get("maxLifetime")
    if longest is not None and lifetime_s > seconds(longest):
        raise credential_errors.credential_lifetime_denied_by_policy(policy)


def seconds(duration: str) -> float:
    """An ISO 8601 duration; a year counts 365 days and a month 30. Raises ValueError."""
    found = _DURATION.fullmatch(duration)
    if found is None or duration.endswith(("P", "T")):
        raise ValueError(f"no ISO 8601 duration: {duration}")
    return sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS_S, strict=True))
