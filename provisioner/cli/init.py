"""`provisioner init`: a few questions, a first spec. Sends nothing anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.core import exit_codes
from provisioner.core.errors import UsageError
from provisioner.spec.questions import QUESTIONS, Question

if TYPE_CHECKING:
    from provisioner.cli.terminal import Terminal

_STDOUT = Path("-")


def _flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each question."""
    for question in reversed(QUESTIONS):
        kind = click.Choice(question.choices) if question.choices else click.STRING
        command = click.option(f"--{question.key}", type=kind, help=f"{question.words}.")(command)
    return command


@click.command()
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path, allow_dash=True))
@_flags
@click.option("--schema", type=click.Choice(["spec", "fleet"]), help="Print the JSON Schema for editors instead.")
def init(file: Path | None, schema: str | None, **flags: str | None) -> int:
    """Ask a few questions and write a first spec.

    FILE is new: nothing is overwritten. Left out it is NAME.yaml; - is standard output. What a flag answers is not
    asked. Without a terminal the proposed answers are taken. Nothing is sent anywhere.
    """
    from provisioner.cli.spec_file import deliver, refuse_existing
    from provisioner.cli.terminal import Terminal
    from provisioner.operations.author import written
    from provisioner.spec.first import draft
    from provisioner.spec.schema import schema_text

    terminal = Terminal()
    if schema is not None:
        terminal.data(schema_text("fleet" if schema == "fleet" else "spec").rstrip("\n"))
        return exit_codes.DONE
    if file is not None and file != _STDOUT:
        refuse_existing(file)
    answers: dict[str, str] = {}
    for question in QUESTIONS:
        given = flags[question.key]
        answers[question.key] = (
            _asked(question, answers, terminal) if given is None else _given(question, given, answers)
        )
    path = Path(f"{answers['name']}.yaml") if file is None else file
    made = written(draft(answers), str(path))
    deliver(made, None if path == _STDOUT else path, terminal)
    return exit_codes.DONE


def _given(question: Question, answer: str, answers: dict[str, str]) -> str:
    """The answer of a flag. Raises UsageError."""
    from provisioner.cli.questions import checked

    checked({**answers, question.key: answer})
    return answer


def _asked(question: Question, answers: dict[str, str], terminal: Terminal) -> str:
    """The answer of the person at the terminal, asked until it is right; without one what is proposed."""
    from provisioner.cli.questions import ask, can_ask
    from provisioner.render.layout import paragraph
    from provisioner.spec.first import mistake

    proposal = question.proposal(answers)
    if not can_ask():
        if proposal or question.optional:
            return proposal
        raise UsageError(
            f"there is a question to answer, but no terminal to ask it on: {question.words}",
            next_step=f"answer it with --{question.key}",
        )
    while True:
        answer = ask(question.words, proposal, terminal)
        problem = mistake(question, {**answers, question.key: answer})
        if problem is None:
            return answer
        told = "; ".join(part for part in (problem.what, problem.next_step) if part)
        terminal.message(paragraph(told, terminal.err.width, first="  ", style="red"))
