"""Questions of a command that sends nothing: no event loop is needed to wait for an answer."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text

from provisioner.core.errors import UsageError
from provisioner.spec.questions import QUESTIONS

if TYPE_CHECKING:
    from provisioner.cli.terminal import Terminal


def checked(answers: Mapping[str, str]) -> None:
    """What flags answered, by the questions' keys. Raises UsageError for the first that no valid spec could hold."""
    from provisioner.spec.first import mistake

    for question in QUESTIONS:
        if question.key in answers and (problem := mistake(question, answers)) is not None:
            told = f"--{question.key} {problem.value or answers[question.key]}: {problem.what}"
            raise UsageError(told, next_step=problem.next_step or "")


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty()


def ask(words: str, proposal: str, terminal: Terminal) -> str:
    """One line, without blanks around it; `proposal` for an empty one. Raises EOFError when there are no more lines."""
    terminal.quiet()
    offered = f" [{proposal}]" if proposal else ""
    terminal.err.print(Text(words).append(offered, "cyan").append(": "), end="", soft_wrap=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip() or proposal
