"""What came of an apply, as text and as JSON. Knows of a result only what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich.text import Text

from provisioner.core.plan import Plan
from provisioner.core.report import Outcome, Report, StepResult
from provisioner.core.step import Action
from provisioner.render.consent_text import Stored, consent_lines
from provisioner.render.layout import ANY_FILE, BLANK, Lines, count, paragraph, placed, ready
from provisioner.render.plan_json import failure_json, tenant_json
from provisioner.render.plan_text import notice_lines, summary_line, task_lines, unread_lines
from provisioner.render.report_text import report_summary, result_lines
from provisioner.render.verify_text import Shown, check_rows, checks_lines, checks_summary

_AGAIN = "provisioner apply SPEC"


class Applied(Protocol):
    """plan: what was shown; after: what is left; report: None when there was nothing to write."""

    @property
    def plan(self) -> Plan: ...
    @property
    def after(self) -> Plan: ...
    @property
    def report(self) -> Report | None: ...
    @property
    def consent(self) -> Stored | None: ...
    @property
    def checks(self) -> Sequence[Shown]: ...
    @property
    def outputs(self) -> Mapping[str, object]: ...


def applied_lines(
    applied: Applied, width: int = 80, file: str = ANY_FILE, done: str = "Applied", again: str = _AGAIN
) -> Lines:
    """The counts, the steps that were not done, the sign-in, the checks, what is left for a person, and what nobody
    could read.

    again: the commands for what waits until then.
    """
    name = placed(applied.plan.name, emulator=applied.plan.emulator)
    head = f"{name}: " if _nothing_removed(applied) else f"{done} {name}: "
    lines: Lines = [Text(head, "bold").append_text(_written(applied))]
    if applied.report is not None:
        for result in applied.report.results:
            lines += [] if result.outcome is Outcome.DONE else result_lines(result, width)
    if applied.consent is not None:
        lines += consent_lines(applied.consent, width)
    if applied.checks:
        lines += [BLANK, *checks_lines(applied.plan.name, applied.checks, width, file)]
    lines += task_lines(applied.after, width, file)
    lines += _waiting_lines(applied.after, width, ready(again, file))
    lines += unread_lines(applied.after, width, file)
    if applied.after.destroys and applied.report is not None:
        lines += notice_lines(applied.after.notices, width, file)
    if applied.after.unknown:
        lines += [BLANK, summary_line(applied.after)]
    return lines


def _waiting_lines(after: Plan, width: int, again: str) -> Lines:
    """Nothing that waits for a person goes on by itself once they are done."""
    waiting = sum(obstacle.action is Action.PERSON for obstacle in after.obstacles.values())
    if not waiting:
        return []
    verb = "waits" if waiting == 1 else "wait"
    lines = [BLANK, *paragraph(f"{count(waiting, 'step')} {verb} for that. When it is done, run:", width)]
    return [*lines, *(Text(f"  {command.strip()}") for command in again.splitlines())]


def applied_summary(applied: Applied) -> Text:
    """The same in one line, for many tenants."""
    told = [_written(applied)]
    if applied.checks:
        told.append(Text("checks: ").append_text(checks_summary(applied.checks)))
    if applied.after.person_items or applied.after.unknown:
        told.append(summary_line(applied.after))
    return Text("; ").join(told)


def applied_json(applied: Applied) -> dict[str, Any]:
    """The plan, the result of each step, what is left, what the last look has to tell, the checks; `outputs` last."""
    after = tenant_json(applied.after)
    return {
        **tenant_json(applied.plan),
        "results": [_result(result) for result in (applied.report.results if applied.report else ())],
        "left": after["entries"],
        "leftNotices": after["notices"],
        "checks": check_rows(applied.checks),
        "outputs": dict(applied.outputs),
    }


def _written(applied: Applied) -> Text:
    """Green only where somebody could look."""
    nothing = "nothing removed" if _nothing_removed(applied) else "nothing to write" if applied.report is None else ""
    told = [Text(nothing, "" if applied.after.unknown or applied.report is not None else "green")] if nothing else []
    told += [report_summary(applied.report)] if applied.report is not None else []
    return Text(", ").join(told)


def _nothing_removed(applied: Applied) -> bool:
    """A destroy that left everything where it was."""
    results = applied.report.results if applied.report is not None else ()
    return applied.plan.destroys and not any(result.outcome is Outcome.DONE for result in results)


def _result(result: StepResult) -> dict[str, Any]:
    return {
        "address": str(result.step.address),
        "operation": result.step.operation,
        "outcome": str(result.outcome),
        "because": result.because,
        "error": None if result.error is None else failure_json(result.error),
    }
