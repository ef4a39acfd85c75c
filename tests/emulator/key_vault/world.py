"""A vault with things in it, for tests."""

from __future__ import annotations

import base64
from typing import Any

from ..azure import Azure

ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
CERTIFICATES_OFFICER = "a4417e6f-fecd-4de8-b567-7b0420556985"
CERTIFICATE_USER = "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
READER = "21090545-7ca7-4776-b22c-e363652d74d2"
DAY = 86400


def policy(**changed: Any) -> dict[str, Any]:
    """A self-signed certificate whose key stays in the vault; elliptic, because that is made at once."""
    return {
        "issuer": {"name": "Self"},
        "key_props": {"exportable": False, "kty": "EC", "crv": "P-256"},
        "x509_props": {"subject": "CN=application"},
        "lifetime_actions": [],
    } | changed


def create(azure: Azure, name: str = "app", **changed: Any) -> Any:
    """A certificate, its creation waited for."""
    begun = azure.vault("POST", f"/certificates/{name}/create", {"policy": policy(**changed)})
    assert begun.status == 202, begun.body
    for _ in range(2):
        azure.vault("GET", f"/certificates/{name}/pending")
    return azure.vault("GET", f"/certificates/{name}/").body


def version_of(identifier: str) -> str:
    return identifier.rsplit("/", 1)[1]


def advance(azure: Azure, seconds: float) -> None:
    with azure.store.transaction() as tx:
        tx.advance_clock(seconds)


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
