"""msgraph-sdk with its own pipeline and models."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from azure.identity.aio import DefaultAzureCredential
from conversation import say
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.web_application import WebApplication

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
NAME = f"story-{uuid.uuid4()}"
Query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters


async def applications(graph: GraphServiceClient) -> dict[str, Any]:
    made = await graph.applications.post(Application(display_name=NAME, sign_in_audience="AzureADMultipleOrgs"))
    assert made is not None
    assert made.id is not None
    one = graph.applications.by_application_id(made.id)
    await one.patch(Application(web=WebApplication(redirect_uris=["https://localhost/"])))
    read = await one.get()
    listed = await graph.applications.get(
        RequestConfiguration(query_parameters=Query(filter=f"displayName eq '{NAME}'", select=["id", "displayName"]))
    )
    secret = await one.add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="one"))
    )
    trusted = await one.federated_identity_credentials.post(
        FederatedIdentityCredential(
            name="pipeline",
            issuer="https://token.actions.githubusercontent.com",
            subject="repo:contoso/sam:ref:refs/heads/main",
            audiences=["api://AzureADTokenExchange"],
        )
    )
    await one.remove_password.post(RemovePasswordPostRequestBody(key_id=secret.key_id))
    upserted = await graph.applications_with_unique_name(NAME).patch(
        Application(display_name=NAME), RequestConfiguration(headers=_create_if_missing())
    )
    return {
        "created": made.created_date_time.isoformat() if made.created_date_time else None,
        "replies": read.web.redirect_uris,
        "listed": [each.id for each in listed.value] == [made.id],
        "secret": len(secret.secret_text),
        "trusted": trusted.subject,
        "upserted": upserted.unique_name == NAME,
        **await principals(graph, made.app_id),
        "missing": await refused(graph),
        "deleted": await one.delete() is None,
    }


async def principals(graph: GraphServiceClient, app_id: str | None) -> dict[str, Any]:
    principal = await graph.service_principals.post(ServicePrincipal(app_id=app_id))
    api = await graph.service_principals_with_app_id(MICROSOFT_GRAPH).get()
    wanted = OAuth2PermissionGrant(
        client_id=principal.id, consent_type="AllPrincipals", resource_id=api.id, scope="User.Read"
    )
    grant = await graph.oauth2_permission_grants.post(wanted)
    granted = await graph.service_principals.by_service_principal_id(principal.id).oauth2_permission_grants.get()
    return {"granted": [each.id for each in granted.value] == [grant.id]}


async def refused(graph: GraphServiceClient) -> dict[str, Any]:
    try:
        await graph.applications.by_application_id(str(uuid.uuid4())).get()
    except ODataError as error:
        said = error.error
        return {"status": error.response_status_code, "code": said.code, "request": bool(said.inner_error.request_id)}
    return {}


def _create_if_missing() -> Any:
    headers = RequestConfiguration().headers
    headers.add("Prefer", "create-if-missing")
    return headers


async def main() -> None:
    async with DefaultAzureCredential() as credential:
        graph = GraphServiceClient(credential, scopes=["https://graph.microsoft.com/.default"])
        say(await applications(graph))


asyncio.run(main())
