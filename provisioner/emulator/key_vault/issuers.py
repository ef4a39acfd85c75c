"""Certificate issuers and contacts: kept and shown; no certificate authority stands behind them."""

from __future__ import annotations

from typing import Any

from .. import kinds
from ..store import Document, Transaction
from . import certificate_errors, errors
from .attributes import member

_CONTACTS = "contacts"


def put(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> Document:
    """Make or replace an issuer. Its password is not kept: nothing here would use it."""
    if not isinstance(wanted.get("provider"), str):
        raise errors.bad_parameter("Property provider is required and must be a string.")
    found = tx.get(kinds.CERTIFICATE_ISSUER, scope, name.lower()) or {}
    made = {"name": name, "attributes": {"enabled": True, "created": int(tx.now)} | found.get("attributes", {})}
    return _changed(tx, scope, made, wanted)


def update(tx: Transaction, scope: str, name: str, wanted: dict[str, Any]) -> Document:
    """Set the members the body has."""
    return _changed(tx, scope, find(tx, scope, name), wanted)


def find(tx: Transaction, scope: str, name: str) -> Document:
    """Raises CertificateIssuerNotFound."""
    found = tx.get(kinds.CERTIFICATE_ISSUER, scope, name.lower())
    if found is None:
        raise certificate_errors.issuer_not_found(name)
    return found


def delete(tx: Transaction, scope: str, name: str) -> Document:
    """For good; gives it as it was."""
    found = find(tx, scope, name)
    tx.delete(kinds.CERTIFICATE_ISSUER, scope, name.lower())
    return found


def shown(address: str, issuer: Document) -> Document:
    """IssuerBundle."""
    members = {name: value for name, value in issuer.items() if name != "name"}
    return {"id": f"{address}/certificates/issuers/{issuer['name']}", **members}


def shown_item(address: str, issuer: Document) -> Document:
    """IssuerItem, as in the list."""
    return {"id": f"{address}/certificates/issuers/{issuer['name']}", "provider": issuer["provider"]}


def put_contacts(tx: Transaction, scope: str, wanted: dict[str, Any]) -> Document:
    contacts = wanted.get(_CONTACTS)
    if not isinstance(contacts, list) or not all(isinstance(each, dict) and each.get("email") for each in contacts):
        raise errors.bad_parameter("Property contacts must be a list of contacts, each with an email.")
    kept = [{name: str(each[name]) for name in ("email", "name", "phone") if each.get(name)} for each in contacts]
    return tx.put(kinds.CERTIFICATE_CONTACTS, scope, _CONTACTS, {"name": _CONTACTS, "contacts": kept})


def find_contacts(tx: Transaction, scope: str) -> Document:
    found = tx.get(kinds.CERTIFICATE_CONTACTS, scope, _CONTACTS)
    if found is None:
        raise certificate_errors.contacts_not_found()
    return found


def delete_contacts(tx: Transaction, scope: str) -> Document:
    found = find_contacts(tx, scope)
    tx.delete(kinds.CERTIFICATE_CONTACTS, scope, _CONTACTS)
    return found


def shown_contacts(address: str, contacts: Document) -> Document:
    return {"id": f"{address}/certificates/contacts", "contacts": contacts["contacts"]}


def _changed(tx: Transaction, scope: str, issuer: Document, wanted: dict[str, Any]) -> Document:
    if isinstance(provider := wanted.get("provider"), str):
        issuer["provider"] = provider
    if account := member(wanted, "credentials").get("account_id"):
        issuer["credentials"] = {"account_id": str(account)}
    if details := member(wanted, "org_details"):
        issuer["org_details"] = details
    if isinstance(enabled := member(wanted, "attributes").get("enabled"), bool):
        issuer["attributes"]["enabled"] = enabled
    issuer["attributes"]["updated"] = int(tx.now)
    return tx.put(kinds.CERTIFICATE_ISSUER, scope, issuer["name"].lower(), issuer)
