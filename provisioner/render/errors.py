"""What went wrong, as text: the only place that joins what, where and next."""

from __future__ import annotations

from provisioner.core.errors import Problem, ProvisionerError, SpecError
from provisioner.render.layout import Lines, count, paragraph

UNWRAPPED = 10_000


def error_lines(error: ProvisionerError, width: int = UNWRAPPED) -> Lines:
    """`error:`, `where:` and `next:`; for a spec every problem with its place, and their count."""
    if isinstance(error, SpecError):
        return problem_lines(error.problems, width)
    lines = paragraph(error.what, width, first="error: ", rest="  ", style="red")
    if error.where:
        lines += paragraph(error.where, width, first="  where: ")
    if error.next_step:
        lines += paragraph(error.next_step, width, first="  next:  ")
    return lines


def problem_lines(problems: tuple[Problem, ...], width: int = UNWRAPPED) -> Lines:
    """`file:line:column: what`, the value, the nearest correct one; the count at the end."""
    lines: Lines = []
    for problem in problems:
        place = f"{problem.file}:{problem.line}:{problem.column}: "
        lines += paragraph(problem.what, width, first=place, rest="    ", style="red")
        if problem.path:
            lines += paragraph(problem.path, width, first="    where: ")
        if problem.value is not None:
            lines += paragraph(problem.value, width, first="    value: ")
        if problem.next_step:
            lines += paragraph(problem.next_step, width, first="    next:  ")
    files = count(len({problem.file for problem in problems}), "file")
    return lines + paragraph(f"{count(len(problems), 'problem')} in {files}", width, style="bold")
