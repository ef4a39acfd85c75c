"""The tenant's app-management policy, as far as it refuses credentials (sam-facts 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from ..store import Document
from . import errors
from .documents import moment

_NO_RESTRICTIONS: Document = {"passwordCredentials": [], "keyCredentials": []}
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS_S = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)


def default_policy(tenant: Document) -> Document:
    """The tenant's defaultAppManagementPolicy; disabled and empty where the tenant has set none."""
    stored: Document = tenant.get("_policies", {}).get("defaultAppManagementPolicy", {})
    return {
        "id": "00000000-0000-0000-0000-000000000000",
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service "
        "principals. To apply policy to targeted resources, create a new policy under appManagementPolicies "
        "collection.",
        "isEnabled": False,
        "applicationRestrictions": _NO_RESTRICTIONS | {"identifierUris": {}},
        "servicePrincipalRestrictions": dict(_NO_RESTRICTIONS),
    } | stored


def check_password(tenant: Document, application: Document, lifetime_s: float) -> None:
    """Raises when the policy denies this application a new client secret of this lifetime."""
    for restriction in _restrictions(tenant, application, "passwordCredentials"):
        if restriction["restrictionType"] == "passwordAddition":
            raise errors.credential_kind_denied_by_policy()
        if restriction["restrictionType"] == "passwordLifetime":
            _check_lifetime(restriction, lifetime_s)


def check_certificate(tenant: Document, application: Document, lifetime_s: float) -> None:
    """Raises when the policy denies this application a certificate of this lifetime."""
    for restriction in _restrictions(tenant, application, "keyCredentials"):
        if restriction["restrictionType"] == "asymmetricKeyLifetime":
            _check_lifetime(restriction, lifetime_s)


def _restrictions(
    tenant: Document, application: Document, kind: Literal["passwordCredentials", "keyCredentials"]
) -> Iterator[Document]:
    """The restrictions in force for an application of this age."""
    policy = default_policy(tenant)
    if not policy["isEnabled"]:
        return
    for restriction in policy["applicationRestrictions"].get(kind, []):
        since = restriction.get("restrictForAppsCreatedAfterDateTime")
        covered = since is None or moment(application["createdDateTime"]) >= moment(since)
        if restriction.get("state", "enabled") == "enabled" and covered:
            yield restriction


def _check_lifetime(restriction: Document, lifetime_s: float) -> None:
    longest = restriction.get("maxLifetime")
    if longest is not None and lifetime_s > _seconds(longest):
        raise errors.credential_lifetime_denied_by_policy()


def _seconds(duration: str) -> float:
    """An ISO 8601 duration; a year counts 365 days and a month 30."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(f"a policy of the tenant has no ISO 8601 duration: {duration}")
    return sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS_S, strict=True))
