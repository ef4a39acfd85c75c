"""A certificate's policy: what a body may say, and the service's defaults (as recorded answers show them)."""

from __future__ import annotations

import re
from typing import Any

from cryptography import x509

from ..store import Document
from . import certificate_errors
from .attributes import member
from .certificate_secret import PEM, PFX
from .key_material import CURVES, RSA_SIZES

KEY_USAGES = {
    # wire name: (flag of the certificate's extension, what the certificate's key may then do). "About certificates".
    "digitalSignature": ("digital_signature", ("sign", "verify")),
    "nonRepudiation": ("content_commitment", ("sign", "verify")),
    "keyEncipherment": ("key_encipherment", ("wrapKey", "unwrapKey")),
    "dataEncipherment": ("data_encipherment", ("encrypt", "decrypt")),
    "keyAgreement": ("key_agreement", ()),
    "keyCertSign": ("key_cert_sign", ("sign", "verify")),
    "cRLSign": ("crl_sign", ("sign", "verify")),
    "encipherOnly": ("encipher_only", ("encrypt",)),
    "decipherOnly": ("decipher_only", ("decrypt",)),
}
_RSA_USAGES = ["digitalSignature", "keyEncipherment"]
_SERVER_AND_CLIENT = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
_MOST_MONTHS = 1200
SELF = "Self"
UNKNOWN = "Unknown"  # the issuer of certificates that are merged or imported


def created(wanted: dict[str, Any], now: int) -> Document:
    """A new certificate's policy."""
    key, secret, x509_props = (member(wanted, name) for name in ("key_props", "secret_props", "x509_props"))
    issuer = _issuer(member(wanted, "issuer"))
    key_props = _key_props(key)
    x509_props = _x509_props(x509_props, key_props)
    months = x509_props["validity_months"]
    return {
        "key_props": key_props,
        "secret_props": {"contentType": _content_type(secret)},
        "x509_props": x509_props,
        "lifetime_actions": _lifetime_actions(wanted.get("lifetime_actions"), issuer["name"], months),
        "issuer": issuer,
        "attributes": {"enabled": True, "created": now, "updated": now},
    }


def updated(found: Document, wanted: dict[str, Any], now: int) -> Document:
    """The policy with the sections of the body in place of its own."""
    sections = {name: wanted[name] for name in found if wanted.get(name) is not None and name != "attributes"}
    made = created({**found, **sections}, now)
    return made | {"attributes": {**found["attributes"], "updated": now}}


def _key_props(wanted: dict[str, Any]) -> Document:
    kty = wanted.get("kty") or ("EC" if wanted.get("crv") else "RSA")
    flags = {name: wanted.get(name, default) for name, default in (("exportable", True), ("reuse_key", False))}
    flags = {name: flags[name] if flags[name] is not None else name == "exportable" for name in flags}
    if not all(isinstance(each, bool) for each in flags.values()):
        raise certificate_errors.certificate_policy("key_props.exportable and key_props.reuse_key must be booleans.")
    props: Document = {"exportable": flags["exportable"], "kty": kty}
    if kty == "RSA":
        size = wanted.get("key_size") or 2048
        if size not in RSA_SIZES:
            raise certificate_errors.certificate_policy("key_props.key_size of RSA must be 2048, 3072 or 4096.")
        props["key_size"] = size
    elif kty == "EC":
        curve = wanted.get("crv") or next(
            (name for name, each in CURVES.items() if each.key_size == wanted.get("key_size")), "P-256"
        )
        if not isinstance(curve, str) or curve not in CURVES:
            raise certificate_errors.certificate_policy(f"key_props.crv {curve!s:.20} is not supported.")
        props |= {"key_size": CURVES[curve].key_size, "crv": curve}
    else:
        raise certificate_errors.certificate_policy(f"key_props.kty {kty!s:.20} is not supported by this key vault.")
    return props | {"reuse_key": flags["reuse_key"]}


def _content_type(wanted: dict[str, Any]) -> str:
    found = wanted.get("contentType") or PFX
    if found not in (PFX, PEM):
        raise certificate_errors.certificate_policy(f"secret_props.contentType must be {PFX} or {PEM}.")
    return str(found)


