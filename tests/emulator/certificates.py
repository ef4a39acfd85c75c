"""Self-made certificates for applications."""

from __future__ import annotations

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def self_signed(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, start: datetime, days: int) -> bytes:
    """The DER of a certificate for the key, signed by itself, valid for so many days from `start`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "application")])
    start = start.replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start)
    made = builder.not_valid_after(start + timedelta(days=days)).sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.DER)
