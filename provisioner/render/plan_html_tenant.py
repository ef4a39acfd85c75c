"""What the template of the report is given of one tenant: words, rows and pictures, all decided by the plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from provisioner.core.errors import ProvisionerError
from provisioner.core.overview import PermissionRow
from provisioner.core.plan import Life, Notice, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render import plan_graph, plan_view
from provisioner.render.checked import Checked
from provisioner.render.fleet_text import OUTCOMES
from provisioner.render.layout import ready
from provisioner.render.plan_timeline import NARROW, WIDE, Timeline, timeline
from provisioner.render.standing import MEANING, Standing, mark_of, mark_of_code, standings
from provisioner.render.values import moment, shown, words

Context = dict[str, Any]
PHASES = {
    "good": "in force",
    "due": "apply renews it",
    "ending": "counts as ending",
    "over": "over",
    "foreign": "of unknown origin: nobody here renews it",
    "overlap": "overlap: the old and the new one both work",
    "torn": "goes on beyond the picture",
}
_ANSWERS = {True: "yes", False: "no", None: "unknown"}
_NOTHING: Context = {
    "cause": "", "cloud": "", "runner": "", "counts": [], "special": [], "well": "", "tasks": [], "notices": [],
    "kinds": [], "things": [], "lives": [], "permissions": [], "error": None,
}  # fmt: skip


def tenant_context(tenant: Checked, number: int, level: int) -> Context:
    """level: of its parts' headings."""
    plan = tenant.plan
    head = {
        "id": f"t{number}",
        "level": level,
        "name": tenant.name,
        "tenant": tenant.tenant,
        "outcome": OUTCOMES[tenant.code][0],
        "mark": mark_of_code(tenant.code),
    }
    if plan is None:
        return _NOTHING | head | at_a_glance(None) | {"error": _error(tenant.error, tenant.file)}
    found = standings(plan)
    return _NOTHING | head | {
        "cause": plan_view.cause(plan),
        "cloud": plan_view.cloud(plan),
        "runner": plan.runner,
        "counts": counted(plan),
        "special": plan_view.special(plan),
        "well": plan_view.all_is_well(plan),
        "tasks": [_task(task, tenant, plan) for task in plan_view.tasks(plan)],
        "notices": [_notice(notice, tenant.file, plan.cloud) for notice in plan.notices],
        "kinds": _kinds(plan, tenant.file),
        "lives": [_life(life, plan.made_at) for life in plan.life],
        "permissions": [_permission(row) for row in plan_view.by_risk(plan)],
        **at_a_glance(plan),
        **_picture(found),
        **_times(plan),
    }  # fmt: skip


def at_a_glance(plan: Plan | None) -> Context:
    """When the credential and the token end, and the gravest risk of its permissions; empty where there is none."""
    if plan is None:
        return {"credential": "", "token": "", "risk": ""}
    credential, token = (plan_view.ending(plan, what) for what in plan_view.OWN)
    gravest = next((row.risk for row in plan_view.by_risk(plan)), "")
    return {"credential": credential, "token": token, "risk": gravest}


def counted(plan: Plan) -> list[Context]:
    """The plan's counts with their marks."""
    return [
        {
            "number": each.number,
            "words": each.words,
            "mark": "later" if each.action is None else mark_of(each.action, waits=False),
        }
        for each in plan_view.counts(plan)
    ]


def _error(error: ProvisionerError | None, file: str) -> Context:
    if error is None:
        return {"what": "not known", "where": "", "next": []}
    return {"what": str(error.what), "where": error.where, "next": _advice(error.next_step, file, "")}


def _advice(text: str, file: str, cloud: str) -> list[Context]:
    """Commands that can be copied whole, and sentences with the links and the code in them."""
    return [
        {"command": piece, "pieces": []} if is_command else {"command": "", "pieces": _sentence(piece, cloud)}
        for is_command, piece in plan_view.pieces(ready(text, file))
    ]


def _sentence(text: str, cloud: str) -> list[tuple[str, str]]:
    """In pieces: `link`, `code` or `text`, and what is said."""
    return [
        ("link" if is_link else "code" if is_code else "text", told)
        for is_link, piece in plan_view.linked(text, cloud)
        for is_code, told in ([(False, piece)] if is_link else plan_view.coded(piece))
    ]


