"""Keys of a vault: what is done with them, and how long."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from ..azure import Azure
from .world import DAY, advance, b64, unb64, version_of

HASHES: dict[str, HashAlgorithm] = {"256": SHA256(), "384": SHA384(), "512": SHA512()}
CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}


def make(azure: Azure, name: str = "k", **wanted: Any) -> Any:
    made = azure.vault("POST", f"/keys/{name}/create", {"kty": "EC"} | wanted)
    assert made.status == 200, made.body
    return made.body


def use(azure: Azure, key: Any, verb: str, alg: str, value: bytes, **more: Any) -> Any:
    """An operation on the key's version: the answer's value, or the refusal's inner code."""
    path = key["key"]["kid"].removeprefix("https://kv-contoso.vault.azure.net")
    answer = azure.vault("POST", f"{path}/{verb}", {"alg": alg, "value": b64(value)} | more).body
    return answer["value"] if "value" in answer else answer["error"].get("innererror", answer["error"])["code"]


def public_rsa(key: Any) -> rsa.RSAPublicKey:
    numbers = (int.from_bytes(unb64(key["key"][name])) for name in ("e", "n"))
    return rsa.RSAPublicNumbers(*numbers).public_key()


def public_ec(key: Any) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(unb64(key["key"][name])) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, CURVES[key["key"]["crv"]]).public_key()


