"""What came of an apply, as text: one line for each step, the failures in full, the counts."""

from __future__ import annotations

from collections import Counter

from rich.text import Text

from provisioner.core.report import Outcome, Report, StepResult
from provisioner.render.errors import error_lines
from provisioner.render.layout import BLANK, Lines, paragraph
from provisioner.render.plan_text import mark
from provisioner.render.values import words

_STYLES = {Outcome.DONE: "green", Outcome.FAILED: "red", Outcome.STALE: "yellow", Outcome.SKIPPED: "dim"}
_WORDS = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.STALE: "changed meanwhile",
    Outcome.SKIPPED: "skipped",
}
_WIDEST = max(map(len, _WORDS.values())) + 2


def report_lines(report: Report, width: int = 80) -> Lines:
    """All results in the order in which they ended, then a summary."""
    lines: Lines = []
    for result in report.results:
        lines += result_lines(result, width)
    counts = Counter(result.outcome for result in report.results)
    summary = ", ".join(f"{counts[outcome]} {word}" for outcome, word in _WORDS.items() if counts[outcome])
    return [*lines, BLANK, Text(summary or "nothing was written", "bold")]


def result_lines(result: StepResult, width: int = 80) -> Lines:
    """One step's result: its outcome, its address, and why when it was not done."""
    head = Text("  ").append(_WORDS[result.outcome].ljust(_WIDEST), _STYLES[result.outcome])
    head.append_text(mark(result.step.action)).append(f" {result.step.address}")
    if result.step.operation not in ("", result.step.action.value):
        head.append(f"  {words(result.step.operation)}", "dim")
    lines = [head]
    if result.because:
        lines += paragraph(f"because {result.because} was not done", width, first=" " * (_WIDEST + 4), style="dim")
    if result.error is not None:
        inner = error_lines(result.error, max(width - _WIDEST - 4, 40))
        lines += [Text(" " * (_WIDEST + 4)).append_text(line) for line in inner]
    return lines
