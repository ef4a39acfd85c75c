"""Query options on collections and single objects; each is checked as the service checks it.

Advanced queries ($search, some operators of $filter, $orderby together with $filter, counts) need the header
ConsistencyLevel: eventual (sam-facts 5.6). The same handler answers a collection and its `/$count`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from ..kernel import Reply
from ..store import Document
from . import expanding, filters, query_errors, searching
from .expanding import Related
from .filterable import ResourceType, check
from .service import Request

_PAGE, _LARGEST_PAGE = 100, 999
_ON_COLLECTION = frozenset({"$filter", "$search", "$orderby", "$select", "$expand", "$top", "$count", "$skiptoken"})
_ON_COUNT = frozenset({"$filter", "$search"})
_NO_RELATIONS: Related = {}


def collection(
    request: Request,
    documents: Iterable[Document],
    of: ResourceType,
    context: str,
    related: Related = _NO_RELATIONS,
) -> Reply:
    """A page of the documents that match. Without $orderby they come by id: the service promises no order."""
    query, eventual = request.call.query, _eventual(request)
    counting = request.call.path.endswith("/$count")
    _refuse_options(request, _ON_COUNT if counting else _ON_COLLECTION)
    if counting and not eventual:
        raise query_errors.raw_count_needs_eventual()
    advanced = eventual and (counting or query.get("$count", "").lower() == "true")
    found = _filtered(query.get("$filter"), documents, of, advanced)
    found = searching.matching(query.get("$search"), found, of, eventual=eventual)
    if counting:
        return Reply(200, str(len(found)).encode(), {"Content-Type": "text/plain"})
    found = _ordered(request, found, of, advanced)
    size = _page_size(query.get("$top"))
    rest = _after(query.get("$skiptoken"), found)
    chosen, expansion = _selected(query.get("$select"), of), expanding.asked(query.get("$expand"), of, related)
    body: Document = {"@odata.context": f"{request.root}/$metadata#{context}{_suffix(chosen, expansion)}"}
    if advanced:
        body["@odata.count"] = len(found)
    if len(rest) > size:
        body["@odata.nextLink"] = _next_link(request, str(rest[size - 1]["id"]))
    body["value"] = [_shown(document, chosen, of, expansion) for document in rest[:size]]
    return Reply(200, body)


def entity(
    request: Request, document: Document, of: ResourceType, context: str, related: Related = _NO_RELATIONS
) -> Reply:
    """One object; `context` names its set."""
    _refuse_options(request, frozenset({"$select", "$expand"}))
    chosen = _selected(request.call.query.get("$select"), of)
    expansion = expanding.asked(request.call.query.get("$expand"), of, related)
    head = {"@odata.context": f"{request.root}/$metadata#{context}{_suffix(chosen, expansion)}/$entity"}
    return Reply(200, head | _shown(document, chosen, of, expansion))


def public(document: Document) -> Document:
    """What of a document leaves the service: no `_` members."""
    return {name: value for name, value in document.items() if not name.startswith("_")}


def selects(request: Request, name: str) -> bool:
    """True when $select names this property: some are null unless asked for."""
    return name in request.call.query.get("$select", "").replace(" ", "").split(",")


def _shown(
    document: Document, chosen: tuple[str, ...], of: ResourceType, expansion: expanding.Expansion | None
) -> Document:
    """The chosen members (all that the type shows unasked when none are), and what is expanded."""
    shown = public(document)
    if chosen:
        annotations = {name: value for name, value in shown.items() if name.startswith("@")}
        shown = annotations | {name: shown.get(name) for name in chosen}
    else:
        shown = {name: value for name, value in shown.items() if name not in of.on_request}
    return shown if expansion is None else shown | expanding.expanded(document, expansion)


def _filtered(text: str | None, documents: Iterable[Document], of: ResourceType, advanced: bool) -> list[Document]:
    if text is None:
        return list(documents)
    try:
        node = filters.parse(text)
    except filters.FilterSyntaxError as error:
        raise query_errors.filter_syntax(error.column, text[:200]) from error
    check(node, of, advanced=advanced)
    return [document for document in documents if filters.matches(node, document)]


def _ordered(request: Request, found: list[Document], of: ResourceType, advanced: bool) -> list[Document]:
    """By $orderby; with $filter or $search, and by some properties, that is an advanced query."""
    query = request.call.query
    by_id = sorted(found, key=lambda document: str(document["id"]))
    if "$orderby" not in query:
        return by_id
    name, _, direction = query["$orderby"].strip().partition(" ")
    if name not in of.members:
        raise query_errors.order_unknown_property(name, of.name)
    combined = "$filter" in query or "$search" in query
    known = name in of.sortable or (advanced and name in of.sortable_advanced)
    if direction.strip() not in ("", "asc", "desc") or not known or (combined and not advanced):
        raise query_errors.sorting_unsupported()
    return sorted(by_id, key=lambda each: str(each.get(name) or "").casefold(), reverse=direction.strip() == "desc")


def _refuse_options(request: Request, allowed: frozenset[str]) -> None:
    for option in request.call.query:
        if option.startswith("$") and option not in allowed:
            raise query_errors.query_option_unsupported(option)


def _eventual(request: Request) -> bool:
    return request.call.headers.get("consistencylevel", "").lower() == "eventual"


def _page_size(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= _LARGEST_PAGE:
        raise query_errors.page_size_invalid(text)
    return int(text)


def _after(token: str | None, found: list[Document]) -> list[Document]:
    """What follows the id the page before ended with; everything on the first page."""
    if token is None:
        return found
    try:
        last = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise query_errors.skip_token_invalid() from error
    ids = [str(document["id"]) for document in found]
    if last in ids:
        return found[ids.index(last) + 1 :]
    return [document for document in found if str(document["id"]) > last]  # the last one is gone meanwhile


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
            raise query_errors.select_unknown_property(name, of.name)
    return names


def _suffix(chosen: tuple[str, ...], expansion: expanding.Expansion | None) -> str:
    parts = [*chosen, *([f"{expansion.name}()"] if expansion else [])]
    return f"({','.join(parts)})" if parts else ""
