"""`provisioner renew`: the stored refresh token for a new one."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, many_paths, output_format


@click.command(epilog=NOT_BUILT)
@many_paths
@output_format("text", "json")
@fleet_flags
@common
def renew(
    paths: tuple[Path, ...],
    common: Common,
    *,
    format_: str,
    report: str | None,
    resume: str | None,
    shard: str | None,
) -> int:
    """Renew the stored refresh token.

    Redeems it, checks that the new one is of the same account with MFA, stores it as a new version, reads it back and
    disables versions older than the newest two. Whether it is due or not; run it weekly. PATH is a spec, a fleet file
    or a folder of them; any mix.
    """
    refuse_flags(report=report, resume=resume, shard=shard)
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.operations import renew as operation
    from provisioner.render.plan_json import document
    from provisioner.render.renew_text import renewed_json, renewed_lines, renewed_sentence

    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb("renewing", operation.renew, lambda result: 0, renewed_sentence)
    specs = [entry.spec for entry in run.load(paths, terminal).specs]
    results = run.over(specs, verb, common, terminal)
    if format_ == "json":
        terminal.data(document([run.json_of(result, renewed_json, terminal) for result in results]))
    else:
        for result in results:
            if result.value is not None:
                terminal.result(renewed_lines(result.value, terminal.width))
    return run.finish(results, verb, terminal)
