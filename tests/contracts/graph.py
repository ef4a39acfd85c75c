"""Microsoft Graph v1.0: paths, methods and statuses from the OpenAPI slice, bodies from the types schema.

The slice's schemas are of 2023 and carry an `additionalProperties` that refuses every scalar (contracts README,
"Known gaps"), so only the names of the types they lead to are used. Not described: `$batch` (check the inner
requests one by one) and policies.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from .members import ContractViolation, NotDescribed, Schema, Schemas, load, unknown_members

_ALTERNATE_KEY = re.compile(
    r"/(applications|servicePrincipals|federatedIdentityCredentials)\((?:appId|uniqueName|name)='[^']*'\)",
    re.IGNORECASE,
)
_CAST = re.compile(r"/(?:microsoft\.)?graph\.(application|servicePrincipal)(?=/|$)")
_UNKNOWN_CAST = re.compile(r"/(?:microsoft\.)?graph\.(?!add|remove)\w+")
_ACTION = re.compile(r"/microsoft\.graph\.(\w+)$")
_COUNT = "/$count"
_DIRECTORY_OBJECTS: Schema = {
    "type": "object",
    "required": ["value"],
    "properties": {"value": {"type": "array", "items": {"$ref": "#/$defs/microsoft.graph.directoryObject"}}},
}
# GET .../$ref: the slice has strings there, OData 4 and the service objects (Graph reference, "List owners").
_REFERENCES: Schema = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "value": {
            "type": "array",
            "items": {"type": "object", "required": ["@odata.id"], "properties": {"@odata.id": {"type": "string"}}},
        }
    },
}
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "minLength": 1},
                "message": {"type": "string"},
                "target": {"type": ["string", "null"]},
                "details": {"type": "array"},
                "innerError": {
                    "type": "object"
                },  # the slice spells it innererror; the service innerError (sam-facts 5.5)
            },
        }
    },
}


class Graph:
    """Operations by path template; alternate keys and type casts are led back to the plain path."""

    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> None:
        template, operation, _ = _find(method, path)
        place = f"{method} {template}"
        names = {_referred(each)["name"] for each in operation.get("parameters", ())}
        # Every entity and collection of Graph takes these; the slice lists them unevenly.
        names |= {"$select", "$expand", "$filter", "$top", "$count", "$search", "$orderby", "$skiptoken"}
        if unknown := sorted(set(query) - names):
            raise ContractViolation(f"{place}: query parameter {unknown} is not described")
        wanted = _content(_referred(operation.get("requestBody", {})))
        if wanted is None and body is not None:
            raise ContractViolation(f"{place}: takes no body")
        if wanted is not None:
            _check(place, _body_schema(wanted, None), body)

    def answer(self, method: str, path: str, status: int, body: Any) -> None:
        template, operation, cast = _find(method, path)
        place = f"{method} {template} -> {status}"
        if status >= 400:
            _check(place, _ERROR, body)
            return
        if path.endswith(_COUNT):
            _SCHEMAS.validate(place, {"type": "integer", "minimum": 0}, body)
            return
        responses = operation["responses"]
        if method == "PATCH" and status == 201 and _relative(path).endswith("')"):
            responses = {"201": {"content": operation["requestBody"]["content"]}}  # upsert (sam-facts 5.1, 5.3)
        if str(status) not in responses:
            raise ContractViolation(f"{place}: this status is not described")
        wanted = _content(_referred(responses[str(status)]))
        if wanted is not None:
            check_context(place, body)
            schema = _body_schema(wanted, cast or _annotated(body))
            _check(place, schema, body)
            if schema == _DIRECTORY_OBJECTS:
                check_items(place, body)
        elif body is not None:
            raise ContractViolation(f"{place}: has no body, got {str(body)[:200]}")


def check_context(place: str, body: Any) -> None:
    """Raises ContractViolation when an answer with a body does not say what it is (sam-facts 5.5)."""
    if "@odata.context" not in body:
        raise ContractViolation(f"{place}: no @odata.context")


def check_items(place: str, body: Any) -> None:
    """A collection of objects of many types: each says its own, and one of a known type is checked as such."""
    for index, item in enumerate(body["value"]):
        if name := _annotated(item):
            _check(f"{place}: value/{index}", {"$ref": f"#/$defs/{name}"}, item)


def properties_of(type_name: str) -> frozenset[str]:
    """The members of a type and of those it is made of, navigation left out."""
    described = _types()[type_name]
    bases = (part["$ref"].rsplit("/", 1)[-1] for part in described.get("allOf", ()))
    return frozenset(described.get("properties", ())).union(*map(properties_of, bases))


def _check(place: str, schema: Schema, body: Any) -> None:
    _SCHEMAS.validate(place, schema, body)
    if schema == _DIRECTORY_OBJECTS:
        return  # what its items may hold depends on their types: check_items
    if names := list(unknown_members(schema, body, _typed)):
        raise ContractViolation(f"{place}: members no description names: {names}")


def _find(method: str, path: str) -> tuple[str, Mapping[str, Any], str | None]:
    """(template, operation, type a cast segment named)."""
    plain = _relative(path)
    cast = _CAST.search(plain)
    plain = _CAST.sub("", _ALTERNATE_KEY.sub(r"/\1/key", plain)).removesuffix(_COUNT)
    if _UNKNOWN_CAST.search(plain):
        raise NotDescribed(f"{method} {path}")
    plain = _ACTION.sub(r"/\1", plain)
    for template, pattern in _templates():
        item = _slice()["paths"][template]
        if pattern.fullmatch(plain) and method.lower() in item:
            return template, item[method.lower()], cast and f"microsoft.graph.{cast[1]}"
    raise NotDescribed(f"{method} {path}")


def _relative(path: str) -> str:
    """Below the version; the emulator answers beta as v1.0. Empty segments are overlooked, as the service does."""
    return re.sub(r"^/(v1\.0|beta)(?=/)", "", re.sub(r"/{2,}", "/", path))


def _annotated(body: Any) -> str | None:
    """The type an answer gives itself: a directoryObject is really an application, a servicePrincipal…"""
    name = body.get("@odata.type") if isinstance(body, dict) else None
    return name.removeprefix("#") if name and name.removeprefix("#") in _types() else None


def _body_schema(schema: Schema, real_type: str | None) -> Schema:
    """The slice's schema with its types replaced by those of the types file."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name in _types():
        entity = real_type if real_type and name == "microsoft.graph.directoryObject" else name
        return {"$ref": f"#/$defs/{entity}"}
    if name == "StringCollectionResponse":
        return _REFERENCES
    if name.endswith("CollectionResponse"):
        item = _slice()["components"]["schemas"][name]["properties"]["value"]["items"]
        return {
            "type": "object",
            "required": ["value"],
            "properties": {
                "value": {"type": "array", "items": _body_schema(item, real_type) if "$ref" in item else item},
            },
        }
    inline = _slice()["components"]["schemas"][name] if name else schema
    members = {
        key: _body_schema(value, None) if "$ref" in value else value
        for key, value in inline.get("properties", {}).items()
    }
    return {"type": "object", "properties": members}


def _content(described: Mapping[str, Any]) -> Schema | None:
    content = described.get("content")
    return content["application/json"]["schema"] if content else None


def _referred(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    _, _, section, name = node["$ref"].split("/")
    found: Mapping[str, Any] = _slice()["components"][section][name]
    return found


def _typed(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _types()[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


@functools.cache
def _templates() -> list[tuple[str, re.Pattern[str]]]:
    """Templates with their pattern, the most literal first."""
    templates = sorted(_slice()["paths"], key=lambda each: -len(re.sub(r"\{[^}]*\}", "", each)))
    return [(each, re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(each)), re.IGNORECASE)) for each in templates]


@functools.cache
def _slice() -> Any:
    return load("msgraph/graph-v1.0.slice.openapi.json")


@functools.cache
def _types() -> Any:
    return load("msgraph/graph-v1.0.types.schema.json")["$defs"]


_SCHEMAS = Schemas(shared=_types)
GRAPH = Graph()
