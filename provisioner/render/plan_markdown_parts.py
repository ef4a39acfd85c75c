"""The parts of the comment: its heading, a tenant's row, what a person has to do, what a tenant's details hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from provisioner.core.overview import PermissionRow
from provisioner.core.plan import Plan
from provisioner.core.step import Step
from provisioner.render import plan_view
from provisioner.render.checked import Checked, rehearsed
from provisioner.render.fleet_text import OUTCOMES
from provisioner.render.layout import count, ready
from provisioner.render.markdown import fenced, inline, row, table
from provisioner.render.values import moment

_SIGNS = (f"<code>{sign}</code>" for sign in "+~±-?!")
TABLE = table("spec", "outcome", "cause", *_SIGNS, "removals", "credential ends", "token ends")
LEGEND = (
    "<sub>+ to create, ~ to change, ± to replace, - to delete, ? could not be read, ! for a person, · later. "
    "`plan` reads only: nothing was changed.</sub>\n"
)
_YES = {True: "yes", False: "no", None: "**unknown**"}


def heading(tenants: Sequence[Checked]) -> str:
    codes = Counter(tenant.code for tenant in tenants)
    if len(tenants) == 1:
        title = f"{inline(tenants[0].name)}: {OUTCOMES[tenants[0].code][0]}"
    else:
        told = ", ".join(f"{codes[code]} {word}" for code, (word, _) in OUTCOMES.items() if codes[code])
        title = f"{count(len(tenants), 'tenant')}: {told}"
    plans = [tenant.plan for tenant in tenants if tenant.plan is not None]
    numbers: Counter[tuple[str, str]] = Counter()
    for plan in plans:
        numbers.update({(each.sign, each.words): each.number for each in plan_view.counts(plan)})
    signs = [*plan_view.SIGNS.values(), plan_view.LATER]
    totals = sorted(numbers.items(), key=lambda entry: signs.index(entry[0][0]))
    told_totals = [f"{_sign(sign)} {number} {words}" for (sign, words), number in totals]
    special = [
        *([count(removed, "removal")] if (removed := sum(plan.removed for plan in plans)) else []),
        *([f"{for_good} cannot be undone"] if (for_good := sum(final(plan.pending) for plan in plans)) else []),
    ]
    line = " · ".join([*told_totals, *(f"**{one}**" for one in special)]) or "Nothing to do."
    at = f"looked at {moment(max(tenant.at for tenant in tenants))}{rehearsed(tenants)}" if tenants else ""
    return f"## provisioner plan · {title}\n\n{line if plans else ''}\n\n{at}\n\n"


def summary_row(tenant: Checked) -> str:
    outcome = OUTCOMES[tenant.code][0]
    name = inline(tenant.name)
    if tenant.plan is None:
        return row(name, f"**{outcome}**", *[""] * 10)
    plan = tenant.plan
    numbers = {each.action: str(each.number) for each in plan_view.counts(plan) if each.action is not None}
    removed = str(plan.removed) if plan.removals else ""
    ends = [plan_view.ending(plan, what) for what in plan_view.OWN]
    cells = [numbers.get(action, "") for action in plan_view.COUNTED]
    return row(name, outcome, plan_view.cause(plan), *cells, removed, *ends)


def _sign(sign: str) -> str:
    """As code: at the beginning of a line some of them would begin a list."""
    return f"<code>{sign}</code>"


def tasks_of(tenant: Checked, *, named: bool) -> Iterator[str]:
    plan = tenant.plan
    for task in plan_view.tasks(plan) if plan is not None else ():
        address = task.about(named=named)
        reason = f": {inline(task.reason)}" if task.reason and task.reason != task.text else ""
        told = [
            fenced(piece, "sh") if is_command else f"{_prose(piece, tenant)}\n"
            for is_command, piece in plan_view.pieces(ready(task.text, tenant.file))
        ]
        body = _indented("\n".join(told))
        yield f"- **{inline(address)}**{reason}\n\n{body}\n"


def _prose(text: str, tenant: Checked) -> str:
    """A sentence; a link to where an administrator consents can be followed."""
    pieces = plan_view.linked(text, "" if tenant.plan is None else tenant.plan.cloud)
    return " ".join(f"<{piece}>" if is_link else inline(piece, 1000) for is_link, piece in pieces)


def failure(tenant: Checked) -> str:
    error = tenant.error
    if error is None:
        return f"- **{inline(tenant.name)}**\n\n"
    parts = (("error", error.what), ("where", error.where), ("next", ready(error.next_step, tenant.file)))
    told = "\n".join(f"{label + ':':<6} {text}" for label, text in parts if text)
    return f"- **{inline(tenant.name)}**\n\n{_indented(fenced(told))}\n"


def title(plan: Plan) -> str:
    counts = " · ".join(f"{_sign(each.sign)} {each.number} {each.words}" for each in plan_view.counts(plan))
    told = " · ".join([counts or "nothing to do", *plan_view.special(plan)])
    return f"<b>{inline(plan.name)}</b> &nbsp; {told}"


def about(plan: Plan) -> str:
    cause = plan_view.cause(plan)
    return f"tenant {inline(plan.tenant)} · cloud {plan_view.cloud(plan)} · {cause} · as {inline(plan.runner)}\n\n"


def of_kind(kind: str, told: str) -> str:
    return f"**{kind}**\n\n```diff\n{told}```\n\n"


def permissions(plan: Plan) -> str:
    if not plan.permissions:
        return ""
    head = table("risk", "permission", "declared", "requested", "granted", "what it allows")
    return f"**permissions**\n\n{head}{''.join(map(_permission, plan.permissions))}\n"


def _permission(one: PermissionRow) -> str:
    named = f"{inline(one.value)} ({one.kind})<br>{inline(one.api)}"
    answers = (_YES[one.declared], _YES[one.requested], _YES[one.granted])
    risk = f"**{one.risk}**" if one.risk in ("high", "critical", "unknown") else one.risk
    return row(risk, named, *answers, inline(one.sentence))


def life_table(plan: Plan) -> str:
    if not plan.life:
        return ""
    rows = (
        row(inline(plan_view.named(life)), life.state, plan_view.until(life, plan.made_at), inline(life.note))
        for life in plan.life
    )
    return f"**what ends on its own**\n\n{table('what', 'state', 'ends', 'noted')}{''.join(rows)}\n"


def notices(tenant: Checked) -> str:
    notices = tenant.plan.notices if tenant.plan is not None else ()
    told = "".join(
        f"- **{notice.severity}**: {inline(notice.text, 1000)}"
        + (f"<br>next: {inline(ready(notice.next_step, tenant.file), 1000)}" if notice.next_step else "")
        + "\n"
        for notice in notices
    )
    return f"{told}\n" if told else ""


def final(steps: Iterable[Step]) -> int:
    return sum(step.irreversible for step in steps)


def _indented(text: str) -> str:
    """Inside an entry of a list."""
    return "".join(f"  {line}\n" for line in text.rstrip("\n").split("\n"))
