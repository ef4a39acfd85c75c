"""`provisioner plan`: what apply would change, read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.not_built import refuse_flags
from provisioner.cli.options import NOT_BUILT, Common, common, fleet_flags, many_paths, output_format
from provisioner.core import exit_codes
from provisioner.core.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

    from provisioner.cli.terminal import Terminal
    from provisioner.core.plan import Plan
    from provisioner.fleet import TenantResult
    from provisioner.operations.tenant import OpenTenant
    from provisioner.operations.ui import Ui
    from provisioner.render.checked import Checked
    from provisioner.spec.model import Spec

_REPORTS = ("prometheus", "markdown", "html")
_ONLY_DETAILED = (exit_codes.CHANGES_PENDING, exit_codes.PERSON_MUST_ACT)


@click.command(epilog=NOT_BUILT)
@many_paths
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Save the plan as well, for `apply --plan FILE`."
)
@output_format("text", "json", *_REPORTS)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending, 3 when a person must act.")
@click.option("--probe", is_flag=True, help="Also redeem the stored refresh token; writes nothing.")
@fleet_flags
@common
def plan(
    paths: tuple[Path, ...],
    common: Common,
    *,
    format_: str,
    detailed_exitcode: bool,
    out: Path | None,
    probe: bool,
    report: str | None,
    resume: str | None,
    shard: str | None,
) -> int:
    """Show what apply would change. Reads only.

    PATH is a spec, a fleet file or a folder of them; any mix. --out writes FILE only when every tenant was planned and
    everything could be read.
    """
    refuse_flags(report=report, resume=resume, shard=shard)
    if out is not None and probe:
        raise UsageError(
            "--out and --probe cannot both be: a saved plan holds what apply sees, and apply redeems no token",
            next_step="leave one of them out",
        )
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.render.plan_json import document, tenant_json

    async def look(tenant: OpenTenant, spec: Spec, ui: Ui) -> Plan:
        from provisioner.operations import plan as operation

        return await operation.plan(tenant, spec, probing=probe)

    terminal = Terminal(emulator=common.emulator)
    if out is not None:
        from provisioner.cli import plan_file

        plan_file.make_way(out)
    verb = run.Verb(
        doing="planning",
        operation=look,
        code=lambda plan: plan.exit_code(),
        told=_told,
        module="provisioner.operations.plan",
    )
    specs = [entry.spec for entry in run.load(paths, terminal).specs]
    results = run.over(specs, verb, common, terminal)
    if format_ == "json":
        terminal.data(document([run.json_of(result, tenant_json, terminal) for result in results]))
    elif format_ in _REPORTS:
        terminal.data(_report(format_)(_checked(results, terminal)).rstrip("\n"))
    else:
        _show([result.value for result in results if result.value is not None], terminal)
    code = run.finish(results, verb, terminal)
    if out is not None:
        from provisioner.cli import saved  # all of apply comes with it

        saved.save(out, results, common, terminal)
    return code if detailed_exitcode or code not in _ONLY_DETAILED else exit_codes.DONE


def _told(plan: Plan) -> Text:
    from rich.text import Text

    from provisioner.render.plan_text import summary_line

    return summary_line(plan) if plan.exit_code() else Text("nothing to do", "dim")


def _checked(results: Sequence[TenantResult[Plan]], terminal: Terminal) -> list[Checked]:
    """A tenant that failed was looked at as well: at this machine's time, for there is no plan to ask."""
    from provisioner.cli.run import emulated, told_error
    from provisioner.core.clock import Clock
    from provisioner.render.checked import Checked

    now = Clock().now()
    return [
        Checked(
            name=result.spec.name,
            tenant=result.spec.tenant,
            plan=result.value,
            at=now if result.value is None else result.value.made_at,
            error=None if result.error is None else told_error(result.error),
            file=terminal.in_command(file),
            emulator=emulated(result.spec, terminal),
        )
        for result, (*_, file) in zip(results, terminal.files, strict=True)  # several may have one name
    ]


def _report(format_: str) -> Callable[[Sequence[Checked]], str]:
    """What a format over all tenants is made with."""
    if format_ == "prometheus":
        from provisioner.render.prometheus import textfile

        return textfile
    if format_ == "html":
        from provisioner.render.plan_html import plans_html

        return plans_html
    from provisioner.render.plan_markdown import plans_markdown

    return plans_markdown


def _show(plans: list[Plan], terminal: Terminal) -> None:
    """The plan; of several only those that are not clean: the clean ones have their result line."""
    from provisioner.render.layout import BLANK
    from provisioner.render.plan_text import plan_lines

    for plan in plans:
        if len(plans) == 1 or plan.exit_code():
            terminal.result(plan_lines(plan, terminal.width, terminal.file_of(plan.name, plan.tenant)))
            terminal.result([BLANK] if len(plans) > 1 else [])
