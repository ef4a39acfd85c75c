"""The certificates' paths: the pending operation, policies, issuers and contacts among them."""

from __future__ import annotations

from collections.abc import Mapping

from .. import kinds
from ..kernel import Reply
from ..store import Document
from . import attributes, certificates, issuers, objects, pending, wire
from .entry import Session
from .objects import CERTIFICATES
from .paging import page
from .rights import CERTIFICATES as RIGHTS
from .shared_routes import Row, Shared, routes

_RETRY_AFTER = {"Retry-After": "10"}  # what the service asks of those who wait for a creation


def _bundle(current: Session, certificate: Document, version: Document) -> Reply:
    return Reply(200, wire.certificate_bundle(current.address, current.vault, certificate, version))


def _create(current: Session) -> Reply:
    certificate = certificates.create(current.tx, current.scope, current.name, current.body())
    shown = wire.certificate_operation(current.address, certificate)
    version = current.call.query["api-version"]
    location = f"{shown['id']}?api-version={version}&request_id={shown['request_id']}"
    return Reply(202, shown, {"Location": location, **_RETRY_AFTER})


def _import(current: Session) -> Reply:
    return _bundle(current, *certificates.take_in(current.tx, current.scope, current.name, current.body()))


def _get(current: Session) -> Reply:
    certificate = objects.find(current.tx, current.scope, CERTIFICATES, current.name)
    return _bundle(current, certificate, certificates.version_of(certificate, current.version))


def _update(current: Session) -> Reply:
    changed = certificates.update(current.tx, current.scope, current.name, current.version, current.body())
    return _bundle(current, *changed)


def _get_policy(current: Session) -> Reply:
    certificate = objects.find(current.tx, current.scope, CERTIFICATES, current.name)
    return Reply(200, wire.certificate_policy(current.address, certificate))


def _update_policy(current: Session) -> Reply:
    certificate = certificates.update_policy(current.tx, current.scope, current.name, current.body())
    return Reply(200, wire.certificate_policy(current.address, certificate))


def _request_id(current: Session) -> str | None:
    return current.call.query.get("request_id")


