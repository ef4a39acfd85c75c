"""What came of the steps of an apply, as text: a line for each, the failures in full, the counts."""

from __future__ import annotations

from collections import Counter

from rich.text import Text

from provisioner.core.report import Outcome, Report, StepResult
from provisioner.render.errors import error_lines
from provisioner.render.layout import Lines, paragraph
from provisioner.render.plan_text import mark
from provisioner.render.values import visible, words

_STYLES = {Outcome.DONE: "green", Outcome.FAILED: "red", Outcome.STALE: "yellow", Outcome.SKIPPED: "dim"}
_WORDS = {
    Outcome.DONE: "done",
    Outcome.FAILED: "failed",
    Outcome.STALE: "stale",
    Outcome.SKIPPED: "skipped",
}
_WIDEST = len("skipped") + 2


def report_summary(report: Report) -> Text:
    """`12 done, 1 failed`."""
    counts = Counter(result.outcome for result in report.results)
    parts = [Text(f"{counts[outcome]} {word}", _STYLES[outcome]) for outcome, word in _WORDS.items() if counts[outcome]]
    return Text(", ").join(parts)


def result_lines(result: StepResult, width: int = 80) -> Lines:
    """One step's result, and why when it was not done."""
    lines = outcome_lines(result, width)
    if result.because:
        why = f"because {result.because} {'could not be read' if result.unread else 'was not done'}"
        lines += paragraph(why, width, first=" " * (_WIDEST + 4), style="dim")
    if result.error is not None:
        inner = error_lines(result.error, max(width - _WIDEST - 4, 40))
        lines += [Text(" " * (_WIDEST + 4)).append_text(line) for line in inner]
    return lines


def outcome_lines(result: StepResult, width: int = 80) -> Lines:
    """A step's outcome, kind and key. A key that would not fit has a line of its own, so that it can be copied."""
    head = Text("  ").append(_WORDS[result.outcome].ljust(_WIDEST), _STYLES[result.outcome])
    step = result.step
    head.append_text(mark(step.action)).append(f" {words(step.address.kind)}")
    key = f" {visible(step.address.key)}" if step.address.key else ""
    told = step.operation not in ("", step.action.value, step.address.kind)
    operation = f"  {words(step.operation)}" if told else ""
    fits = head.cell_len + len(key) + len(operation) <= width
    head.append(key if fits else "").append(operation, "dim")
    return [head] if fits else [head, Text(" " * (_WIDEST + 3) + key)]
