"""What stands above a subscription's resources and decides what a write will meet: rights, locks, policies, names.

Read only. Microsoft's own SDKs spread these four over as many packages (and have no list of permissions for a
subscription), so they are plain reads of ARM's documented paths over our session.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.identity import RunnerCredential
from provisioner.core.errors import ApiError, ApiReplyError, UnreachableError, api_error_class

_AUTHORIZATION = "providers/Microsoft.Authorization"
_TEXT_LIMIT = 600


@dataclass(frozen=True)
class Permission:
    """What one role held at or above a scope allows: patterns of actions, and of those it takes out again."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...]

    def allows(self, action: str) -> bool:
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


@dataclass(frozen=True)
class Lock:
    """level: `CanNotDelete` or `ReadOnly`. scope: where it was put."""

    name: str
    level: str
    scope: str

    @property
    def id(self) -> str:
        return f"{self.scope}/{_AUTHORIZATION}/locks/{self.name}"


class ArmGovernance:
    """Raises ApiError's classes."""

    def __init__(
        self, session: aiohttp.ClientSession, cloud: CloudEndpoints, credential: RunnerCredential, subscription: str
    ) -> None:
        self._session, self._origin, self._credential = session, cloud.arm, credential
        self._subscription = f"/subscriptions/{subscription}"

    async def list_permissions(self, scope: str) -> tuple[Permission, ...]:
        """What the caller may do at a scope, its roles above it included."""
        found = await self._list(f"{scope}/{_AUTHORIZATION}/permissions", "2022-04-01", "list the runner's rights")
        return tuple(
            Permission(tuple(entry.get("actions") or ()), tuple(entry.get("notActions") or ())) for entry in found
        )

    async def list_locks(self, scope: str) -> tuple[Lock, ...]:
        """Those at the scope and above it."""
        found = await self._list(f"{scope}/{_AUTHORIZATION}/locks", "2020-05-01", "list locks", "atScope()")
        return tuple(
            Lock(
                str(entry.get("name")),
                str((entry.get("properties") or {}).get("level")),
                str(entry.get("id")).partition(f"/{_AUTHORIZATION}")[0],
            )
            for entry in found
        )

    async def list_policy_names(self, scope: str) -> tuple[str, ...]:
        """The policies assigned at the scope and above it that are enforced, by their display names."""
        path = f"{scope}/{_AUTHORIZATION}/policyAssignments"
        found = await self._list(path, "2023-04-01", "list policies", "atScope()")
        return tuple(
            str(properties.get("displayName") or entry.get("name"))
            for entry in found
            if (properties := entry.get("properties") or {}).get("enforcementMode", "Default") == "Default"
        )

    async def vault_name_taken(self, name: str) -> str:
        """Why a vault of this name cannot be made, in the service's words; "" when it can."""
        path = f"{self._subscription}/providers/Microsoft.KeyVault/checkNameAvailability"
        body = {"name": name, "type": "Microsoft.KeyVault/vaults"}
        answer = await self._send("POST", self._url(path, "2023-07-01"), "check the vault's name", body)
        return "" if answer.get("nameAvailable") else str(answer.get("message") or answer.get("reason") or "taken")

    async def _list(self, path: str, version: str, operation: str, filtered: str = "") -> list[dict[str, Any]]:
        url = self._url(path, version) + (f"&$filter={quote(filtered)}" if filtered else "")
        found: list[dict[str, Any]] = []
        while url:
            body = await self._send("GET", url, operation)
            items = body.get("value")
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise ApiReplyError("Azure Resource Manager", operation, 200, "", "a collection without `value`")
            found += items
            url = str(body.get("nextLink") or "")
            if url and not url.startswith(f"{self._origin}/"):
                raise ApiReplyError("Azure Resource Manager", operation, 200, "", "the next page is on another host")
        return found

    def _url(self, path: str, version: str) -> str:
        return f"{self._origin}{path}?api-version={version}"

    async def _send(self, method: str, url: str, operation: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": await self._credential.bearer(self._origin)}
        try:
            async with self._session.request(
                method, url, headers=headers, json=body, allow_redirects=False
            ) as response:
                raw, status = await response.read(), response.status
                correlation = response.headers.get("x-ms-request-id", "")
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = type(error).__name__
            raise UnreachableError("Azure Resource Manager", operation, 0, reason, "does not answer") from error
        try:
            answer = json.loads(raw) if raw else {}
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiReplyError("Azure Resource Manager", operation, status, "", "the answer is not a JSON object")
        if status >= 400:
            raise _refusal(operation, status, answer, correlation)
        return answer


def _refusal(operation: str, status: int, answer: dict[str, Any], correlation: str) -> ApiError:
    error = answer.get("error")
    told = error if isinstance(error, dict) else {}
    message = str(told.get("message", ""))[:_TEXT_LIMIT]
    code = str(told.get("code", ""))
    kind = api_error_class(status)
    return kind("Azure Resource Manager", operation, status, code, message, correlation_id=correlation)


def _matches(patterns: Iterable[str], action: str) -> bool:
    """Azure's patterns: `*` stands for anything, letter case for nothing."""
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
