"""A plan as text: grouped by kind, with what changes, why, what stays, and what a person has to do.

Decides nothing: what counts as pending, unknown or a removal is the plan's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from rich.text import Text

from provisioner.core.plan import Cause, Life, Mortal, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.layout import ANY_FILE, BLANK, Lines, count, labelled, paragraph, plain, ready
from provisioner.render.values import moment, shown, words

_LATER = "·"
_OWN = (Mortal.CREDENTIAL, Mortal.REFRESH_TOKEN)
_MARKS: dict[Action, tuple[str, str]] = {
    Action.NONE: ("=", "dim"),
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("±", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.UNKNOWN: ("?", "cyan"),
    Action.PERSON: ("!", "bold blue"),
}
_CAUSES = {
    Cause.FIRST: "first run",
    Cause.NONE: "no drift",
    Cause.DRIFT: "changed outside",
    Cause.CHANGE: "new spec",
    Cause.BOTH: "new spec, and changed outside",
    Cause.UNKNOWN: "cause unknown",
}
_SUMMARY = {
    Action.CREATE: "to create",
    Action.UPDATE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.UNKNOWN: "could not be read",
    Action.PERSON: "for a person",
}
_LABEL_CAP = 34
_PERMISSION = re.compile(r"application\.permissions\[(.+)\]\.(delegated|application)")


def plan_text(plan: Plan, width: int = 80) -> str:
    """The plan without colour."""
    return plain(plan_lines(plan, width))


def plan_lines(plan: Plan, width: int = 80, file: str = ANY_FILE) -> Lines:
    """The plan as lines. The first names the runner; the last counts, or is the one sentence of a clean plan.

    file: where the spec is, for commands that can be copied.
    """
    lines = _heading(plan, width)
    own = [life for life in plan.life if life.what in _OWN]
    ends = {life.address: life for life in own if life.expires_at is not None}
    for kind, steps in _grouped(_told_once(plan.steps), own):
        lines += [BLANK, Text(words(kind), "bold")]
        for step in steps:
            lines += _step(step, plan.made_at, width, file, ends.pop(step.address, None))
    lines += _notices(plan.notices, width)
    lines += for_a_person(plan.for_a_person, width, file)
    return [*lines, BLANK, *_summary(plan, width)]


def mark(action: Action) -> Text:
    """The sign of an action: + ~ ± - ? !"""
    sign, style = _MARKS[action]
    return Text(sign, style)


def summary_line(plan: Plan) -> Text:
    """`+ 4 to create  ~ 1 to change  ! 1 for a person`, empty when there is nothing of these."""
    waiting = [step for step in plan.steps if step.action.writes and not step.pending(plan.made_at)]
    parts = [
        mark(action).append(f" {number} {words_}", "")
        for action, words_ in _SUMMARY.items()
        if (number := sum(step.action is action and step not in waiting for step in plan.steps))
    ]
    if waiting:
        parts.append(Text(f"{_LATER} {len(waiting)} later", "dim"))
    return Text("   ").join(parts)


def _heading(plan: Plan, width: int) -> Lines:
    head = paragraph(f"Plan for {plan.name} as {plan.runner}", width, rest="  ", style="bold")
    where, why = f"tenant {plan.tenant} · cloud {plan.cloud}", _cause(plan)
    lines = (f"{where} · {why}",) if len(f"{where} · {why}") <= width else (where, why)
    return head + [line for text in lines for line in paragraph(text, width, rest="  ")]


def _cause(plan: Plan) -> str:
    drifted = plan.cause in (Cause.DRIFT, Cause.BOTH)
    return _CAUSES[plan.cause] + (f" since {moment(plan.since)}" if drifted and plan.since is not None else "")


def _told_once(steps: Iterable[Step]) -> Iterable[Step]:
    """One answer keeps many steps from being read: what it was, and what to do about it, stands at the first."""
    unread = [step for step in steps if step.action is Action.UNKNOWN]
    first: dict[str, Step] = {}
    for step in steps:
        if step.action is not Action.UNKNOWN:
            yield step
            continue
        elsewhere = next((f": {one.reason}" for one in unread if step.reason.endswith(f": {one.reason}")), "")
        reason = step.reason.removesuffix(elsewhere)
        told = first.setdefault(reason, step)
        if told is not step and not elsewhere:
            reason = f"the same answer as for {told.address}"
        yield replace(step, reason=reason, todo="" if elsewhere or told is not step else step.todo)


def _grouped(steps: Iterable[Step], own: Sequence[Life]) -> Iterable[tuple[str, list[Step]]]:
    """By kind, kinds in the order of their first step, steps in the plan's order; nothing of what has no news.

    own: what ends on its own, and so has a row in any case; the credential before the token.
    """
    told = [step for step in steps if step.action is not Action.NONE or step.reason or step.kept]
    known = {step.address for step in told}
    quiet = [Step(life.address, Action.NONE) for life in own if life.expires_at and life.address not in known]
    order = list(dict.fromkeys(step.address.kind for step in told))
    for step in reversed(quiet):
        kinds = [life.address.kind for life in own]
        later = kinds[kinds.index(step.address.kind) + 1 :]
        place = next((order.index(kind) for kind in later if kind in order), len(order))
        order[place:place] = [] if step.address.kind in order else [step.address.kind]
    by_kind = sorted([*told, *quiet], key=lambda step: order.index(step.address.kind))
    return [(kind, list(group)) for kind, group in groupby(by_kind, key=lambda step: step.address.kind)]


def _step(step: Step, now: datetime, width: int, file: str, life: Life | None) -> Lines:
    waits = step.action.writes and not step.pending(now)
    head = Text("  ").append_text(Text(_LATER, "dim") if waits else mark(step.action))
    head.append(f" {step.address.key or step.address.name}")
    beside = [_tags(step), *([_end(life, now)] if life is not None else [])]
    lines = [*_row(head, beside, width), *_fields(step, width)]
    if step.not_before is not None and step.not_before > now:
        lines += paragraph(f"not before {moment(step.not_before)}", width, first="      ", style="dim")
    if step.reason:
        lines += paragraph(step.reason, width, first="      ", style="dim")
    if life is not None and life.what is Mortal.REFRESH_TOKEN and step.seen:
        lines += paragraph(step.seen, width, first="      ", style="dim")
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
            lines.append(Text("      ").append_text(part))
    return lines


def _end(life: Life, now: datetime) -> Text:
    """`certificate, expires 2027-02-21, 63 days left`."""
    assert life.expires_at is not None, "only what ends is asked"
    what = f"{life.type}, " if life.type else ""
    over = life.expires_at <= now
    told = f"{what}{'expired' if over else 'expires'} {life.expires_at:%Y-%m-%d}, {_left(life.expires_at - now)}"
    style = "red" if over else "dim" if life.state == "fresh" else "yellow"
    return Text(told, style)


def _left(rest: timedelta) -> str:
    """Whole days, of the tenths that `daysLeft` counts in: just made, 90 and not 89; hours on the last one."""
    days = int(round(abs(rest) / timedelta(days=1), 1))
    amount = count(days, "day") if days else count(int(abs(rest).total_seconds() // 3600), "hour")
    return f"{amount} ago" if rest <= timedelta(0) else f"{amount} left"


def _tags(step: Step) -> Text:
    said = ("", step.action.value, step.address.kind)
    told = step.operation not in said and step.action is not Action.UNKNOWN
    tags = [Text(words(step.operation), "italic")] if told else []
    if step.removal:
        tags.append(Text("removal", "red"))
    if step.irreversible:
        tags.append(Text("irreversible", "bold red"))
    return Text(", ").join(tags)


def _fields(step: Step, width: int) -> Lines:
    labels = [_label(step, change) for change in step.fields]
    if not (labels or step.kept):
        return []
    label_width = max(len(label) for label in [*labels, "kept"] if len(label) <= _LABEL_CAP) + 1
    room = max(width - 6 - label_width, 20)
    lines: Lines = []
    last = ""
    for label, change in zip(labels, step.fields, strict=True):
        lines += labelled("" if label == last else label, _change(change, step.action, room), label_width, "      ")
        last = label
    for position, entry in enumerate(step.kept):
        kept = paragraph(f"{entry} (not in the spec, stays)", room, first="  ", style="dim")
        lines += labelled("" if position else "kept", kept, label_width, "      ")
    return lines


def _label(step: Step, change: Change) -> str:
    """The path without what the group and the step say anyway; a permission goes by its API."""
    if found := _PERMISSION.fullmatch(change.path):
        api, kind = found.groups()
        return kind if api == step.address.key else api if kind == "delegated" else f"{api} (application)"
    path = change.path
    for prefix in ("application.", "vault.", f"{step.address.kind}."):
        path = path.removeprefix(prefix)
    return path


def _change(change: Change, action: Action, width: int) -> Lines:
    if change.removes_entry:
        return paragraph(shown(change.before), width, first="- ", style="red")
    if change.before is not None:
        return paragraph(f"{shown(change.before)} → {shown(change.after)}", width, first="  ", style="yellow")
    sign = "  " if action is Action.CREATE else "+ "
    return paragraph(shown(change.after), width, first=sign, style="" if action is Action.CREATE else "green")


def _notices(notices: tuple[Notice, ...], width: int) -> Lines:
    lines: Lines = [BLANK] if notices else []
    for notice in notices:
        style = "yellow" if notice.severity == "warning" else ""
        lines += paragraph(notice.text, width, first=f"{notice.severity}: ", rest="  ", style=style)
        if notice.next_step:
            lines += paragraph(notice.next_step, width, first="  next: ")
    return lines


def for_a_person(steps: tuple[Step, ...], width: int, file: str = ANY_FILE) -> Lines:
    """The list of what a person has to do, numbered, with commands and links that can be copied; maybe empty."""
    if not steps:
        return []
    lines: Lines = [BLANK, Text("For a person to do", "bold")]
    for number, step in enumerate(steps, 1):
        lines += paragraph(str(step.address), width, first=f"  {number}. ")
        lines += paragraph(ready(step.todo or step.reason, file), width, first="     ")
    return lines


def _summary(plan: Plan, width: int) -> Lines:
    if not (plan.pending or plan.unknown or plan.for_a_person):
        later = [step for step in plan.steps if step.action.writes]
        known = f" ({count(len(later), 'step')} will be due later)" if later else ""
        return paragraph(f"Nothing to do: {plan.name} is as the spec says{known}.", width, style="green")
    lines = [summary_line(plan)]
    final = sum(step.irreversible for step in plan.pending)
    special = [
        *([f"{final} cannot be undone"] if final else []),
        *([count(len(plan.removals), "removal")] if plan.removals else []),
    ]
    return lines + (paragraph(", ".join(special), width, style="bold red") if special else [])
