"""A spec as commented YAML, as a person would write it: short lists in one line, a few words beside the keys.

What stands in comments was read from a tenant or typed by a person: no character of it can end the comment, and
nothing that looks like a secret is written.
"""

from __future__ import annotations

import io
import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import SingleQuotedScalarString
from ruamel.yaml.tokens import CommentToken
from yaml.resolver import Resolver

from provisioner.spec.draft import Draft, Lines
from provisioner.spec.literal_secrets import HIDDEN, kind_of_secret
from provisioner.spec.nodes import Path

_WIDTH = 80
_COLUMN = 36  # of what stands beside a key, where the key leaves it free
_STEP = 2
_UNWRAPPED = 1_000_000
_BLOCK = "\n"
_PLAIN = " ._/@:+()-"
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode's categories of what would end a comment, or make it look like something else than it is."""


def spec_text(draft: Draft, schema: str) -> str:
    """The file. schema: where an editor finds the schema, as seen from the file."""
    document = _Commented(draft).mapping(draft.document, ())
    yaml = YAML()
    yaml.width = _UNWRAPPED
    yaml.indent(mapping=_STEP, sequence=2 * _STEP, offset=_STEP)
    written = io.StringIO()
    yaml.dump(document, written)
    head = [f"# yaml-language-server: $schema={schema}", *_above(draft.head, 0)]
    return "\n".join([*head, written.getvalue()])


@dataclass(frozen=True)
class _Beside:
    """A comment behind something, at a column."""

    text: str
    column: int

    @property
    def fits(self) -> bool:
        return self.column + len("# ") + len(self.text) <= _WIDTH


class _Commented:
    """Builds ruamel's commented collections of a draft."""

    def __init__(self, draft: Draft) -> None:
        self._remarks = draft.remarks
        self._omitted = draft.omitted

    def mapping(self, members: Mapping[str, Any], path: Path) -> CommentedMap:
        made = CommentedMap()
        depth = len(path)
        for key, value in members.items():
            here = (*path, key)
            name = _scalar(key)
            made[name] = self._value(value, here, _width_left(depth, f"{key}: "))
            above, beside = self._placed(here, made[name], f"{' ' * _STEP * depth}{key}:")
            if not depth and isinstance(value, Mapping):
                above = ["", *above]
            _comment(made, name, above, beside, depth)
        self._end(made, path)
        return made

    def _value(self, value: Any, path: Path, width: int) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value, path)
        if isinstance(value, list | tuple):
            return self._sequence(value, path, width)
        return _scalar(value)

    def _sequence(self, items: Sequence[Any], path: Path, width: int) -> CommentedSeq:
        """In one line if it fits and nothing is said of its entries; else a line or more for each."""
        told = path in self._omitted or any((*path, position) in self._remarks for position in range(len(items)))
        if not told and not any(isinstance(item, Mapping) for item in items):
            line: CommentedSeq = _flow(items)
            if len(_in_a_line(line)) <= width:
                return line
        made = CommentedSeq()
        depth = len(path)
        for position, item in enumerate(items):
            here = (*path, position)
            made.append(self._entry(item, here))
            above, beside = self._placed(here, made[position], f"{' ' * _STEP * depth}-")
            _comment(made, position, above, beside, depth)
        self._end(made, path)
        return made

    def _entry(self, item: Any, path: Path) -> Any:
        """An entry of a list: in one line if it fits."""
        line = _flow(item)
        fits = len(_in_a_line(line)) <= _width_left(len(path), "")
        return line if fits or not isinstance(item, Mapping) else self.mapping(item, path)

    def _placed(self, path: Path, made: Any, begin: str) -> tuple[list[str], _Beside | None]:
        """What is said at a key or entry: beside it where it is short and there is room, else above it.

        So is what an empty mapping or list leaves out: there is nothing in it to stand below.
        """
        said = self._remarks.get(path, ())
        if path in self._omitted and not made:
            said = (*said, *self._omitted[path])
        value = _in_a_line(made)
        if len(said) == 1 and (value != _BLOCK or (begin.endswith(":") and not _has_empty_entries(made))):
            end = len(begin) + (0 if value == _BLOCK else 1 + len(value))
            beside = _Beside(_safe(said[0]), max(_COLUMN, end + _STEP))
            if beside.fits:
                return [], beside
        return _above(said, len(path) - 1), None

    def _end(self, made: CommentedMap | CommentedSeq, path: Path) -> None:
        lines = _above(self._omitted.get(path, ()), len(path))
        if made and lines:
            _comment_at_the_end(made, lines, len(path))


