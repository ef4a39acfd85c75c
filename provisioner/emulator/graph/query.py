"""Query options on collections and single objects: $filter, $select, $top, $count, paging; the others are refused."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from ..kernel import Reply
from ..store import Document
from . import errors, filters
from .filterable import ResourceType, check
from .service import Request

_PAGE, _LARGEST_PAGE = 100, 999
_ON_COLLECTION = frozenset({"$filter", "$select", "$top", "$count", "$skiptoken"})


def collection(request: Request, documents: Iterable[Document], of: ResourceType, context: str) -> Reply:
    """A page of the documents that match, in the order of their ids: the service promises none, certainly not age's."""
    _refuse_options(request, _ON_COLLECTION)
    query = request.call.query
    advanced = _eventual(request) and query.get("$count", "").lower() == "true"
    found = sorted(_filtered(query.get("$filter"), documents, of, advanced), key=lambda document: str(document["id"]))
    size = _page_size(query.get("$top"))
    start = _after(query.get("$skiptoken"))
    rest = [document for document in found if str(document["id"]) > start]
    chosen = _selected(query.get("$select"), of)
    body: Document = {"@odata.context": f"{request.root}/$metadata#{context}{_suffix(chosen)}"}
    if advanced:
        body["@odata.count"] = len(found)
    if len(rest) > size:
        body["@odata.nextLink"] = _next_link(request, str(rest[size - 1]["id"]))
    body["value"] = [public(document, chosen) for document in rest[:size]]
    return Reply(200, body)


def entity(request: Request, document: Document, of: ResourceType, context: str, *, status: int = 200) -> Reply:
    """One object; `context` names its set."""
    _refuse_options(request, frozenset({"$select"}))
    chosen = _selected(request.call.query.get("$select"), of)
    head = {"@odata.context": f"{request.root}/$metadata#{context}{_suffix(chosen)}/$entity"}
    return Reply(status, head | public(document, chosen))


def public(document: Document, chosen: tuple[str, ...] = ()) -> Document:
    """What of a document leaves the service: no `_` members; of the chosen ones only (all when none are chosen)."""
    shown = {name: value for name, value in document.items() if not name.startswith("_")}
    return {name: shown.get(name) for name in chosen} if chosen else shown


def selects(request: Request, name: str) -> bool:
    """True when $select names this property: some are null unless asked for."""
    return name in request.call.query.get("$select", "").replace(" ", "").split(",")


def _filtered(text: str | None, documents: Iterable[Document], of: ResourceType, advanced: bool) -> list[Document]:
    if text is None:
        return list(documents)
    try:
        node = filters.parse(text)
    except filters.FilterSyntaxError as error:
        raise errors.filter_syntax(error.column, text[:200]) from error
    check(node, of, advanced=advanced)
    return [document for document in documents if filters.matches(node, document)]


def _refuse_options(request: Request, allowed: frozenset[str]) -> None:
    for option in request.call.query:
        if option.startswith("$") and option not in allowed:
            raise errors.query_option_unsupported(option)


def _eventual(request: Request) -> bool:
    return request.call.headers.get("consistencylevel", "").lower() == "eventual"


def _page_size(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise errors.page_size_invalid(text)
    return int(text)


def _after(token: str | None) -> str:
    """The id the page before ended with; "" for the first page."""
    if token is None:
        return ""
    try:
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise errors.skip_token_invalid() from error


def _next_link(request: Request, last: str) -> str:
    token = base64.urlsafe_b64encode(last.encode()).decode()
    options = urlencode(dict(request.call.query) | {"$skiptoken": token}, quote_via=quote, safe="$")
    return f"https://{request.call.host}{quote(request.call.path)}?{options}"


def _selected(text: str | None, of: ResourceType) -> tuple[str, ...]:
    if text is None:
        return ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in of.members:
            raise errors.select_unknown_property(name, of.name)
    return names


def _suffix(chosen: tuple[str, ...]) -> str:
    return f"({','.join(chosen)})" if chosen else ""
