"""What every rendering of a plan shares: the order in which it is read, the signs, the words.

Decides nothing: what counts as pending, unknown or a removal is the plan's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from provisioner.clients.clouds import endpoints
from provisioner.core.address import Address
from provisioner.core.overview import PermissionRow
from provisioner.core.plan import Cause, Life, Mortal, Plan
from provisioner.core.step import Action, Change, Step
from provisioner.render.layout import count, is_command, placed
from provisioner.render.values import moment, shown, words

LATER = "·"
OWN = (Mortal.CREDENTIAL, Mortal.REFRESH_TOKEN)
SIGNS: dict[Action, str] = {
    Action.NONE: "=",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "±",
    Action.DELETE: "-",
    Action.UNKNOWN: "?",
    Action.PERSON: "!",
}
_CAUSES = {
    Cause.FIRST: "first run",
    Cause.NONE: "no drift",
    Cause.DRIFT: "changed outside",
    Cause.CHANGE: "new spec",
    Cause.BOTH: "new spec, and changed outside",
    Cause.UNKNOWN: "cause unknown",
}
COUNTED = {
    Action.CREATE: "to create",
    Action.UPDATE: "to change",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.UNKNOWN: "could not be read",
    Action.PERSON: "for a person",
}
_RISKS = ("critical", "high", "unknown", "medium", "low")
_CODE = re.compile(r"`([^`\n]+)`")
_CONSENT_PAGE = re.compile(r"https://[a-z.]+/[A-Za-z0-9.-]+/adminconsent\?client_id=[0-9A-Fa-f-]{36}(?![^\s,.;])")
_PERMISSION = re.compile(r"application\.permissions\[(.+)\]\.(delegated|application)")


@dataclass(frozen=True)
class Group:
    """The steps of one kind, in the plan's order. kind: as words."""

    kind: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Count:
    """How many of one action. sign: LATER for what is not due yet; then action is None."""

    sign: str
    number: int
    words: str
    action: Action | None = None


@dataclass(frozen=True)
class Task:
    """What a person has to do, and why; commands and links in it stand on lines of their own.

    addresses: all that it does at once.
    """

    addresses: tuple[Address, ...]
    text: str
    reason: str = ""

    def about(self, *, named: bool) -> str:
        """What it is about. named: with the name of the spec."""
        told = [str(address) if named else str(address).partition("/")[2] for address in self.addresses]
        return ", ".join(dict.fromkeys(told))


def cause(plan: Plan) -> str:
    """Why there is something to do, and after which time the world moved where that is known."""
    drifted = plan.cause in (Cause.DRIFT, Cause.BOTH)
    return _CAUSES[plan.cause] + (f" since {moment(plan.since)}" if drifted and plan.since is not None else "")


def cloud(plan: Plan) -> str:
    """The spec's cloud, and whether that was only the emulator's."""
    return placed(plan.cloud, emulator=plan.emulator and plan.cloud != "emulator")


def groups(plan: Plan) -> list[Group]:
    """By kind, kinds in the order of their first step; nothing of what has no news.

    What ends on its own has a row in any case, the credential before the token. One answer that kept many things from
    being read is told once.
    """
    own = [life for life in plan.life if life.what in OWN]
    steps = plan.steps
    if plan.destroys:  # all of it is removal, and why something is kept stands beside it
        steps = tuple(replace(step, removal=False, kept=()) for step in steps)
    told = [step for step in _told_once(steps) if step.action is not Action.NONE or step.reason or step.kept]
    held = plan.obstacles
    told = [_held_up(step, held[step.key]) if step.key in held else step for step in told]
    known = {step.address for step in told}
    quiet = [Step(life.address, Action.NONE) for life in own if life.expires_at and life.address not in known]
    order = list(dict.fromkeys(step.address.kind for step in told))
    for step in reversed(quiet):
        kinds = [life.address.kind for life in own]
        later = kinds[kinds.index(step.address.kind) + 1 :]
        place = next((order.index(kind) for kind in later if kind in order), len(order))
        order[place:place] = [] if step.address.kind in order else [step.address.kind]
    by_kind = sorted([*told, *quiet], key=lambda step: order.index(step.address.kind))
    return [
        Group(words(kind), tuple(_said_at_the_last(list(group))))
        for kind, group in groupby(by_kind, key=lambda step: step.address.kind)
    ]


def ends(plan: Plan) -> dict[Address, Life]:
    """What ends on its own and is ours, by address."""
    return {life.address: life for life in plan.life if life.what in OWN and life.expires_at is not None}


