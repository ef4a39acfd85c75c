"""YAML files into nodes: one loop over the parser's events, with caps, so that no file can hurt.

Never `yaml.load` or `yaml.compose`: the C composer crashes on deep nesting and the Python one takes seconds
(measured). Scalars follow the YAML 1.2 core schema, so `on`, `22:22` and dates stay text. There are no tags, no merge
keys, no duplicate keys and no second document: each of them lets two readers see two different specs in one file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import NoReturn

import yaml

from provisioner.core.errors import Problem
from provisioner.spec.literal_secrets import shown
from provisioner.spec.nodes import Node, Path, Place, Scalar, path_text

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 150_000
"""Keys and values of one file with every alias expanded: a fleet of 5,000 tenants, read in less than a second."""
MAX_CHARACTERS = 10_000
"""Of one value; the longest a spec has a use for is below 1,000."""
MAX_PROBLEMS = 100

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,4})?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DIRECTIVE = re.compile(r"^%(?!YAML 1\.2\s*$).*", re.MULTILINE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class _Unreadable(Exception):
    """Ends the reading of a file; never leaves this module."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """A file as nodes; `root` is None when it could not be read to its end."""

    root: Node | None
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not come yet."""

    place: Place
    anchor: str | None
    is_mapping: bool
    members: dict[str, Node] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    keys: dict[str, Place] = field(default_factory=dict)
    key: str | None = None
    skip_value: bool = False
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchored:
    node: Node
    size: int
    height: int


def read_document(path: FilePath) -> Document:
    """Read one YAML file. Everything wrong with it as YAML comes back as problems, nothing is raised for it.

    Raises: OSError when the file cannot be opened.
    """
    name = str(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if max(size, len(content)) > MAX_BYTES:
            raise _unreadable(
                name, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "split it into several files"
            )
        text = _decode(content, name)
    except _Unreadable as error:
        return Document(None, (error.problem,))
    return parse_document(text, name)


def parse_document(text: str, file: str) -> Document:
    """The same for text at hand; `file` is the name used in places."""
    reader = _Reader(file)
    try:
        reader.check_text(text)
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except _Unreadable as error:
        return Document(None, (*reader.problems, error.problem))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        what = f"not valid YAML: {' '.join(part for part in (error.context, error.problem) if part)}"
        found = _problem(place, (), what, next_step=_repair(what, text, place))
        return Document(None, (*reader.problems, found))
    except yaml.YAMLError as error:
        # The C reader's own errors (a character YAML does not allow) carry an offset instead of a mark.
        place = _place_at(text, getattr(error, "position", 0) or 0, file)
        return Document(
            None, (*reader.problems, _problem(place, (), "not valid YAML: a character that is not allowed"))
        )
    if reader.root is None:
        empty = _problem(Place(file, 1, 1), (), "the file is empty", next_step="`provisioner init` writes a first spec")
        return Document(None, (*reader.problems, empty))
    return Document(reader.root, tuple(reader.problems))


def _repair(what: str, text: str, place: Place) -> str | None:
    """What most likely mends it; the parser's words say what it met, not what to do."""
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: place.column]:
        return "indent with blanks: YAML allows no tab there"
    if "mapping values are not allowed" in what or "cannot start any token" in what:
        return "put the value in quotes, or check the indentation of this line and the one before"
    if "flow sequence" in what or "flow mapping" in what:
        return "close the bracket or brace that is open here, and separate its entries by commas"
    if "quoted scalar" in what:
        return "close the quotation mark that is open here"
    return "check the indentation of this line and the one before"


