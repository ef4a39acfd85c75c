"""The cloud's own certificate authority and the one leaf for all its host names, kept in the state folder.

Two servers over one folder must show the same chain, also when both start at once: making the files is locked.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from filelock import FileLock

from . import clouds

_LIFE = timedelta(days=3650)


def certificate_files(folder: Path) -> tuple[Path, Path]:
    """(CA certificate, leaf with key and chain), both PEM; made at first use."""
    ca, leaf = folder / "ca.pem", folder / "server.pem"
    with FileLock(folder / "tls.lock"):
        if not (ca.exists() and leaf.exists()):
            _make(ca, leaf)
    return ca, leaf


def server_context(leaf: Path, has_name: Callable[[str], bool]) -> ssl.SSLContext:
    """TLS for the listener, HTTP/1.1 only. A handshake for a host name that `has_name` denies fails."""

    def check_name(
        _connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        return None if name is None or has_name(name) else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(leaf)
    context.set_alpn_protocols(["http/1.1"])
    context.sni_callback = check_name
    return context


def _make(ca_file: Path, leaf_file: Path) -> None:
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provisioner emulator CA")])
    key_id = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)  # sign certificates and CRLs
    ca = (
        _builder(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(key_id, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    names = [_general_name(name) for name in clouds.certificate_names()]
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provisioner emulator")])
    leaf = (
        _builder(leaf_name, ca_name, leaf_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(leaf_file, key + leaf.public_bytes(pem) + ca.public_bytes(pem))
    _write(ca_file, ca.public_bytes(pem))  # the CA's key is thrown away: nothing else will ever be signed


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
    )


def _general_name(name: str) -> x509.GeneralName:
    if name[0].isdigit():
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
