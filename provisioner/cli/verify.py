"""`provisioner verify`: does Partner Center answer, with MFA, on the stored token?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, many_paths, output_format

if TYPE_CHECKING:
    from provisioner.verify.checks import Check


@click.command(epilog=NOT_BUILT.replace("--report", "--evidence, --report"))
@many_paths
@output_format("text", "json", "junit", "markdown")
@click.option("--evidence", metavar="DIR", hidden=True)
@fleet_flags
@common
def verify(
    paths: tuple[Path, ...],
    common: Common,
    *,
    format_: str,
    evidence: str | None,
    report: str | None,
    resume: str | None,
    shard: str | None,
) -> int:
    """Exercise Partner Center with the stored token.

    PATH is a spec, a fleet file or a folder of them; any mix.
    """
    refuse_flags(evidence=evidence, report=report, resume=resume, shard=shard)
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.operations import verify as operation
    from provisioner.render.layout import BLANK, placed
    from provisioner.render.plan_json import document
    from provisioner.render.verify_text import checks_json, checks_lines, checks_summary
    from provisioner.verify.checks import exit_code

    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb[tuple["Check", ...]](
        doing="verifying",
        operation=lambda tenant, spec, ui: operation.verify(tenant.clients, spec),
        code=exit_code,
        told=checks_summary,
    )
    specs = [entry.spec for entry in run.load(paths, terminal).specs]
    results = run.over(specs, verb, common, terminal)
    if format_ == "json":
        terminal.data(
            document([run.json_of(result, partial(checks_json, result.spec), terminal) for result in results])
        )
    elif format_ in ("junit", "markdown"):
        from provisioner.render.verify_reports import Verified, junit, verify_markdown

        told = [
            Verified(
                name=result.spec.name,
                checks=result.value or (),
                error=None if result.error is None else run.told_error(result.error),
                file=terminal.in_command(file),
                emulator=run.emulated(result.spec, terminal),
            )
            for result, (*_, file) in zip(results, terminal.files, strict=True)
        ]
        terminal.data((junit if format_ == "junit" else verify_markdown)(told).rstrip("\n"))
    else:
        for result in results:
            if result.value is not None:
                name = placed(result.spec.name, emulator=run.emulated(result.spec, terminal))
                file = terminal.file_of(result.spec.name, result.spec.tenant)
                terminal.result(checks_lines(name, result.value, terminal.width, file))
                terminal.result([BLANK] if len(results) > 1 else [])
    return run.finish(results, verb, terminal)
