"""ARM and the Key Vault data plane: Microsoft's Swagger 2 files (azure-rest-api-specs)."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft4Validator

from .members import ContractViolation, NotDescribed, Schema, Schemas, load, unknown_members

_SCHEME = "https://contracts.invalid/"  # makes references absolute, so that they mean the same in every file
_SPECS = "azure-rest-api-specs/specification"
_VAULT = f"{_SPECS}/keyvault/data-plane/Microsoft.KeyVault/stable/7.5"
_AUTHORIZATION = f"{_SPECS}/authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01"
_RESOURCES = f"{_SPECS}/resources/resource-manager/Microsoft.Resources/stable"

# Members that api-versions newer than the contracts' have: described nowhere here, so named one by one.
_NEWER = {
    "previousVersion",  # secret of a certificate, Key Vault 7.6 and later
    "outContentType",  # secret, Key Vault 2025-07-01 and later
    "pending",  # certificate: in every recorded answer and in "Monitor and manage certificate creation"
    "basic_constraints",  # certificate policy: in every recorded answer
}
# ARM answers in front of the resource providers, with a longer error than theirs (common-types ErrorDetail).
_ENVELOPE = {"/error/target", "/error/details", "/error/additionalInfo"}
_OPAQUE_QUERY = {"$skiptoken"}  # part of a nextLink: opaque to clients, so in no list of parameters


@dataclass(frozen=True)
class _Operation:
    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: tuple[Mapping[str, Any], ...]
    responses: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


class Swagger:
    """Operations of some Swagger files, found by method and path without regard to case."""

    def __init__(self, *files: str) -> None:
        self._files = files

    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> None:
        operation = self._find(method, path)
        described = {each["name"]: each for each in operation.parameters if each["in"] == "query"}
        if missing := [name for name, each in described.items() if each.get("required") and name not in query]:
            raise ContractViolation(f"{operation}: query parameter {missing} is required")
        if unknown := [name for name in query if name not in described and name not in _OPAQUE_QUERY]:
            raise ContractViolation(f"{operation}: query parameter {unknown} is not described")
        bodies = [each for each in operation.parameters if each["in"] == "body"]
        if not bodies and body is not None:
            raise ContractViolation(f"{operation}: takes no body")
        if bodies and (body is not None or bodies[0].get("required")):
            _check_body(operation, bodies[0]["schema"], body)

    def answer(self, method: str, path: str, status: int, body: Any) -> None:
        operation = self._find(method, path)
        response = operation.responses.get(str(status)) or (operation.responses["default"] if status >= 400 else None)
        if response is None:
            raise ContractViolation(f"{operation}: status {status} is not described")
        response = _resolved(response)
        if "schema" in response and method != "HEAD":
            _check_body(operation, response["schema"], body)
        elif body is not None:
            raise ContractViolation(f"{operation}: status {status} has no body, got {str(body)[:200]}")

    def _find(self, method: str, path: str) -> _Operation:
        matching = [each for each in _operations(self._files) if each.pattern.fullmatch(path)]
        for operation in matching:
            if operation.method == method:
                return operation
        raise NotDescribed(f"{method} {path}")


def _check_body(operation: _Operation, schema: Schema, body: Any) -> None:
    _SCHEMAS.validate(str(operation), schema, body)
    places = set(unknown_members(schema, body, _resolved)) - _ENVELOPE
    if names := sorted(place for place in places if place.rsplit("/", 1)[-1] not in _NEWER):
        raise ContractViolation(f"{operation}: members no description names: {names}")


@functools.cache
def _operations(files: tuple[str, ...]) -> list[_Operation]:
    """Operations of the files, the most literal path first (so that `/versions` is not taken for a version)."""
    found = []
    for file in files:
        for template, item in _document(file)["paths"].items():
            shared = item.get("parameters", [])
            for method in item.keys() - {"parameters"}:
                parameters = tuple(_resolved(each) for each in (*shared, *item[method].get("parameters", [])))
                pattern = _pattern(template, parameters)
                found.append(_Operation(method.upper(), template, pattern, parameters, item[method]["responses"]))
    # "/{roleAssignmentId}" alone would swallow every path there is.
    found = [each for each in found if not re.fullmatch(r"/\{\w+\}", each.template)]
    return sorted(found, key=lambda each: -len(re.sub(r"\{[^}]*\}", "", each.template)))


def _pattern(template: str, parameters: tuple[Schema, ...]) -> re.Pattern[str]:
    whole_path = {each["name"] for each in parameters if each["in"] == "path" and each.get("x-ms-skip-url-encoding")}
    expression = ""
    for part in re.split(r"(\{[^}]+\})", template):
        if not part.startswith("{"):
            expression += re.escape(part)
        elif part.endswith("-version}"):  # Key Vault: "this URI fragment is optional", with or without its slash
            expression = expression.removesuffix("/") + "(?:/[^/]*)?"
        else:
            expression += ".+" if part[1:-1] in whole_path else "[^/]+"
    # The scope of the whole tenant is empty: /providers/Microsoft.Authorization/roleDefinitions.
    expression = re.sub(r"^/\.\+(?=/)", "(?:/.+)?", expression)
    return re.compile(expression, re.IGNORECASE)


def _resolved(schema: Schema) -> Schema:
    """What a `$ref` (absolute since _document) leads to."""
    while "$ref" in schema:
        file, pointer = schema["$ref"].split("#")
        found: Any = _document(file.removeprefix(_SCHEME))
        for part in pointer.strip("/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema


@functools.cache
def _document(file: str) -> Any:
    """A Swagger file with absolute references, and with null allowed where services send it.

    The files describe nextLink and read-only strings as plain strings; services may send null (contracts README).
    """

    def rewritten(node: Any, name: str = "") -> Any:
        if isinstance(node, list):
            return [rewritten(each) for each in node]
        if not isinstance(node, dict):
            return node
        node = {key: rewritten(value, key) for key, value in node.items()}
        if isinstance(reference := node.get("$ref"), str) and "#" in reference:  # else an example
            relative, pointer = reference.split("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(file), relative)) if relative else file
            node = {"$ref": f"{_SCHEME}{target}#{pointer}"}
        if node.get("type") == "string" and (node.get("readOnly") or name == "nextLink") and "enum" not in node:
            node["type"] = ["string", "null"]
        return node

    return rewritten(load(file))


_SCHEMAS = Schemas(Draft4Validator, retrieve=lambda uri: _document(uri.removeprefix(_SCHEME)))
ARM = Swagger(
    f"{_SPECS}/keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/keyvault.json",
    f"{_AUTHORIZATION}/authorization-RoleAssignmentsCalls.json",
    f"{_AUTHORIZATION}/authorization-RoleDefinitionsCalls.json",
    f"{_RESOURCES}/2023-07-01/resources.json",
    f"{_RESOURCES}/2022-12-01/subscriptions.json",
)
KEY_VAULT = Swagger(f"{_VAULT}/secrets.json", f"{_VAULT}/keys.json", f"{_VAULT}/certificates.json")
