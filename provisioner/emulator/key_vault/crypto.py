"""What is done with a key: sign, verify, encrypt, decrypt, wrap, unwrap (Key Vault's "About keys", algorithms)."""

from __future__ import annotations

from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from ..store import Document
from . import errors, key_errors
from .key_material import PrivateKey, unpacked

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "P-256K"}
_RSA_SIGNATURES = {f"{family}{size}" for family in ("RS", "PS") for size in _HASHES}
_RSA_ENCRYPTION: dict[str, padding.AsymmetricPadding] = {
    "RSA1_5": padding.PKCS1v15(),
    "RSA-OAEP": padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),  # noqa: S303  the algorithm's own
    "RSA-OAEP-256": padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None),
}
_MAKE_NEW = ("sign", "encrypt", "wrapKey")  # honour nbf and exp: old data must stay readable


def check_usable(version: Document, operation: str, now: float) -> None:
    """Raises KeyDisabled, the refusal of an expired key, KeyOperationForbidden.

    A certificate's key is inoperable altogether once the certificate is expired (sam-facts 6.4).
    """
    if not version["enabled"]:
        raise key_errors.key_disabled(operation)
    bound = operation in _MAKE_NEW or version.get("managed")
    if bound and not version.get("nbf", 0) <= now < version.get("exp", float("inf")):
        raise key_errors.key_out_of_time(operation)
    if operation not in version["key_ops"]:
        raise key_errors.key_operation_forbidden(operation)


def sign(key_id: str, version: Document, algorithm: Any, digest: bytes) -> bytes:
    """A signature as JWS has it: of an elliptic curve the two numbers, one after the other."""
    hashed = _signing_hash(key_id, version, algorithm, digest, "value")
    key = unpacked(version["_private"])
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, _signing_padding(algorithm, hashed), Prehashed(hashed))
    size = (key.curve.key_size + 7) // 8
    return b"".join(part.to_bytes(size, "big") for part in decode_dss_signature(_sign_ec(key, digest, hashed)))


def _sign_ec(key: ec.EllipticCurvePrivateKey, digest: bytes, hashed: hashes.HashAlgorithm) -> bytes:
    return key.sign(digest, ec.ECDSA(Prehashed(hashed)))


def verify(key_id: str, version: Document, algorithm: Any, digest: bytes, signature: bytes) -> bool:
    hashed = _signing_hash(key_id, version, algorithm, digest, "digest")
    public = unpacked(version["_private"]).public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, _signing_padding(algorithm, hashed), Prehashed(hashed))
        else:
            half = (public.curve.key_size + 7) // 8
            numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            public.verify(encode_dss_signature(*numbers), digest, ec.ECDSA(Prehashed(hashed)))
    except InvalidSignature:
        return False
    return True


def encrypt(key_id: str, version: Document, algorithm: Any, plain: bytes) -> bytes:
    """Also wraps: the service does the same with both."""
    key, scheme = _encryption(key_id, version, algorithm)
    try:
        return key.public_key().encrypt(plain, scheme)
    except ValueError as error:
        raise errors.bad_parameter(f"The value is too long for {algorithm} with this key.") from error


def decrypt(key_id: str, version: Document, algorithm: Any, cipher: bytes) -> bytes:
    """Also unwraps."""
    key, scheme = _encryption(key_id, version, algorithm)
    try:
        return key.decrypt(cipher, scheme)
    except ValueError as error:
        raise errors.bad_parameter("The parameter is incorrect.") from error


def _signing_hash(key_id: str, version: Document, algorithm: Any, digest: bytes, member: str) -> hashes.HashAlgorithm:
    """The algorithm's hash, when it goes with the key and the digest."""
    if not isinstance(algorithm, str) or algorithm not in _RSA_SIGNATURES | _CURVES.keys():
        raise key_errors.algorithm_unknown(algorithm)
    kty = version["kty"]
    needs = "RSA" if algorithm in _RSA_SIGNATURES else "EC"
    if not kty.startswith(needs):
        wanted = f"a key type of '{needs}' or '{needs}-HSM'"
        raise key_errors.algorithm_incompatible(key_id, f"is of type '{kty}'", algorithm, wanted)
    if needs == "EC" and version["crv"] != _CURVES[algorithm]:
        is_like, wanted = f"uses curve '{version['crv']}'", f"curve '{_CURVES[algorithm]}'"
        raise key_errors.algorithm_incompatible(key_id, is_like, algorithm, wanted)
    found = _HASHES[algorithm[2:5]]
    if len(digest) != found.digest_size:
        raise key_errors.digest_length(member, len(digest), algorithm, found.digest_size)
    return found


def _signing_padding(algorithm: str, hashed: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    if algorithm.startswith("PS"):
        return padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return padding.PKCS1v15()


def _encryption(key_id: str, version: Document, algorithm: Any) -> tuple[rsa.RSAPrivateKey, padding.AsymmetricPadding]:
    if not isinstance(algorithm, str) or algorithm not in _RSA_ENCRYPTION:
        raise key_errors.algorithm_unknown(algorithm)
    key: PrivateKey = unpacked(version["_private"])
    if not isinstance(key, rsa.RSAPrivateKey):
        is_like, wanted = f"is of type '{version['kty']}'", "a key type of 'RSA' or 'RSA-HSM'"
        raise key_errors.algorithm_incompatible(key_id, is_like, algorithm, wanted)
    return key, _RSA_ENCRYPTION[algorithm]