def _x509_props(wanted: dict[str, Any], key_props: Document) -> Document:
    subject, sans = wanted.get("subject") or "", member(wanted, "sans")
    if not isinstance(subject, str) or not (subject or sans):
        raise certificate_errors.certificate_policy("x509_props needs a subject or subject alternative names.")
    subject_name(subject)
    for each in sans.values():
        _strings("x509_props.sans", each)
    months = 12 if wanted.get("validity_months") is None else wanted["validity_months"]
    if type(months) is not int or not 1 <= months <= _MOST_MONTHS:
        raise certificate_errors.certificate_policy(f"x509_props.validity_months must be 1 to {_MOST_MONTHS}.")
    ekus, usages = wanted.get("ekus"), wanted.get("key_usage")
    ekus = _SERVER_AND_CLIENT if ekus is None else _strings("x509_props.ekus", ekus)
    _check_object_identifiers(ekus)
    default = _RSA_USAGES if key_props["kty"] == "RSA" else ["digitalSignature"]
    usages = default if usages is None else _strings("x509_props.key_usage", usages)
    if unknown := sorted(set(usages) - KEY_USAGES.keys()):
        raise certificate_errors.certificate_policy(f"x509_props.key_usage {unknown[0]:.40} is not supported.")
    return {
        "subject": subject,
        "sans": sans,
        "ekus": list(ekus),
        "key_usage": list(usages),
        "validity_months": months,
        "basic_constraints": {"ca": False},
    }


def _check_object_identifiers(ekus: list[str]) -> None:
    try:
        for each in ekus:
            x509.ObjectIdentifier(each)
    except ValueError as error:
        raise certificate_errors.certificate_policy("x509_props.ekus must be object identifiers.") from error


def _strings(place: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise certificate_errors.certificate_policy(f"{place} must be a list of strings.")
    return value


def _issuer(wanted: dict[str, Any]) -> Document:
    name = wanted.get("name") or UNKNOWN
    if not isinstance(name, str):
        raise certificate_errors.certificate_policy("issuer.name must be a string.")
    name = next((known for known in (SELF, UNKNOWN) if known.lower() == name.lower()), name)
    return {"name": name} | ({"cty": str(wanted["cty"])} if wanted.get("cty") else {})


def _lifetime_actions(wanted: Any, issuer: str, months: int) -> list[Document]:
    """By default the vault renews what it issues itself, and mails about the rest."""
    if wanted is None:
        action = "AutoRenew" if issuer == SELF else "EmailContacts"
        return [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": action}}]
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise certificate_errors.certificate_policy("lifetime_actions must be a list of objects.")
    return [_lifetime_action(each, issuer, months) for each in wanted]


def _lifetime_action(wanted: dict[str, Any], issuer: str, months: int) -> Document:
    """The bounds are those of the Swagger's Trigger."""
    kind, trigger = member(wanted, "action").get("action_type"), member(wanted, "trigger")
    triggers = {name: trigger[name] for name in ("lifetime_percentage", "days_before_expiry") if trigger.get(name)}
    if kind not in ("AutoRenew", "EmailContacts") or len(triggers) != 1:
        raise certificate_errors.certificate_policy("A lifetime action has an action_type and one trigger.")
    [(name, value)] = triggers.items()
    if type(value) is not int or not 1 <= value <= (99 if name == "lifetime_percentage" else 27 * months):
        raise certificate_errors.certificate_policy(f"lifetime_actions: {name} is out of range.")
    if kind == "AutoRenew" and issuer == UNKNOWN:
        raise certificate_errors.certificate_policy("AutoRenew is not allowed for a certificate with issuer Unknown.")
    return {"trigger": triggers, "action": {"action_type": kind}}


_SPACED_TYPE = re.compile(r"(^|(?<!\\)[,+])\s*([A-Za-z]+|[0-9.]+)\s*=\s*")
_MORE_TYPES = {  # beside those of RFC 4514
    "E": x509.NameOID.EMAIL_ADDRESS,
    "S": x509.NameOID.STATE_OR_PROVINCE_NAME,
    "SERIALNUMBER": x509.NameOID.SERIAL_NUMBER,
}


def subject_name(subject: str) -> x509.Name:
    """An X.500 name as people write it: types in any case, spaces after commas."""
    text = _SPACED_TYPE.sub(lambda found: f"{found[1]}{found[2].upper()}=", subject.strip())
    try:
        return x509.Name.from_rfc4514_string(text, _MORE_TYPES)
    except (ValueError, KeyError) as error:
        raise certificate_errors.certificate_policy("x509_props.subject is not a valid X.500 name.") from error
