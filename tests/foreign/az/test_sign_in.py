"""az signs in: with a secret, a certificate, a federated token; and says what it is signed in to."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

from tests.foreign.cloud import Cloud
from tests.foreign.estate import Estate
from tests.foreign.operations import shows

from .conftest import Az


@shows("az", "login --service-principal (secret)")
def test_runner_is_signed_in_and_has_its_subscription(az: Az, cloud: Cloud) -> None:
    shown = az("account show")
    tenant = cloud.tenant
    assert (shown["id"], shown["tenantId"]) == (tenant["subscription"], tenant["id"])
    assert shown["user"] == {"name": tenant["runner"]["clientId"], "type": "servicePrincipal"}
    assert [each["id"] for each in az("account list", refresh=True)] == [tenant["subscription"]]


def test_tokens_are_given_out_for_each_service(az: Az, cloud: Cloud) -> None:
    for resource in ("https://management.azure.com", "https://graph.microsoft.com", "https://vault.azure.net"):
        token = az("account get-access-token", resource=resource)
        assert (token["tokenType"], token["tenant"]) == ("Bearer", cloud.tenant["id"])
        assert token["accessToken"].count(".") == 2


def test_wrong_secret_is_told_with_its_code(az_of: Callable[[], Az], cloud: Cloud) -> None:
    said = az_of().refused(
        "login",
        service_principal=True,
        username=cloud.tenant["runner"]["clientId"],
        password="wrong",
        tenant=cloud.tenant["id"],
    )
    assert "AADSTS7000215" in said


@shows("az", "login --service-principal (certificate)")
def test_certificate_az_made_itself_signs_in(az: Az, az_of: Callable[[], Az], cloud: Cloud) -> None:
    app_id = az("ad app create", display_name=f"story {uuid.uuid4()}")["appId"]
    az("ad sp create", id=app_id)
    reset = az("ad app credential reset", id=app_id, create_cert=True)
    certificates = az("ad app credential list", id=app_id, cert=True)
    assert [each["type"] for each in certificates] == ["AsymmetricX509Cert"]

    other, file = az_of(), Path(reset["fileWithCertAndPrivateKey"])
    signed_in = {"service_principal": True, "username": app_id, "certificate": file, "tenant": cloud.tenant["id"]}
    other("login", allow_no_subscriptions=True, **signed_in)
    assert other("account show")["user"]["name"] == app_id
    az("ad app credential delete", id=app_id, key_id=certificates[0]["keyId"], cert=True)
    assert "AADSTS700027" in az_of().refused("login", allow_no_subscriptions=True, **signed_in)


@shows("az", "login --service-principal (federated token)")
def test_token_of_a_pipeline_signs_in_where_it_is_trusted(
    az_of: Callable[[], Az], estate: Estate, cloud: Cloud
) -> None:
    made, subject = estate.application(), f"repo:contoso/{uuid.uuid4().hex}:environment:production"
    issuer, token = estate.token_of_job(subject)
    signed_in = {"service_principal": True, "username": made.app_id, "tenant": cloud.tenant["id"]}
    said = az_of().refused("login", allow_no_subscriptions=True, federated_token=token, **signed_in)
    assert "AADSTS70021" in said or "AADSTS700213" in said
    estate.trust(made, issuer, subject)
    other = az_of()
    other("login", allow_no_subscriptions=True, federated_token=token, **signed_in)
    assert other("account show")["user"]["name"] == made.app_id
