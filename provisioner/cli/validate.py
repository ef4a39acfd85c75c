"""`provisioner validate`: the offline check."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, many_paths, sends_nothing
from provisioner.core import exit_codes


@sends_nothing
@click.command(epilog=NOT_BUILT)
@many_paths
@fleet_flags
@common
def validate(paths: tuple[Path, ...], common: Common, report: str | None, resume: str | None, shard: str | None) -> int:
    """Check specs offline; report every problem at once.

    PATH is a spec, a fleet file or a folder of them; any mix. Nothing is sent anywhere.
    """
    refuse_flags(report=report, resume=resume, shard=shard)
    from provisioner.cli.terminal import Terminal
    from provisioner.core.errors import SpecError
    from provisioner.render.errors import error_lines
    from provisioner.render.validation_text import valid_lines
    from provisioner.spec.read import read

    terminal = Terminal()
    try:
        loaded = read(paths)
    except SpecError as error:
        terminal.result(error_lines(error, terminal.width))
        return exit_codes.FAILED
    terminal.result(valid_lines(loaded, terminal.width))
    return exit_codes.DONE
