"""The tenant's rules about credentials: app-management policies, read only (sam-facts 5.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgraph.graph_service_client import GraphServiceClient

from provisioner.clients.graph_facts import moment
from provisioner.clients.graph_transport import GraphReply, GraphTransport, graph_error, items_of
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


class GraphPolicies:
    """Raises ApiError's classes; the least right to read is Policy.Read.All."""

    def __init__(self, transport: GraphTransport, build: GraphServiceClient) -> None:
        self._transport = transport
        self._build = build

    async def default_policy(self) -> AppManagementPolicy:
        """The tenant's own, which binds every application that has none."""
        operation = "get the default app management policy"
        request = self._build.policies.default_app_management_policy.to_get_request_information()
        return _policy(await self._found(request, operation), "applicationRestrictions", operation)

    async def policy_of(self, application_id: str) -> AppManagementPolicy | None:
        """The one assigned to the application with this object id: one at most."""
        operation = f"get the app management policy of {application_id}"
        builder = self._build.applications.by_application_id(application_id).app_management_policies
        items = items_of((await self._found(builder.to_get_request_information(), operation)).body, operation)
        return _policy(GraphReply(200, items[0]), "restrictions", operation) if items else None

    async def security_defaults(self) -> bool:
        """Whether the tenant's security defaults are on: everybody must register for MFA."""
        builder = self._build.policies.identity_security_defaults_enforcement_policy
        reply = await self._found(builder.to_get_request_information(), "get the security defaults")
        return bool(reply.body.get("isEnabled"))

    async def conditional_access(self) -> tuple[str, ...]:
        """The names of the Conditional Access policies that are on."""
        operation = "list Conditional Access policies"
        request = self._build.identity.conditional_access.policies.to_get_request_information()
        items = await self._transport.list_all(request, operation)
        return tuple(str(item.get("displayName")) for item in items if item.get("state") == "enabled")

    async def _found(self, request: Any, operation: str) -> GraphReply:
        reply = await self._transport.get(request, operation)
        if reply.status == 404:
            raise graph_error(operation, reply)
        return reply


def _policy(reply: GraphReply, member: str, operation: str) -> AppManagementPolicy:
    body = reply.body
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
        raise ApiReplyError("Graph", operation, reply.status, "", text) from None


def _restriction(entry: dict[str, Any]) -> Restriction:
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
