"""Certificates of a vault: their creation, parts and life (sam-facts 6.4)."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from provisioner.emulator import lag

from ..azure import Azure
from ..certificates import self_signed
from .world import DAY, advance, b64, create, policy, unb64, version_of


def loaded(bundle: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(bundle["cer"]))


def create_begun(azure: Azure, name: str = "app", **changed: Any) -> Any:
    return azure.vault("POST", f"/certificates/{name}/create", {"policy": policy(**changed)}).body


def test_creation_is_in_progress_before_it_is_completed(azure: Azure) -> None:
    begun = azure.vault("POST", "/certificates/app/create", {"policy": policy()})
    pending = begun.body
    assert (begun.status, pending["status"], begun.headers["Retry-After"]) == (202, "inProgress", "10")
    assert begun.headers["Location"] == f"{pending['id']}?api-version=7.5&request_id={pending['request_id']}"
    x509.load_der_x509_csr(base64.b64decode(pending["csr"]))
    unfinished = azure.vault("GET", "/certificates/app/").body
    assert unfinished["attributes"]["enabled"] is False
    assert not {"cer", "kid", "sid", "x5t"} & unfinished.keys()
    assert azure.vault("GET", "/certificates").body["value"] == []
    assert len(azure.vault("GET", "/certificates", includePending="true").body["value"]) == 1
    first, second = (
        azure.vault("GET", "/certificates/app/pending", request_id=pending["request_id"]).body for _ in range(2)
    )
    assert (first["status"], second["status"]) == ("inProgress", "completed")
    assert second["target"] == "https://kv-contoso.vault.azure.net/certificates/app"
    assert version_of(azure.vault("GET", "/certificates/app/").body["id"]) == version_of(unfinished["id"])


def test_creation_lasts_as_long_as_the_lag_says(azure: Azure) -> None:
    with azure.store.transaction() as tx:
        lag.change_settings(tx, {"certificate": 60})
    create_begun(azure)
    statuses = []
    for wait in (0, 30, 31):
        advance(azure, wait)
        statuses.append(azure.vault("GET", "/certificates/app/pending").body["status"])
    assert statuses == ["inProgress", "inProgress", "completed"]


def test_creation_ends_though_nobody_asks_for_it(azure: Azure) -> None:
    create_begun(azure)
    advance(azure, 10)
    assert "cer" in azure.vault("GET", "/certificates/app/").body


def test_what_is_made_is_what_the_policy_says(azure: Azure) -> None:
    props = {
        "subject": "CN=billing, O=Contoso",
        "validity_months": 3,
        "ekus": ["1.3.6.1.5.5.7.3.2"],
        "key_usage": ["digitalSignature"],
        "sans": {"dns_names": ["a.contoso.com"], "upns": ["a@contoso.com"], "emails": ["a@contoso.com"]},
    }
    made = create(azure, x509_props=props, key_props={"kty": "RSA", "key_size": 3072, "exportable": False})
    certificate, attributes = loaded(made), made["attributes"]
    assert certificate.subject == certificate.issuer
    assert certificate.subject.rfc4514_string() == "CN=billing,O=Contoso"
    certificate.verify_directly_issued_by(certificate)
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 3072
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_encipherment) == (True, True, False)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.contoso.com"]
    assert attributes["nbf"] == attributes["created"] - 600 == int(certificate.not_valid_before_utc.timestamp())
    assert attributes["exp"] == int(certificate.not_valid_after_utc.timestamp())
    made_at = datetime.fromtimestamp(attributes["created"], UTC)
    assert certificate.not_valid_after_utc.timetz() == made_at.timetz()
    assert (certificate.not_valid_after_utc.month - made_at.month) % 12 == 3
    assert unb64(made["x5t"]) == hashlib.sha1(base64.b64decode(made["cer"]), usedforsecurity=False).digest()


def test_policy_has_the_services_defaults(azure: Azure) -> None:
    azure.vault(
        "POST",
        "/certificates/app/create",
        {"policy": {"issuer": {"name": "Self"}, "x509_props": {"subject": "cn=MyCert"}}},
    )
    found = azure.vault("GET", "/certificates/app/policy").body
    assert found["key_props"] == {"exportable": True, "kty": "RSA", "key_size": 2048, "reuse_key": False}
    assert found["secret_props"] == {"contentType": "application/x-pkcs12"}
    assert found["x509_props"] == {
        "subject": "cn=MyCert",
        "sans": {},
        "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
        "key_usage": ["digitalSignature", "keyEncipherment"],
        "validity_months": 12,
        "basic_constraints": {"ca": False},
    }
    renewal = {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}
    assert (found["lifetime_actions"], found["issuer"]) == ([renewal], {"name": "Self"})


def test_certificate_key_and_secret_share_name_and_version(azure: Azure) -> None:
    made = create(azure)
    key, secret = azure.vault("GET", "/keys/app/").body, azure.vault("GET", "/secrets/app/").body
    assert (key["key"]["kid"], secret["id"], secret["kid"]) == (made["kid"], made["sid"], made["kid"])
    assert len({version_of(made[each]) for each in ("id", "kid", "sid")}) == 1
    assert (key["managed"], secret["managed"], secret["contentType"]) == (True, True, "application/x-pkcs12")
    again = create(azure)
    assert version_of(again["id"]) != version_of(made["id"])
    for kind in ("certificates", "keys", "secrets"):
        assert len(azure.vault("GET", f"/{kind}/app/versions").body["value"]) == 2
        assert len(azure.vault("GET", f"/{kind}").body["value"]) == 1


def test_a_reused_key_stays_and_another_one_does_not(azure: Azure) -> None:
    key_props = {"kty": "EC", "reuse_key": True}
    assert (
        loaded(create(azure, key_props=key_props)).public_key()
        == loaded(create(azure, key_props=key_props)).public_key()
    )
    assert loaded(create(azure)).public_key() != loaded(create(azure)).public_key()


@pytest.mark.parametrize("exportable", [True, False])
def test_the_secret_holds_the_private_key_only_when_exportable(azure: Azure, exportable: bool) -> None:
    key_props = {"kty": "EC", "exportable": exportable}
    public = loaded(create(azure, "pfx", key_props=key_props)).public_key()
    value = base64.b64decode(azure.vault("GET", "/secrets/pfx/").body["value"])
    key, certificate, others = pkcs12.load_key_and_certificates(value, None)
    assert public in [each.public_key() for each in (certificate, *others) if each]
    assert (key.public_key() if key else None) == (public if exportable else None)
    create(azure, "pem", key_props=key_props, secret_props={"contentType": "application/x-pem-file"})
    text = azure.vault("GET", "/secrets/pem/").body["value"]
    assert text.count("BEGIN CERTIFICATE") == 1
    assert ("PRIVATE KEY" in text) is exportable


def test_a_disabled_certificate_makes_its_key_and_secret_inoperable(azure: Azure) -> None:
    version = version_of(create(azure)["id"])
    statuses = {}
    for enabled in (False, True):
        azure.vault("PATCH", f"/certificates/app/{version}", {"attributes": {"enabled": enabled}})
        signed = azure.vault("POST", f"/keys/app/{version}/sign", {"alg": "ES256", "value": b64(bytes(32))})
        statuses[enabled] = (signed.status, azure.vault("GET", "/secrets/app/").status)
    assert statuses == {False: (403, 403), True: (200, 200)}


def test_an_expired_certificate_makes_its_key_inoperable_for_everything(azure: Azure) -> None:
    version = version_of(create(azure)["id"])
    advance(azure, 366 * DAY)
    for operation in ("sign", "verify"):
        body = {"alg": "ES256", "value": b64(bytes(64 if operation == "verify" else 32)), "digest": b64(bytes(32))}
        refused = azure.vault("POST", f"/keys/app/{version}/{operation}", body)
        assert (refused.status, refused.body["error"]["innererror"]["code"]) == (403, "KeyNotYetValidOrExpired")


def test_deleted_and_recovered_with_its_key_and_secret(azure: Azure) -> None:
    made = create(azure)
    deleted = azure.vault("DELETE", "/certificates/app").body
    assert (deleted["id"], deleted["recoveryId"].rsplit("/", 2)[1]) == (made["id"], "deletedcertificates")
    for kind in ("certificates", "keys", "secrets"):
        assert azure.vault("GET", f"/{kind}/app/").status == 404
        assert azure.vault("GET", f"/deleted{kind}/app").status == 200
    assert azure.vault("POST", "/deletedkeys/app/recover").status == 403
    assert azure.vault("DELETE", "/deletedsecrets/app").status == 403
    assert azure.vault("POST", "/deletedcertificates/app/recover").body == made
    assert [azure.vault("GET", f"/{kind}/app/").status for kind in ("keys", "secrets")] == [200, 200]
    azure.vault("DELETE", "/certificates/app")
    assert azure.vault("DELETE", "/deletedcertificates/app").status == 204
    assert [azure.vault("GET", f"/deleted{kind}/app").status for kind in ("keys", "secrets")] == [404, 404]


def test_what_was_kept_long_enough_is_gone_and_its_name_is_free(azure: Azure) -> None:
    create(azure)
    azure.vault("DELETE", "/certificates/app")
    assert azure.vault("PUT", "/secrets/app", {"value": "one"}).status == 409
    advance(azure, 90 * DAY)
    for kind in ("certificates", "keys", "secrets"):
        assert azure.vault("GET", f"/deleted{kind}").body["value"] == []
    assert azure.vault("PUT", "/secrets/app", {"value": "one"}).status == 200


def test_the_vault_renews_by_itself_when_the_policy_says_so(azure: Azure) -> None:
    renewing = {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}}
    mailing = {"trigger": {"days_before_expiry": 90}, "action": {"action_type": "EmailContacts"}}
    first = create(azure, "renewed", lifetime_actions=[renewing])
    create(azure, "mailed", lifetime_actions=[mailing])
    lifetime = first["attributes"]["exp"] - first["attributes"]["nbf"]
    advance(azure, lifetime * 0.8 - 700)
    assert len(azure.vault("GET", "/keys/renewed/versions").body["value"]) == 1
    advance(azure, 300)
    second = azure.vault("GET", "/certificates/renewed/").body
    assert second["attributes"]["nbf"] > first["attributes"]["nbf"]
    assert len(azure.vault("GET", "/keys/renewed/versions").body["value"]) == 2
    assert len(azure.vault("GET", "/keys/mailed/versions").body["value"]) == 1
    advance(azure, 2 * lifetime)
    assert len(azure.vault("GET", "/secrets/renewed/versions").body["value"]) == 4


def test_a_changed_policy_counts_for_the_next_version(azure: Azure) -> None:
    create(azure)
    azure.vault("PATCH", "/certificates/app/policy", {"x509_props": {"subject": "CN=other"}})
    assert loaded(azure.vault("GET", "/certificates/app/").body).subject.rfc4514_string() == "CN=application"
    assert azure.vault("POST", "/certificates/app/create", {}).status == 202
    advance(azure, 10)
    assert loaded(azure.vault("GET", "/certificates/app/").body).subject.rfc4514_string() == "CN=other"


def test_a_cancelled_creation_ends_cancelled_and_can_be_forgotten(azure: Azure) -> None:
    create_begun(azure)
    asked = azure.vault("PATCH", "/certificates/app/pending", {"cancellation_requested": True}).body
    assert (asked["status"], asked["cancellation_requested"]) == ("inProgress", True)
    assert azure.vault("GET", "/certificates/app/pending").body["status"] == "cancelled"
    assert azure.vault("DELETE", "/certificates/app/pending").status == 200
    assert azure.vault("GET", "/certificates/app/pending").status == 404
    assert azure.vault("GET", "/certificates/app/").status == 404


def test_a_certificate_issued_elsewhere_is_merged(azure: Azure) -> None:
    begun = create_begun(azure, issuer={"name": "Unknown"})
    request = x509.load_der_x509_csr(base64.b64decode(begun["csr"]))
    authority, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC).replace(microsecond=0)
    builder = x509.CertificateBuilder().subject_name(request.subject).public_key(request.public_key())
    builder = builder.issuer_name(x509.Name.from_rfc4514_string("CN=ca")).serial_number(1).not_valid_before(now)
    signed = builder.not_valid_after(now.replace(year=now.year + 1)).sign(authority, hashes.SHA256())
    chain = [base64.b64encode(signed.public_bytes(Encoding.DER)).decode()]
    merged = azure.vault("POST", "/certificates/app/pending/merge", {"x5c": chain, "tags": {"a": "b"}})
    assert (merged.status, merged.body["cer"], merged.body["tags"]) == (201, chain[0], {"a": "b"})
    version = version_of(merged.body["kid"])
    assert azure.vault("POST", f"/keys/app/{version}/sign", {"alg": "ES256", "value": b64(bytes(32))}).status == 200


@pytest.mark.parametrize("form", ["pfx", "pfx with password", "pem"])
def test_a_certificate_brought_along_keeps_its_key(azure: Azure, form: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = x509.load_der_x509_certificate(self_signed(key, datetime.now(UTC), 365))
    body: dict[str, Any] = {"policy": {"key_props": {"exportable": False}}}
    if form == "pem":
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        body["value"] = (private + certificate.public_bytes(Encoding.PEM)).decode()
    else:
        lock = BestAvailableEncryption(b"hush") if "password" in form else NoEncryption()
        packed = pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, lock)
        body |= {"value": base64.b64encode(packed).decode()} | ({"pwd": "hush"} if "password" in form else {})
    made = azure.vault("POST", "/certificates/app/import", body).body
    assert loaded(made) == certificate
    assert (made["policy"]["issuer"], made["policy"]["key_props"]["kty"]) == ({"name": "Unknown"}, "EC")
    assert made["policy"]["x509_props"]["validity_months"] == 12
    assert "PRIVATE KEY" not in azure.vault("GET", "/secrets/app/").body["value"]
    jwk = azure.vault("GET", "/keys/app/").body["key"]
    assert int.from_bytes(unb64(jwk["x"])) == key.public_key().public_numbers().x


def test_issuers_and_contacts_are_kept_without_the_password(azure: Azure) -> None:
    wanted = {"provider": "DigiCert", "credentials": {"account_id": "contoso", "pwd": "hush"}}
    made = azure.vault("PUT", "/certificates/issuers/ca", wanted).body
    assert made["credentials"] == {"account_id": "contoso"}
    assert azure.vault("PATCH", "/certificates/issuers/ca", {"attributes": {"enabled": False}}).status == 200
    assert azure.vault("GET", "/certificates/issuers/ca").body["attributes"]["enabled"] is False
    assert [each["provider"] for each in azure.vault("GET", "/certificates/issuers").body["value"]] == ["DigiCert"]
    assert create_begun(azure, issuer={"name": "ca"})["status"] == "inProgress"
    assert azure.vault("DELETE", "/certificates/issuers/ca").status == 200
    contacts = {"contacts": [{"email": "ops@contoso.com", "name": "Operations"}]}
    assert azure.vault("PUT", "/certificates/contacts", contacts).body["contacts"] == contacts["contacts"]
    assert azure.vault("DELETE", "/certificates/contacts").status == 200
    assert azure.vault("GET", "/certificates/contacts").status == 404


def test_a_backup_brings_back_certificate_key_and_secret(azure: Azure) -> None:
    made = create(azure, key_props={"kty": "EC", "exportable": True})
    secret = azure.vault("GET", "/secrets/app/").body["value"]
    blob = azure.vault("POST", "/certificates/app/backup").body["value"]
    azure.vault("DELETE", "/certificates/app")
    azure.vault("DELETE", "/deletedcertificates/app")
    assert azure.vault("POST", "/certificates/restore", {"value": blob}).body == made
    text = base64.b64decode(azure.vault("GET", "/secrets/app/").body["value"])
    assert (
        pkcs12.load_key_and_certificates(text, None)[1]
        == pkcs12.load_key_and_certificates(base64.b64decode(secret), None)[1]
    )
