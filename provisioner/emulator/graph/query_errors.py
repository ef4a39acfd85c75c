"""What Graph refuses of query options, in the envelope errors.py describes."""

from __future__ import annotations

from ..kernel import Refusal
from ..refusals import refusal
from .errors import refused


@refusal("graph.filter_syntax")
def filter_syntax(column: int, text: str) -> Refusal:
    return refused(400, "BadRequest", f"Invalid filter clause: Syntax error at position {column} in '{text}'.")


@refusal("graph.filter_unknown_property")
def filter_unknown_property(name: str, type_name: str) -> Refusal:
    message = f"Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    return refused(400, "BadRequest", message)


@refusal("graph.filter_unsupported_property")
def filter_unsupported_property(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    return refused(
        400,
        "Request_UnsupportedQuery",
        f"Unsupported or invalid query filter clause specified for property '{name}' of resource '{resource}'.",
    )


@refusal("graph.filter_unsupported_operator")
def filter_unsupported_operator(operator: str) -> Refusal:
    """`operator` in the service's own words, e.g. NotEqualsMatch: what needs ConsistencyLevel and $count."""
    return refused(400, "Request_UnsupportedQuery", f"Unsupported property filter clause operator '{operator}'.")


@refusal("graph.search_needs_eventual")
def search_needs_eventual() -> Refusal:
    return refused(
        400,
        "Request_UnsupportedQuery",
        "Request with $search query parameter only works through MSGraph with a special request header: "
        "'ConsistencyLevel: eventual'",
    )


@refusal("graph.search_syntax")
def search_syntax(column: int, text: str) -> Refusal:
    """Also a clause that is not in double quotes."""
    character = text[column : column + 1]
    message = f"Syntax error: character '{character}' is not valid at position {column} in '{text}'."
    return refused(400, "BadRequest", message)


@refusal("graph.search_unsupported_property")
def search_unsupported_property(name: str, type_name: str) -> Refusal:
    resource = type_name[:1].upper() + type_name[1:]
    message = f"Unsupported or invalid query search clause specified for property '{name}' of resource '{resource}'."
    return refused(400, "Request_UnsupportedQuery", message)


@refusal("graph.raw_count_needs_eventual")
def raw_count_needs_eventual() -> Refusal:
    return refused(
        400,
        "Request_UnsupportedQuery",
        "Raw count (/$count) is not supported because the 'ConsistencyLevel:eventual' header is missing. Refer to "
        "https://aka.ms/graph-docs/advanced-queries for more information",
    )


@refusal("graph.sorting_unsupported")
def sorting_unsupported() -> Refusal:
    """By this property, or together with $filter or $search outside an advanced query."""
    return refused(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")


@refusal("graph.order_unknown_property")
def order_unknown_property(name: str, type_name: str) -> Refusal:
    message = f"Could not find a property named '{name}' on type 'microsoft.graph.{type_name}'."
    return refused(400, "BadRequest", message)


@refusal("graph.select_unknown_property")
def select_unknown_property(name: str, type_name: str) -> Refusal:
    return refused(
        400,
        "BadRequest",
        f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
        f"'microsoft.graph.{type_name}'.",
    )


@refusal("graph.query_option_unsupported")
def query_option_unsupported(option: str) -> Refusal:
    """An option this path does not take in the service, or that the emulator does not have."""
    return refused(400, "Request_UnsupportedQuery", f"The query option '{option}' is not supported here.")


@refusal("graph.page_size_invalid")
def page_size_invalid(size: str) -> Refusal:
    message = f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive."
    return refused(400, "Request_UnsupportedQuery", message)


@refusal("graph.skip_token_invalid")
def skip_token_invalid() -> Refusal:
    return refused(400, "Directory_ExpiredPageToken", "The specified page token value has expired or is invalid.")
