"""Certificates: creation, import, changes, renewal. Their keys and secrets go where they go (sam-facts 6.4)."""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..store import Document, Transaction
from . import attributes, certificate_errors, certificate_import, certificate_policy, issuing, objects, pending
from .certificate_policy import SELF, UNKNOWN
from .key_material import PrivateKey, unpacked
from .objects import CERTIFICATES, KEYS, SECRETS

_DAY = 86400


def create(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> Document:
    """Begin a creation; without a policy in the body, by the one the certificate has. Gives the certificate."""
    certificate = _open(tx, scope, name)
    described = attributes.described(wanted)
    stated = attributes.member(wanted, "policy")
    if stated or "policy" not in certificate:
        certificate["policy"] = certificate_policy.created(stated, int(tx.now))
    issuer = certificate["policy"]["issuer"]["name"]
    if issuer not in (SELF, UNKNOWN) and not tx.get(kinds.CERTIFICATE_ISSUER, scope, issuer.lower()):
        raise certificate_errors.issuer_not_found(issuer)
    return pending.begin(tx, scope, certificate, _next_key(tx, scope, certificate), described)


def take_in(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> tuple[Document, Document]:
    """A version from PFX or PEM. Gives (certificate, version)."""
    certificate = _open(tx, scope, name)
    described = attributes.described(wanted)
    found = certificate_import.content(wanted)
    certificate["policy"] = certificate_import.policy(wanted, found, int(tx.now))
    version = objects.new_version(tx, {each: described[each] for each in ("enabled", "tags") if each in described})
    return certificate, issuing.add_version(tx, scope, certificate, version, found[1], found[0])


def version_of(certificate: Document, version_id: str) -> Document:
    """The version named; for "" the newest that is complete, or the one in creation when none is."""
    if version_id or not (complete := complete_versions(certificate)):
        return objects.find_version(certificate, CERTIFICATES, version_id)
    return complete[-1]


def complete_versions(certificate: Document) -> list[Document]:
    return [version for version in certificate["versions"] if "cer" in version]


def update(
    tx: Transaction, scope: str, name: str, version_id: str, wanted: dict[str, Any]
) -> tuple[Document, Document]:
    """enabled and tags of a version (the times are the certificate's own), and the policy. Gives both."""
    certificate = objects.find(tx, scope, CERTIFICATES, name)
    version = version_of(certificate, version_id)
    changed = {key: value for key, value in attributes.described(wanted).items() if key in ("enabled", "tags")}
    now = int(tx.now)
    if stated := attributes.member(wanted, "policy"):
        certificate["policy"] = certificate_policy.updated(certificate["policy"], stated, now)
    if changed:
        version |= changed | {"updated": now}
        _follow(tx, scope, name, version)
    return objects.save(tx, scope, CERTIFICATES, certificate), version


def update_policy(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> Document:
    """Gives the certificate."""
    certificate = objects.find(tx, scope, CERTIFICATES, name)
    certificate["policy"] = certificate_policy.updated(certificate["policy"], wanted, int(tx.now))
    return objects.save(tx, scope, CERTIFICATES, certificate)


def delete(tx: Transaction, scope: str, name: str, retention_days: int) -> Document:
    """With its key and secret."""
    deleted = objects.delete(tx, scope, CERTIFICATES, name, retention_days)
    for kind in (KEYS, SECRETS):
        if complete_versions(deleted):
            objects.delete(tx, scope, kind, name, retention_days)
    return deleted


def recover(tx: Transaction, scope: str, name: str) -> Document:
    """With its key and secret."""
    recovered = objects.recover(tx, scope, CERTIFICATES, name)
    for kind in (KEYS, SECRETS):
        if complete_versions(recovered):
            objects.recover(tx, scope, kind, name)
    return recovered


def purge(tx: Transaction, scope: str, name: str) -> None:
    """With its key and secret."""
    has_parts = bool(complete_versions(objects.find_deleted(tx, scope, CERTIFICATES, name)))
    for kind in (CERTIFICATES, KEYS, SECRETS) if has_parts else (CERTIFICATES,):
        objects.purge(tx, scope, kind, name)


def renew_due(tx: Transaction, scope: str, certificate: Document) -> None:
    """Issue anew what the policy wanted renewed up to now, each time when it fell due."""
    while (due := _due(certificate)) is not None and due <= tx.now:
        private = _next_key(tx, scope, certificate)
        version = {"version": issuing.new_version_id(), "enabled": True, "created": due, "updated": due}
        chain = [issuing.self_signed(certificate["policy"], private, due)]
        issuing.add_version(tx, scope, certificate, version, chain, private)


def _due(certificate: Document) -> int | None:
    """When the vault renews the newest version by itself: only what it issues itself, enabled, nothing pending."""
    versions, policy = complete_versions(certificate), certificate["policy"]
    if not versions or not versions[-1]["enabled"] or policy["issuer"]["name"] != SELF:
        return None
    if pending.is_in_progress(certificate):
        return None
    newest = versions[-1]
    for action in policy["lifetime_actions"]:
        if action["action"]["action_type"] == "AutoRenew":
            nbf, exp, trigger = int(newest["nbf"]), int(newest["exp"]), action["trigger"]
            if "days_before_expiry" in trigger:
                return max(exp - int(trigger["days_before_expiry"]) * _DAY, int(newest["created"]) + _DAY)
            return nbf + (exp - nbf) * int(trigger["lifetime_percentage"]) // 100
    return None


def _open(tx: Transaction, scope: str, name: str) -> Document:
    """The certificate a new version goes to, or a new one; its name must be free for key and secret too."""
    for kind in objects.ALL:
        objects.check_not_deleted(tx, scope, kind, name)
    certificate = tx.get(CERTIFICATES.kind, scope, name.lower())
    if certificate is None:
        for kind in (KEYS, SECRETS):
            if tx.get(kind.kind, scope, name.lower()):
                raise certificate_errors.certificate_name_taken(name, kind.noun)
        return {"name": name, "versions": []}
    if pending.is_in_progress(certificate):
        raise certificate_errors.pending_in_progress()
    return certificate


def _next_key(tx: Transaction, scope: str, certificate: Document) -> PrivateKey:
    """A new key, or with reuse_key the newest version's."""
    if certificate["policy"]["key_props"]["reuse_key"] and complete_versions(certificate):
        return unpacked(objects.find(tx, scope, KEYS, certificate["name"])["versions"][-1]["_private"])
    return issuing.make_key(certificate["policy"])


def _follow(tx: Transaction, scope: str, name: str, version: Document) -> None:
    """Key and secret are enabled and disabled with their certificate."""
    if "cer" not in version:
        return
    for kind in (KEYS, SECRETS):
        document = objects.find(tx, scope, kind, name)
        part = objects.find_version(document, kind, version["version"])
        part |= {"enabled": version["enabled"], "updated": version["updated"]}
        objects.save(tx, scope, kind, document)
