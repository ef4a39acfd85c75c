"""Private keys: making them, taking them in as JWK, keeping them, showing their public half.

In the store a key is base64 of PKCS#8 DER, only ever in a member `_private`: of a key's version, or of a certificate's
pending operation. `private_marks` names what must never be seen anywhere else.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from ..store import Document, Transaction
from . import errors, key_errors
from .objects import CERTIFICATES, KEYS

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
RSA_SIZES = (2048, 3072, 4096)


def make(kty: str, size: Any = None, curve: Any = None, exponent: Any = None) -> PrivateKey:
    """A new key; absent size and curve are the service's defaults, RSA 2048 and P-256."""
    if kty.startswith("RSA"):
        if (size := 2048 if size is None else size) not in RSA_SIZES:
            raise key_errors.key_material(f"Key size {size!s:.20} is not supported for RSA: 2048, 3072 or 4096.")
        if (exponent := 65537 if exponent is None else exponent) not in (3, 65537):
            raise key_errors.key_material("Property public_exponent is not supported.")
        return rsa.generate_private_key(exponent, size)
    name = _curve_of_size(size) if curve is None else curve
    if not isinstance(name, str) or name not in CURVES:
        raise key_errors.key_material(f"Curve {name!s:.20} is not supported.")
    return ec.generate_private_key(CURVES[name])


def _curve_of_size(size: Any) -> str | None:
    return {None: "P-256", 256: "P-256", 384: "P-384", 521: "P-521"}.get(size if isinstance(size, int) else None)


def packed(key: PrivateKey) -> str:
    """As the store keeps it."""
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def unpacked(stored: str) -> PrivateKey:
    key = load_der_private_key(base64.b64decode(stored), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)  # nothing else is ever packed
    return key


def described(key: PrivateKey) -> Document:
    """kty and crv (of an elliptic curve) or key_size (of RSA); raises key_material for a curve no vault has."""
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "key_size": key.key_size}
    for name, curve in CURVES.items():
        if curve.name == key.curve.name:
            return {"kty": "EC", "crv": name}
    raise key_errors.key_material(f"Curve {key.curve.name} is not supported.")


def public_members(key: PublicKey) -> dict[str, str]:
    """The public numbers as a JWK has them."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"n": _b64(_bytes(numbers.n)), "e": _b64(_bytes(numbers.e))}
    point, size = key.public_numbers(), (key.curve.key_size + 7) // 8
    return {"x": _b64(point.x.to_bytes(size, "big")), "y": _b64(point.y.to_bytes(size, "big"))}


def imported(jwk: dict[str, Any]) -> PrivateKey:
    """The private key of a JWK; raises key_material. Nothing of the key gets into the text."""
    kty = jwk.get("kty")
    try:
        if kty == "RSA":
            return _imported_rsa(jwk)
        if kty == "EC":
            numbers = ec.EllipticCurvePublicNumbers(_number(jwk, "x"), _number(jwk, "y"), CURVES[str(jwk.get("crv"))])
            return ec.EllipticCurvePrivateNumbers(_number(jwk, "d"), numbers).private_key()
    except (ValueError, KeyError, ArithmeticError) as error:
        raise key_errors.key_material(f"The {kty} key's members are missing or do not make a key.") from error
    raise key_errors.key_material(f"Key type {kty!s:.20} cannot be imported into this key vault.")


def _imported_rsa(jwk: dict[str, Any]) -> PrivateKey:
    n, e, d = (_number(jwk, name) for name in ("n", "e", "d"))
    p, q = (_number(jwk, "p"), _number(jwk, "q")) if jwk.get("p") else rsa.rsa_recover_prime_factors(n, e, d)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(e, n)
    )
    key = numbers.private_key()
    if key.key_size not in RSA_SIZES:
        raise key_errors.key_material(f"Key size {key.key_size} is not supported for RSA: 2048, 3072 or 4096.")
    return key


def _number(jwk: dict[str, Any], name: str) -> int:
    return int.from_bytes(unb64(jwk[name], name), "big")


def unb64(value: Any, member: str) -> bytes:
    """base64url without padding, as every binary member of a body is; raises BadParameter."""
    try:
        if isinstance(value, str):
            return base64.b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.bad_parameter(f"Property {member} is not base64url.") from error
    raise errors.bad_parameter(f"Property {member} is required and must be base64url.")


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def private_marks(tx: Transaction) -> list[bytes]:
    """The private numbers and the PKCS#8 form of every key in every vault, deleted and pending ones included."""
    marks: list[bytes] = []
    for stored in _stored(tx):
        key = unpacked(stored)
        marks.append(base64.b64decode(stored))
        if isinstance(key, rsa.RSAPrivateKey):
            numbers = key.private_numbers()
            marks += [_bytes(each) for each in (numbers.d, numbers.p, numbers.q)]
        else:
            marks.append(key.private_numbers().private_value.to_bytes((key.curve.key_size + 7) // 8, "big"))
    return marks


def _stored(tx: Transaction) -> Iterator[str]:
    for kind in (KEYS, CERTIFICATES):
        for document in (*tx.list(kind.kind), *tx.list(kind.deleted_kind)):
            holders = [*document["versions"], document.get("pending") or {}]
            yield from (each["_private"] for each in holders if "_private" in each)
