"""What went wrong, as text: the only place that joins what, where and next."""

from __future__ import annotations

from provisioner.core.errors import Problem, ProvisionerError, SpecError
from provisioner.render.layout import ANY_FILE, Lines, count, paragraph, ready

UNWRAPPED = 10_000


def error_lines(error: ProvisionerError, width: int = UNWRAPPED, file: str = ANY_FILE) -> Lines:
    """`error:`, `where:` and `next:`; for a spec every problem with its place, and their count."""
    if isinstance(error, SpecError):
        lines = warning_lines(error.warnings, width) + problem_lines(error.problems, width)
    else:
        lines = paragraph(error.what, width, first="error: ", rest="  ", style="red")
    if error.where:
        lines += paragraph(error.where, width, first="  where: ")
    if error.next_step:
        lines += paragraph(ready(error.next_step, file), width, first="  next:  ")
    return lines


def problem_lines(problems: tuple[Problem, ...], width: int = UNWRAPPED) -> Lines:
    """`file:line:column: what`, the value, the nearest correct one; the count at the end."""
    lines: Lines = []
    for problem in problems:
        lines += problem_block(problem, width)
    files = count(len({problem.file for problem in problems}), "file")
    return lines + paragraph(f"{count(len(problems), 'problem')} in {files}", width, style="bold")


def warning_lines(warnings: tuple[Problem, ...], width: int = UNWRAPPED) -> Lines:
    """Each warning with its place."""
    lines: Lines = []
    for warning in warnings:
        lines += problem_block(warning, width, "warning: ", "yellow")
    return lines


def problem_block(problem: Problem, width: int = UNWRAPPED, severity: str = "", style: str = "red") -> Lines:
    """One problem: its place as editors read it, what is wrong, the path, the value, the advice."""
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    lines = paragraph(problem.what, width, first=f"{place}: {severity}".lstrip(": "), rest="    ", style=style)
    for label, text in (("where: ", problem.path), ("value: ", problem.value), ("next:  ", problem.next_step)):
        if text:
            lines += paragraph(text, width, first=f"    {label}")
    return lines
