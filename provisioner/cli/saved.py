"""`plan --out FILE` and `apply --plan FILE`: what the two commands share."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.text import Text

from provisioner.cli import plan_file, run
from provisioner.cli.applying import APPLY, apply_specs
from provisioner.cli.options import Common
from provisioner.cli.target import goes_to_emulator
from provisioner.cli.terminal import Terminal
from provisioner.core.errors import SavedPlanError
from provisioner.core.plan import Plan
from provisioner.fleet import TenantResult
from provisioner.operations.apply import ApplyOptions
from provisioner.operations.plan import Seen
from provisioner.operations.plan_file import SavedTenant, plan_text, read_plan, saved_tenant
from provisioner.operations.saved import MAX_AGE, look_as_saved
from provisioner.operations.tenant import OpenTenant
from provisioner.render.layout import ANY_FILE, count, paragraph, with_emulator
from provisioner.spec.model import Spec
from provisioner.spec.read import written_out


def save(out: Path, results: Sequence[TenantResult[Plan]], common: Common, terminal: Terminal) -> None:
    """Saves the plan, or says why it does not: a file that leaves something out would be taken for all of it."""
    failed = [result.spec.name for result in results if result.value is None]
    unread = [str(step.address) for result in results if result.value is not None for step in result.value.unknown]
    if failed or unread:
        gaps = [
            *([f"{count(len(failed), 'tenant')} could not be planned ({_some(failed)})"] if failed else []),
            *([f"{count(len(unread), 'thing')} could not be read ({_some(unread)})"] if unread else []),
        ]
        terminal.error(
            SavedPlanError(
                f"the plan is not saved, for it would be incomplete: {'; '.join(gaps)}",
                where=str(out),
                next_step="mend that and plan again, or leave these specs out",
            )
        )
        return
    tenants = [saved_tenant(result.value, result.spec) for result in results if result.value is not None]
    plan_file.write(out, plan_text(tenants))
    told = f"Saved. To apply exactly this plan, within {MAX_AGE.days} days:"
    command = Text(f"  provisioner apply --plan {_named(out, common)}")
    terminal.message([*paragraph(told, terminal.err.width), command])


def apply_saved(
    file: Path, paths: Sequence[Path], common: Common, options: ApplyOptions, *, asks: bool, as_json: bool
) -> int:
    """The whole of `apply --plan`. Raises, before any request: UsageError, SpecError, SavedPlanError."""
    terminal = Terminal(emulator=common.emulator)
    saved = read_plan(plan_file.read(file), str(file))
    specs = with_emulator(shlex.join(map(str, paths)), emulator=common.emulator) if paths else ANY_FILE
    again = f"provisioner plan {specs} --out {shlex.quote(str(file))}"
    if paths:
        named = [entry.spec for entry in run.load(paths, terminal).specs]
        _check_specs([one.spec for one in saved], named, file, again)
    for one in saved:
        _check_cloud(one, common, file)
    by_spec = {id(one.spec): one for one in saved}

    async def look(tenant: OpenTenant, spec: Spec) -> Seen:
        return await look_as_saved(tenant, by_spec[id(spec)], str(file), again)

    work = replace(APPLY, look=look, more_rounds=0, again=f"{again}\n  provisioner apply --plan {_named(file, common)}")
    return apply_specs([one.spec for one in saved], terminal, common, options, asks=asks, as_json=as_json, work=work)


def _named(file: Path, common: Common) -> str:
    """The file in a command that can be copied, with what goes with it."""
    return with_emulator(shlex.quote(str(file)), emulator=common.emulator)


def _check_cloud(saved: SavedTenant, common: Common, file: Path) -> None:
    """A plan of the emulator says nothing of a real tenant, nor the other way about."""
    if saved.plan.emulator == goes_to_emulator(saved.spec, only_emulator=common.emulator):
        return
    made = "on the emulator" if saved.plan.emulator else f"in the cloud {saved.spec.cloud}"
    flag = "with" if saved.plan.emulator else "without"
    raise SavedPlanError(
        f"the plan of {saved.spec.name} was made {made}, and would be applied elsewhere",
        where=str(file),
        next_step=f"run the same command {flag} --emulator, or plan again where it shall be applied",
    )


def _check_specs(saved: Sequence[Spec], named: Sequence[Spec], file: Path, again: str) -> None:
    """The spec files beside the plan must say what it was made from, all of it."""
    ours = {(spec.cloud, spec.tenant, spec.name): written_out(spec) for spec in saved}
    theirs = {(spec.cloud, spec.tenant, spec.name): written_out(spec) for spec in named}
    elsewhere = dict(_elsewhere([key for key in ours if key not in theirs], [key for key in theirs if key not in ours]))
    told = [
        *(f"{key[-1]} is not in the plan" for key in theirs if key not in ours and key not in elsewhere.values()),
        *(f"{key[-1]} is only in the plan" for key in ours if key not in theirs and key not in elsewhere),
        *(_where_else(key, other) for key, other in elsewhere.items()),
        *(
            f"{key[-1]}: {_some(different)}"
            for key in ours
            if key in theirs and (different := list(_different(ours[key], theirs[key])))
        ),
    ]
    if told:
        raise SavedPlanError(
            f"the spec files say otherwise than the plan was made from: {'; '.join(told)}",
            where=str(file),
            next_step=f"look at a new plan:\n  {again}",
        )


_Key = tuple[str, str, str]
"""Cloud, tenant and name of a spec."""


def _elsewhere(ours: Sequence[_Key], theirs: Sequence[_Key]) -> Iterator[tuple[_Key, _Key]]:
    """The specs that have their name alone in common with one of the other side."""
    for key in ours:
        namesakes = [other for other in theirs if other[-1] == key[-1]]
        if len(namesakes) == 1 and [each[-1] for each in ours].count(key[-1]) == 1:
            yield key, namesakes[0]


def _where_else(key: _Key, other: _Key) -> str:
    differing = [
        f"{what} {mine} in the plan, {theirs} in the file"
        for what, mine, theirs in zip(("cloud", "tenant"), key, other, strict=False)
        if mine != theirs
    ]
    return f"{key[-1]}: {'; '.join(differing)}"


def _different(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """The keys that differ."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        yield from () if one == other else (path,)
        return
    for key in dict.fromkeys((*one, *other)):
        yield from _different(one.get(key), other.get(key), f"{path}.{key}" if path else key)


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
