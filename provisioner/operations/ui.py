"""What an operation may ask of, and tell, whoever runs it. The command line has one implementation; tests another.

Operations print nothing and read no terminal: everything a person sees or answers goes through this.
"""

from __future__ import annotations

from typing import Protocol

from provisioner.core.report import StepResult
from provisioner.core.step import Step


class Ui(Protocol):
    """Told from the event loop; questions are awaited, so that an implementation may wait in a thread."""

    def progress(self, text: str) -> None:
        """What is being done or waited for now; may replace the line before."""
        ...

    def info(self, text: str) -> None:
        """Something the person must be able to read again; stays."""
        ...

    def by_hand(self, text: str) -> None:
        """Like `info`, with an address in it that the person opens by hand, maybe on another machine."""
        ...

    def step_started(self, step: Step) -> None:
        """apply begins to carry out a step."""
        ...

    def step_done(self, result: StepResult) -> None:
        """A step ended, well or not."""
        ...

    async def confirm(self, question: str) -> bool:
        """A yes or no. Raises UsageError without a terminal."""
        ...

    async def ask(self, prompt: str) -> str:
        """One line of text, shown nowhere. Raises UsageError without a terminal."""
        ...

    async def secret(self, prompt: str) -> str:
        """A secret: a line typed or pasted at the terminal and shown nowhere, else all that was piped in."""
        ...

    async def open_browser(self, url: str) -> bool:
        """Try to show a page to the person; False when this machine has no browser."""
        ...
