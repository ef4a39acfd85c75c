"""The table of the emulator's page is what the stories run, no more and no less."""

from __future__ import annotations

from pathlib import Path

from .operations import of_all_stories, table

_PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


def test_page_lists_what_the_stories_run() -> None:
    _, _, rest = _PAGE.read_text(encoding="utf-8").partition("<!-- operations -->\n")
    written, end, _ = rest.partition("<!-- end of operations -->")
    assert end
    assert written == table(of_all_stories()), "python -m tests.foreign.operations prints what belongs there"
