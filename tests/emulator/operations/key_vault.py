"""A vault with one of everything, and what the data plane's operations want of it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from provisioner.emulator.store import Store

from ..azure import Azure, runner
from ..certificates import self_signed
from ..key_vault.world import ADMINISTRATOR, b64, create, policy, version_of
from .asks import Ask, Asks

_VERSION = "{version}"
_DIGEST = b64(bytes(32))


def asks(store: Store) -> Asks:
    """Fills the vault kv-contoso, which exists, and tells what is where."""
    azure = runner(store)
    assert azure.assign(ADMINISTRATOR).status == 201
    secret = _done(azure, "PUT", "/secrets/known", {"value": "x"})
    key = _done(azure, "POST", "/keys/known/create", {"kty": "RSA"})
    certificate = create(azure, "app")
    _delete_one_of_each(azure)
    issuer = {"provider": "DigiCert", "credentials": {"account_id": "contoso", "pwd": "hush"}}
    _done(azure, "PUT", "/certificates/issuers/ca", issuer)
    contacts = {"contacts": [{"email": "ops@contoso.com"}]}
    _done(azure, "PUT", "/certificates/contacts", contacts)
    pending = _done(azure, "POST", "/certificates/pending/create", {"policy": policy(issuer={"name": "Unknown"})})
    parameters = {
        "secrets": "known",
        "keys": "known",
        "certificates": "app",
        "issuers": "ca",
        "deletedcertificates": "gone",
        "deletedsecrets": "gone-secrets",
        "deletedkeys": "gone-keys",
    }
    rows = {
        "key_vault.secrets.set": Ask({"value": "y"}),
        "key_vault.certificates.set_issuer": Ask(issuer),
        "key_vault.certificates.update_issuer": Ask({"attributes": {"enabled": False}}),
        "key_vault.certificates.set_contacts": Ask(contacts),
        "key_vault.certificates.create": Ask({"policy": policy()}),
        "key_vault.certificates.import": Ask({"value": _pem()}, {"name": "imported"}),
        "key_vault.certificates.update_policy": Ask({"lifetime_actions": []}),
    }
    waiting = {"name": "pending"}
    rows |= {
        "key_vault.certificates.get_pending": Ask(None, waiting),
        "key_vault.certificates.cancel_pending": Ask({"cancellation_requested": True}, waiting),
        "key_vault.certificates.delete_pending": Ask(None, waiting),
        "key_vault.certificates.merge": Ask({"x5c": [_issued(pending["csr"])]}, waiting),
    }
    for kind, identifier in (
        ("secrets", secret["id"]),
        ("keys", key["key"]["kid"]),
        ("certificates", certificate["id"]),
    ):
        version = {"version": version_of(identifier)}
        rows[f"key_vault.{kind}.restore"] = Ask({"value": _blob(azure, kind)})
        rows[f"key_vault.{kind}.update"] = Ask({"tags": {"a": "b"}}, version)
        rows[f"key_vault.{kind}.get"] = Ask(None, version)
    hopeless = {
        "key_vault.keys.release": "no key here may be released: none is exportable with a release policy",
        "key_vault.keys.random_bytes": "only managed HSMs have it",
    }
    return Asks(parameters, rows | _of_keys(azure, key), hopeless, {"api-version": "7.5"})


def _of_keys(azure: Azure, key: Any) -> dict[str, Ask]:
    version = {"version": version_of(key["key"]["kid"])}

    def used(verb: str, algorithm: str, **more: str) -> str:
        value: str = _done(azure, "POST", f"/keys/known/{verb}", {"alg": algorithm} | more)["value"]
        return value

    rotation = {"lifetimeActions": [{"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}]}
    signed = used("sign", "RS256", value=_DIGEST)
    locked = {
        verb: {"alg": "RSA-OAEP", "value": used(verb, "RSA-OAEP", value=b64(b"hush"))}
        for verb in ("encrypt", "wrapkey")
    }
    return {
        "key_vault.keys.create": Ask({"kty": "EC", "crv": "P-256"}),
        "key_vault.keys.import": Ask({"key": _jwk()}, {"name": "imported"}),
        "key_vault.keys.set_rotation_policy": Ask(rotation),
        "key_vault.keys.sign": Ask({"alg": "RS256", "value": _DIGEST}, version),
        "key_vault.keys.verify": Ask({"alg": "RS256", "digest": _DIGEST, "value": signed}, version),
        "key_vault.keys.encrypt": Ask({"alg": "RSA-OAEP", "value": b64(b"hush")}, version),
        "key_vault.keys.wrapkey": Ask({"alg": "RSA-OAEP", "value": b64(b"hush")}, version),
        "key_vault.keys.decrypt": Ask(locked["encrypt"], version),
        "key_vault.keys.unwrapkey": Ask(locked["wrapkey"], version),
        "key_vault.keys.release": Ask({"target": "x"}, version),
    }


def _done(azure: Azure, method: str, path: str, body: Any = None) -> Any:
    reply = azure.vault(method, path, body)
    assert reply.status < 300, (path, reply.body)
    return reply.body


def _make(azure: Azure, kind: str, name: str) -> None:
    if kind == "secrets":
        _done(azure, "PUT", f"/secrets/{name}", {"value": "x"})
    elif kind == "keys":
        _done(azure, "POST", f"/keys/{name}/create", {"kty": "EC", "crv": "P-256"})
    else:
        create(azure, name)


def _delete_one_of_each(azure: Azure) -> None:
    """Under one name, as a certificate's key and secret go with it."""
    create(azure, "gone")
    _done(azure, "DELETE", "/certificates/gone")
    for kind in ("secrets", "keys"):
        _make(azure, kind, f"gone-{kind}")
        _done(azure, "DELETE", f"/{kind}/gone-{kind}")


def _blob(azure: Azure, kind: str) -> str:
    """The backup of an object that is no more."""
    name = f"saved-{kind}"
    _make(azure, kind, name)
    blob: str = _done(azure, "POST", f"/{kind}/{name}/backup")["value"]
    _done(azure, "DELETE", f"/{kind}/{name}")
    _done(azure, "DELETE", f"/deleted{kind}/{name}")
    return blob


def _pem() -> str:
    """A certificate with its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = x509.load_der_x509_certificate(self_signed(key, datetime.now(UTC), 365))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()


def _jwk() -> dict[str, str]:
    """An elliptic key with its private part."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    parts = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256"} | {name: b64(value.to_bytes(32)) for name, value in parts.items()}


def _issued(csr: str) -> str:
    """A certificate as an authority makes it of a request; base64 of the DER."""
    request = x509.load_der_x509_csr(base64.b64decode(csr))
    now = datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(request.subject).public_key(request.public_key())
    builder = builder.issuer_name(x509.Name.from_rfc4514_string("CN=ca")).serial_number(1).not_valid_before(now)
    made = builder.not_valid_after(now.replace(year=now.year + 1)).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    return base64.b64encode(made.public_bytes(Encoding.DER)).decode()
