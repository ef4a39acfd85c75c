"""App-management policies as we read them: which credentials an application may get (sam-facts 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioner.clients.graph_facts import Json, moment
from provisioner.core.errors import ApiReplyError

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS_S = (365 * 86400, 30 * 86400, 7 * 86400, 86400, 3600, 60, 1)


@dataclass(frozen=True)
class Restriction:
    """One rule. longest: the lifetime it allows. since: it binds applications created from then on; None is all.

    exempts: it has exceptions for some actors, which cannot be told from outside.
    """

    rule: str
    enabled: bool
    longest: timedelta | None
    since: datetime | None
    exempts: bool


@dataclass(frozen=True)
class AppManagementPolicy:
    """What it says of client secrets and of certificates on applications."""

    id: str
    name: str
    enabled: bool
    passwords: tuple[Restriction, ...]
    keys: tuple[Restriction, ...]


def app_management_policy(body: Json, member: str, operation: str) -> AppManagementPolicy:
    """member: where its rules stand. Raises ApiReplyError for a shape that is not documented."""
    try:
        restrictions = body.get(member) or {}
        return AppManagementPolicy(
            id=str(body["id"]),
            name=str(body.get("displayName") or body["id"]),
            enabled=bool(body.get("isEnabled")),
            passwords=tuple(map(_restriction, restrictions.get("passwordCredentials") or ())),
            keys=tuple(map(_restriction, restrictions.get("keyCredentials") or ())),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        text = "an app management policy is not in its documented shape"
        raise ApiReplyError("Graph", operation, 200, "", text) from None


def _restriction(entry: Json) -> Restriction:
    """`state` is enabled where it is left out: older policies have none."""
    longest = entry.get("maxLifetime")
    return Restriction(
        rule=str(entry["restrictionType"]),
        enabled=str(entry.get("state") or "enabled").lower() == "enabled",
        longest=None if longest is None else duration(str(longest)),
        since=moment(entry.get("restrictForAppsCreatedAfterDateTime")),
        exempts=bool((entry.get("excludeActors") or {}).get("customSecurityAttributes")),
    )


def duration(text: str) -> timedelta:
    """An ISO 8601 duration; a year counts 365 days and a month 30, as in .NET's TimeSpan. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if found is None or text.endswith(("P", "T")):
        raise ValueError(f"no ISO 8601 duration: {text}")
    return timedelta(
        seconds=sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS_S, strict=True))
    )
