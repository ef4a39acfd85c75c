"""Text that others wrote, in GitHub's Markdown: it is read as it is, and starts nothing.

Inside a fence nothing is markup. Outside, every sign that could be is an entity; what GitHub looks for once more in the
finished page (a mention, an issue's number) is broken by a character without width. So what must be copied goes into a
fence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from provisioner.render.layout import count
from provisioner.render.values import clipped, visible

LIMIT = 65_536
"""Of one comment."""

ROOM = 65_000
"""What posts the comment may add a mark by which it finds it again."""

LONGEST_INLINE = 300
LONGEST_LINE = 1000
_MARKUP = re.compile(r"[^\w\s,.;/=()'?%+\u0080-\U0010ffff-]|_")
_LOOKED_FOR_AGAIN = re.compile(r"(&#64;|&#35;|&#58;(?=//)|GH-|www\.)(?=\S)", re.IGNORECASE)
_CODE = re.compile("&#96;((?:(?!&#96;).)+)&#96;")
_RUN = re.compile(r"`+")


def inline(text: str, most: int = LONGEST_INLINE) -> str:
    """For a heading, a sentence or a cell of a table; what stands between backticks is code."""
    entities = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(clipped(text, most)))
    return _CODE.sub(r"<code>\1</code>", _LOOKED_FOR_AGAIN.sub("\\1&#8203;", entities))


def fenced(text: str, language: str = "text") -> str:
    """A block of its own, which GitHub lets a reader copy whole."""
    lines = [clipped(line, LONGEST_LINE) for line in visible(text, lines=True).split("\n")]
    longest = max((len(run) for line in lines for run in _RUN.findall(line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}{language}", *lines, fence]) + "\n"


def details(summary: str, body: str, *, is_open: bool = False) -> str:
    """What folds. summary: markup of ours with text that went through `inline`."""
    return f"<details{' open' if is_open else ''}>\n<summary>{summary}</summary>\n\n{body.strip()}\n\n</details>\n"


def row(*cells: str) -> str:
    """One row of a table; the cells went through `inline`."""
    return f"| {' | '.join(cell or ' ' for cell in cells)} |\n"


def table(*headings: str) -> str:
    """The head of a table."""
    return row(*headings) + row(*("---" for _ in headings))


def size(text: str) -> int:
    """How long GitHub may find it. It says characters; counted here in UTF-16 units, which are never fewer."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Room:
    """What is left of the comment."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0

    def take(self, text: str, share: float = 1.0) -> bool:
        """Whether there was room for it; then there is less now."""
        fits = self.used + size(text) <= self.total * share
        self.used += size(text) if fits else 0
        return fits


class Listed:
    """Texts of one section; those that had room are told."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = texts
        self.told = [False] * len(texts)

    def fill(self, room: Room, share: float) -> None:
        for position, text in enumerate(self.texts):
            self.told[position] = self.told[position] or room.take(text, share)

    @property
    def text(self) -> str:
        return "".join(text for text, told in zip(self.texts, self.told, strict=True) if told)

    @property
    def left_out(self) -> int:
        return self.told.count(False)


def more(number: int, one: str, many: str) -> str:
    """What is said of those without room; nothing where there are none."""
    return f"_… and {count(number, one, many)}, for which there is no room here._" if number else ""
