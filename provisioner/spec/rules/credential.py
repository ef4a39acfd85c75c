"""The credential by its type: whom a federated one trusts, how long a certificate can live (sam-facts 5.2, 6.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from provisioner.spec.findings import Finding, entries, part
from provisioner.spec.model import Duration, is_guid
from provisioner.spec.nodes import Path

_AT: Path = ("application", "credential")
_SHORTEST_CERTIFICATE = timedelta(days=31)
_SIGNERS = ("Key Vault Crypto User", "Key Vault Crypto Officer", "Key Vault Administrator")
_READERS = ("Key Vault Secrets User", "Key Vault Secrets Officer")


IDLE_IN_A_TRUST = ("lifetime", "rotateBefore")
"""Keys that say nothing with type federated."""


def credential(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """What goes with the type; a certificate is the default."""
    wanted = part(spec, "application", "credential")
    kind = wanted.get("type", "certificate")
    if kind == "federated":
        yield from _federated(spec, wanted)
    elif kind == "certificate" and "application" in spec:
        yield from _certificate(spec, wanted)


def _federated(spec: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Finding]:
    for key in IDLE_IN_A_TRUST:
        if key in wanted:
            what = f"{key} says nothing here: a trust has no end"
            yield Finding((*_AT, key), what, wanted[key], "leave the key out", at_key=True)
    yield from _issuer(wanted.get("issuer"), (*_AT, "issuer"))
    yield from _issuer(part(wanted, "trust", "kubernetes").get("issuer"), (*_AT, "trust", "kubernetes", "issuer"))
    subject = wanted.get("subject")
    if subject is not None and "*" in subject:
        what = "Entra compares subjects letter by letter: a * is no wildcard"
        yield Finding((*_AT, "subject"), what, subject, "name one environment, branch or service account")
    if "managedIdentity" in part(wanted, "trust") and not is_guid(str(spec.get("tenant", ""))):
        what = "a managed identity's tokens name their tenant by its id"
        yield Finding((*_AT, "trust", "managedIdentity"), what, None, "write tenant as an id, not as a domain")


def _issuer(issuer: Any, path: Path) -> Iterator[Finding]:
    if issuer is None:
        return
    parts = urlsplit(issuer)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        yield Finding(path, "an issuer is an https URL without a query", issuer, "take it from the token's iss claim")


def _certificate(spec: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Finding]:
    lifetime = Duration(wanted["lifetime"]) if "lifetime" in wanted else None
    if lifetime is not None and lifetime.value < _SHORTEST_CERTIFICATE:
        what = "Key Vault counts a certificate's life in whole months"
        yield Finding((*_AT, "lifetime"), what, lifetime.text, "the shortest is 31d")
    access = [entry for _, entry in entries(part(spec, "vault").get("access"))]
    signers = {str(entry.get("principal")).lower() for entry in access if entry.get("role") in _SIGNERS}
    for index, entry in entries(part(spec, "vault").get("access")):
        if entry.get("role") in _READERS and str(entry.get("principal")).lower() not in signers:
            what = "it can read the token, but not redeem it: that is signed with the certificate"
            next_step = "give it Key Vault Crypto User, and Key Vault Reader to find the version in force"
            path: Path = ("vault", "access", index, "role")
            yield Finding(path, what, entry.get("role"), next_step, is_warning=True)
