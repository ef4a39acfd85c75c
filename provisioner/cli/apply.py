"""`provisioner apply`: shows the plan, asks, writes, has a person sign in if one is there, verifies."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, output_format
from provisioner.core.errors import UsageError

_ADDRESS = re.compile(r"[^/]+/[^/]+(/.+)?")


def _span(context: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """The seconds of --wait-consent. Raises click.BadParameter."""
    if text is None:
        return None
    from provisioner.cli.emulator.duration import seconds_of

    if text.strip()[-1:].isdecimal():
        raise click.BadParameter(f"{text} has no unit: say {text}m or {text}s")
    seconds = seconds_of(text)
    if seconds <= 0:
        raise click.BadParameter(f"{text} is no time to wait")
    return seconds


@click.command(epilog=NOT_BUILT)
@click.argument("paths", nargs=-1, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--plan",
    "saved_plan",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Apply what `plan --out FILE` saved, if it still holds; PATH, where given, must be the specs in it.",
)
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--no-consent", is_flag=True, help="Leave the sign-in for later: exit 3 if it is missing.")
@click.option(
    "--wait-consent",
    "wait_s",
    metavar="TIME",
    callback=_span,
    help="Wait so long (30m, 2h) for somebody who signs in elsewhere: exit 3 if nobody does.",
)
@click.option(
    "--allow-removal",
    "allowed",
    multiple=True,
    metavar="ADDRESS",
    help="Allow this removal, whatever safety.maxRemovals is; may be repeated.",
)
@output_format("text", "json")
@fleet_flags
@common
def apply(
    paths: tuple[Path, ...],
    common: Common,
    *,
    auto_approve: bool,
    no_consent: bool,
    allowed: tuple[str, ...],
    format_: str,
    saved_plan: Path | None,
    wait_s: float | None,
    report: str | None,
    resume: str | None,
    shard: str | None,
) -> int:
    """Carry out the plan, then consent, then verify.

    PATH is a spec, a fleet file or a folder of them; any mix. Without a terminal say --auto-approve; a sign-in then
    stays for later (exit 3).
    """
    refuse_flags(report=report, resume=resume, shard=shard)
    if no_consent and wait_s is not None:
        raise UsageError("--no-consent and --wait-consent cannot both be", next_step="leave one of them out")
    if malformed := [address for address in allowed if not _ADDRESS.fullmatch(address)]:
        raise UsageError(
            f"--allow-removal {malformed[0]!r} is no address: NAME/kind or NAME/kind/KEY",
            next_step="copy it from the message that refuses the removal",
        )
    if not paths and saved_plan is None:
        raise click.UsageError("Missing argument 'PATH...', or --plan FILE.")
    if saved_plan is not None and not saved_plan.exists():
        raise UsageError(f"--plan {saved_plan}: there is no such file", next_step="name a file that `plan --out` wrote")
    if not (auto_approve or sys.stdin.isatty()):
        raise UsageError(
            "apply asks before it writes, and there is no terminal to ask on", next_step="say --auto-approve"
        )
    from provisioner.cli.applying import apply_all
    from provisioner.cli.saved import apply_saved
    from provisioner.operations.apply import ApplyOptions

    here = not no_consent and wait_s is None and sys.stdin.isatty()
    options = ApplyOptions(with_consent=here, wait_consent_s=wait_s, allowed=frozenset(allowed))
    if saved_plan is not None:
        return apply_saved(saved_plan, paths, common, options, asks=not auto_approve, as_json=format_ == "json")
    return apply_all(paths, common, options, asks=not auto_approve, as_json=format_ == "json")