def _task(task: plan_view.Task, tenant: Checked, plan: Plan) -> Context:
    reason = task.reason if task.reason != task.text else ""
    advice = _advice(task.text, tenant.file, plan.cloud)
    about = dict.fromkeys(f"{words(address.kind)} {address.key}".rstrip() for address in task.addresses)
    return {"about": ", ".join(about), "reason": reason, "advice": advice, "of": "", "anchor": ""}


def _notice(notice: Notice, file: str, cloud: str) -> Context:
    return {"severity": notice.severity, "text": notice.text, "next": _advice(notice.next_step, file, cloud)}


def _kinds(plan: Plan, file: str) -> list[Context]:
    ends = plan_view.ends(plan)

    def entries(steps: Iterable[Step]) -> list[Context]:
        return [_entry(step, plan, file, ends.pop(step.address, None)) for step in steps]

    return [{"name": group.kind, "entries": entries(group.steps)} for group in plan_view.groups(plan)]


def _entry(step: Step, plan: Plan, file: str, life: Life | None) -> Context:
    mark = mark_of(step.action, waits=plan_view.waits(step, plan.made_at))
    why = [plan_view.end(life, plan.made_at)] if life is not None else []
    if step.not_before is not None and step.not_before > plan.made_at:
        why.append(f"not before {moment(step.not_before)}")
    why += [step.reason] if step.reason else []
    why += [life.note] if life is not None and life.note else []
    return {
        "mark": mark,
        "word": MEANING[mark],
        "title": plan_view.title(step),
        "operation": plan_view.operation(step),
        "removal": step.removal,
        "irreversible": step.irreversible,
        "fields": [_field(step, change) for change in plan_view.changes(step)],
        "only_new": step.action is Action.CREATE and all(change.before is None for change in step.fields),
        "kept": step.kept,
        "why": why,
        "advice": _advice(step.todo, file, plan.cloud) if plan_view.unread(step) else [],
    }


def _field(step: Step, change: Change) -> Context:
    return {
        "label": plan_view.label(step, change),
        "old": None if change.before is None else shown(change.before),
        "new": None if change.after is None else shown(change.after),
    }


def _picture(found: list[Standing]) -> Context:
    marks = {one.mark for one in found}
    return {
        "things": [_thing(one, found) for one in found],
        "wide": plan_graph.wide(found),
        "narrow": plan_graph.narrow(found),
        "picture_told": plan_graph.told(found),
        "legend": [(mark, meaning) for mark, meaning in MEANING.items() if mark in marks],
    }


def _thing(one: Standing, found: list[Standing]) -> Context:
    needs = [f"{found[need].kind} {found[need].title}" for need in one.depends_on]
    return {
        "kind": one.kind,
        "title": one.title,
        "presence": one.presence,
        "mark": one.mark,
        "meaning": one.meaning,
        "needs": ", ".join(needs),
    }


def _times(plan: Plan) -> Context:
    wide, narrow = timeline(plan, WIDE), timeline(plan, NARROW)
    phases = set() if wide is None else _phases(wide)
    told = [] if wide is None else [f"{bar.name}: {bar.told}" for bar in wide.bars]
    return {
        "time_wide": wide,
        "time_narrow": narrow,
        "time_told": "; ".join(told),
        "phases": [(phase, meaning) for phase, meaning in PHASES.items() if phase in phases],
    }


def _phases(line: Timeline) -> set[str]:
    found = {part.phase for bar in line.bars for part in bar.parts}
    if any(bar.overlap for bar in line.bars):
        found.add("overlap")
    if any(bar.before or bar.beyond for bar in line.bars):
        found.add("torn")
    return found


def _life(life: Life, now: datetime) -> Context:
    return {
        "name": plan_view.named(life),
        "note": life.note,
        "state": life.state,
        "since": _day(life.since),
        "due": _day(life.due_at),
        "overlap": _day(life.overlap_until),
        "warn": _day(life.warn_at),
        "end": _day(life.expires_at),
        "left": "" if life.expires_at is None else plan_view.left(life.expires_at - now),
    }


def _day(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d}"


def _permission(row: PermissionRow) -> Context:
    answers = (("in the spec", row.declared), ("requested", row.requested), ("granted", row.granted))
    return {
        "value": row.value,
        "api": row.api,
        "kind": row.kind,
        "risk": row.risk,
        "answers": [(label, _ANSWERS[answer]) for label, answer in answers],
        "sentence": row.sentence,
    }