class _Reader:
    """Builds nodes from events. The stack holds what is open; caps are checked before anything is kept."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._unfinished: set[str] = set()
        self._documents = 0
        self._nodes = 0

    def check_text(self, text: str) -> None:
        """Refuse what must not reach the parser: control characters, and tag directives (quadratic in libyaml)."""
        if found := _CONTROL.search(text):
            what = f"a control character (U+{ord(found.group()):04X}): this is not a text file"
            raise _Unreadable(_problem(_place_at(text, found.start(), self.file), (), what))
        if found := _DIRECTIVE.search(text):
            what = "a YAML directive is not allowed in a spec"
            raise _Unreadable(
                _problem(_place_at(text, found.start(), self.file), (), what, next_step="remove this line")
            )

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(
                    self._place(event), "a second YAML document in one file", "put each spec in a file of its own"
                )

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        place = self._place(event)
        self._refuse_tag(event, place)
        if len(event.value) > MAX_CHARACTERS:
            self._stop(place, f"a value longer than {MAX_CHARACTERS:,} characters", "nothing in a spec is that long")
        if self._awaits_key():
            self._key(event, place)
            return
        value = _core_scalar(event.value) if not event.style and event.implicit[0] else event.value
        self._finish(_Anchored(Node(value, place), 1, 1), event.anchor)

    def _key(self, event: yaml.ScalarEvent, place: Place) -> None:
        parent = self._stack[-1]
        is_plain = not event.style
        if is_plain and event.value == "<<":
            self._report(
                place, "merge keys (<<) are not part of YAML 1.2", next_step="write the keys out, or use a fleet file"
            )
            parent.skip_value = True
        elif is_plain and not isinstance(_core_scalar(event.value), str):
            self._report(place, "a key must be text", event.value, f'put it in quotes: "{shown(event.value)}"')
            parent.skip_value = True
        elif event.value in parent.keys:
            first = parent.keys[event.value]
            self._report(place, f"the key is here twice; first in line {first.line}", event.value, "keep one of them")
            parent.skip_value = True
        else:
            parent.keys[event.value] = place
        parent.key = event.value
        self._count(place, 1)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        place = self._place(event)
        self._refuse_tag(event, place)
        if self._awaits_key():
            self._stop(place, "a key must be text, not a list or a mapping", "put it in quotes if it is meant as text")
        if len(self._stack) >= MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels", "a spec needs no more than eight")
        self._count(place, 1)
        if event.anchor is not None:
            self._unfinished.add(event.anchor)
        self._stack.append(_Open(place, event.anchor, isinstance(event, yaml.MappingStartEvent)))

    def _close(self) -> None:
        done = self._stack.pop()
        node = Node(done.members, done.place, done.keys) if done.is_mapping else Node(done.items, done.place)
        if done.anchor is not None:
            self._unfinished.discard(done.anchor)
        self._attach(_Anchored(node, done.size, done.height), done.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        place = self._place(event)
        if self._awaits_key():
            self._stop(place, "an alias cannot be a key", "write the key out")
        if event.anchor in self._unfinished:
            self._stop(place, f"the alias *{shown(event.anchor)} contains itself", "write the value out")
        target = self._anchors.get(event.anchor or "")
        if target is None:
            self._stop(place, f"the alias *{shown(event.anchor)} is not defined above it", "define it with & first")
        if len(self._stack) + target.height > MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels once its aliases are expanded")
        self._count(place, target.size)
        self._attach(target, None)

    def _finish(self, done: _Anchored, anchor: str | None) -> None:
        self._count(done.node.place, 1)
        self._attach(done, anchor)

    def _attach(self, done: _Anchored, anchor: str | None) -> None:
        """Hand a finished value to what it stands in."""
        if anchor is not None:
            self._anchors[anchor] = done
        if not self._stack:
            self.root = done.node
            return
        parent = self._stack[-1]
        parent.size += done.size
        parent.height = max(parent.height, done.height + 1)
        if not parent.is_mapping:
            parent.items.append(done.node)
        elif parent.key is not None:
            if not parent.skip_value:
                parent.members[parent.key] = done.node
            parent.key, parent.skip_value = None, False

    def _awaits_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].is_mapping and self._stack[-1].key is None

    def _count(self, place: Place, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(place, f"more than {MAX_NODES:,} values, aliases expanded", "split the file into several")

    def _refuse_tag(
        self, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent, place: Place
    ) -> None:
        if event.tag is not None:
            self._report(place, "YAML tags are not allowed", event.tag, "remove the tag")

    def _place(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1) if mark is not None else Place(self.file, 1, 1)

    def _path(self) -> Path:
        steps: list[str | int] = []
        for frame in self._stack:
            if not frame.is_mapping:
                steps.append(len(frame.items))
            elif frame.key is not None:
                steps.append(frame.key)
        return tuple(steps)

    def _report(self, place: Place, what: str, value: str | None = None, next_step: str | None = None) -> None:
        self.problems.append(_problem(place, self._path(), what, value, next_step))
        if len(self.problems) >= MAX_PROBLEMS:
            self._stop(place, f"more than {MAX_PROBLEMS} problems: the rest of the file was not read")

    def _stop(self, place: Place, what: str, next_step: str | None = None) -> NoReturn:
        raise _Unreadable(_problem(place, self._path(), what, None, next_step))


def _core_scalar(text: str) -> Scalar:
    """A plain scalar by the YAML 1.2 core schema (section 10.3.2 there); digits beyond any use stay text."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if _SPECIAL_FLOAT.fullmatch(text) else text


def _decode(content: bytes, file: str) -> str:
    """UTF-8, with or without a byte order mark (Windows editors write one).

    Raises: _Unreadable.
    """
    is_wide = [byte == 0 for byte in content[:4]] in ([False, True, False, True], [True, False, True, False])
    if is_wide or content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(file, "the file is UTF-16 or UTF-32", "save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        what = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise _Unreadable(_problem(Place(file, line, column), (), what, next_step="save the file as UTF-8")) from error


def _place_at(text: str, offset: int, file: str) -> Place:
    return Place(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _unreadable(file: str, what: str, next_step: str) -> _Unreadable:
    return _Unreadable(_problem(Place(file, 1, 1), (), what, next_step=next_step))


def _problem(place: Place, path: Path, what: str, value: str | None = None, next_step: str | None = None) -> Problem:
    return Problem(
        what, place.file, place.line, place.column, path_text(path), None if value is None else shown(value), next_step
    )
