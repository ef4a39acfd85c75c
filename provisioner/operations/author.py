"""Specs we write ourselves: nothing leaves that our own reader would not take as it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from provisioner.core.errors import Problem, SpecError
from provisioner.render.spec_yaml import spec_text
from provisioner.spec.draft import Draft
from provisioner.spec.fleet import expand
from provisioner.spec.load import parse_document
from provisioner.spec.model import Spec
from provisioner.spec.nodes import plain
from provisioner.spec.validate import check

SCHEMA_FILE = "spec.schema.json"
"""Beside the spec: it is found there on every machine and in every checkout, whatever is installed."""


@dataclass(frozen=True)
class Written:
    """A spec as text, read back: what it says to us, and what validation warns of."""

    text: str
    spec: Spec
    warnings: tuple[Problem, ...]


def written(draft: Draft, file: str) -> Written:
    """The draft as text that is valid. file: its name, for places.

    Raises: SpecError when it would not validate.
    """
    text = spec_text(replace(draft, document=_without_variables(draft.document)), SCHEMA_FILE)
    document = parse_document(text, file)
    if document.root is None or document.problems:
        raise SpecError(document.problems)
    expanded = expand(document.root)
    (root,) = expanded.specs
    checked = check(root)
    if checked.spec is None or expanded.problems:
        raise SpecError((*expanded.problems, *checked.problems))
    assert plain(root) == draft.document, "what is written is what was meant"
    return Written(text, checked.spec, checked.warnings)


def _without_variables(value: Any) -> Any:
    """As it has to be written: `${` begins a variable, `$${` is itself."""
    if isinstance(value, Mapping):
        return {key: _without_variables(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_variables(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value
