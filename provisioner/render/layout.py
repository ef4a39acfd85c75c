"""Lines that fit a width: the one place that wraps text. A line is a rich Text that needs no further wrapping.

Words are never broken: an address or a URL longer than the width stays whole, so that it can be copied.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable

from rich.text import Text

from provisioner.render.values import visible

Lines = list[Text]
BLANK = Text("")
ANY_FILE = "SPEC"
_WORDS = r"""(?:'[^']*'|"[^"]*"|[^'"#,;]|[,;](?! ))*"""
_COMMAND = re.compile(rf"\s*(?:az|provisioner) [a-z]{_WORDS}(?:#.*)?")
_LEAST = 20
_BELOW = 2


def paragraph(text: str, width: int, *, first: str = "", rest: str | None = None, style: str = "") -> Lines:
    """The text wrapped; `first` begins the first line and `rest` all others (default: as many blanks).

    A line of the text that is a command, or begins with blanks as a link does, is kept as it is. What others wrote into
    it moves no cursor and turns no text around.
    """
    rest = " " * len(first) if rest is None else rest
    lines: Lines = []
    for source in visible(text, lines=True).splitlines() or [""]:
        begin = rest if lines else first
        if source.startswith(" ") or is_command(source):
            lines.append(Text(f"{begin}{source}", style))
            continue
        wrapped = textwrap.wrap(
            source,
            width,
            initial_indent=begin,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines.extend(Text(line, style) for line in wrapped or [begin.rstrip()])
    return lines


def is_command(line: str) -> bool:
    """Whether it can be copied into a shell as it is: a sentence that begins with a program's name goes on after a
    comma or the like.
    """
    return _COMMAND.fullmatch(line) is not None


def ready(text: str, file: str) -> str:
    """Advice with its commands ready to be copied: SPEC in it stands for the spec's file."""
    return re.sub(r"(?<= )SPEC\b", lambda _: file, text)


def with_emulator(command: str, *, emulator: bool) -> str:
    """A command, or the file in it: what was rehearsed goes on there, and never to a real tenant by copying."""
    return f"{command} --emulator" if emulator else command


def placed(name: str, *, emulator: bool) -> str:
    """What is told of, in a heading: what happened on the emulator must not be taken for the real thing."""
    return f"{name}, on the emulator" if emulator else name


def labelled(label: str, lines: Lines, label_width: int, indent: str, label_style: str = "dim") -> Lines:
    """`lines` with the label before the first one, all begun at one column."""
    head = Text(indent).append(label.ljust(label_width), label_style)
    if len(label) > label_width:
        return [head, *(Text(indent + " " * label_width).append_text(line) for line in lines)]
    blank = Text(indent + " " * label_width)
    return [(head if position == 0 else blank).copy().append_text(line) for position, line in enumerate(lines)]


def beside(
    label: str, told: Callable[[int], Lines], label_width: int, width: int, indent: str, label_style: str = "dim"
) -> Lines:
    """What is told in so many columns, beside its label; below it where few are left, or where only there a word has
    room. At the width of a telephone no word is broken then.
    """
    room = width - len(indent) - label_width
    lines = told(max(room, _LEAST))
    below = told(max(width - len(indent) - _BELOW, _LEAST))
    overflows = any(line.cell_len > room for line in lines)
    has_room = all(line.cell_len <= width - len(indent) - _BELOW for line in below)
    if room >= _LEAST and not (overflows and has_room):
        return labelled(label, lines, label_width, indent, label_style)
    head = [Text(indent).append(label, label_style)] if label else []
    return [*head, *(Text(indent + " " * _BELOW).append_text(line) for line in below)]


def hanging(line: Text, width: int, indent: int) -> Lines:
    """One line in its colours, wrapped where it is too long; what follows the first is indented."""
    lines: Lines = []
    at = 0
    for part in textwrap.wrap(line.plain, width, subsequent_indent=" " * indent, break_long_words=False,
                              break_on_hyphens=False, replace_whitespace=False):  # fmt: skip
        at = line.plain.index(part.strip(), at)
        lines.append(Text(" " * indent if lines else "").append_text(line[at : at + len(part.strip())]))
        at += len(part.strip())
    return lines or [line]


def plain(lines: Iterable[Text]) -> str:
    """The lines as text without colour, each ended by a newline."""
    return "".join(f"{line.plain.rstrip()}\n" for line in lines)


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"
