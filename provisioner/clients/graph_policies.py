"""Reading the tenant's policies: which credentials applications may get, and when people are asked for MFA."""

from __future__ import annotations

from provisioner.clients.graph_transport import GraphReply, GraphTransport, graph_error, items_of
from provisioner.clients.policy_facts import AppManagementPolicy, app_management_policy


class GraphPolicies:
    """Raises ApiError's classes; the least right to read is Policy.Read.All."""

    def __init__(self, transport: GraphTransport) -> None:
        self._transport = transport

    async def default_policy(self) -> AppManagementPolicy:
        """The tenant's own, which binds every application that has none."""
        operation = "get the default app management policy"
        reply = await self._found("/policies/defaultAppManagementPolicy", operation)
        return app_management_policy(reply.body, "applicationRestrictions", operation)

    async def policy_of(self, application_id: str) -> AppManagementPolicy | None:
        """The one assigned to the application with this object id: one at most."""
        operation = f"get the app management policy of {application_id}"
        reply = await self._found(f"/applications/{application_id}/appManagementPolicies", operation)
        items = items_of(reply.body, operation)
        return app_management_policy(items[0], "restrictions", operation) if items else None

    async def security_defaults(self) -> bool:
        """Whether the tenant's security defaults are on: everybody must register for MFA."""
        path = "/policies/identitySecurityDefaultsEnforcementPolicy"
        reply = await self._found(path, "get the security defaults")
        return bool(reply.body.get("isEnabled"))

    async def conditional_access(self) -> tuple[str, ...]:
        """The names of the Conditional Access policies that are on."""
        operation = "list Conditional Access policies"
        items = await self._transport.list_all("/identity/conditionalAccess/policies", operation)
        return tuple(str(item.get("displayName")) for item in items if item.get("state") == "enabled")

    async def _found(self, path: str, operation: str) -> GraphReply:
        reply = await self._transport.get(path, operation)
        if reply.status == 404:
            raise graph_error(operation, reply)
        return reply
