"""Many tenants as text: a line for each as it ends, and a summary by outcome and by cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from provisioner.core import exit_codes
from provisioner.core.errors import ApiError, ProvisionerError
from provisioner.render.layout import BLANK, Lines, count, paragraph

BESIDE = 18
"""Columns of the outcome's word; what has no room in a tenant's line goes on below its name."""
OUTCOMES = {
    exit_codes.FAILED: ("failed", "red"),
    exit_codes.CHECK_FAILED: ("a check failed", "red"),
    exit_codes.COULD_NOT_TELL: ("could not tell", "cyan"),
    exit_codes.CHANGES_PENDING: ("changes pending", "yellow"),
    exit_codes.PERSON_MUST_ACT: ("a person must act", "blue"),
    exit_codes.DONE: ("in order", "green"),
    exit_codes.WRONG_USAGE: ("wrong usage", "red"),
}


def tenant_line(name: str, code: int, told: Text) -> Text:
    """One tenant's outcome: the word for its exit code, its name, and what the command says of it."""
    word, style = OUTCOMES[code]
    return Text(word.ljust(BESIDE), style).append(f"{name}  ", "").append_text(told)


def cause_of(error: Exception) -> str:
    """What failures are counted by: the service's answer, or the kind of error."""
    if isinstance(error, ApiError):
        return f"{error.service} answered {error.status} {error.code}".rstrip()
    if isinstance(error, ProvisionerError):
        return error.what
    return f"a defect of provisioner ({type(error).__name__})"


@dataclass(frozen=True)
class Outcome:
    """What came of one tenant: its exit code, and the error that ended it."""

    name: str
    code: int
    error: Exception | None = None


def summary_lines(outcomes: Sequence[Outcome], width: int = 80) -> Lines:
    """How many tenants ended how, and the causes of the failures, the most frequent first."""
    counts = Counter(outcome.code for outcome in outcomes)
    lines: Lines = [BLANK, Text(count(len(outcomes), "tenant"), "bold")]
    for code, (word, style) in OUTCOMES.items():
        if counts[code]:
            lines.append(Text("  ").append(str(counts[code]).rjust(5), style).append(f"  {word}"))
    by_cause: dict[str, list[str]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.error is not None:
            by_cause[cause_of(outcome.error)].append(outcome.name)
    for cause, names in sorted(by_cause.items(), key=lambda entry: -len(entry[1])):
        lines += paragraph(f"{cause}: {_listed(names)}", width, first=f"  {len(names):>5}  because ", style="red")
    return lines


def _listed(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