def _comment(
    made: CommentedMap | CommentedSeq, key: Any, above: Sequence[str], beside: _Beside | None, depth: int
) -> None:
    """ruamel's places of a comment: [1] above an entry; behind it [2] in a mapping, [0] in a list."""
    places = made.ca.items.setdefault(key, [None, None, None, None])
    if above:
        lines = "".join(f"{' ' * _STEP * depth}{line}\n" if line else "\n" for line in above)
        places[1] = [CommentToken(lines, CommentMark(0), None)]
    if beside:
        places[_behind(made)] = CommentToken(f"# {beside.text}", CommentMark(beside.column), None)


def _comment_at_the_end(made: CommentedMap | CommentedSeq, lines: Sequence[str], depth: int) -> None:
    """After the last line of the mapping, whatever stands there."""
    last: CommentedMap | CommentedSeq = made
    key = _last_key(last)
    while isinstance(inner := last[key], CommentedMap | CommentedSeq) and inner and not inner.fa.flow_style():
        last, key = inner, _last_key(inner)
    places = last.ca.items.setdefault(key, [None, None, None, None])
    beside = places[_behind(last)]
    text = "".join(f"{' ' * _STEP * depth}{line}\n" for line in lines)
    column = 0 if beside is None else beside.start_mark.column
    places[_behind(last)] = CommentToken(f"{'' if beside is None else beside.value}\n{text}", CommentMark(column), None)


def _has_empty_entries(made: CommentedMap | CommentedSeq) -> bool:
    """With a `{}` in the list, ruamel runs the comment behind the list's key into its lines."""
    return isinstance(made, CommentedSeq) and any(isinstance(item, CommentedMap) and not item for item in made)


def _behind(made: CommentedMap | CommentedSeq) -> int:
    return 2 if isinstance(made, CommentedMap) else 0


def _last_key(collection: CommentedMap | CommentedSeq) -> Any:
    return len(collection) - 1 if isinstance(collection, CommentedSeq) else next(reversed(collection))


def _flow(value: Any) -> Any:
    """The value as one line."""
    line: CommentedMap | CommentedSeq
    if isinstance(value, Mapping):
        line = CommentedMap({_scalar(key): _flow(member) for key, member in value.items()})
    elif isinstance(value, list | tuple):
        line = CommentedSeq([_flow(item) for item in value])
    else:
        return _scalar(value)
    line.fa.set_flow_style()
    return line


def _scalar(value: Any) -> Any:
    """In quotes unless it is as plain as a name or a URL: YAML's readers do not agree on what else may go without."""
    if not isinstance(value, str):
        return value
    plain = value[:1].isalnum() and all(sign.isalnum() or sign in _PLAIN for sign in value)
    return value if plain and not _is_more_than_text(value) else SingleQuotedScalarString(value)


def _is_more_than_text(value: str) -> bool:
    """To a reader of YAML 1.1: a truth, nothing, a number, a date. ruamel and our own reader know only 1.2."""
    by_first_sign: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = Resolver.yaml_implicit_resolvers
    meant = any(pattern.match(value) for _, pattern in by_first_sign.get(value[:1], ()))
    return meant or value.lower() in ("y", "n")  # truths to the standard, though not to PyYAML


def _in_a_line(value: Any) -> str:
    """As it stands behind its key, in one line; else _BLOCK."""
    if isinstance(value, CommentedMap | CommentedSeq) and not value.fa.flow_style() and value:
        return _BLOCK
    yaml = YAML()
    yaml.width = _UNWRAPPED
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue().removesuffix("...\n").strip("\n")


def _width_left(depth: int, begin: str) -> int:
    return _WIDTH - _STEP * (depth + 1) - len(begin)


def _above(said: Lines, depth: int) -> list[str]:
    """Comment lines, wrapped; a line that begins with blanks is a command or a key and is kept whole."""
    lines: list[str] = []
    for text in map(_safe, said):
        width = _WIDTH - _STEP * depth - len("# ")
        wrapped = (
            [text]
            if text.startswith(" ")
            else textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
        )
        lines += [f"# {line}".rstrip() for line in wrapped]
    return lines


def _safe(text: str) -> str:
    if kind_of_secret(text) is not None:
        return HIDDEN
    return "".join(" " if unicodedata.category(sign) in _INVISIBLE else sign for sign in text)
