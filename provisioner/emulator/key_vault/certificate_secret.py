"""The value of a certificate's secret: PFX (base64, no password) or PEM, with the private key when it is exportable.

A non-exportable key never leaves the vault: the secret then holds the certificate alone (sam-facts 6.4).
"""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from ..store import Document, Transaction
from . import objects
from .key_material import PrivateKey, unpacked
from .objects import CERTIFICATES, KEYS

PFX = "application/x-pkcs12"
PEM = "application/x-pem-file"


def certificate_secret(tx: Transaction, scope: str, secret: Document, version: Document) -> str:
    """The value, from the certificate and the key of the same name and version id."""
    wanted = version["version"]
    found = objects.find_version(objects.find(tx, scope, CERTIFICATES, secret["name"]), CERTIFICATES, wanted)
    key = objects.find_version(objects.find(tx, scope, KEYS, secret["name"]), KEYS, wanted)
    private = unpacked(key["_private"]) if key["exportable"] else None
    chain = [x509.load_der_x509_certificate(base64.b64decode(each)) for each in (found["cer"], *found["chain"])]
    return _pem(private, chain) if version["contentType"] == PEM else _pfx(private, chain)


def _pfx(private: PrivateKey | None, chain: list[x509.Certificate]) -> str:
    packed = pkcs12.serialize_key_and_certificates(None, private, chain[0], chain[1:] or None, NoEncryption())
    return base64.b64encode(packed).decode()


def _pem(private: PrivateKey | None, chain: list[x509.Certificate]) -> str:
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode() if private else ""
    return key + "".join(each.public_bytes(Encoding.PEM).decode() for each in chain)