@pytest.mark.parametrize("alg", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_an_rsa_signature_holds_outside_the_vault(azure: Azure, alg: str) -> None:
    key, hashed = make(azure, kty="RSA"), HASHES[alg[2:]]
    digest = hashlib.new(hashed.name, b"text").digest()
    signature = unb64(use(azure, key, "sign", alg, digest))
    padding = PSS(MGF1(hashed), hashed.digest_size) if alg.startswith("PS") else PKCS1v15()
    public_rsa(key).verify(signature, digest, padding, Prehashed(hashed))
    assert use(azure, key, "verify", alg, signature, digest=b64(digest)) is True
    assert use(azure, key, "verify", alg, signature, digest=b64(digest[::-1])) is False


@pytest.mark.parametrize(
    ("alg", "curve"), [("ES256", "P-256"), ("ES384", "P-384"), ("ES512", "P-521"), ("ES256K", "P-256K")]
)
def test_an_elliptic_signature_is_as_jws_has_it(azure: Azure, alg: str, curve: str) -> None:
    key, hashed = make(azure, crv=curve), HASHES[alg[2:5]]
    digest = hashlib.new(hashed.name, b"text").digest()
    signature = unb64(use(azure, key, "sign", alg, digest))
    half = len(signature) // 2
    assert half == (CURVES[curve].key_size + 7) // 8
    numbers = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
    public_ec(key).verify(encode_dss_signature(*numbers), digest, ec.ECDSA(Prehashed(hashed)))
    assert use(azure, key, "verify", alg, signature, digest=b64(digest)) is True


@pytest.mark.parametrize("alg", ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"])
@pytest.mark.parametrize(("lock", "unlock"), [("encrypt", "decrypt"), ("wrapkey", "unwrapkey")])
def test_what_was_locked_is_unlocked(azure: Azure, alg: str, lock: str, unlock: str) -> None:
    key = make(azure, kty="RSA")
    assert unb64(use(azure, key, unlock, alg, unb64(use(azure, key, lock, alg, b"hush")))) == b"hush"
    schemes = {"RSA1_5": PKCS1v15(), "RSA-OAEP": OAEP(MGF1(SHA1()), SHA1(), None)}
    scheme = schemes.get(alg, OAEP(MGF1(SHA256()), SHA256(), None))
    assert unb64(use(azure, key, unlock, alg, public_rsa(key).encrypt(b"outside", scheme))) == b"outside"


@pytest.mark.parametrize("times", [{"exp": 1}, {"nbf": 2**40}])
def test_a_key_out_of_its_time_opens_old_things_and_makes_none(azure: Azure, times: dict[str, int]) -> None:
    key = make(azure, kty="RSA")
    digest = bytes(32)
    signature = unb64(use(azure, key, "sign", "RS256", digest))
    locked = unb64(use(azure, key, "encrypt", "RSA1_5", b"x"))
    azure.vault("PATCH", "/keys/k/", {"attributes": times})
    for verb, alg in (("sign", "RS256"), ("encrypt", "RSA1_5"), ("wrapkey", "RSA1_5")):
        assert use(azure, key, verb, alg, digest) == "KeyNotYetValidOrExpired"
    assert use(azure, key, "verify", "RS256", signature, digest=b64(digest)) is True
    assert unb64(use(azure, key, "decrypt", "RSA1_5", locked)) == b"x"


def test_a_key_does_what_key_ops_say(azure: Azure) -> None:
    key = make(azure, key_ops=["verify"])
    assert use(azure, key, "sign", "ES256", bytes(32)) == "KeyOperationForbidden"
    assert azure.vault("PATCH", "/keys/k/", {"key_ops": ["sign"]}).body["key"]["key_ops"] == ["sign"]
    assert len(unb64(use(azure, key, "sign", "ES256", bytes(32)))) == 64


@pytest.mark.parametrize("primes", [True, False])
def test_an_imported_key_is_the_same_key(azure: Azure, primes: bool) -> None:
    numbers = rsa.generate_private_key(65537, 2048).private_numbers()
    members = {"n": numbers.public_numbers.n, "e": numbers.public_numbers.e, "d": numbers.d}
    members |= {"p": numbers.p, "q": numbers.q} if primes else {}
    jwk = {name: b64(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in members.items()}
    made = azure.vault("PUT", "/keys/k", {"key": {"kty": "RSA"} | jwk}).body
    assert public_rsa(made).public_numbers() == numbers.public_numbers
    assert not {"d", "p", "q"} & made["key"].keys()


def test_a_rotated_key_is_a_new_version_of_its_kind(azure: Azure) -> None:
    first = make(azure, crv="P-384", key_ops=["sign"], tags={"a": "b"})
    second = azure.vault("POST", "/keys/k/rotate").body
    assert version_of(first["key"]["kid"]) != version_of(second["key"]["kid"])
    assert [second["key"][name] for name in ("crv", "key_ops")] == ["P-384", ["sign"]]
    assert (second["tags"], second["key"]["x"] != first["key"]["x"]) == ({"a": "b"}, True)
    assert len(azure.vault("GET", "/keys/k/versions").body["value"]) == 2


def test_a_rotation_policy_rotates_on_the_clouds_clock(azure: Azure) -> None:
    make(azure)
    default = azure.vault("GET", "/keys/k/rotationpolicy").body
    assert default["lifetimeActions"] == [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}]
    action = {"trigger": {"timeAfterCreate": "P30D"}, "action": {"type": "rotate"}}
    wanted = {"lifetimeActions": [action], "attributes": {"expiryTime": "P90D"}}
    kept = azure.vault("PUT", "/keys/k/rotationpolicy", wanted).body
    assert (kept["attributes"]["expiryTime"], kept["lifetimeActions"][0]["action"]["type"]) == ("P90D", "Rotate")
    advance(azure, 29 * DAY)
    assert len(azure.vault("GET", "/keys/k/versions").body["value"]) == 1
    advance(azure, 32 * DAY)
    assert len(azure.vault("GET", "/keys/k/versions").body["value"]) == 3
    newest = azure.vault("GET", "/keys/k/").body["attributes"]
    assert newest["exp"] - newest["created"] == 90 * DAY


def test_deleted_recovered_purged_and_restored(azure: Azure) -> None:
    key = make(azure)
    blob = azure.vault("POST", "/keys/k/backup").body["value"]
    assert azure.vault("DELETE", "/keys/k").body["key"] == key["key"]
    assert azure.vault("POST", "/deletedkeys/k/recover").body == key
    azure.vault("DELETE", "/keys/k")
    assert [each["recoveryId"] for each in azure.vault("GET", "/deletedkeys").body["value"]]
    assert azure.vault("DELETE", "/deletedkeys/k").status == 204
    assert azure.vault("GET", "/keys").body["value"] == []
    assert azure.vault("POST", "/keys/restore", {"value": blob}).body == key


def test_hsm_keys_are_for_premium_vaults(azure: Azure) -> None:
    azure.put_vault(sku={"family": "A", "name": "premium"})
    assert make(azure, kty="EC-HSM")["key"]["kty"] == "EC-HSM"