def _operation(current: Session, certificate: Document, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(200, wire.certificate_operation(current.address, certificate), headers or {})


def _get_pending(current: Session) -> Reply:
    certificate = pending.poll(current.tx, current.scope, current.name, _request_id(current))
    return _operation(current, certificate, _RETRY_AFTER if pending.is_in_progress(certificate) else None)


def _cancel_pending(current: Session) -> Reply:
    requested = current.body().get("cancellation_requested")
    return _operation(current, pending.cancel(current.tx, current.scope, current.name, _request_id(current), requested))


def _remove_pending(current: Session) -> Reply:
    return _operation(current, pending.remove(current.tx, current.scope, current.name, _request_id(current)))


def _merge(current: Session) -> Reply:
    wanted = current.body()
    described = attributes.described({name: wanted.get(name) for name in ("tags",)})
    certificate, version = pending.merge(current.tx, current.scope, current.name, wanted, described)
    shown = wire.certificate_bundle(current.address, current.vault, certificate, version)
    place = f"{current.address}/certificates/{certificate['name']}?api-version={current.call.query['api-version']}"
    return Reply(201, shown, {"Location": place})


def _list_issuers(current: Session) -> Reply:
    found = current.tx.list(kinds.CERTIFICATE_ISSUER, current.scope)
    return page(current, {each["name"]: issuers.shown_item(current.address, each) for each in found})


def _get_issuer(current: Session) -> Reply:
    return Reply(200, issuers.shown(current.address, issuers.find(current.tx, current.scope, current.name)))


def _set_issuer(current: Session) -> Reply:
    issuer = issuers.put(current.tx, current.scope, current.name, current.body())
    return Reply(200, issuers.shown(current.address, issuer))


def _update_issuer(current: Session) -> Reply:
    issuer = issuers.update(current.tx, current.scope, current.name, current.body())
    return Reply(200, issuers.shown(current.address, issuer))


def _delete_issuer(current: Session) -> Reply:
    return Reply(200, issuers.shown(current.address, issuers.delete(current.tx, current.scope, current.name)))


def _get_contacts(current: Session) -> Reply:
    return Reply(200, issuers.shown_contacts(current.address, issuers.find_contacts(current.tx, current.scope)))


def _set_contacts(current: Session) -> Reply:
    contacts = issuers.put_contacts(current.tx, current.scope, current.body())
    return Reply(200, issuers.shown_contacts(current.address, contacts))


def _delete_contacts(current: Session) -> Reply:
    return Reply(200, issuers.shown_contacts(current.address, issuers.delete_contacts(current.tx, current.scope)))


def _delete(current: Session) -> Document:
    return certificates.delete(current.tx, current.scope, current.name, current.retention_days)


def _recover(current: Session) -> Document:
    return certificates.recover(current.tx, current.scope, current.name)


def _purge(current: Session) -> None:
    certificates.purge(current.tx, current.scope, current.name)


def _newest(certificate: Document) -> Document:
    return certificates.version_of(certificate, "")


def _listed(current: Session, certificate: Document) -> Document | None:
    """A certificate whose first creation is not over is in the lists only when they are asked for such."""
    if certificates.complete_versions(certificate) or current.call.query.get("includepending", "").lower() == "true":
        return _newest(certificate)
    return None


_SHARED = Shared(
    CERTIFICATES,
    wire.CERTIFICATES,
    RIGHTS,
    _delete,
    _recover,
    _purge,
    _newest,
    _listed,
    certificates.complete_versions,
)
_PENDING = "/certificates/{name}/pending"
_POLICY = "/certificates/{name}/policy"
_ISSUER = "/certificates/issuers/{name}"
_CONTACTS = "/certificates/contacts"
_ROWS: list[Row] = [
    ("GET", _CONTACTS, "get_contacts", RIGHTS["contacts"], _get_contacts),
    ("PUT", _CONTACTS, "set_contacts", RIGHTS["contacts"], _set_contacts),
    ("DELETE", _CONTACTS, "delete_contacts", RIGHTS["contacts"], _delete_contacts),
    ("GET", "/certificates/issuers", "list_issuers", RIGHTS["list_issuers"], _list_issuers),
    ("GET", _ISSUER, "get_issuer", RIGHTS["get_issuer"], _get_issuer),
    ("PUT", _ISSUER, "set_issuer", RIGHTS["set_issuer"], _set_issuer),
    ("PATCH", _ISSUER, "update_issuer", RIGHTS["set_issuer"], _update_issuer),
    ("DELETE", _ISSUER, "delete_issuer", RIGHTS["delete_issuer"], _delete_issuer),
    *_SHARED.rows(),
    ("POST", "/certificates/{name}/create", "create", RIGHTS["create"], _create),
    ("POST", "/certificates/{name}/import", "import", RIGHTS["import"], _import),
    ("GET", _PENDING, "get_pending", RIGHTS["get"], _get_pending),
    ("PATCH", _PENDING, "cancel_pending", RIGHTS["update"], _cancel_pending),
    ("DELETE", _PENDING, "delete_pending", RIGHTS["update"], _remove_pending),
    ("POST", f"{_PENDING}/merge", "merge", RIGHTS["create"], _merge),
    ("GET", _POLICY, "get_policy", RIGHTS["get"], _get_policy),
    ("PATCH", _POLICY, "update_policy", RIGHTS["update"], _update_policy),
    ("GET", "/certificates/{name}", "get", RIGHTS["get"], _get),
    ("GET", "/certificates/{name}/", "get", RIGHTS["get"], _get),
    ("GET", "/certificates/{name}/{version}", "get", RIGHTS["get"], _get),
    ("PATCH", "/certificates/{name}", "update", RIGHTS["update"], _update),
    ("PATCH", "/certificates/{name}/", "update", RIGHTS["update"], _update),
    ("PATCH", "/certificates/{name}/{version}", "update", RIGHTS["update"], _update),
]
ROUTES = routes("certificates", _ROWS)
