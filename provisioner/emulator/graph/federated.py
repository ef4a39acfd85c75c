"""Federated identity credentials of an application (sam-facts 5.2): which foreign tokens it may sign in with.

They die with their application for good; Entra reads them when an assertion comes.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from uuid import uuid4

from ..kernel import Reply
from ..kinds import FEDERATED_CREDENTIAL
from ..lag import usable_from
from ..store import Document, Transaction
from . import access, credential_errors, errors, lookup, query, shapes
from .filterable import FEDERATED_CREDENTIAL as TYPE
from .service import Request

_MOST, _LONGEST = 20, 600
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_SHAPE: dict[str, shapes.Shape] = {
    "name": shapes.TEXT,
    "issuer": shapes.TEXT,
    "subject": shapes.TEXT,
    "description": shapes.OPTIONAL_TEXT,
    "audiences": [shapes.TEXT],
}


def list_all(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    return query.collection(request, _all(request, application), TYPE, _context(application))


def get(request: Request) -> Reply:
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    return query.entity(request, _named(request, application), TYPE, _context(application))


def create(request: Request) -> Reply:
    """POST: 201."""
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    access.require_write(request.caller, application)
    return _created(request, application, request.body())


def change(request: Request) -> Reply:
    """PATCH by id or name: 204. With (name='…') and Prefer: create-if-missing an absent one is created, 201."""
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    access.require_write(request.caller, application)
    body = request.body()
    found = _find(request, application)
    by_name = request.call.params.get("credential_name")
    if found is None and by_name is not None and request.prefers("create-if-missing"):
        return _created(request, application, {"name": request.param("credential_name")} | body)
    if found is None:
        raise errors.not_found(_key(request))
    if body.get("name", found["name"]) != found["name"]:
        raise credential_errors.federated_name_immutable()
    _store(request, application, found | _checked(body, found))
    return Reply(204)


def delete(request: Request) -> Reply:
    """DELETE: 204."""
    access.require(request.caller, access.READ_APPLICATIONS)
    application = lookup.application(request)
    access.require_write(request.caller, application)
    request.tx.delete(FEDERATED_CREDENTIAL, request.tenant, _named(request, application)["id"])
    return Reply(204)


def delete_all_of(tx: Transaction, tenant: str, application_id: str) -> None:
    """With the application, when it is gone for good."""
    for found in tx.find(FEDERATED_CREDENTIAL, tenant, "_application", application_id):
        tx.delete(FEDERATED_CREDENTIAL, tenant, found["id"])


def _created(request: Request, application: Document, body: Document) -> Reply:
    for name in ("name", "issuer", "subject", "audiences"):
        if body.get(name) in (None, "", []):
            raise errors.property_missing(name, TYPE.name)
    if "credential_name" in request.call.params and body["name"] != request.param("credential_name"):
        raise errors.property_invalid("name", TYPE.name)
    blank = {"id": str(uuid4()), "description": None, "_application": application["id"]}
    made = blank | _checked(body, blank) | {"_usableFrom": usable_from(request.tx)}
    present = _all(request, application)
    if any(other["name"] == made["name"] for other in present):
        raise credential_errors.federated_name_taken(made["name"])
    if len(present) >= _MOST:
        raise errors.too_many("federatedIdentityCredentials", _MOST)
    _store(request, application, made)
    head = {"@odata.context": f"{request.root}/$metadata#{_context(application)}/$entity"}
    location = f"{request.root}/applications/{application['id']}/federatedIdentityCredentials/{made['id']}"
    return Reply(201, head | query.public(made), {"Location": location})


def _checked(body: Document, before: Document) -> Document:
    """What the body sets, each value by its rule; `before` gives what it leaves alone."""
    shapes.check_body(body, _SHAPE, TYPE.members, TYPE.name)
    whole = before | body
    if _NAME.fullmatch(whole["name"]) is None:
        raise credential_errors.federated_value_invalid("name", "3 to 120 letters, digits, dashes and underscores.")
    if not _is_issuer(whole["issuer"]):
        raise credential_errors.federated_value_invalid("issuer", f"an https URL of up to {_LONGEST} characters.")
    for name in ("subject", "description"):
        if len(whole[name] or "") > _LONGEST or (name == "subject" and not whole[name]):
            raise credential_errors.federated_value_invalid(name, f"1 to {_LONGEST} characters are required.")
    if len(whole["audiences"]) != 1 or not 1 <= len(whole["audiences"][0]) <= _LONGEST:
        raise credential_errors.federated_value_invalid("audiences", "exactly one audience is required.")
    return body


def _is_issuer(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return len(text) <= _LONGEST and parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        return False


def _store(request: Request, application: Document, made: Document) -> None:
    for other in _all(request, application):
        same = (other["issuer"], other["subject"]) == (made["issuer"], made["subject"])
        if same and other["id"] != made["id"]:
            raise credential_errors.federated_pair_taken(made["issuer"], made["subject"])
    request.tx.put(FEDERATED_CREDENTIAL, request.tenant, made["id"], made)


def _all(request: Request, application: Document) -> list[Document]:
    return request.tx.find(FEDERATED_CREDENTIAL, request.tenant, "_application", application["id"])


def _key(request: Request) -> str:
    """The path's last part: an id, or a name, which clients may write in either form."""
    return request.param("credential_name" if "credential_name" in request.call.params else "credential")


def _find(request: Request, application: Document) -> Document | None:
    key = _key(request)
    by_id = "credential" in request.call.params
    for found in _all(request, application):
        if found["name"] == key or (by_id and found["id"] == key.lower()):
            return found
    return None


def _named(request: Request, application: Document) -> Document:
    found = _find(request, application)
    if found is None:
        raise errors.not_found(_key(request))
    return found


def _context(application: Document) -> str:
    return f"applications('{application['id']}')/federatedIdentityCredentials"