def waits(step: Step, now: datetime) -> bool:
    """Whether it is shown, and not due yet."""
    return step.action.writes and not step.pending(now)


def unread(step: Step) -> bool:
    """Whether it could not be read: then its todo says what would make it readable."""
    return step.action is Action.UNKNOWN


def sign(step: Step, now: datetime) -> str:
    """Its sign: of its action, or of what waits."""
    return LATER if waits(step, now) else SIGNS[step.action]


def title(step: Step) -> str:
    """What it is about, under the heading of its kind."""
    return step.address.key or step.address.name


def operation(step: Step) -> str:
    """The kind's verb, where it says more than action and kind do; else nothing."""
    said = ("", step.action.value, step.address.kind)
    return words(step.operation) if step.operation not in said and step.action is not Action.UNKNOWN else ""


def changes(step: Step) -> list[Change]:
    """Its fields, without those that its title has said: the role and the principal of an assignment."""
    said = step.address.key.split("/")
    one_sided = (change for change in step.fields if change.before is None or change.after is None)
    told = {change.path for change in one_sided if shown(change.after or change.before) in said}
    return [change for change in step.fields if change.path not in told]


def label(step: Step, change: Change) -> str:
    """The path without what the group and the step say anyway; a permission goes by its API."""
    if found := _PERMISSION.fullmatch(change.path):
        api, kind = found.groups()
        return kind if api == step.address.key else api if kind == "delegated" else f"{api} (application)"
    path = change.path
    for prefix in ("application.", "vault.", f"{step.address.kind}."):
        path = path.removeprefix(prefix)
    return path


def end(life: Life, now: datetime) -> str:
    """`certificate, expires 2027-02-21, 63 days left`."""
    assert life.expires_at is not None, "only what ends is asked"
    what = f"{life.type}, " if life.type else ""
    over = life.expires_at <= now
    return f"{what}{'expired' if over else 'expires'} {until(life, now)}"


def named(life: Life) -> str:
    """What ends, and whose it is."""
    if life.what is Mortal.REFRESH_TOKEN:
        return f"refresh token {life.name}"
    return f"{life.type} {life.name}{' of unknown origin' if life.what is Mortal.FOREIGN_CREDENTIAL else ''}"


