"""azure-keyvault-secrets, -certificates and -keys with async clients."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import Any

from azure.identity.aio import DefaultAzureCredential
from azure.keyvault.certificates import CertificatePolicy
from azure.keyvault.certificates.aio import CertificateClient
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.keys.crypto import SignatureAlgorithm
from azure.keyvault.keys.crypto.aio import CryptographyClient
from azure.keyvault.secrets.aio import SecretClient
from conversation import say

URL = os.environ["VAULT_URL"]


async def secrets(credential: Any) -> dict[str, Any]:
    async with SecretClient(URL, credential) as client:
        for value in range(30):
            await client.set_secret(f"s-{value:02}", str(value))
        names = [each.name async for each in client.list_properties_of_secrets()]
        await client.delete_secret("s-00")
        await client.recover_deleted_secret("s-00")
        return {"names": names, "value": (await client.get_secret("s-00")).value}


async def certificates(credential: Any) -> dict[str, Any]:
    async with CertificateClient(URL, credential) as client:
        made = await client.create_certificate("c", CertificatePolicy.get_default())
    async with CryptographyClient(made.key_id, credential) as signer:
        digest = hashlib.sha256(b"what is signed").digest()
        signed = await signer.sign(SignatureAlgorithm.rs256, digest)
        verified = await signer.verify(SignatureAlgorithm.rs256, digest, signed.signature)
    return {"name": made.name, "signed": verified.is_valid}


async def keys(credential: Any) -> dict[str, Any]:
    async with KeyClient(URL, credential) as client:
        made = await client.create_ec_key("k")
        return {
            "type": made.key_type,
            "again": (await client.get_key("k")).properties.version == made.properties.version,
        }


async def main() -> None:
    async with DefaultAzureCredential() as credential:
        say(
            {
                "secrets": await secrets(credential),
                "certificates": await certificates(credential),
                "keys": await keys(credential),
            }
        )


asyncio.run(main())
