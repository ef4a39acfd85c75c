"""Certificates brought along, PFX or PEM with the private key, and the policy the vault makes up for them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from ..store import Document
from . import certificate_errors, certificate_policy, key_material
from .attributes import member
from .certificate_policy import KEY_USAGES, UNKNOWN
from .certificate_secret import PEM, PFX

Content = tuple[key_material.PrivateKey, list[x509.Certificate], str]
_MONTH_S = 30.4375 * 86400


def content(wanted: dict[str, Any]) -> Content:
    """Private key, chain (its own certificate first) and content type of `value`. No text tells what was in it."""
    value, password = wanted.get("value"), wanted.get("pwd")
    if not isinstance(value, str) or not isinstance(password, str | None):
        raise certificate_errors.certificate_content("Property value is required and must be a string.")
    try:
        if "-----BEGIN" in value:
            key, chain, content_type = *_from_pem(value, password), PEM
        else:
            key, chain, content_type = *_from_pfx(value, password), PFX
    except (ValueError, TypeError, binascii.Error) as error:
        message = (
            "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is valid."
        )
        raise certificate_errors.certificate_content(message) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or not chain:
        raise certificate_errors.certificate_content("The value needs a certificate and its RSA or EC private key.")
    own = [each for each in chain if each.public_key() == key.public_key()]
    if not own:
        raise certificate_errors.merge_other_key()
    return key, [own[0], *(each for each in chain if each != own[0])], content_type


def policy(wanted: dict[str, Any], found: Content, now: int) -> Document:
    """The policy of the body with what the certificate itself says: an imported one's issuer is Unknown."""
    key, chain, content_type = found
    stated, certificate = member(wanted, "policy"), chain[0]
    key_props = {**member(stated, "key_props"), **key_material.described(key)}
    x509_props = {
        "subject": certificate.subject.rfc4514_string(),
        "ekus": _ekus(certificate),
        "key_usage": _key_usage(certificate),
        "sans": _sans(certificate),
        "validity_months": _months(certificate),
    }
    secret_props = member(stated, "secret_props") or {"contentType": content_type}
    made = {**stated, "key_props": key_props, "secret_props": secret_props, "x509_props": x509_props}
    issuer = member(stated, "issuer") or {"name": UNKNOWN}
    return certificate_policy.created(made | {"issuer": issuer}, now)


def _from_pfx(value: str, password: str | None) -> tuple[Any, list[x509.Certificate]]:
    key, own, others = pkcs12.load_key_and_certificates(
        base64.b64decode(value, validate=True), password.encode() if password else None
    )
    return key, [*([own] if own else []), *others]


def _from_pem(value: str, password: str | None) -> tuple[Any, list[x509.Certificate]]:
    encoded = value.encode()
    key = load_pem_private_key(encoded, password.encode() if password else None)
    return key, x509.load_pem_x509_certificates(encoded)


def _months(certificate: x509.Certificate) -> int:
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return min(max(1, round(lifetime.total_seconds() / _MONTH_S)), 1200)


def _ekus(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    return [each.dotted_string for each in found]


def _key_usage(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return []
    only = ("encipher_only", "decipher_only")  # readable beside key agreement alone
    return [
        name
        for name, (flag, _) in KEY_USAGES.items()
        if (flag not in only or found.key_agreement) and getattr(found, flag)
    ]


def _sans(certificate: x509.Certificate) -> Document:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return {}
    names = {"dns_names": found.get_values_for_type(x509.DNSName), "emails": found.get_values_for_type(x509.RFC822Name)}
    return {kind: values for kind, values in names.items() if values}
