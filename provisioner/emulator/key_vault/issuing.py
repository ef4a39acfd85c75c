"""X.509: requests, self-signed certificates, and the version of certificate, key and secret they make together."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from ..store import Document, Transaction
from . import certificate_errors, key_material, objects
from .calendar_time import plus_months
from .certificate_policy import KEY_USAGES, subject_name
from .key_material import PrivateKey
from .objects import CERTIFICATES, KEYS, SECRETS

_BACKDATED_S = 600  # a certificate is valid from ten minutes before it was made
_UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")


def make_key(policy: Document) -> PrivateKey:
    props = policy["key_props"]
    return key_material.make(props["kty"], props["key_size"] if props["kty"] == "RSA" else None, props.get("crv"))


def validity(policy: Document, now: int) -> Document:
    """nbf and exp of a certificate made now."""
    return {"nbf": now - _BACKDATED_S, "exp": plus_months(now, policy["x509_props"]["validity_months"])}


def request(policy: Document, private: PrivateKey) -> str:
    """The certificate signing request, base64 DER."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name(policy["x509_props"]["subject"]))
    for extension, critical in _extensions(policy):
        builder = builder.add_extension(extension, critical)
    return base64.b64encode(builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


def self_signed(policy: Document, private: PrivateKey, now: int) -> x509.Certificate:
    name, times = subject_name(policy["x509_props"]["subject"]), validity(policy, now)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime.fromtimestamp(times["nbf"], UTC))
    builder = builder.not_valid_after(datetime.fromtimestamp(times["exp"], UTC))
    for extension, critical in _extensions(policy):
        builder = builder.add_extension(extension, critical)
    own = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    builder = builder.add_extension(own, critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
    return builder.add_extension(authority, critical=False).sign(private, hashes.SHA256())


def add_version(
    tx: Transaction,
    scope: str,
    certificate: Document,
    version: Document,
    chain: Sequence[x509.Certificate],
    private: PrivateKey,
) -> Document:
    """Fill `version` (its id, times, tags) with the certificate and make its key and secret of the same id."""
    ders = [base64.b64encode(each.public_bytes(Encoding.DER)).decode() for each in chain]
    nbf, exp = (int(each.timestamp()) for each in (chain[0].not_valid_before_utc, chain[0].not_valid_after_utc))
    version |= {"cer": ders[0], "chain": ders[1:], "nbf": nbf, "exp": exp}
    others = [each for each in certificate["versions"] if each["version"] != version["version"]]
    certificate["versions"] = [*others, version]
    objects.save(tx, scope, CERTIFICATES, certificate)
    shared = {name: version[name] for name in ("version", "enabled", "nbf", "exp", "created", "updated")}
    _append(tx, scope, KEYS, certificate["name"], shared | {"managed": True} | _key(certificate["policy"], private))
    content_type = certificate["policy"]["secret_props"]["contentType"]
    _append(tx, scope, SECRETS, certificate["name"], shared | {"managed": True, "contentType": content_type})
    return version


def new_version_id() -> str:
    return uuid.uuid4().hex


def _append(tx: Transaction, scope: str, kind: objects.ObjectType, name: str, version: Document) -> None:
    document = tx.get(kind.kind, scope, name.lower()) or {"name": name, "versions": []}
    document["versions"].append(version)
    objects.save(tx, scope, kind, document)


def _key(policy: Document, private: PrivateKey) -> Document:
    """The key's own members; what it may do follows from the certificate's key usage (sam-facts 6.4)."""
    usages = policy["x509_props"]["key_usage"] or ["digitalSignature", "keyEncipherment"]
    operations = [operation for usage in usages for operation in KEY_USAGES[usage][1]]
    facts = {name: value for name, value in key_material.described(private).items() if name != "key_size"}
    if facts["kty"] == "EC":
        operations = [each for each in operations if each in ("sign", "verify")]
    exportable = policy["key_props"]["exportable"]
    stored = key_material.packed(private)
    return facts | {"key_ops": list(dict.fromkeys(operations)), "exportable": exportable, "_private": stored}


def _extensions(policy: Document) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Extension and whether it is critical."""
    props = policy["x509_props"]
    if props["key_usage"]:
        yield _key_usage(props["key_usage"]), True
    if props["ekus"]:
        yield x509.ExtendedKeyUsage([x509.ObjectIdentifier(each) for each in props["ekus"]]), False
    if names := list(_alternative_names(props["sans"])):
        yield x509.SubjectAlternativeName(names), False
    yield x509.BasicConstraints(ca=False, path_length=None), False


def _key_usage(usages: Sequence[str]) -> x509.KeyUsage:
    flags = dict.fromkeys((flag for flag, _ in KEY_USAGES.values()), False)
    flags |= {KEY_USAGES[usage][0]: True for usage in usages}
    if flags["encipher_only"] or flags["decipher_only"]:
        flags["key_agreement"] = True  # the two mean something only beside it (RFC 5280, 4.2.1.3)
    return x509.KeyUsage(**flags)


def _upn(name: str) -> x509.OtherName:
    """A user principal name, as DER of a UTF8String; raises ValueError when it is longer than a domain name may be."""
    utf8 = name.encode()
    if len(utf8) > 127:
        raise ValueError(name)
    return x509.OtherName(_UPN, bytes([0x0C, len(utf8)]) + utf8)


def _alternative_names(sans: Document) -> Iterator[x509.GeneralName]:
    try:
        yield from (x509.DNSName(each) for each in sans.get("dns_names") or ())
        yield from (x509.RFC822Name(each) for each in sans.get("emails") or ())
        yield from (_upn(each) for each in sans.get("upns") or ())
        yield from (x509.IPAddress(ip_address(each)) for each in sans.get("ip_addresses") or ())
        yield from (x509.UniformResourceIdentifier(each) for each in sans.get("uris") or ())
    except ValueError as error:
        raise certificate_errors.certificate_policy("x509_props.sans has a name that is not valid.") from error
