"""Where text goes: results to stdout, progress and messages to stderr; colour on a terminal, unless NO_COLOR."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from provisioner.core import exit_codes
from provisioner.core.errors import OutputError, ProvisionerError
from provisioner.render.errors import UNWRAPPED, error_lines
from provisioner.render.layout import ANY_FILE, Lines, with_emulator

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.status import Status

    from provisioner.spec.model import Spec

_COUNTS_EVERY_S = 10.0
_NUMBER = re.compile(r"\d+")


class Terminal:
    """The two streams of this process, and the one line of progress that may be on stderr.

    emulator: `--emulator` was given. files: the specs' names and tenants with their files, for commands that are to be
    copied. place_of: where a spec has a key, as editors read it. unwritten: what could not be written beside the
    result, told at the end.
    """

    def __init__(self, *, emulator: bool = False) -> None:
        self.emulator = emulator
        self._out = _console(sys.stdout)
        self.err = _console(sys.stderr)
        self._status: Status | None = None
        self._bar: Progress | None = None
        self._said = ""
        self._counted: dict[str, float] = {}
        self.files: Sequence[tuple[str, str, str]] = ()
        self.place_of: Callable[[Spec, str], str] = lambda spec, path: f"{spec.name}: {path}"
        self.unwritten: list[OutputError] = []

    @property
    def width(self) -> int:
        """Of the results: the terminal's (COLUMNS counts), 80 for a file or a pipe."""
        return self._out.width

    def file_of(self, name: str, tenant: str = "") -> str:
        """The file of the spec of this name and tenant; of the only spec without; SPEC where that leaves a choice."""
        found = {file for known, of, file in self.files if name in (known, "") and tenant in (of, "")}
        return self.in_command(found.pop() if len(found) == 1 else ANY_FILE)

    def in_command(self, file: str) -> str:
        """A spec's file as it stands in a command: a rehearsal's next command is one too."""
        return with_emulator(ANY_FILE if file == ANY_FILE else shlex.quote(file), emulator=self.emulator)

    def result(self, lines: Lines) -> None:
        """Lines of the result, a progress bar out of their way."""
        self.quiet()
        if self._bar is not None:
            self._bar.stop()
        with written():
            for line in lines:
                self._out.print(line, soft_wrap=True)
        if self._bar is not None:
            self._bar.start()

    def data(self, text: str) -> None:
        """The result as data: exactly this text, whatever the terminal."""
        self.quiet()
        with written():
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def message(self, lines: Lines) -> None:
        """Lines for the person, which stay on the screen above the progress."""
        for line in lines:
            self.err.print(line, soft_wrap=True)

    def error(self, error: ProvisionerError, prefix: str = "") -> None:
        """What, where and next; wrapped only where somebody reads it on a screen."""
        width = self.err.width if self.err.is_terminal else UNWRAPPED
        self.message([*([Text(prefix, "bold")] if prefix else []), *error_lines(error, width, self.file_of(prefix))])

    def progress(self, text: str) -> None:
        """What is being done now: one line that replaces itself, or plain lines when stderr is not a terminal."""
        if self._bar is not None or text == self._said:
            return
        self._said = text
        if not self.err.is_terminal:
            if self._is_news(text):
                self.err.print(Text(text), soft_wrap=True)
        elif self._status is None:
            self._status = self.err.status(Text(text))
            self._status.start()
        else:
            self._status.update(Text(text))

    def _is_news(self, text: str) -> bool:
        """A count that goes on is none for a while: in a log every line stays."""
        from provisioner.core.clock import Clock  # asyncio comes with it

        counting = _NUMBER.sub("#", text)
        now = Clock().monotonic_s()
        if counting != text and now - self._counted.get(counting, -_COUNTS_EVERY_S) < _COUNTS_EVERY_S:
            return False
        self._counted[counting] = now
        return True

    def quiet(self) -> None:
        """Take the line of progress away: something else is about to be read or asked."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._said = ""

    @contextmanager
    def bar(self, total: int, doing: str) -> Iterator[Callable[[], None]]:
        """A progress bar over many tenants: call what it gives as each ends. None for one, or without a terminal."""
        if total < 2 or not self.err.is_terminal:
            yield lambda: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn(doing), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.err, transient=True) as self._bar:
            task = self._bar.add_task(doing, total=total)
            yield partial(self._bar.advance, task)
        self._bar = None


@contextmanager
def written() -> Iterator[None]:
    """Results on their way out. Raises OutputError; a reader that left (`| head -1`) ends all without a word."""
    try:
        yield
    except OSError as error:
        # what stays in the buffer would fail once more, with a traceback, when Python closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise SystemExit(exit_codes.READER_LEFT) from None
        raise OutputError(
            f"the results cannot be written: {error.strerror}",
            where="standard output",
            next_step="write them elsewhere; what was done stays",
        ) from None


def _console(stream: TextIO) -> Console:
    terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=terminal,
        no_color=not terminal or bool(os.environ.get("NO_COLOR")),
        highlight=False,
        markup=False,
        emoji=False,
    )
