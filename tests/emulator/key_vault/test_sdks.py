"""Azure's own clients of a vault's data plane, unchanged: what they send holds the contracts."""

from __future__ import annotations

import hashlib

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.keyvault.certificates import (
    CertificateClient,
    CertificateContact,
    CertificateContentType,
    CertificatePolicy,
    KeyCurveName,
    LifetimeAction,
)
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, SignatureAlgorithm
from azure.keyvault.secrets import SecretClient

from ..azure import Azure
from ..sdk import SdkCredential, SdkTransport

URL = "https://kv-contoso.vault.azure.net"


def test_certificates_are_made_read_and_taken_back(azure: Azure) -> None:
    transport, credential = SdkTransport(azure.store), SdkCredential(azure)
    client = CertificateClient(URL, credential, transport=transport)
    wanted = CertificatePolicy(
        issuer_name="Self",
        subject="CN=billing",
        exportable=False,
        key_type="EC",
        key_curve_name=KeyCurveName.p_256,
        content_type=CertificateContentType.pem,
        validity_in_months=6,
        lifetime_actions=[LifetimeAction(action="AutoRenew", days_before_expiry=30)],
    )
    made = client.begin_create_certificate("billing", wanted, _polling_interval=0.001).result()
    assert made.name == "billing"
    assert made.policy.key_curve_name == KeyCurveName.p_256
    assert client.get_certificate("billing").cer == made.cer
    assert client.get_certificate_operation("billing").status == "completed"
    versions = [each.version for each in client.list_properties_of_certificate_versions("billing")]
    assert versions == [made.properties.version]
    assert client.update_certificate_properties("billing", tags={"a": "b"}).properties.tags == {"a": "b"}
    assert client.set_contacts([CertificateContact(email="ops@contoso.com")])[0].email == "ops@contoso.com"
    client.begin_delete_certificate("billing", _polling_interval=0.001).result()
    assert [each.name for each in client.list_deleted_certificates()] == ["billing"]
    client.begin_recover_deleted_certificate("billing", _polling_interval=0.001).result()
    secret = SecretClient(URL, credential, transport=transport).get_secret("billing")
    assert "BEGIN CERTIFICATE" in str(secret.value)
    assert "PRIVATE" not in str(secret.value)
    digest = hashlib.sha256(b"text").digest()
    crypto = CryptographyClient(str(made.key_id), credential, transport=transport)
    assert len(crypto.sign(SignatureAlgorithm.es256, digest).signature) == 64


def test_keys_are_made_used_rotated_and_deleted(azure: Azure) -> None:
    transport, credential = SdkTransport(azure.store), SdkCredential(azure)
    client = KeyClient(URL, credential, transport=transport)
    key = client.create_rsa_key("k", size=2048, key_operations=["sign", "verify", "encrypt", "decrypt"])
    crypto = client.get_cryptography_client("k", key_version=key.properties.version)
    digest = hashlib.sha256(b"text").digest()
    signed = crypto.sign(SignatureAlgorithm.ps256, digest)
    assert crypto.verify(SignatureAlgorithm.ps256, digest, signed.signature).is_valid
    locked = crypto.encrypt(EncryptionAlgorithm.rsa_oaep_256, b"hush").ciphertext
    assert crypto.decrypt(EncryptionAlgorithm.rsa_oaep_256, locked).plaintext == b"hush"
    policy = KeyRotationPolicy(
        lifetime_actions=[KeyRotationLifetimeAction("Rotate", time_after_create="P30D")], expires_in="P90D"
    )
    assert client.update_key_rotation_policy("k", policy).expires_in == "P90D"
    assert client.rotate_key("k").properties.version != key.properties.version
    blob = client.backup_key("k")
    client.begin_delete_key("k", _polling_interval=0.001).result()
    client.purge_deleted_key("k")
    assert client.restore_key_backup(blob).name == "k"
    with pytest.raises(ResourceNotFoundError, match="KeyNotFound"):
        client.get_key("absent")
