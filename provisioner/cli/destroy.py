"""`provisioner destroy`: what is ours goes, shown first, recoverable unless --purge."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from provisioner.cli.options import Common, common, one_path, output_format
from provisioner.core.errors import UsageError


@click.command()
@one_path
@click.option("--purge", is_flag=True, help="Also delete for good what could be recovered; asks for the spec's name.")
@click.option("--auto-approve", is_flag=True, help="Do not ask. With --purge the name is asked for nevertheless.")
@output_format("text", "json")
@common
def destroy(path: Path, common: Common, *, purge: bool, auto_approve: bool, format_: str) -> int:
    """Remove what is ours, recoverably.

    Shows the plan and asks. The application and the vault are soft-deleted: apply brings them back. What was there
    before (mode adopt), what is not ours (mode use) and what others have stays. PATH holds one spec.
    """
    asks = purge or not auto_approve
    if asks and not sys.stdin.isatty():
        what = "destroy --purge asks for the spec's name" if purge else "destroy asks before it removes anything"
        next_step = "run it in a terminal" if purge else "say --auto-approve"
        raise UsageError(f"{what}, and there is no terminal to ask on", next_step=next_step)
    from provisioner.cli.applying import Work, apply_all
    from provisioner.operations.apply import ApplyOptions
    from provisioner.operations.destroy import carry_out_destruction, check_destruction, look_to_destroy

    work = Work(
        "destroying",
        "Carry out",
        "Destroyed",
        partial(look_to_destroy, purge=purge),
        partial(carry_out_destruction, purge=purge),
        check_destruction,
        typed=purge,
        single=True,
        again="provisioner destroy SPEC",
    )
    options = ApplyOptions(with_consent=False)
    return apply_all([path], common, options, asks=asks, as_json=format_ == "json", work=work)
