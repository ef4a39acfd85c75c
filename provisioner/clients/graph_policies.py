"""Reading the tenant's policies: which credentials applications may get, and when people are asked for MFA."""

from __future__ import annotations

from typing import Any

from msgraph.graph_service_client import GraphServiceClient

from provisioner.clients.graph_transport import GraphReply, GraphTransport, graph_error, items_of
from provisioner.clients.policy_facts import AppManagementPolicy, app_management_policy


class GraphPolicies:
    """Raises ApiError's classes; the least right to read is Policy.Read.All."""

    def __init__(self, transport: GraphTransport, build: GraphServiceClient) -> None:
        self._transport = transport
        self._build = build

    async def default_policy(self) -> AppManagementPolicy:
        """The tenant's own, which binds every application that has none."""
        operation = "get the default app management policy"
        request = self._build.policies.default_app_management_policy.to_get_request_information()
        reply = await self._found(request, operation)
        return app_management_policy(reply.body, "applicationRestrictions", operation)

    async def policy_of(self, application_id: str) -> AppManagementPolicy | None:
        """The one assigned to the application with this object id: one at most."""
        operation = f"get the app management policy of {application_id}"
        builder = self._build.applications.by_application_id(application_id).app_management_policies
        items = items_of((await self._found(builder.to_get_request_information(), operation)).body, operation)
        return app_management_policy(items[0], "restrictions", operation) if items else None

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
