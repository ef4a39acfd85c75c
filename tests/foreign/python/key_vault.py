"""azure-keyvault-secrets, -certificates and -keys with sync clients."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.keyvault.certificates import CertificateClient, CertificatePolicy
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
from azure.keyvault.secrets import SecretClient
from conversation import say

URL = os.environ["VAULT_URL"]
credential = DefaultAzureCredential()


def secrets() -> dict[str, Any]:
    client = SecretClient(URL, credential)
    client.set_secret("s", "one", tags={"purpose": "story"})
    second = client.set_secret("s", "two").properties
    seen: dict[str, Any] = {
        "value": client.get_secret("s").value,
        "names": [each.name for each in client.list_properties_of_secrets()],
        "versions": len(list(client.list_properties_of_secret_versions("s"))),
        "type": client.update_secret_properties("s", second.version, content_type="text/plain").content_type,
    }
    backup = client.backup_secret("s")
    client.begin_delete_secret("s", _polling_interval=0).wait()
    seen["deleted"] = [each.name for each in client.list_deleted_secrets()]
    client.begin_recover_deleted_secret("s", _polling_interval=0).wait()
    client.begin_delete_secret("s", _polling_interval=0).wait()
    client.purge_deleted_secret("s")
    seen["restored"] = client.restore_secret_backup(backup).name
    try:
        client.get_secret("missing")
    except ResourceNotFoundError as error:
        seen["missing"] = error.error.code
    return seen


def certificates() -> dict[str, Any]:
    client = CertificateClient(URL, credential)
    policy = CertificatePolicy.get_default()
    made = client.begin_create_certificate("c", policy, _polling_interval=0).result()
    assert made.cer
    seen: dict[str, Any] = {
        "subject": made.policy.subject,
        "names": [each.name for each in client.list_properties_of_certificates()],
        "versions": len(list(client.list_properties_of_certificate_versions("c"))),
        "issuer": client.get_certificate_policy("c").issuer_name,
    }
    signer = CryptographyClient(made.key_id, credential)
    digest = hashlib.sha256(b"what is signed").digest()
    signed = signer.sign(SignatureAlgorithm.ps256, digest)
    seen["signed"] = signer.verify(SignatureAlgorithm.ps256, digest, signed.signature).is_valid
    client.begin_delete_certificate("c", _polling_interval=0).wait()
    client.begin_recover_deleted_certificate("c", _polling_interval=0).wait()
    seen["recovered"] = client.get_certificate("c").name
    return seen


def keys() -> dict[str, Any]:
    client = KeyClient(URL, credential)
    made = client.create_rsa_key("k", size=2048)
    seen: dict[str, Any] = {
        "type": made.key_type,
        "names": sorted(str(each.name) for each in client.list_properties_of_keys()),
        "operations": sorted(made.key_operations or []),
    }
    client.begin_delete_key("k", _polling_interval=0).wait()
    try:
        client.create_rsa_key("k")
    except HttpResponseError as error:
        seen["taken"] = error.status_code
    return seen


say({"secrets": secrets(), "certificates": certificates(), "keys": keys()})
