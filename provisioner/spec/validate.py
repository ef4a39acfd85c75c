"""From nodes to a typed spec, or to everything that is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provisioner.core.errors import Problem
from provisioner.spec import model
from provisioner.spec.findings import Finding
from provisioner.spec.literal_secrets import HIDDEN, kind_of_secret, names_a_secret
from provisioner.spec.model import Spec
from provisioner.spec.nodes import Node, plain, scalars
from provisioner.spec.rules import RULES
from provisioner.spec.schema import check_shape

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Also what turns the direction of the text around it: a reviewer would read something else than we do."""

_FREE_KEYS = ("tags", "variables")
"""Mappings whose keys the writer chooses; an unknown key elsewhere is refused by the schema."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A valid spec has no problems; warnings never make it invalid. `spec` is None when there are problems."""

    spec: Spec | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def check(root: Node) -> Checked:
    """Check one whole spec (after a fleet's merge): schema, rules, literal secrets."""
    findings = [*check_shape("spec", sound := plain(root)), *check_text(root)]
    if isinstance(sound, dict):
        for rule in RULES:
            findings.extend(rule(sound))
    problems = tuple(finding.problem(root) for finding in findings if not finding.is_warning)
    warnings = tuple(finding.problem(root) for finding in findings if finding.is_warning)
    if problems:
        return Checked(None, problems, warnings)
    return Checked(model.parse(_without_empty_promises(plain(root))), (), warnings)


def check_text(root: Node) -> Iterator[Finding]:
    """Secrets and control characters, wherever they stand; in keys too."""
    yield from _keys(root, ())
    for path, node in scalars(root):
        if not isinstance(node.value, str):
            continue
        kind = kind_of_secret(node.value)
        if kind is not None:
            next_step = "remove it and replace the secret: it is no longer one. Secrets live in the vault only"
            yield Finding(path, f"this looks like {kind}", HIDDEN, next_step)
        elif _CONTROL.search(node.value):
            yield Finding(path, "a line break or control character in a value", _readable(node.value))


def _readable(text: str) -> str:
    """What cannot be seen, and nothing else, as an escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _keys(node: Node, path: tuple[str | int, ...]) -> Iterator[Finding]:
    for key, member in node.members.items():
        if kind_of_secret(key) is not None:
            yield Finding(path, "a key here looks like a secret", HIDDEN, "remove it and replace the secret")
        elif _CONTROL.search(key):
            told = "a line break or control character in a key"
            yield Finding((*path, key), told, _readable(key), at_key=True)
        elif path and path[-1] in _FREE_KEYS and names_a_secret(key):
            next_step = "remove it, and replace the secret: it is no longer one"
            yield Finding((*path, key), "secrets do not belong in a spec", key, next_step, at_key=True)
        yield from _keys(member, (*path, key))
    for index, item in enumerate(node.items):
        yield from _keys(item, (*path, index))


def _without_empty_promises(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out a key that is allowed only where it says nothing (`rules.not_built`) and that the model lacks."""
    return {**document, "vault": {key: value for key, value in document["vault"].items() if key != "tenant"}}
