"""A spec as commented YAML, as a person would write it: short lists in one line, a few words beside the keys.

What stands in comments was read from a tenant or typed by a person: no character of it can end the comment, and
nothing that looks like a secret is written.
"""

from __future__ import annotations

import io
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.tokens import CommentToken

from provisioner.spec.draft import Draft, Lines
from provisioner.spec.literal_secrets import HIDDEN, kind_of_secret
from provisioner.spec.nodes import Path

_WIDTH = 80
_COLUMN = 36  # of what stands beside a key, where the key leaves it free
_STEP = 2
_UNWRAPPED = 1_000_000
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
            made[key] = self._value(value, here, _width_left(depth, f"{key}: "))
            above, beside = self._placed(here, f"{' ' * _STEP * depth}{key}: {_in_a_line(made[key])}".rstrip("\n"))
            if not depth and isinstance(value, Mapping):
                above = ["", *above]
            _comment(made, key, above, beside, depth)
        if path in self._omitted:
            _comment_at_the_end(made, _above(self._omitted[path], depth), depth)
        return made

    def _value(self, value: Any, path: Path, width: int) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value, path)
        if isinstance(value, list | tuple):
            return self._sequence(value, path, width)
        return value

    def _sequence(self, items: Sequence[Any], path: Path, width: int) -> CommentedSeq:
        """In one line if it fits and nothing is said of its entries; else a line or more for each."""
        told = any((*path, position) in self._remarks for position in range(len(items)))
        if not told and not any(isinstance(item, Mapping) for item in items):
            line: CommentedSeq = _flow(items)
            if len(_in_a_line(line)) <= width:
                return line
        made = CommentedSeq()
        depth = len(path)
        for position, item in enumerate(items):
            here = (*path, position)
            made.append(self._entry(item, here))
            above, beside = self._placed(here, f"{' ' * _STEP * depth}- {_in_a_line(made[position])}")
            _comment(made, position, above, beside, depth)
        return made

    def _entry(self, item: Any, path: Path) -> Any:
        line = _flow(item)
        fits = len(_in_a_line(line)) <= _width_left(len(path), "")
        return line if fits or not isinstance(item, Mapping) else self.mapping(item, path)

    def _placed(self, path: Path, line: str) -> tuple[list[str], _Beside | None]:
        """What is said at a key or entry: above it, or beside it where it is short and there is room."""
        said = self._remarks.get(path, ())
        if len(said) == 1:
            beside = _Beside(_safe(said[0]), max(_COLUMN, len(line) + _STEP))
            if "\n" not in line and beside.fits:
                return [], beside
        return _above(said, len(path) - 1), None


def _comment(
    made: CommentedMap | CommentedSeq, key: Any, above: Sequence[str], beside: _Beside | None, depth: int
) -> None:
    if above:
        lines = "".join(f"{' ' * _STEP * depth}{line}\n" if line else "\n" for line in above)
        made.ca.items.setdefault(key, [None, None, None, None])[1] = [CommentToken(lines, _at(0), None)]
    if beside:
        made.yaml_add_eol_comment(beside.text, key, column=beside.column)


def _comment_at_the_end(made: CommentedMap, lines: Sequence[str], depth: int) -> None:
    """After the last line of the mapping, whatever stands there."""
    last: CommentedMap | CommentedSeq = made
    key: Any = next(reversed(made))
    while isinstance(inner := last[key], CommentedMap | CommentedSeq) and inner and not inner.fa.flow_style():
        last, key = inner, len(inner) - 1 if isinstance(inner, CommentedSeq) else next(reversed(inner))
    items = last.ca.items.setdefault(key, [None, None, None, None])
    place = 0 if isinstance(last, CommentedSeq) else 2
    beside = items[place]
    text = "".join(f"{' ' * _STEP * depth}{line}\n" for line in lines)
    column = 0 if beside is None else beside.start_mark.column
    items[place] = CommentToken(f"{'' if beside is None else beside.value}\n{text}", _at(column), None)


def _at(column: int) -> CommentMark:
    return CommentMark(column)


def _flow(value: Any) -> Any:
    """The value as one line."""
    line: CommentedMap | CommentedSeq
    if isinstance(value, Mapping):
        line = CommentedMap({key: _flow(member) for key, member in value.items()})
    elif isinstance(value, list | tuple):
        line = CommentedSeq([_flow(item) for item in value])
    else:
        return value
    line.fa.set_flow_style()
    return line


def _in_a_line(value: Any) -> str:
    """As it stands behind its key; a block has a line break in it."""
    if isinstance(value, CommentedMap | CommentedSeq) and not value.fa.flow_style() and value:
        return "\n"
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
        wrapped = [text] if text.startswith(" ") else textwrap.wrap(text, width, break_long_words=False) or [""]
        lines += [f"# {line}".rstrip() for line in wrapped]
    return lines


def _safe(text: str) -> str:
    if kind_of_secret(text) is not None:
        return HIDDEN
    return "".join(" " if unicodedata.category(sign) in _INVISIBLE else sign for sign in text)
