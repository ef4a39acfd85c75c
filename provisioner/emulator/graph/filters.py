"""OData's $filter: parsed by a grammar into nodes, which match documents.

A string compares without regard to case, as the directory does. What a resource type lets one filter by is not known
here: see filterable.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import UnexpectedEOF

from ..store import Document

_GRAMMAR = r"""
?start: disjunction
?disjunction: conjunction | disjunction _OR conjunction -> either
?conjunction: term | conjunction _AND term -> both
?term: _NOT term -> negation
    | "(" disjunction ")"
    | path OPERATOR literal -> comparison
    | path _IN "(" literal ("," literal)* ")" -> membership
    | FUNCTION "(" path "," literal ")" -> function
    | path "/" _ANY "(" ")" -> not_empty
    | path "/" _ANY "(" NAME ":" disjunction ")" -> exists
path: NAME | path "/" NAME
literal: STRING | GUID | TIMESTAMP | NUMBER | BOOLEAN | NULL

_OR.9: /or(?![A-Za-z0-9_\/])/
_AND.9: /and(?![A-Za-z0-9_\/])/
_NOT.9: /not(?![A-Za-z0-9_\/])/
_IN.9: /in(?![A-Za-z0-9_\/])/
_ANY.9: /any(?=\()/
OPERATOR.9: /(eq|ne|gt|ge|lt|le)(?![A-Za-z0-9_\/])/
FUNCTION.9: /(startswith|endswith|contains)(?=\()/i
BOOLEAN.9: /(true|false)(?![A-Za-z0-9_\/])/
NULL.9: /null(?![A-Za-z0-9_\/])/
GUID.8: /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}/
TIMESTAMP.8: /\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z/
NUMBER.7: /-?\d+/
STRING: /'(?:[^']|'')*'/
NAME: /[A-Za-z_][A-Za-z0-9_]*/
%ignore /[ \t]+/
"""

Scalar = str | int | bool | None

_LONGEST, _DEEPEST = 4000, 100  # ours: what keeps the parse tree well below Python's recursion limit


@dataclass(frozen=True)
class Comparison:
    """`operator` is eq, ne, gt, ge, lt, le, startswith, endswith or contains."""

    path: tuple[str, ...]
    operator: str
    value: Scalar


@dataclass(frozen=True)
class Membership:
    path: tuple[str, ...]
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Negation:
    term: Node


@dataclass(frozen=True)
class Both:
    left: Node
    right: Node


@dataclass(frozen=True)
class Either:
    left: Node
    right: Node


@dataclass(frozen=True)
class Exists:
    """`path/any(variable: term)`; without a term: the list is not empty."""

    path: tuple[str, ...]
    variable: str
    term: Node | None


Node = Comparison | Membership | Negation | Both | Either | Exists


class FilterSyntaxError(ValueError):
    """The text is no filter; `column` counts from 0."""

    def __init__(self, column: int) -> None:
        super().__init__(f"position {column}")
        self.column = column


def parse(text: str) -> Node:
    """Raises FilterSyntaxError, also for a text longer or deeper than any reader needs."""
    if len(text) > _LONGEST or text.count("(") > _DEEPEST:
        raise FilterSyntaxError(_LONGEST)
    try:
        node: Node = _Nodes().transform(_parser().parse(text))
    except UnexpectedEOF as error:
        raise FilterSyntaxError(len(text)) from error
    except UnexpectedInput as error:
        raise FilterSyntaxError(max(error.pos_in_stream or 0, 0)) from error
    return node


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr")


@v_args(inline=True)
class _Nodes(Transformer[Token, Node]):
    """Lark's tree to ours; each method is named after its rule."""

    def path(self, *parts: Any) -> tuple[str, ...]:
        head = parts[0] if isinstance(parts[0], tuple) else (str(parts[0]),)
        return (*head, *(str(part) for part in parts[1:]))

    def literal(self, token: Token) -> Scalar:
        text = str(token)
        match token.type:
            case "STRING":
                return text[1:-1].replace("''", "'")
            case "BOOLEAN":
                return text == "true"
            case "NULL":
                return None
            case "NUMBER":
                return int(text)
        return text

    def comparison(self, path: tuple[str, ...], operator: Token, value: Scalar) -> Node:
        return Comparison(path, str(operator), value)

    def function(self, name: Token, path: tuple[str, ...], value: Scalar) -> Node:
        return Comparison(path, str(name).lower(), value)

    def membership(self, path: tuple[str, ...], *values: Scalar) -> Node:
        return Membership(path, values)

    def negation(self, term: Node) -> Node:
        return Negation(term)

    def both(self, left: Node, right: Node) -> Node:
        return Both(left, right)

    def either(self, left: Node, right: Node) -> Node:
        return Either(left, right)

    def not_empty(self, path: tuple[str, ...]) -> Node:
        return Exists(path, "", None)

    def exists(self, path: tuple[str, ...], variable: Token, term: Node) -> Node:
        return Exists(path, str(variable), term)


def matches(node: Node, document: Document) -> bool:
    """Whether a document satisfies a filter. A path that leads nowhere is null."""
    return _matches(node, document)


def _matches(node: Node, scope: Any) -> bool:
    match node:
        case Both(left, right):
            return _matches(left, scope) and _matches(right, scope)
        case Either(left, right):
            return _matches(left, scope) or _matches(right, scope)
        case Negation(term):
            return not _matches(term, scope)
        case Comparison(path, operator, value):
            return _compare(_folded(_value(scope, path)), operator, _folded(value))
        case Membership(path, values):
            return _folded(_value(scope, path)) in [_folded(value) for value in values]
        case Exists(path, variable, term):
            items = _value(scope, path) or []
            return any(term is None or _matches(term, {**scope, variable: item}) for item in items)


def _value(scope: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        scope = scope.get(name) if isinstance(scope, dict) else None
    return scope


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _compare(found: Any, operator: str, value: Any) -> bool:
    if operator in ("eq", "ne"):
        return (found == value and isinstance(found, bool) == isinstance(value, bool)) == (operator == "eq")
    if not isinstance(found, str) or not isinstance(value, str):
        return False
    return {
        "gt": found > value,
        "ge": found >= value,
        "lt": found < value,
        "le": found <= value,
        "startswith": found.startswith(value),
        "endswith": found.endswith(value),
        "contains": value in found,
    }[operator]
