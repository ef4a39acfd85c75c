"""One step of a plan as lines of a diff, which GitHub and others colour: what comes is green, what goes is red.

Each line begins with a sign of the diff and a word of ours: no text of others can end the fence it stands in.
"""

from __future__ import annotations

from datetime import datetime

from provisioner.core.plan import Life
from provisioner.core.step import Step
from provisioner.render import plan_view
from provisioner.render.layout import count, ready
from provisioner.render.values import clipped, moment, shown, visible

LONGEST_VALUE = 800


def step_diff(step: Step, now: datetime, file: str, life: Life | None = None) -> str:
    """All of the step."""
    return "".join(f"{line}\n" for line in (_head(step, now), *_fields(step), *_notes(step, now, file, life)))


def step_diff_in_brief(step: Step, now: datetime) -> str:
    """The step without its fields, which are counted."""
    told = [count(len(step.fields), "field")] if step.fields else []
    told += [f"{step.removed} taken away"] if step.removed else []
    told += [f"{len(step.kept)} kept"] if step.kept else []
    left_out = f"# no room for: {', '.join(told)}\n" if told else "# no room for the reason\n"
    return f"{_head(step, now)}\n{left_out}"


def _head(step: Step, now: datetime) -> str:
    flags = (("removal", step.removal), ("irreversible", step.irreversible))
    tags = [plan_view.operation(step), *(word for word, yes in flags if yes)]
    told = _text(", ".join(tag for tag in tags if tag))
    return f"@@ {plan_view.sign(step, now)} {_text(plan_view.title(step))}{f'  {told}' if told else ''} @@"


def _fields(step: Step) -> list[str]:
    changes = plan_view.changes(step)
    labels = [_text(plan_view.label(step, change)) for change in changes]
    width = max((len(label) for label in [*labels, "kept"]), default=0)
    lines = []
    for label, change in zip(labels, changes, strict=True):
        if change.before is not None:
            lines.append(f"- {label.ljust(width)}  {_text(shown(change.before))}")
        if change.after is not None:
            lines.append(f"+ {label.ljust(width)}  {_text(shown(change.after))}")
    return lines + [f"  {'kept'.ljust(width)}  {_text(entry)} (not in the spec, stays)" for entry in step.kept]


def _notes(step: Step, now: datetime, file: str, life: Life | None) -> list[str]:
    told = [plan_view.end(life, now)] if life is not None else []
    if step.not_before is not None and step.not_before > now:
        told.append(f"not before {moment(step.not_before)}")
    told += [step.reason] if step.reason else []
    told += [life.note] if life is not None and life.note else []
    told += [f"next: {ready(step.todo, file)}"] if step.todo and plan_view.unread(step) else []
    return [f"# {_text(line)}" for line in told]


def _text(text: str) -> str:
    return clipped(visible(text), LONGEST_VALUE)
