"""The person at the terminal, as operations see them: the Ui protocol over stdin, stderr and a browser."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from rich.text import Text

from provisioner.cli.terminal import Terminal
from provisioner.core.errors import UsageError
from provisioner.core.report import StepResult
from provisioner.core.step import Step
from provisioner.render.layout import paragraph, ready
from provisioner.render.report_text import outcome_lines
from provisioner.render.values import words

T = TypeVar("T")
OpenBrowser = Callable[[str], bool]
_MOST_PIPED_BYTES = 64 * 1024
_BROWSER_START_S = 2.0  # a browser that has not ended by then runs until it is closed


class Person:
    """Implements operations.ui.Ui.

    name: the tenant's, put before what is said when there are several. unopened: what to know of a page that no
    browser was opened for.
    """

    def __init__(self, terminal: Terminal, open_browser: OpenBrowser, name: str = "", unopened: str = "") -> None:
        self._unopened = unopened
        self._terminal = terminal
        self._open_browser = open_browser
        self._name = name
        self._prefix = f"{name}: " if name else ""

    def progress(self, text: str) -> None:
        self._terminal.progress(f"{self._prefix}{text}")

    def info(self, text: str) -> None:
        told = ready(text, self._terminal.file_of(self._name))
        self._terminal.message(paragraph(told, self._terminal.err.width, first=self._prefix))

    def by_hand(self, text: str) -> None:
        self.info(text)
        if self._unopened:
            self.info(self._unopened)

    def step_started(self, step: Step) -> None:
        if self._terminal.err.is_terminal:  # elsewhere the line of its end says enough
            self.progress(f"{words(step.operation or step.action.value)} {step.address} …")

    def step_done(self, result: StepResult) -> None:
        if not self._prefix:  # of several tenants the report tells what was not done
            self._terminal.message(outcome_lines(result, self._terminal.err.width))  # the report says why

    async def confirm(self, question: str) -> bool:
        answer = await self._line(f"{question} [y/N] ", echo=True)
        return answer.strip().lower() in ("y", "yes")

    async def type_in(self, prompt: str) -> str:
        """One line of text that is no secret. Raises UsageError without a terminal."""
        return (await self._line(f"{prompt} ", echo=True)).strip()

    async def ask(self, prompt: str) -> str:
        return await self._line(f"{prompt.rstrip()} ", echo=False)

    async def secret(self, prompt: str) -> str:
        if sys.stdin.isatty():
            return await self.ask(prompt)
        piped = await _in_thread(lambda: sys.stdin.buffer.read(_MOST_PIPED_BYTES))
        return piped.decode(errors="replace")

    async def open_browser(self, url: str) -> bool:
        opening = asyncio.ensure_future(_in_thread(lambda: self._open_browser(url)))
        done, _ = await asyncio.wait({opening}, timeout=_BROWSER_START_S)
        opened = opening.result() if done else True
        if not opened and self._unopened:
            self.info(self._unopened)
        return opened

    async def _line(self, prompt: str, *, echo: bool) -> str:
        if not sys.stdin.isatty():
            raise UsageError(
                "there is a question to answer, but no terminal to ask it on",
                next_step="run it in a terminal, or say --auto-approve (apply) or --no-consent",
            )
        self._terminal.quiet()
        if not echo:
            return await _hidden_line(f"{self._prefix}{prompt}")
        self._terminal.err.print(Text(f"{self._prefix}{prompt}"), end="", soft_wrap=True)
        return (await _in_thread(lambda: os.read(sys.stdin.fileno(), 4096))).decode(errors="replace")


async def _hidden_line(prompt: str) -> str:
    """One line, not shown, of any length: a terminal in line mode cuts at 4,095 characters, and codes are long."""
    try:
        import termios
    except ImportError:  # Windows
        return await _in_thread(lambda: getpass.getpass(prompt))
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    raw = termios.tcgetattr(descriptor)
    raw[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(descriptor, termios.TCSADRAIN, raw)
    try:
        sys.stderr.write(prompt)  # only now: who answers it at once is not shown either
        sys.stderr.flush()
        return await _in_thread(lambda: _read_line(descriptor))
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)  # what was pasted beyond the line is not shown either
        sys.stderr.write("\n")


def _read_line(descriptor: int) -> str:
    line = bytearray()
    while not line.endswith((b"\n", b"\r", b"\x04")):
        read = os.read(descriptor, 4096)
        if not read:
            break
        for byte in read:
            if byte in b"\x7f\x08":
                del line[-1:]
            else:
                line.append(byte)
    return line.decode(errors="replace").strip("\x04").strip()


async def _in_thread(call: Callable[[], T]) -> T:
    """The call's result from a thread of its own that dies with the process: Ctrl-C must not wait for an answer."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # a result of T when there is no error

    def work() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001  it is raised again where it is awaited
            hand_over(None, error)
        else:
            hand_over(result, None)

    def hand_over(result: T | None, error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for it any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, daemon=True).start()
    return await future
