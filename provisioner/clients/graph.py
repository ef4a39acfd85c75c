"""Microsoft Graph for one tenant: the directory objects of an application, in Python's names.

`find_*` gives one or None, `list_*` all pages. Writes are sent once; what to do about lag and conflicts is decided
by the resource kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp

from provisioner.clients import graph_facts as facts
from provisioner.clients.clouds import CloudEndpoints
from provisioner.clients.graph_credentials import GraphCredentials
from provisioner.clients.graph_policies import GraphPolicies
from provisioner.clients.graph_transport import GraphTransport, items_of
from provisioner.clients.identity import RunnerCredential
from provisioner.core.clock import Clock
from provisioner.core.errors import AmbiguousResourceError, NotFoundError

if TYPE_CHECKING:
    from msgraph.generated.models.application import Application


class GraphClient:
    """Raises ApiError's classes; see each method for what is not an error."""

    def __init__(
        self, session: aiohttp.ClientSession, cloud: CloudEndpoints, credential: RunnerCredential, clock: Clock
    ) -> None:
        self._transport = GraphTransport(session, cloud.graph, credential, clock)
        self.credentials = GraphCredentials(self._transport)
        self.policies = GraphPolicies(self._transport)

    # applications

    async def find_application(self, unique_name: str) -> facts.ApplicationFacts | None:
        """The application with this uniqueName (unique in the tenant, immutable: sam-facts 5.1)."""
        path = _asking(f"/applications(uniqueName={_literal(unique_name)})", facts.APPLICATION_SELECT)
        reply = await self._transport.get(path, f"find application {unique_name}")
        return None if reply.status == 404 else facts.application(reply.body)

    async def find_application_by_app_id(self, app_id: str) -> facts.ApplicationFacts | None:
        """The application with this appId (a key of its own, like the object id: sam-facts 5.1)."""
        path = _asking(f"/applications(appId={_literal(app_id)})", facts.APPLICATION_SELECT)
        reply = await self._transport.get(path, f"find application {app_id}")
        return None if reply.status == 404 else facts.application(reply.body)

    async def find_application_by_id(self, object_id: str) -> facts.ApplicationFacts | None:
        """The application with this object id."""
        path = _asking(f"/applications/{object_id}", facts.APPLICATION_SELECT)
        reply = await self._transport.get(path, f"get application {object_id}")
        return None if reply.status == 404 else facts.application(reply.body)

    async def list_owner_ids(self, object_id: str) -> frozenset[str]:
        """The object ids of an application's owners. Raises ApiError."""
        path = _asking(f"/applications/{object_id}/owners", ("id",))
        listed = await self._transport.list_all(path, f"list owners of application {object_id}")
        return frozenset(str(each["id"]).lower() for each in listed)

    async def list_applications_named(self, display_name: str) -> tuple[facts.ApplicationFacts, ...]:
        """Every application with this display name, which need not be unique (sam-facts 5.1); case does not count."""
        where = f"displayName eq {_text(display_name)}"
        path = _asking("/applications", facts.APPLICATION_SELECT, where)
        listed = await self._transport.list_all(path, "list applications of a name")
        return tuple(facts.application(item) for item in listed)

    async def list_applications(self) -> tuple[facts.ApplicationFacts, ...]:
        """Every application of the tenant, without its credentials; all pages."""
        members = [name for name in facts.APPLICATION_SELECT if not name.endswith("Credentials")]
        listed = await self._transport.list_all(_asking("/applications", members), "list applications")
        return tuple(facts.application(item) for item in listed)

    async def create_application(self, application: Application) -> facts.ApplicationFacts:
        """POST, so that the caller becomes owner (an upsert by PATCH does not promise that: sam-facts 5.1)."""
        request = self._transport.build.applications.to_post_request_information(application)
        reply = await self._transport.write(request, f"create application {application.unique_name}")
        return facts.application(reply.body)

    async def update_application(self, object_id: str, application: Application) -> None:
        """PATCH: what is left out stays; lists are replaced whole."""
        request = self._transport.build.applications.by_application_id(object_id).to_patch_request_information(
            application
        )
        await self._transport.write(request, f"update application {object_id}")

    async def find_deleted_application(self, unique_name: str) -> facts.ApplicationFacts | None:
        """The soft-deleted application that still holds this uniqueName. Raises AmbiguousResourceError for two."""
        found = [each for each in await self._deleted_applications() if each.unique_name == unique_name]
        if len(found) > 1:
            ids = ", ".join(application.id for application in found)
            raise AmbiguousResourceError(f"two deleted applications hold the uniqueName {unique_name}: {ids}")
        return found[0] if found else None

    async def find_deleted_application_by_app_id(self, app_id: str) -> facts.ApplicationFacts | None:
        """The soft-deleted application with this appId."""
        return next((each for each in await self._deleted_applications() if each.app_id == app_id), None)

    async def _deleted_applications(self) -> list[facts.ApplicationFacts]:
        path = "/directory/deletedItems/graph.application"
        listed = await self._transport.list_all(path, "list deleted applications")
        return [facts.application(item) for item in listed]

    async def delete_application(self, object_id: str) -> None:
        """Soft-delete an application; its service principal here goes with it. One that is gone is no error."""
        request = self._transport.build.applications.by_application_id(object_id).to_delete_request_information()
        with suppress(NotFoundError):
            await self._transport.write(request, f"delete application {object_id}")

    async def find_deleted_application_by_id(self, object_id: str) -> facts.ApplicationFacts | None:
        """The soft-deleted application with this object id."""
        return next((each for each in await self._deleted_applications() if each.id == object_id), None)

    async def list_deleted_principals(self, app_id: str) -> tuple[str, ...]:
        """The object ids of the soft-deleted service principals of an appId; each restored application has left one."""
        path = "/directory/deletedItems/graph.servicePrincipal"
        listed = await self._transport.list_all(path, "list deleted service principals")
        return tuple(str(item["id"]) for item in listed if item.get("appId") == app_id)

    async def purge(self, object_id: str) -> None:
        """Delete a soft-deleted directory object for good; one that is gone is no error."""
        request = self._transport.build.directory.deleted_items.by_directory_object_id(
            object_id
        ).to_delete_request_information()
        with suppress(NotFoundError):
            await self._transport.write(request, f"purge directory object {object_id}")

    async def restore(self, object_id: str) -> None:
        """Bring a soft-deleted directory object back."""
        request = self._transport.build.directory.deleted_items.by_directory_object_id(
            object_id
        ).restore.to_post_request_information()
        await self._transport.write(request, f"restore directory object {object_id}")

    # service principals

    async def find_service_principal(
        self, app_id: str, *, published: bool = False
    ) -> facts.ServicePrincipalFacts | None:
        """The service principal of an appId; with `published`, also the permissions it publishes."""
        members = facts.API_SELECT if published else facts.SERVICE_PRINCIPAL_SELECT
        path = _asking(f"/servicePrincipals(appId={_literal(app_id)})", members)
        reply = await self._transport.get(path, f"find service principal {app_id}")
        return None if reply.status == 404 else facts.service_principal(reply.body)

    async def find_service_principal_by_id(self, object_id: str) -> facts.ServicePrincipalFacts | None:
        """The service principal with this object id, with what it publishes."""
        path = _asking(f"/servicePrincipals/{object_id}", facts.API_SELECT)
        reply = await self._transport.get(path, f"get service principal {object_id}")
        return None if reply.status == 404 else facts.service_principal(reply.body)

    async def create_service_principal(self, app_id: str) -> facts.ServicePrincipalFacts:
        """POST {appId}."""
        from msgraph.generated.models.service_principal import ServicePrincipal

        request = self._transport.build.service_principals.to_post_request_information(ServicePrincipal(app_id=app_id))
        reply = await self._transport.write(request, f"create service principal {app_id}")
        return facts.service_principal(reply.body)

    async def list_groups_of(self, object_id: str, *, user: bool) -> frozenset[str]:
        """The object ids of all groups a user or service principal is in, through others too. Raises ApiError."""
        of = "users" if user else "servicePrincipals"
        path = _asking(f"/{of}/{object_id}/transitiveMemberOf/graph.group", ("id",))
        listed = await self._transport.list_all(path, f"list groups of {object_id}")
        return frozenset(str(each["id"]).lower() for each in listed)

    # grants

    async def list_grants(self, app_id: str) -> tuple[facts.GrantFacts, ...]:
        """The delegated grants of the service principal with this appId; none when there is no such principal.

        By that key, so that they need not wait for the principal's object id.
        """
        path = f"/servicePrincipals(appId={_literal(app_id)})/oauth2PermissionGrants"
        reply = await self._transport.get(path, f"list grants of {app_id}")
        if reply.status == 404:
            return ()
        return tuple(facts.grant(item) for item in await self._rest(path, reply.body, "list grants"))

    async def list_grants_to(self, resource_id: str) -> tuple[facts.GrantFacts, ...]:
        """The delegated grants, anybody's, to the API with this service principal (object id)."""
        path = _asking("/oauth2PermissionGrants", where=f"resourceId eq {_text(resource_id)}")
        return tuple(facts.grant(item) for item in await self._transport.list_all(path, "list grants to an API"))

    async def create_grant(self, client_id: str, resource_id: str, scopes: Sequence[str]) -> facts.GrantFacts:
        """A tenant-wide grant between two service principals (object ids; scopes space-separated: sam-facts 5.3)."""
        from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant

        body = OAuth2PermissionGrant(
            client_id=client_id, resource_id=resource_id, consent_type="AllPrincipals", scope=" ".join(scopes)
        )
        request = self._transport.build.oauth2_permission_grants.to_post_request_information(body)
        return facts.grant((await self._transport.write(request, f"grant {resource_id} to {client_id}")).body)

    async def update_grant(self, grant_id: str, scopes: Sequence[str]) -> None:
        """Replace a grant's scopes."""
        from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant

        builder = self._transport.build.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant_id)
        request = builder.to_patch_request_information(OAuth2PermissionGrant(scope=" ".join(scopes)))
        await self._transport.write(request, f"update grant {grant_id}")

    async def delete_grant(self, grant_id: str) -> None:
        """Revoke a grant; one that is gone already is no error."""
        builder = self._transport.build.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant_id)
        with suppress(NotFoundError):
            await self._transport.write(builder.to_delete_request_information(), f"delete grant {grant_id}")

    # app role assignments

    async def list_app_role_assignments(self, app_id: str) -> tuple[facts.AppRoleAssignmentFacts, ...]:
        """What is granted to the service principal with this appId; none when there is no such principal."""
        path = f"/servicePrincipals(appId={_literal(app_id)})/appRoleAssignments"
        reply = await self._transport.get(path, f"list app role assignments of {app_id}")
        if reply.status == 404:
            return ()
        items = await self._rest(path, reply.body, "list app role assignments")
        return tuple(facts.app_role_assignment(item) for item in items)

    async def create_app_role_assignment(
        self, principal_id: str, resource_id: str, app_role_id: str
    ) -> facts.AppRoleAssignmentFacts:
        """Grant an application permission; all three are object ids, the last the app role's."""
        from uuid import UUID

        from msgraph.generated.models.app_role_assignment import AppRoleAssignment

        body = AppRoleAssignment(
            principal_id=UUID(principal_id), resource_id=UUID(resource_id), app_role_id=UUID(app_role_id)
        )
        builder = self._transport.build.service_principals.by_service_principal_id(principal_id).app_role_assignments
        reply = await self._transport.write(builder.to_post_request_information(body), f"assign app role {app_role_id}")
        return facts.app_role_assignment(reply.body)

    async def delete_app_role_assignment(self, principal_id: str, assignment_id: str) -> None:
        """Revoke an application permission; one that is gone already is no error."""
        builder = self._transport.build.service_principals.by_service_principal_id(principal_id).app_role_assignments
        request = builder.by_app_role_assignment_id(assignment_id).to_delete_request_information()
        with suppress(NotFoundError):
            await self._transport.write(request, f"delete app role assignment {assignment_id}")

    async def _rest(self, path: str, first: dict[str, Any], operation: str) -> list[dict[str, Any]]:
        if "@odata.nextLink" not in first:
            return items_of(first, operation)
        return await self._transport.list_all(path, operation)


def _asking(path: str, members: Sequence[str] = (), where: str = "") -> str:
    """A path with `$select` and `$filter`."""
    query = {"$select": ",".join(members), "$filter": where}
    asked = [f"{name}={quote(value, safe=',')}" for name, value in query.items() if value]
    return f"{path}?{'&'.join(asked)}"


def _literal(value: str) -> str:
    """A text as a key in a path."""
    return quote(_text(value), safe="'")


def _text(value: str) -> str:
    """A text as OData writes it."""
    return "'" + value.replace("'", "''") + "'"
