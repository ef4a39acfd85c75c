"""Whether a new look still leads to a saved plan, and if not, what is the first thing that differs. Pure.

Compared is what the plan showed of each step: everything but

- `reason` and `todo`, which are words for the reader;
- the order of what is kept and of the rows of one step, which is the service's;
- when a new credential ends, which is counted from the day it is made (its lifetime is the spec's).

`seen` counts: it names what a decision rests on (the credential in force, the token's dates). Who looked, why there is
something to do, notices and lives are not steps, and are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from provisioner.core.step import Action
from provisioner.render.plan_json import Entry, FieldRow, TenantPlan
from provisioner.render.values import shown
from provisioner.resources.credential.wanted import EXPIRES_PATH

T = TypeVar("T")
_PLAIN = ("action", "irreversible", "removal", "seen")


def first_difference(saved: TenantPlan, now: TenantPlan) -> str:
    """In words, with the address of the step and the field; "" when the plan still holds."""
    return next(_differences(saved, now), "")


def _differences(saved: TenantPlan, now: TenantPlan) -> Iterator[str]:
    """What came and went first, then what changed within a step; what steps wait for follows from both.

    Each part rests on the ones before it having found nothing.
    """
    before, after = _by_address(saved), _by_address(now)
    for address in {**before, **after}:
        yield from _named(address, _other_steps(before.get(address, []), after.get(address, [])))
    pairs = [pair for address in before for pair in zip(before[address], after[address], strict=True)]
    for one, other in pairs:
        yield from _named(one.address, _in_step(one, other))
        if _pending(one, saved) != _pending(other, now):
            yield f"{one.address}: {_verb(one)} was not due before {one.not_before}, and is due now"
    for one, other in pairs:
        yield from _named(one.address, _changed("needs", one.needs, other.needs))
    yield from _order(saved.entries, now.entries)


def _named(address: str, told: Iterable[str]) -> Iterator[str]:
    return (f"{address}: {one}" for one in told)


def _by_address(plan: TenantPlan) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in plan.entries:
        found.setdefault(entry.address, []).append(entry)
    return found


def _other_steps(before: Sequence[Entry], after: Sequence[Entry]) -> Iterator[str]:
    """What became of the steps of one address; nothing when they are of the same verbs in the same order."""
    verbs, verbs_now = [_verb(entry) for entry in before], [_verb(entry) for entry in after]
    gone, new = _left(verbs, verbs_now), _left(verbs_now, verbs)
    about = next((_about(entry) for entry in after if _verb(entry) in new), "")
    if gone and new:
        yield f"the step was {', '.join(gone)}, is now {', '.join(new)}{about}"
    elif new:
        yield f"a new step: {', '.join(new)}{about}"
    elif gone:
        yield f"the step is gone: {', '.join(gone)}"
    elif verbs != verbs_now:
        yield f"the steps come in another order: it was {', '.join(verbs)}, is now {', '.join(verbs_now)}"


def _left(these: Sequence[T], those: Sequence[T]) -> list[T]:
    """What is in `these` more often than in `those`."""
    unmatched = list(those)
    left = []
    for one in these:
        if one in unmatched:
            unmatched.remove(one)
        else:
            left.append(one)
    return left


def _in_step(before: Entry, now: Entry) -> Iterator[str]:
    yield from _in_fields(before.fields, now.fields)
    yield from (f"kept: {entry} is new" for entry in _left(now.kept, before.kept))
    yield from (f"kept: {entry} is gone" for entry in _left(before.kept, now.kept))
    for name in _PLAIN:
        yield from _changed(name, getattr(before, name), getattr(now, name))
    yield from _changed("notBefore", before.not_before, now.not_before)


def _in_fields(before: Sequence[FieldRow], now: Sequence[FieldRow]) -> Iterator[str]:
    for path in dict.fromkeys(row.path for row in (*before, *now)):
        rows, rows_now = _rows_of(before, path), _rows_of(now, path)
        gone, new = _left(rows, rows_now), _left(rows_now, rows)
        if len(rows) == len(rows_now) == len(gone) == 1:
            yield from _changed(f"{path}: before", gone[0].before, new[0].before)
            yield from _changed(f"{path}: after", gone[0].after, new[0].after)
            continue
        yield from (f"{path}: {_row(row)} is new" for row in new)
        yield from (f"{path}: {_row(row)} is gone" for row in gone)


def _rows_of(rows: Sequence[FieldRow], path: str) -> list[FieldRow]:
    """Without what moves with the calendar."""
    of_path = [row for row in rows if row.path == path]
    return [FieldRow(path=path, before=row.before, after=None) for row in of_path] if path == EXPIRES_PATH else of_path


def _changed(name: str, before: Any, now: Any) -> Iterator[str]:
    if before != now:
        yield f"{name} was {_shown(before)}, is now {_shown(now)}"


def _order(before: Sequence[Entry], now: Sequence[Entry]) -> Iterator[str]:
    for place, (one, other) in enumerate(zip(before, now, strict=True), 1):
        if one.address != other.address:
            yield (
                f"the steps come in another order: number {place} was {one.address} {_verb(one)}, "
                f"is now {other.address} {_verb(other)}"
            )


def _pending(entry: Entry, plan: TenantPlan) -> bool:
    return entry.action.writes and (entry.not_before is None or entry.not_before <= plan.made_at)


def _verb(entry: Entry) -> str:
    return entry.operation or str(entry.action)


def _about(entry: Entry) -> str:
    """What a new step is about."""
    if entry.action is Action.UNKNOWN:
        return f" (it could not be read: {entry.reason})"
    return f" ({entry.fields[0].path}: {_row(entry.fields[0])})" if entry.fields else ""


def _row(row: FieldRow) -> str:
    if row.before is None:
        return f"+ {_shown(row.after)}"
    return f"- {_shown(row.before)}" if row.after is None else f"{_shown(row.before)} → {_shown(row.after)}"


def _shown(value: Any) -> str:
    return shown(None if value == "" else value)
