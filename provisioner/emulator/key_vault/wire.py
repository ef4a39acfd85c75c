"""Secrets, keys and certificates as the service answers them (Swagger 7.5: the *Bundle and *Item definitions)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ..store import Document
from . import attributes
from .key_material import public_members, unpacked

Shape = Callable[[str, Document, Document, Document], Document]


@dataclass(frozen=True)
class Wire:
    """How one kind of object looks: (address, vault, object, version) -> JSON, whole or as an item of a list.

    An item of the list of objects has an id without the version (`latest`).
    """

    collection: str
    bundle: Shape
    item: Shape
    id_member: str

    def latest_item(self, address: str, vault: Document, document: Document, version: Document) -> Document:
        shown = self.item(address, vault, document, version)
        return shown | {self.id_member: f"{address}/{self.collection}/{document['name']}"}

    def deleted(self, address: str, vault: Document, document: Document, version: Document) -> Document:
        """A deleted object's bundle. That of a secret never holds the value."""
        return attributes.dates(address, self.collection, document) | self.bundle(address, vault, document, version)

    def deleted_item(self, address: str, vault: Document, document: Document, version: Document) -> Document:
        shown = self.latest_item(address, vault, document, version)
        return attributes.dates(address, self.collection, document) | shown


def _id(address: str, collection: str, document: Document, version: Document) -> str:
    return f"{address}/{collection}/{document['name']}/{version['version']}"


def _kept(version: Document, *members: str) -> Document:
    return {name: version[name] for name in members if name in version}


def secret_item(address: str, vault: Document, secret: Document, version: Document) -> Document:
    """SecretItem; with a value beside it the SecretBundle. A certificate's secret names its key."""
    shown = {"id": _id(address, "secrets", secret, version), "attributes": attributes.shown(vault, version)}
    if version.get("managed"):
        shown["kid"] = _id(address, "keys", secret, version)
    return shown | _kept(version, "contentType", "tags", "managed")


def _secret_list_item(address: str, vault: Document, secret: Document, version: Document) -> Document:
    return {key: value for key, value in secret_item(address, vault, secret, version).items() if key != "kid"}


def _key_attributes(vault: Document, version: Document) -> Document:
    return attributes.shown(vault, version) | {"exportable": version["exportable"]}


def key_bundle(address: str, vault: Document, key: Document, version: Document) -> Document:
    """KeyBundle: the public half."""
    jwk = {"kid": _id(address, "keys", key, version), **_kept(version, "kty", "crv", "key_ops")}
    jwk |= public_members(unpacked(version["_private"]).public_key())
    return {"key": jwk, "attributes": _key_attributes(vault, version)} | _kept(version, "tags", "managed")


def _key_item(address: str, vault: Document, key: Document, version: Document) -> Document:
    shown = {"kid": _id(address, "keys", key, version), "attributes": _key_attributes(vault, version)}
    return shown | _kept(version, "tags", "managed")


def certificate_bundle(address: str, vault: Document, certificate: Document, version: Document) -> Document:
    """CertificateBundle; one whose creation is not over has no key, secret or content yet, and is disabled."""
    shown: Document = {"id": _id(address, "certificates", certificate, version)}
    if "cer" in version:
        shown["kid"] = _id(address, "keys", certificate, version)
        shown["sid"] = _id(address, "secrets", certificate, version)
        shown |= {"x5t": thumbprint(version), "cer": version["cer"]}
    shown["attributes"] = attributes.shown(vault, version)
    shown |= _kept(version, "tags")
    shown["policy"] = certificate_policy(address, certificate)
    if "pending" in certificate:
        shown["pending"] = {"id": f"{address}/certificates/{certificate['name']}/pending"}
    return shown


def _certificate_item(address: str, vault: Document, certificate: Document, version: Document) -> Document:
    shown = {
        "id": _id(address, "certificates", certificate, version),
        "attributes": attributes.shown(vault, version),
    }
    return shown | ({"x5t": thumbprint(version)} if "cer" in version else {}) | _kept(version, "tags")


def certificate_policy(address: str, certificate: Document) -> Document:
    return {"id": f"{address}/certificates/{certificate['name']}/policy", **certificate["policy"]}


def certificate_operation(address: str, certificate: Document) -> Document:
    """CertificateOperation: the pending creation."""
    pending, place = certificate["pending"], f"{address}/certificates/{certificate['name']}"
    shown = {
        "id": f"{place}/pending",
        **_kept(pending, "issuer", "csr", "cancellation_requested", "status", "status_details"),
    }
    if pending["status"] == "completed":
        shown["target"] = place
    return shown | {"request_id": pending["request_id"]}


def thumbprint(version: Document) -> str:
    """x5t: base64url of the certificate's SHA-1."""
    digest = hashlib.sha1(base64.b64decode(version["cer"]), usedforsecurity=False).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


SECRETS = Wire("secrets", secret_item, _secret_list_item, "id")
KEYS = Wire("keys", key_bundle, _key_item, "kid")
CERTIFICATES = Wire("certificates", certificate_bundle, _certificate_item, "id")
