"""az and the directory: applications, their credentials and permissions, service principals."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.foreign.cloud import Cloud

from .conftest import Az

GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"


@pytest.fixture
def app_id(az: Az) -> str:
    """An application of the story's own."""
    made = az("ad app create", display_name=f"story {uuid.uuid4()}")
    return str(made["appId"])


def test_application_is_made_found_changed_and_deleted(az: Az) -> None:
    name = f"story {uuid.uuid4()}"
    replies = ["https://localhost:44395/", "http://localhost:8400/"]
    made = az("ad app create", display_name=name, sign_in_audience="AzureADMultipleOrgs", web_redirect_uris=replies)
    assert (made["displayName"], made["web"]["redirectUris"]) == (name, replies)
    app_id = made["appId"]
    shown = az("ad app show", id=app_id)
    assert shown["signInAudience"] == "AzureADMultipleOrgs"
    assert shown["createdByAppId"] == az("account show")["user"]["name"]
    assert [each["appId"] for each in az("ad app list", display_name=name)] == [app_id]
    assert app_id in [each["appId"] for each in az("ad app list", all=True)]
    assert [each["appDisplayName"] for each in az("ad app owner list", id=app_id)] == ["pipeline-runner"]

    az("ad app update", id=app_id, web_home_page_url="https://localhost/", enable_id_token_issuance="true")
    web = az("ad app show", id=app_id)["web"]
    assert (web["homePageUrl"], web["implicitGrantSettings"]["enableIdTokenIssuance"]) == ("https://localhost/", True)
    assert web["redirectUris"] == replies

    az("ad app delete", id=app_id)
    assert "does not exist" in az.refused("ad app show", id=app_id)
    deleted = az("rest", method="get", url=f"https://graph.microsoft.com/v1.0/directory/deletedItems/{made['id']}")
    assert deleted["appId"] == app_id


def test_secrets_are_added_listed_and_deleted(az: Az, app_id: str) -> None:
    first = az("ad app credential reset", id=app_id, display_name="first", append=True)
    assert (first["appId"], len(first["password"])) == (app_id, 40)
    az("ad app credential reset", id=app_id, display_name="second", append=True)
    listed = az("ad app credential list", id=app_id)
    assert sorted(each["displayName"] for each in listed) == ["first", "second"]
    assert all(each["secretText"] is None for each in listed)
    az("ad app credential delete", id=app_id, key_id=listed[0]["keyId"])
    assert len(az("ad app credential list", id=app_id)) == 1
    az("ad app credential reset", id=app_id, display_name="third")
    assert [each["displayName"] for each in az("ad app credential list", id=app_id)] == ["third"]


def test_federated_credentials_are_made_listed_changed_and_deleted(az: Az, app_id: str, tmp_path: Path) -> None:
    wanted = {
        "name": "pipeline",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:contoso/sam:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    }
    file = tmp_path / "credential.json"
    file.write_text(json.dumps(wanted))
    made = az("ad app federated-credential create", id=app_id, parameters=str(file))
    assert {name: made[name] for name in wanted} == wanted
    assert [each["id"] for each in az("ad app federated-credential list", id=app_id)] == [made["id"]]
    file.write_text(json.dumps(wanted | {"subject": "repo:contoso/sam:environment:production"}))
    az("ad app federated-credential update", id=app_id, federated_credential_id=made["id"], parameters=str(file))
    shown = az("ad app federated-credential show", id=app_id, federated_credential_id=made["id"])
    assert shown["subject"] == "repo:contoso/sam:environment:production"
    az("ad app federated-credential delete", id=app_id, federated_credential_id=made["id"])
    assert az("ad app federated-credential list", id=app_id) == []


def test_permissions_are_asked_granted_and_listed(az: Az, app_id: str) -> None:
    az("ad sp create", id=app_id)
    az("ad app permission add", id=app_id, api=GRAPH, api_permissions=f"{USER_READ}=Scope")
    asked = az("ad app permission list", id=app_id)
    assert asked == [{"resourceAppId": GRAPH, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}]
    granted = az("ad app permission grant", id=app_id, api=GRAPH, scope="User.Read")
    assert (granted["consentType"], granted["scope"]) == ("AllPrincipals", "User.Read")
    grants = az("ad app permission list-grants", id=app_id, show_resource_name=True)
    assert [(each["id"], each["resourceDisplayName"]) for each in grants] == [(granted["id"], "Microsoft Graph")]
    az("ad app permission delete", id=app_id, api=GRAPH)
    assert az("ad app permission list", id=app_id) == []


def test_admin_consent_of_az_asks_a_portal_and_not_graph(az: Az, app_id: str) -> None:
    """It posts to an address of the Azure portal, which takes no application either: there is nothing to emulate."""
    said = az.refused("ad app permission admin-consent", id=app_id)
    assert "AADSTS500011" in said
    assert "74658136-14ec-4630-ad9b-26e160ff0fc6" in said


def test_service_principal_is_made_listed_and_deleted(az: Az, app_id: str) -> None:
    made = az("ad sp create", id=app_id)
    shown = az("ad sp show", id=app_id)
    assert (shown["id"], shown["servicePrincipalNames"]) == (made["id"], [app_id])
    assert [each["id"] for each in az("ad sp list", display_name=shown["displayName"])] == [made["id"]]
    assert [each["appDisplayName"] for each in az("ad sp owner list", id=app_id)] == ["pipeline-runner"]
    assert "already in use" in az.refused("ad sp create", id=app_id)
    az("ad sp delete", id=app_id)
    assert az("ad sp list", display_name=shown["displayName"]) == []


def test_service_principal_for_rbac_can_sign_in(az: Az, cloud: Cloud) -> None:
    made = az("ad sp create-for-rbac", name=f"story {uuid.uuid4()}")
    assert made["tenant"] == cloud.tenant["id"]
    assert az("ad sp show", id=made["appId"])["appDisplayName"] == made["displayName"]
