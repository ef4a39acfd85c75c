"""azure-identity: each way an application without a person signs in, with sync and async clients."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from azure import identity
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import aio
from conversation import say

TENANT, CLIENT, SECRET = (os.environ[name] for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"))
PEM, TOKEN_FILE = os.environ["CERTIFICATE_PEM"], os.environ["TOKEN_FILE"]
SCOPE = "https://graph.microsoft.com/.default"


def credentials(of: Any) -> list[Any]:
    return [
        of.ClientSecretCredential(TENANT, CLIENT, SECRET),
        of.CertificateCredential(TENANT, CLIENT, PEM),
        of.WorkloadIdentityCredential(tenant_id=TENANT, client_id=CLIENT, token_file_path=TOKEN_FILE),
        of.ClientAssertionCredential(TENANT, CLIENT, lambda: Path(TOKEN_FILE).read_text(encoding="utf-8")),
        of.EnvironmentCredential(),
    ]


async def signed_in() -> dict[str, str]:
    found = {}
    for credential in credentials(aio):
        async with credential:
            found[type(credential).__name__] = (await credential.get_token(SCOPE)).token
    return found


def refusal() -> str:
    try:
        identity.ClientSecretCredential(TENANT, CLIENT, "wrong").get_token(SCOPE)
    except ClientAuthenticationError as error:
        return str(error)
    return ""


say(
    {
        "sync": {type(each).__name__: each.get_token(SCOPE).token for each in credentials(identity)},
        "async": asyncio.run(signed_in()),
        "wrong": refusal(),
    }
)
