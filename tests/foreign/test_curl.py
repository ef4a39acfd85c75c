"""curl, with what `emulator env` exports and nothing else: a token, an application, a resource group."""

from __future__ import annotations

import json
import subprocess
import uuid
from typing import Any

from .cloud import Cloud
from .operations import shows

GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"


def curl(cloud: Cloud, url: str, *options: str) -> tuple[int, Any]:
    """Status and body of the answer."""
    line = ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *options, url]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, env=cloud.environment)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body) if body else None


def bearer(cloud: Cloud, audience: str) -> tuple[str, str]:
    runner = cloud.tenant["runner"]
    form = {
        "grant_type": "client_credentials",
        "client_id": runner["clientId"],
        "client_secret": runner["clientSecret"],
        "scope": f"{audience}/.default",
    }
    options = [word for name, value in form.items() for word in ("--data-urlencode", f"{name}={value}")]
    url = f"https://login.microsoftonline.com/{cloud.tenant['id']}/oauth2/v2.0/token"
    status, token = curl(cloud, url, *options)
    assert (status, token["token_type"]) == (200, "Bearer")
    return "--header", f"Authorization: Bearer {token['access_token']}"


@shows("curl", "POST /TENANT/oauth2/v2.0/token", "GET /v1.0/applications", "GET /v1.0/organization")
def test_curl_reads_the_directory(cloud: Cloud) -> None:
    token = bearer(cloud, GRAPH)
    status, found = curl(cloud, f"{GRAPH}/v1.0/applications?%24filter=displayName%20eq%20%27pipeline-runner%27", *token)
    assert (status, [each["displayName"] for each in found["value"]]) == (200, ["pipeline-runner"])
    status, found = curl(cloud, f"{GRAPH}/v1.0/organization", *token)
    assert (status, found["value"][0]["id"]) == (200, cloud.tenant["id"])
    status, refused = curl(cloud, f"{GRAPH}/v1.0/applications")
    assert (status, refused["error"]["code"]) == (401, "InvalidAuthenticationToken")


@shows("curl", "PUT /subscriptions/ID/resourceGroups/NAME", "PUT …/Microsoft.KeyVault/vaults/NAME")
def test_curl_makes_a_vault(cloud: Cloud) -> None:
    token = (*bearer(cloud, ARM), "--header", "Content-Type: application/json")
    subscription = f"{ARM}/subscriptions/{cloud.tenant['subscription']}"
    curl(cloud, f"{subscription}/providers/Microsoft.KeyVault/register?api-version=2022-09-01", *token, "--data", "")
    group = f"{subscription}/resourceGroups/rg-{uuid.uuid4().hex[:8]}"
    place = {"location": "westeurope"}
    status, _ = curl(cloud, f"{group}?api-version=2022-09-01", *token, "--request", "PUT", "--data", json.dumps(place))
    assert status == 201
    properties = {"tenantId": cloud.tenant["id"], "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
    body = json.dumps(place | {"properties": properties})
    name = f"kv-{uuid.uuid4().hex[:12]}"
    url = f"{group}/providers/Microsoft.KeyVault/vaults/{name}?api-version=2023-07-01"
    status, made = curl(cloud, url, *token, "--request", "PUT", "--data", body)
    assert (status, made["properties"]["vaultUri"]) == (200, f"https://{name}.vault.azure.net/")


@shows("curl", "any other host: refused by the proxy")
def test_nothing_leaves_the_machine_through_the_proxy(cloud: Cloud) -> None:
    line = ["curl", "--silent", "--show-error", "https://example.org/"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, env=cloud.environment)
    assert done.returncode != 0
    assert "CONNECT" in done.stderr
