"""Tables of the emulator's commands: in the width of the terminal, 80 columns for a file or a pipe."""

from __future__ import annotations

import os
import sys

from rich.console import Console, RenderableType


def show(table: RenderableType) -> None:
    """To stdout; colour on a terminal only, unless NO_COLOR."""
    terminal = sys.stdout.isatty()
    colourless = not terminal or bool(os.environ.get("NO_COLOR"))
    console = Console(
        file=sys.stdout, force_terminal=terminal, no_color=colourless, highlight=False, markup=False, emoji=False
    )
    console.print(table)
