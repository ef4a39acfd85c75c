"""A plan as text: grouped by kind, with what changes, why, what stays, and what a person has to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from rich.text import Text

from provisioner.core.plan import Life, Mortal, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render import plan_view
from provisioner.render.layout import ANY_FILE, BLANK, Lines, beside, hanging, paragraph, plain, ready
from provisioner.render.permissions_text import GRAVE, permission_lines
from provisioner.render.values import moment, shown, visible

_STYLES: dict[Action, str] = {
    Action.NONE: "dim",
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "magenta",
    Action.DELETE: "red",
    Action.UNKNOWN: "cyan",
    Action.PERSON: "bold blue",
}
_LABEL_CAP = 34


def plan_text(plan: Plan, width: int = 80) -> str:
    """The plan without colour."""
    return plain(plan_lines(plan, width))


def plan_lines(plan: Plan, width: int = 80, file: str = ANY_FILE) -> Lines:
    """The plan as lines. The first names the runner; the last counts, or is the one sentence of a clean plan.

    file: where the spec is, for commands that can be copied.
    """
    lines = _heading(plan, width)
    ends = plan_view.ends(plan)
    for group in plan_view.groups(plan):
        lines += [BLANK, Text(group.kind, "bold")]
        for step in group.steps:
            lines += _step(step, plan.made_at, width, file, ends.pop(step.address, None))
    if differing := plan_view.differing(plan):
        lines += [BLANK, Text("permissions, where spec, application and tenant differ", "bold")]
        lines += permission_lines(differing, width, explained=GRAVE)
    lines += notice_lines(plan.notices, width, file)
    lines += task_lines(plan, width, file)
    return [*lines, BLANK, *_summary(plan, width)]


def mark(action: Action) -> Text:
    """The sign of an action: + ~ ± - ? !"""
    return Text(plan_view.SIGNS[action], _STYLES[action])


def summary_line(plan: Plan) -> Text:
    """`+ 4 to create  ~ 1 to change  ! 1 for a person`, empty when there is nothing of these."""
    return Text("   ").join(
        Text(f"{count.sign} {count.number} {count.words}", "dim")
        if count.action is None
        else mark(count.action).append(f" {count.number} {count.words}", "")
        for count in plan_view.counts(plan)
    )


def task_lines(plan: Plan, width: int, file: str = ANY_FILE) -> Lines:
    """The list of what a person has to do, numbered, with commands and links that can be copied; maybe empty."""
    tasks = plan_view.tasks(plan)
    lines: Lines = [BLANK, Text("For a person to do", "bold")] if tasks else []
    for number, task in enumerate(tasks, 1):
        lines += paragraph(task.about(named=True), width, first=f"  {number}. ")
        lines += paragraph(ready(task.text, file), width, first="     ")
    return lines


def unread_lines(plan: Plan, width: int, file: str = ANY_FILE) -> Lines:
    """What could not be read, why, and what would make it readable; maybe empty."""
    unread = [step for group in plan_view.groups(plan) for step in group.steps if plan_view.unread(step)]
    lines: Lines = [BLANK, Text("Could not be read", "bold")] if unread else []
    for step in unread:
        lines += paragraph(str(step.address), width, first=f"  {plan_view.SIGNS[step.action]} ")
        lines += paragraph(step.reason, width, first="      ", style="dim") if step.reason else []
        lines += paragraph(ready(step.todo, file), width, first="      next: ") if step.todo else []
    return lines


def _heading(plan: Plan, width: int) -> Lines:
    what = f"Plan to destroy {plan.name}" if plan.destroys else f"Plan for {plan.name}"
    head = paragraph(f"{what} as {plan.runner}", width, rest="  ", style="bold")
    where, why = f"tenant {plan.tenant} · cloud {plan_view.cloud(plan)}", "" if plan.destroys else plan_view.cause(plan)
    together = f"{where} · {why}" if why else where
    lines = (together,) if len(together) <= width else (where, why)
    return head + [line for text in lines if text for line in paragraph(text, width, rest="  ")]


def _step(step: Step, now: datetime, width: int, file: str, life: Life | None) -> Lines:
    sign = Text(plan_view.LATER, "dim") if plan_view.waits(step, now) else mark(step.action)
    head = Text("  ").append_text(sign).append(f" {visible(plan_view.title(step))}")
    beside = [_tags(step), *([_end(life, now)] if life is not None else [])]
    lines = [*_row(head, beside, width), *_fields(step, width)]
    if step.not_before is not None and step.not_before > now:
        lines += paragraph(f"not before {moment(step.not_before)}", width, first="      ", style="dim")
    if step.reason:
        lines += paragraph(step.reason, width, first="      ", style="dim")
    if life is not None and life.what is Mortal.REFRESH_TOKEN and life.note:
        lines += paragraph(life.note, width, first="      ", style="dim")
    if step.todo and step.action is Action.UNKNOWN:
        lines += paragraph(ready(step.todo, file), width, first="      next: ")
    return lines


def _row(head: Text, beside: Iterable[Text], width: int) -> Lines:
    """One line, what has no room in it below."""
    lines = [head]
    for part in filter(None, beside):
        if len(lines[-1]) + 2 + len(part) <= width:
            lines[-1].append("  ").append_text(part)
        else:
            lines += [Text("      ").append_text(line) for line in hanging(part, width - 6, 0)]
    return lines


def _end(life: Life, now: datetime) -> Text:
    over = life.expires_at is not None and life.expires_at <= now
    return Text(plan_view.end(life, now), "red" if over else "dim" if life.state == "fresh" else "yellow")


def _tags(step: Step) -> Text:
    operation = plan_view.operation(step)
    tags = [Text(operation, "italic")] if operation else []
    if step.removal:
        tags.append(Text("removal", "red"))
    if step.irreversible:
        tags.append(Text("irreversible", "bold red"))
    return Text(", ").join(tags)


def _fields(step: Step, width: int) -> Lines:
    changes = plan_view.changes(step)
    labels = [plan_view.label(step, change) for change in changes]
    if not (labels or step.kept):
        return []
    label_width = max(len(label) for label in [*labels, "kept"] if len(label) <= _LABEL_CAP) + 1
    lines: Lines = []
    last = ""
    for label, change in zip(labels, changes, strict=True):
        told = partial(_change, change, step.action)
        lines += beside("" if label == last else label, told, label_width, width, "      ")
        last = label
    for position, entry in enumerate(step.kept):
        kept = partial(paragraph, f"{entry} (not in the spec, stays)", first="  ", style="dim")
        lines += beside("" if position else "kept", kept, label_width, width, "      ")
    return lines


def _change(change: Change, action: Action, width: int) -> Lines:
    if change.removes_entry:
        return paragraph(shown(change.before), width, first="- ", style="red")
    if change.before is not None:
        return paragraph(f"{shown(change.before)} → {shown(change.after)}", width, first="  ", style="yellow")
    sign = "  " if action is Action.CREATE else "+ "
    return paragraph(shown(change.after), width, first=sign, style="" if action is Action.CREATE else "green")


def notice_lines(notices: tuple[Notice, ...], width: int, file: str = ANY_FILE) -> Lines:
    """What no step does anything about, begun by a blank line; maybe empty."""
    lines: Lines = [BLANK] if notices else []
    for notice in notices:
        style = "yellow" if notice.severity == "warning" else ""
        lines += paragraph(notice.text, width, first=f"{notice.severity}: ", rest="  ", style=style)
        if notice.next_step:
            lines += paragraph(ready(notice.next_step, file), width, first="  next: ")
    return lines


def _summary(plan: Plan, width: int) -> Lines:
    if sentence := plan_view.all_is_well(plan):
        return paragraph(sentence, width, style="green")
    special = plan_view.special(plan)
    return [
        *hanging(summary_line(plan), width, 0),
        *(paragraph(", ".join(special), width, style="bold red") if special else []),
    ]
