"""az and what is in a vault: secrets, certificates, keys."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.foreign.cloud import Cloud
from tests.foreign.operations import shows

from .conftest import Az


@pytest.fixture(scope="module")
def closed(az: Az) -> str:
    """A vault the runner has no data role at."""
    group, name = f"rg-{uuid.uuid4().hex[:8]}", f"kv-{uuid.uuid4().hex[:12]}"
    az("group create", name=group, location="westeurope")
    az("keyvault create", name=name, resource_group=group, retention_days=7)
    return name


@pytest.fixture(scope="module")
def vault(az: Az, cloud: Cloud) -> str:
    """A vault the runner may do everything in."""
    group, name = f"rg-{uuid.uuid4().hex[:8]}", f"kv-{uuid.uuid4().hex[:12]}"
    az("group create", name=group, location="westeurope")
    made = az("keyvault create", name=name, resource_group=group, retention_days=7)
    runner = cloud.tenant["runner"]["clientId"]
    az("role assignment create", assignee=runner, role="Key Vault Administrator", scope=made["id"])
    return name


def test_secret_is_set_read_and_given_attributes(az: Az, vault: str) -> None:
    name = f"s-{uuid.uuid4().hex}"
    first = az("keyvault secret set", vault_name=vault, name=name, value="one", tags=["purpose=story"])
    assert (first["value"], first["tags"]["purpose"]) == ("one", "story")
    assert first["attributes"]["recoveryLevel"] == "CustomizedRecoverable+Purgeable"
    second = az("keyvault secret set", vault_name=vault, name=name, value="two", expires="2030-01-01T00:00:00Z")
    assert az("keyvault secret show", vault_name=vault, name=name)["value"] == "two"
    assert az("keyvault secret show", id=first["id"])["value"] == "one"
    assert name in [each["name"] for each in az("keyvault secret list", vault_name=vault)]
    versions = az("keyvault secret list-versions", vault_name=vault, name=name)
    assert {each["id"] for each in versions} == {first["id"], second["id"]}
    az("keyvault secret set-attributes", vault_name=vault, name=name, content_type="text/plain", enabled="false")
    assert "Forbidden" in az.refused("keyvault secret show", vault_name=vault, name=name)


def test_secret_is_deleted_recovered_and_purged(az: Az, vault: str) -> None:
    name = f"s-{uuid.uuid4().hex}"
    az("keyvault secret set", vault_name=vault, name=name, value="one")
    deleted = az("keyvault secret delete", vault_name=vault, name=name)
    assert deleted["recoveryId"] == f"https://{vault}.vault.azure.net/deletedsecrets/{name}"
    assert name in [each["name"] for each in az("keyvault secret list-deleted", vault_name=vault)]
    assert az("keyvault secret show-deleted", vault_name=vault, name=name)["name"] == name
    said = az.refused("keyvault secret set", vault_name=vault, name=name, value="two")
    assert "currently in a deleted but recoverable state" in said
    az("keyvault secret recover", vault_name=vault, name=name)
    assert az("keyvault secret show", vault_name=vault, name=name)["value"] == "one"
    az("keyvault secret delete", vault_name=vault, name=name)
    az("keyvault secret purge", vault_name=vault, name=name)
    assert "SecretNotFound" in az.refused("keyvault secret show", vault_name=vault, name=name)


def test_secret_without_a_role_is_forbidden_and_says_which_action(az: Az, closed: str) -> None:
    said = az.refused("keyvault secret set", vault_name=closed, name="s", value="v")
    assert "ForbiddenByRbac" in said
    assert "Microsoft.KeyVault/vaults/secrets/setSecret/action" in said


def test_certificate_is_made_listed_and_deleted(az: Az, vault: str, tmp_path: Path) -> None:
    name, policy = f"c-{uuid.uuid4().hex}", tmp_path / "policy.json"
    policy.write_text(json.dumps(az("keyvault certificate get-default-policy")))
    made = az("keyvault certificate create", vault_name=vault, name=name, policy=f"@{policy}")
    assert made["status"] == "completed"
    shown = az("keyvault certificate show", vault_name=vault, name=name)
    assert shown["policy"]["x509CertificateProperties"]["subject"] == "CN=CLIGetDefaultPolicy"
    assert shown["kid"].startswith(f"https://{vault}.vault.azure.net/keys/{name}/")
    assert name in [each["name"] for each in az("keyvault certificate list", vault_name=vault)]
    file = tmp_path / "certificate.pem"
    az("keyvault certificate download", vault_name=vault, name=name, file=str(file))
    assert file.read_text().startswith("-----BEGIN CERTIFICATE-----")
    az("keyvault certificate delete", vault_name=vault, name=name)
    assert name not in [each["name"] for each in az("keyvault certificate list", vault_name=vault)]


def test_key_signs_and_verifies(az: Az, vault: str) -> None:
    name = f"k-{uuid.uuid4().hex}"
    made = az("keyvault key create", vault_name=vault, name=name, kty="RSA", size=2048)
    assert made["key"]["kty"] == "RSA"
    assert name in [each["name"] for each in az("keyvault key list", vault_name=vault)]
    assert az("keyvault key show", vault_name=vault, name=name)["key"]["n"] == made["key"]["n"]
    digest = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="
    signed = az("keyvault key sign", vault_name=vault, name=name, algorithm="PS256", digest=digest)
    answer = az(
        "keyvault key verify",
        vault_name=vault,
        name=name,
        algorithm="PS256",
        digest=digest,
        signature=signed["signature"],
    )
    assert answer["isValid"] is True


@shows("az", "ad app credential reset --create-cert --keyvault")
def test_certificate_made_in_the_vault_becomes_a_credential(az: Az, vault: str) -> None:
    app_id, name = az("ad app create", display_name=f"story {uuid.uuid4()}")["appId"], f"c-{uuid.uuid4().hex}"
    az("ad app credential reset", id=app_id, create_cert=True, keyvault=vault, cert=name)
    thumbprint = az("keyvault certificate show", vault_name=vault, name=name)["x509ThumbprintHex"]
    [credential] = az("ad app credential list", id=app_id, cert=True)
    assert credential["customKeyIdentifier"] == thumbprint