def left(rest: timedelta) -> str:
    """Whole days, of the tenths that `daysLeft` counts in: just made, 90 and not 89; hours on the last one."""
    days = int(round(abs(rest) / timedelta(days=1), 1))
    amount = count(days, "day") if days else count(int(abs(rest).total_seconds() // 3600), "hour")
    return f"{amount} ago" if rest <= timedelta(0) else f"{amount} left"


def ending(plan: Plan, what: Mortal) -> str:
    """When a tenant's credential or token ends, or else its state; nothing where it has none."""
    found = next((life for life in plan.life if life.what is what), None)
    return "" if found is None else until(found, plan.made_at) or found.state


def until(life: Life, now: datetime) -> str:
    """`2027-02-21, 63 days left`; nothing where no end is known."""
    return "" if life.expires_at is None else f"{life.expires_at:%Y-%m-%d}, {left(life.expires_at - now)}"


def counts(plan: Plan) -> list[Count]:
    """How many of each action; a person's items include what only its owner renews. Last what waits for more than
    other steps, and what is not due yet.
    """
    later = [step for step in plan.steps if waits(step, plan.made_at)]
    obstacles = plan.obstacles
    held = [step for step in plan.pending if step.key in obstacles]
    put_off = [*later, *held]
    numbers = {
        action: sum(step.action is action and step not in put_off for step in plan.steps) for action in COUNTED
    } | {Action.PERSON: plan.person_items}
    found = [Count(SIGNS[action], number, COUNTED[action], action) for action, number in numbers.items() if number]
    last = [(held, "waiting"), (later, "later")]
    return [*found, *(Count(LATER, len(steps), told) for steps, told in last if steps)]


def special(plan: Plan) -> list[str]:
    """What nobody should overlook: what cannot be undone, and what is taken away."""
    final = sum(step.irreversible for step in plan.pending)
    return [
        *([f"{final} cannot be undone"] if final else []),
        *([count(plan.removed, "removal")] if plan.removals and not plan.destroys else []),
    ]


def all_is_well(plan: Plan) -> str:
    """The one sentence of a plan without anything to do; else nothing."""
    if plan.pending or plan.unknown or plan.person_items:
        return ""
    if plan.destroys:
        return f"Nothing to do: nothing of it is left to remove in {plan.place}."
    later = [step for step in plan.steps if step.action.writes]
    known = f" ({count(len(later), 'step')} will be due later)" if later else ""
    return f"Nothing to do: {plan.name} is as the spec says{known}."


def tasks(plan: Plan) -> list[Task]:
    """What a person has to do: steps, and what only its owner can renew. What does several at once is told once."""
    steps = [Task((step.address,), step.todo or step.reason, step.reason) for step in plan.for_a_person]
    by_text: dict[str, list[Task]] = {}
    for task in (*steps, *(_renewal(life) for life in plan.life if life.for_a_person)):
        by_text.setdefault(task.text, []).append(task)
    return [_merged(text, alike) for text, alike in by_text.items()]


def _merged(text: str, alike: Sequence[Task]) -> Task:
    reasons = dict.fromkeys(task.reason for task in alike if task.reason)
    return Task(tuple(address for task in alike for address in task.addresses), text, "; ".join(reasons))


def differing(plan: Plan) -> list[PermissionRow]:
    """The permissions that are not declared, requested and granted alike."""
    return [row for row in plan.permissions if row.differs]


def by_risk(plan: Plan) -> list[PermissionRow]:
    """The gravest first; one that is not rated may be grave."""
    return sorted(plan.permissions, key=lambda row: _RISKS.index(row.risk))


def three_ways(row: PermissionRow) -> str:
    """What is to be noticed: declared, requested and granted is how it should be."""
    told = [] if row.declared else ["not declared"]
    for word, yes in (("requested", row.requested), ("granted", row.granted)):
        told.append(word if yes else f"{word}: unknown" if yes is None else f"not {word}")
    return ", ".join(told)


def pieces(text: str) -> list[tuple[bool, str]]:
    """Advice in pieces: runs of lines that are commands (True), and the rest."""
    lines = [(is_command(line), line.strip()) for line in text.splitlines() if line.strip()]
    return [(command, "\n".join(line for _, line in run)) for command, run in groupby(lines, key=lambda one: one[0])]


def coded(text: str) -> list[tuple[bool, str]]:
    """A sentence in pieces: what stands in it between backticks (True), and the rest."""
    return [(at % 2 == 1, piece) for at, piece in enumerate(_CODE.split(text)) if piece]


def linked(text: str, cloud: str) -> list[tuple[bool, str]]:
    """A sentence in pieces: links that may be followed (True), and the rest.

    Only Microsoft's own page of consent is one: an answer of a service, which may hold anything, leads nowhere.
    """
    pieces: list[tuple[bool, str]] = []
    at = 0
    for found in _CONSENT_PAGE.finditer(text):
        if found[0].startswith(f"{endpoints(cloud).authority}/"):
            pieces += [(False, text[at : found.start()]), (True, found[0])]
            at = found.end()
    return [piece for piece in (*pieces, (False, text[at:])) if piece[1]]


def _renewal(life: Life) -> Task:
    by = "" if life.expires_at is None else f" before {life.expires_at:%Y-%m-%d}"
    text = f"have the owner of the {life.type} {life.name} make a new version{by}; the next apply takes it over"
    return Task((life.address,), text, "it is not ours, and it ends soon")


def _said_at_the_last(steps: Sequence[Step]) -> list[Step]:
    """Of several that could not be read for one reason, one after the other: it stands below the last."""
    alike = [step.action is Action.UNKNOWN and not step.todo and step.reason for step in steps]
    following = [*alike[1:], False]
    return [
        replace(step, reason="") if reason and reason == next_reason else step
        for step, reason, next_reason in zip(steps, alike, following, strict=True)
    ]


def _held_up(step: Step, obstacle: Step) -> Step:
    """With what is in its way, besides other steps."""
    why = "which could not be read" if obstacle.action is Action.UNKNOWN else "which is a person's"
    waits_for = f"waits for {obstacle.address}, {why}"
    return replace(step, reason=f"{waits_for}\n{step.reason}" if step.reason else waits_for)


def _told_once(steps: Iterable[Step]) -> Iterator[Step]:
    """One answer keeps many steps from being read: what it was, and what to do about it, stands at the first."""
    every: Sequence[Step] = tuple(steps)
    unread = [step for step in every if step.action is Action.UNKNOWN]
    first: dict[str, Step] = {}
    for step in every:
        if step.action is not Action.UNKNOWN:
            yield step
            continue
        elsewhere = next((f": {one.reason}" for one in unread if step.reason.endswith(f": {one.reason}")), "")
        reason = step.reason.removesuffix(elsewhere)
        told = first.setdefault(reason, step)
        if told is not step and not elsewhere:
            reason = f"the same answer as for {told.address}"
        yield replace(step, reason=reason, todo="" if elsewhere or told is not step else step.todo)
