"""`provisioner rotate`: a new credential of the application, now."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, many_paths, output_format
from provisioner.core.errors import UsageError


@click.command(epilog=NOT_BUILT)
@many_paths
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@output_format("text", "json")
@fleet_flags
@common
def rotate(
    paths: tuple[Path, ...],
    common: Common,
    *,
    auto_approve: bool,
    format_: str,
    report: str | None,
    resume: str | None,
    shard: str | None,
) -> int:
    """Rotate the application's credential.

    Shows the plan and asks. The new credential is proven before consumers get it, and the old one stays for the
    overlap; a later apply or rotate retires it. Nothing but the credential is touched. PATH is a spec, a fleet file or
    a folder of them; any mix.
    """
    refuse_flags(report=report, resume=resume, shard=shard)
    if not (auto_approve or sys.stdin.isatty()):
        raise UsageError(
            "rotate asks before it writes, and there is no terminal to ask on", next_step="say --auto-approve"
        )
    from provisioner.cli.applying import Work, apply_all
    from provisioner.operations.apply import ApplyOptions
    from provisioner.operations.rotate import carry_out_rotation, look_to_rotate

    work = Work("rotating", "Carry out", "Rotated", look_to_rotate, carry_out_rotation)
    options = ApplyOptions(with_consent=False)
    return apply_all(paths, common, options, asks=not auto_approve, as_json=format_ == "json", work=work)
