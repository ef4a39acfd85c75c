"""`provisioner doctor`: will it work from here, as whoever I am?"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.options import Common, common, many_paths, output_format

if TYPE_CHECKING:
    from provisioner.cli.run import Run, Verb
    from provisioner.fleet import TenantResult
    from provisioner.operations.preflight.check import Check
    from provisioner.spec.model import Spec


@click.command()
@many_paths
@output_format("text", "json")
@common
def doctor(paths: tuple[Path, ...], common: Common, *, format_: str) -> int:
    """Check identity, roles, policies, reachability and clock.

    Everything a spec needs, before the first apply and later; each check with its next step. Reads only.
    PATH is a spec, a fleet file or a folder of them; any mix.
    """
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.operations import doctor as operation
    from provisioner.operations.preflight.check import exit_code
    from provisioner.render.doctor_json import doctor_json
    from provisioner.render.doctor_text import doctor_lines
    from provisioner.render.layout import BLANK, placed
    from provisioner.render.plan_json import document
    from provisioner.render.verify_text import checks_summary

    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb[tuple["Check", ...]](
        doing="looking",
        operation=lambda tenant, spec, ui: operation.doctor(tenant, spec),
        code=exit_code,
        told=checks_summary,
    )
    specs = [entry.spec for entry in run.load(paths, terminal).specs]

    async def all_of_them() -> tuple[TenantResult[tuple[Check, ...]], ...]:
        async with run.open_run(common, terminal, several=len(specs) > 1) as running:
            return await running.over(specs, verb.doing, partial(_one, running, verb), partial(run.line, verb))

    results = asyncio.run(all_of_them())
    if format_ == "json":
        terminal.data(
            document([run.json_of(result, partial(doctor_json, result.spec), terminal) for result in results])
        )
    else:
        for result in results:
            if result.value is not None:
                name = placed(result.spec.name, emulator=run.emulated(result.spec, terminal))
                file = terminal.file_of(result.spec.name, result.spec.tenant)
                terminal.result(doctor_lines(name, result.value, terminal.width, file))
                terminal.result([BLANK] if len(results) > 1 else [])
    return run.finish(results, verb, terminal)


async def _one(running: Run, verb: Verb[tuple[Check, ...]], spec: Spec) -> tuple[Check, ...]:
    """An identity that cannot be signed in is what this command is for: a finding, not the end."""
    from provisioner.core.errors import ProvisionerError
    from provisioner.operations.doctor import without_runner

    try:
        async with running.tenant(spec) as (tenant, ui):
            return await verb.operation(tenant, spec, ui)
    except ProvisionerError as error:
        target = await running.targets.of(spec)
        return await without_runner(spec, target.session, target.clock, error)
