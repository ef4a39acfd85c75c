"""Reads a scenario file: YAML with places, checked against `schemas/scenario.schema.json`.

The schema lies in `schemas/` at the top of the repository, for editors; a wheel carries it as `provisioner/schemas`.
YAML is read as its core schema has it, so that `on` and a date stay text.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

Where = tuple[str | int, ...]
_LARGEST = 256 * 1024
_MOST_NODES = 20_000
_DEEPEST = 40
_SCALARS: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"null|~|"), lambda _: None),
    (re.compile(r"true|false"), lambda text: text == "true"),
    (re.compile(r"[-+]?\d{1,18}"), int),
    (re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d{1,3})?"), float),
)


@dataclass(frozen=True)
class Problem:
    """Something wrong at a place of the document: `where` is the path of keys and positions."""

    where: Where
    text: str

    @property
    def path(self) -> str:
        """`tenants[0].vaults[1].name`."""
        return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.where).lstrip(".")

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.where else self.text


class BrokenScenarioError(Exception):
    """What is wrong with a scenario file, a line for each problem: FILE:LINE:COLUMN: text."""


def shipped() -> dict[str, Path]:
    """The scenarios that come with the emulator, by name."""
    return {file.stem: file for file in sorted(Path(__file__).parent.glob("*.yaml"))}


def read(path: Path) -> dict[str, Any]:
    """The scenario in a file. Raises BrokenScenarioError naming every problem with its place."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenScenarioError(f"{path}: {error}") from error
    if len(content) > _LARGEST:
        raise BrokenScenarioError(f"{path}: larger than {_LARGEST // 1024} KiB")
    tree = _Tree()
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document: Any = tree.value(node, (), 0) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise BrokenScenarioError(f"{path}{place}: {error.problem or error.context}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BrokenScenarioError(f"{path}: not readable as YAML") from error
    found = [*tree.problems, *problems(document)]
    if found:
        raise BrokenScenarioError("\n".join(f"{path}:{tree.place(one.where)}: {one}" for one in found))
    scenario: dict[str, Any] = document
    return scenario


def problems(document: Any) -> list[Problem]:
    """What the schema says against a scenario, in the order of the document's paths."""
    found = [problem for error in _validator().iter_errors(document) for problem in _told(error)]
    return sorted(found, key=lambda problem: [str(part) for part in problem.where])


def _told(error: Any) -> Iterator[Problem]:
    where: Where = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(error.instance.keys() - known.keys()):
            yield Problem((*where, key), f"unknown key; known are {', '.join(known)}")
    elif error.validator == "pattern":
        wanted = error.schema.get("description", f"text that matches {error.validator_value}")
        yield Problem(where, f"{error.instance!r} is not {wanted}")
    else:
        yield Problem(where, error.message)


@functools.cache
def _validator() -> Draft202012Validator:
    package = Path(__file__).parents[2]
    folders = (package / "schemas", package.parent / "schemas")
    file = next(folder / "scenario.schema.json" for folder in folders if folder.is_dir())
    return Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


class _Tree:
    """Turns nodes into values and remembers where each began."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._places: dict[Where, tuple[int, int]] = {}
        self._nodes = 0

    def place(self, where: Where) -> str:
        """LINE:COLUMN of a path, or of the nearest one above it that the file has."""
        while where and where not in self._places:
            where = where[:-1]
        line, column = self._places.get(where, (0, 0))
        return f"{line + 1}:{column + 1}"

    def value(self, node: Any, where: Where, depth: int) -> Any:
        self._places.setdefault(where, (node.start_mark.line, node.start_mark.column))
        self._nodes += 1  # an alias is walked again each time, so that aliases of aliases end here
        if self._nodes > _MOST_NODES or depth > _DEEPEST:
            raise yaml.composer.ComposerError(None, None, "too many or too deeply nested values", node.start_mark)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*where, place), depth + 1) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where, depth)
        return _scalar(node)

    def _mapping(self, node: Any, where: Where, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.composer.ComposerError(None, None, "a key must be text", key_node.start_mark)
            key = str(key_node.value)
            if key in found:
                self.problems.append(Problem((*where, key), "the key stands here a second time"))
            self._places[(*where, key)] = (key_node.start_mark.line, key_node.start_mark.column)
            found[key] = self.value(value_node, (*where, key), depth + 1)
        return found


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.style is None:
        for pattern, made in _SCALARS:
            if pattern.fullmatch(text):
                return made(text)
    return text
