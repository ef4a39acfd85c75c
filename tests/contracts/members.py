"""What the three forms of contract share: where they lie, validating with a place, and unknown members."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from jsonschema_rs import Draft4Validator, Draft202012Validator

Schema = Mapping[str, Any]
Resolve = Callable[[Schema], Schema]

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def _is_date_time(value: str) -> bool:
    """RFC 3339, with up to seven digits of a second as .NET writes them."""
    return _DATE_TIME.fullmatch(value) is not None


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _nowhere(uri: str) -> Any:
    raise LookupError(f"no contract leads to {uri}, and nothing is fetched")


class Schemas:
    """The schemas of one form of contract, each compiled once: tens of thousands of answers are judged by them.

    shared: their `$defs`. retrieve: the document that a `$ref` to another one names.
    """

    def __init__(
        self,
        draft: type[Draft4Validator] | type[Draft202012Validator] = Draft202012Validator,
        *,
        shared: Callable[[], Mapping[str, Any]] | None = None,
        retrieve: Callable[[str], Any] = _nowhere,
    ) -> None:
        self._draft, self._shared, self._retrieve = draft, shared, retrieve
        self._compiled: dict[str, Any] = {}

    def validate(self, place: str, schema: Schema, body: Any) -> None:
        """Raises ContractViolation naming every error with its place in the body."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._compiled:
            self._compiled[key] = self._draft(
                {**schema, **({"$defs": self._shared()} if self._shared else {})},
                formats={"date-time": _is_date_time, "uuid": _is_uuid},
                validate_formats=True,
                retriever=self._retrieve,
            )
        errors = [
            f"{_place(error.instance_path)}: {error.message[:300]}" for error in self._compiled[key].iter_errors(body)
        ]
        if errors:
            raise ContractViolation(f"{place}: " + "; ".join(errors))


class Contract(Protocol):
    """One form of contract: finds the operation, then checks. `body` is JSON or None."""

    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> None: ...
    def answer(self, method: str, path: str, status: int, body: Any) -> None: ...


class ContractViolation(AssertionError):
    """A request or an answer breaks a contract. The message says the operation, the place in the body, and how."""


class NotDescribed(LookupError):
    """No contract describes this operation."""


def load(relative: str) -> Any:
    """A contract file as JSON."""
    return json.loads((folder() / relative).read_text("utf-8"))


def folder() -> Path:
    """The folder of the contracts; FileNotFoundError says how to name it."""
    repository = Path(__file__).resolve().parents[2]
    found = Path(os.environ.get("PROVISIONER_CONTRACTS") or repository.parent / "shared" / "contracts")
    if not (found / "README.md").is_file():
        raise FileNotFoundError(f"no contracts in {found}: set PROVISIONER_CONTRACTS to their folder")
    return found


def unknown_members(schema: Schema, body: Any, resolve: Resolve, place: str = "") -> Iterator[str]:
    """Places of members no description names. A schema without properties describes nothing and allows everything."""
    schema = resolve(schema)
    if isinstance(body, list):
        items = _collect_items(schema, resolve)
        for index, item in enumerate(body):
            yield from unknown_members(items, item, resolve, f"{place}[{index}]")
    if not isinstance(body, dict):
        return
    known = _collect_properties(schema, resolve)
    extra = schema.get("additionalProperties")
    for name, value in body.items():
        if name in known:
            yield from unknown_members(known[name], value, resolve, f"{place}/{name}")
        elif isinstance(extra, Mapping):
            yield from unknown_members(extra, value, resolve, f"{place}/{name}")
        elif known and "@" not in name:  # OData annotations may stand anywhere
            yield f"{place}/{name}"


def _collect_properties(schema: Schema, resolve: Resolve) -> dict[str, Schema]:
    found: dict[str, Schema] = {name: {} for name in schema.get("x-navigation") or {}}
    found |= schema.get("properties", {})
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        found |= _collect_properties(resolve(part), resolve)
    return found


def _collect_items(schema: Schema, resolve: Resolve) -> Schema:
    for part in (schema, *(resolve(part) for part in schema.get("anyOf", ()))):
        if "items" in part:
            items: Schema = part["items"]
            return items
    return {}


def _place(path: Any) -> str:
    return "/".join(str(part) for part in path) or "the body"
