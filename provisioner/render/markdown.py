"""Text that others wrote, in GitHub's Markdown: it is read as it is, and starts nothing.

Inside a fence nothing is markup. Outside, every sign that could be is an entity; what GitHub looks for once more in the
finished page (a mention, an issue's number) is broken by a character without width. So what must be copied goes into a
fence.
"""

from __future__ import annotations

import re

from provisioner.render.values import clipped, visible

LONGEST_INLINE = 300
LONGEST_LINE = 1000
_MARKUP = re.compile(r"[^\w\s,.;/=()'?%+\u0080-\U0010ffff-]|_")
_LOOKED_FOR_AGAIN = re.compile(r"(&#64;|&#35;|&#58;(?=//)|GH-|www\.)(?=\S)", re.IGNORECASE)
_RUN = re.compile(r"`+")


def inline(text: str, most: int = LONGEST_INLINE) -> str:
    """For a heading, a sentence or a cell of a table."""
    entities = _MARKUP.sub(lambda found: f"&#{ord(found[0])};", visible(clipped(text, most)))
    return _LOOKED_FOR_AGAIN.sub("\\1&#8203;", entities)


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
