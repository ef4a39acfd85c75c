"""The schema of fleet files, made of the spec's: `python -m provisioner.spec.fleet_schema > schemas/fleet.schema.json`.

A patch may hold any part of a spec, null takes a key away, and `${x}` may stand for any text: so below the top it only
names keys and values for an editor to offer, and refuses nothing. The merged specs are checked by the spec's schema.
"""

from __future__ import annotations

import json
from typing import Any

from provisioner.spec.schema import schema_text

_ALL_TYPES = ("string", "object", "array", "integer", "number", "boolean", "null")
_KEPT = ("title", "description", "defaultSnippets")
_NAME = {"type": "string", "description": "The spec's name; ${…} is allowed."}
_VARIABLE_NAME = {
    "title": "a variable name: letters, digits and underscores, not starting with a digit",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
}


def fleet_schema() -> dict[str, Any]:
    """The document that is published as `schemas/fleet.schema.json`."""
    spec = json.loads(schema_text("spec"))
    patch = {name: _offered(member, spec) for name, member in spec["properties"].items() if name != "name"}
    variables = {"$ref": "#/$defs/variables"}
    return {
        "$schema": spec["$schema"],
        "title": "provisioner fleet, version 1",
        "description": "Many tenants that differ little: each entry of `tenants` is a JSON merge patch (RFC 7396) over "
        "`defaults`. ${x} in text stands for a variable, $${ for ${ itself.",
        "type": "object",
        "properties": {
            "version": {"const": 1, "description": "The version of this format; may stand in defaults instead."},
            "variables": variables,
            "defaults": {"$ref": "#/$defs/patch", "description": "A spec without its name."},
            "tenants": {
                "type": "array",
                "minItems": 1,
                "description": "One entry for each tenant.",
                "items": {
                    "$ref": "#/$defs/patch",
                    "required": ["name"],
                    "properties": {"name": _NAME, "variables": variables},
                },
            },
        },
        "additionalProperties": False,
        "required": ["tenants"],
        "$defs": {
            "variables": {
                "type": "object",
                "description": "Text by name. `name` and `tenant` are always there.",
                "propertyNames": _VARIABLE_NAME,
                "additionalProperties": {"type": "string"},
            },
            "patch": {
                "type": "object",
                "description": "Any part of a spec; null takes a key of defaults away. The result is checked against "
                "spec.schema.json.",
                "properties": patch,
            },
        },
    }


def _offered(schema: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """What an editor may offer at this place. Any type is allowed; the first is the one it writes."""
    if "$ref" in schema:
        target = spec["$defs"][schema["$ref"].rpartition("/")[2]]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    if "if" in schema and "type" in schema.get("then", {}):  # a reply URL: text, or a mapping
        schema = {**_resolved(schema["else"], spec), **schema}
    first = schema.get("type", "string")
    first = first[0] if isinstance(first, list) else first
    offered = {key: schema[key] for key in _KEPT if key in schema}
    offered["type"] = [first, *(name for name in _ALL_TYPES if name != first)]
    values = schema.get("examples") or schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    if values:
        offered["examples"] = values
    if "properties" in schema:
        offered["properties"] = {name: _offered(member, spec) for name, member in schema["properties"].items()}
    if "items" in schema:
        offered["items"] = _offered(schema["items"], spec)
    return offered


def _resolved(schema: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


if __name__ == "__main__":
    print(json.dumps(fleet_schema(), indent=2, ensure_ascii=False))  # noqa: T201  it is the program's output
