"""Plans as one comment on a pull request: short enough for GitHub, and honest about what had no room.

What changes in detail is left out before what a person has to do, and that before a row of the table. Whatever is left
out is counted; what is taken away, could not be read or cannot be undone by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from provisioner.core.plan import Plan
from provisioner.core.step import Step
from provisioner.render import plan_markdown_parts as parts
from provisioner.render import plan_view
from provisioner.render.checked import Checked
from provisioner.render.fleet_text import OUTCOMES
from provisioner.render.layout import count
from provisioner.render.markdown import ROOM, Listed, Room, details, more, size
from provisioner.render.plan_diff import step_diff, step_diff_in_brief

_FOR_NOTES = 1_500
_FOR_ONE_NOTE = 250
_SHARES = (0.45, 0.75, 0.85)
"""Where there is not room for all: the table, what a person has to do, what could not be planned."""

_CODES = tuple(OUTCOMES)


def plans_markdown(tenants: Sequence[Checked], room: int = ROOM) -> str:
    """The comment. room: how long it may be; what could not be planned and what changes stands first."""
    tenants = sorted(tenants, key=lambda tenant: _CODES.index(tenant.code))
    several = len(tenants) > 1
    head = parts.heading(tenants)
    left = Room(room - _FOR_NOTES - size(head) - size(parts.TABLE) - size(parts.LEGEND))
    rows = Listed([parts.summary_row(tenant) for tenant in tenants])
    tasks = Listed([text for tenant in tenants for text in parts.tasks_of(tenant, named=several)])
    failed = [tenant for tenant in tenants if tenant.plan is None]
    failures = Listed([parts.failure(tenant) for tenant in failed])
    for shares in (_SHARES, (1.0, 1.0, 1.0)):
        for listed, share in zip((rows, tasks, failures), shares, strict=True):
            listed.fill(left, share)
    planned = [tenant for tenant in tenants if tenant.plan is not None and not (several and tenant.code == 0)]
    blocks = [_Block(tenant, alone=not several) for tenant in planned]
    _fill(blocks, left)
    what_changes = "".join(block.text() for block in blocks)
    page = (
        head,
        parts.TABLE + rows.text + "\n",
        _rows_left_out([tenant for tenant, told in zip(tenants, rows.told, strict=True) if not told]),
        _under("### For a person to do", tasks.text, more(tasks.left_out, "more thing to do", "more things to do")),
        _under("### Could not be planned", failures.text, more(failures.left_out, "more tenant", "more tenants")),
        _under("### What changes" if several else "", what_changes, _steps_left_out(blocks)),
        parts.LEGEND,
    )
    return "".join(page)


@dataclass
class _Row:
    """One step in the details. told: "" while there was no room for it."""

    kind: str
    step: Step
    told: str = ""

    @property
    def grave(self) -> bool:
        return bool(self.step.removed or self.step.irreversible or plan_view.unread(self.step))


class _Block:
    """The details of one tenant: steps by kind, then permissions, what ends when, and notices."""

    def __init__(self, tenant: Checked, *, alone: bool) -> None:
        assert tenant.plan is not None, "only what was planned has details"
        self.plan: Plan = tenant.plan
        self.file, self.alone, self.opened = tenant.file, alone, False
        self.ends = plan_view.ends(self.plan)
        groups = plan_view.groups(self.plan)
        self.rows = [_Row(group.kind, step) for group in groups for step in group.steps]
        more = (parts.permissions(self.plan), parts.life_table(self.plan), parts.notices(tenant))
        self.more = Listed([text for text in more if text])

    @property
    def frame(self) -> str:
        return details(parts.title(self.plan), parts.about(self.plan), is_open=self.alone)

    def open(self, room: Room) -> bool:
        """Whether there is room for its frame, and for a note on what is left out of it."""
        self.opened = self.opened or room.take(self.frame + " " * _FOR_ONE_NOTE)
        return self.opened

    def fill(self, room: Room, *, grave: bool) -> None:
        """Each step as a whole, or in brief where there is no room for that."""
        for each in (each for each in self.rows if each.grave is grave and not each.told):
            began = any(other.told for other in self.rows if other.kind == each.kind)
            around = "" if began else parts.of_kind(each.kind, "")
            life = self.ends.get(each.step.address) if self._is_first(each) else None
            for text in (
                step_diff(each.step, self.plan.made_at, self.file, life),
                step_diff_in_brief(each.step, self.plan.made_at),
            ):
                if room.take(around + text):
                    each.told = text
                    break

    def _is_first(self, row: _Row) -> bool:
        return next(other for other in self.rows if other.step.address == row.step.address) is row

    def text(self) -> str:
        if not self.opened:
            return ""
        kinds = dict.fromkeys(row.kind for row in self.rows if row.told)
        groups = [parts.of_kind(kind, "".join(row.told for row in self.rows if row.kind == kind)) for kind in kinds]
        tables = more(self.more.left_out, "more table", "more tables") + "\n\n" if self.more.left_out else ""
        body = "".join((parts.about(self.plan), *groups, self.more.text, tables, _counted(self.hidden)))
        return details(parts.title(self.plan), body, is_open=self.alone)

    @property
    def hidden(self) -> list[Step]:
        return [row.step for row in self.rows if not row.told]


def _fill(blocks: Sequence[_Block], room: Room) -> None:
    """First what is grave, of all tenants; then the other steps; then what is to be known."""
    for grave in (True, False):
        for block in blocks:
            if any(row.grave is grave for row in block.rows) and block.open(room):
                block.fill(room, grave=grave)
    for block in blocks:
        if block.open(room):
            block.more.fill(room, 1.0)


def _under(heading: str, text: str, note: str) -> str:
    """A section, where there is something of it."""
    if not (text or note):
        return ""
    return "\n\n".join(part.strip("\n") for part in (heading, text, note) if part) + "\n\n"


def _rows_left_out(tenants: Sequence[Checked]) -> str:
    if not tenants:
        return ""
    codes = Counter(tenant.code for tenant in tenants)
    told = ", ".join(f"{codes[code]} {word}" for code, (word, _) in OUTCOMES.items() if codes[code])
    return f"_… and {count(len(tenants), 'more tenant')}, for which there is no room here: {told}._\n\n"


def _steps_left_out(blocks: Sequence[_Block]) -> str:
    """Of the tenants of which nothing is told: of the others it stands with them."""
    unseen = [block for block in blocks if not block.opened]
    if not unseen:
        return ""
    steps = [step for block in unseen for step in block.hidden]
    return f"_No room here for the details of {count(len(unseen), 'tenant')}:_ {_counted(steps)}"


def _counted(steps: Sequence[Step]) -> str:
    """What is left out, and what of it matters most."""
    if not steps:
        return ""
    removed, final = sum(step.removed for step in steps), parts.final(steps)
    unread = sum(plan_view.unread(step) for step in steps)
    grave = [
        *([count(removed, "removal")] if removed else []),
        *([f"{unread} that could not be read"] if unread else []),
        *([f"{final} that cannot be undone"] if final else []),
    ]
    return f"_{count(len(steps), 'step')} left out{', of these ' if grave else ''}{', '.join(grave)}._\n\n"
