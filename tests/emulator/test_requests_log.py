"""The list of requests holds no secret, also of a client that sends it in the wrong place, case or type."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from provisioner.emulator import requests_log
from provisioner.emulator.dispatch import handle
from provisioner.emulator.store import Store

SECRET = "s3cr3t~of~nobody"
TOKEN = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
GRAPH = "https://graph.microsoft.com/v1.0"
VAULT = "https://kv-contoso.vault.azure.net/secrets/a?api-version=7.5"
IN_ARM = "https://management.azure.com/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/z/secrets/a"
_BATCHED = {"id": "1", "method": "GET", "url": "/me", "headers": {"Authorization": f"Bearer {SECRET}"}}


@pytest.mark.parametrize("field", ["client_secret", "Client_Secret", "assertion", "password", "id_token_hint"])
def test_secret_fields_are_masked_in_forms_and_queries(store: Store, field: str) -> None:
    sent = urlencode({field: SECRET, "client_id": "shown"})
    handle(store, "POST", TOKEN, {"Content-Type": "application/x-www-form-urlencoded"}, sent.encode())
    handle(store, "GET", f"{TOKEN}?{sent}")
    assert _recorded(store).count("shown") == 2


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (VAULT, {"value": [SECRET]}),
        (VAULT, {"value": {"text": SECRET}}),
        (VAULT, {"Value": SECRET}),
        (VAULT, SECRET),
        (IN_ARM, {"properties": {"value": SECRET}}),
        (f"{GRAPH}/applications/x/addKey", {"proof": SECRET}),
        (f"{GRAPH}/applications/x", {"keyCredentials": [{"type": "X509CertAndPassword", "key": SECRET}]}),
        (f"{GRAPH}/$batch", {"requests": [_BATCHED]}),
    ],
)
def test_secrets_of_a_json_body_are_masked(store: Store, url: str, body: object) -> None:
    handle(store, "PUT", url, {"Content-Type": "application/json"}, json.dumps(body).encode())
    _recorded(store)


@pytest.mark.parametrize("header", ["Authorization", "Proxy-Authorization", "x-ms-authorization-auxiliary", "Cookie"])
def test_headers_that_carry_credentials_are_masked(store: Store, header: str) -> None:
    handle(store, "GET", f"{GRAPH}/me", {header: f"Bearer {SECRET}"})
    _recorded(store)


def _recorded(store: Store) -> str:
    """The list as text, once it is sure that no secret is in it."""
    with store.transaction() as tx:
        found = json.dumps(requests_log.listed(tx))
    assert requests_log.MASK in found or "bytes" in found
    assert SECRET not in found
    return found
