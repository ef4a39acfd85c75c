"""`provisioner import`: a spec for what exists already; with --all, which applications look like a set-up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.options import Common, common, output_format
from provisioner.core.errors import UsageError

if TYPE_CHECKING:
    from provisioner.cli.terminal import Terminal
    from provisioner.operations.importing.wish import ImportMode, Wish
    from provisioner.spec.model import Cloud


@click.command("import")
@click.option("--app", metavar="ID", help="The application: its appId, object id or display name.")
@click.option("--all", "every", is_flag=True, help="List the applications that look like a set-up instead.")
@click.option("--tenant", required=True, metavar="ID", help="The tenant that holds it: id or domain.")
@click.option("--subscription", metavar="ID", help="The Azure subscription of the vault.")
@click.option("--vault", metavar="NAME", help="The vault. Left out: the spec asks for a new one.")
@click.option(
    "--cloud", type=click.Choice(["public", "usgov", "china", "emulator"]), default="public", show_default=True
)
@click.option(
    "--mode",
    type=click.Choice(["adopt", "use"]),
    default="adopt",
    show_default=True,
    help="adopt: the spec keeps it from now on. use: others do, it only uses it.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to a new file, not to stdout.")
@output_format("text", "json")
@common
def import_(
    common: Common,
    *,
    app: str | None,
    every: bool,
    tenant: str,
    subscription: str | None,
    vault: str | None,
    cloud: Cloud,
    mode: ImportMode,
    out: Path | None,
    format_: str,
) -> int:
    """Write a spec for what exists already.

    For an application and a vault made by hand, in the portal or by another tool. Reads only, and never the value of a
    secret. A comment stands wherever a choice was made. Exit 4: something could not be read; the spec says what.
    """
    from provisioner.cli.questions import checked
    from provisioner.operations.importing.wish import Wish

    if every == (app is not None):
        raise UsageError("name one application with --app, or list them with --all", next_step="give one of the two")
    answers = {"tenant": tenant, "cloud": cloud, "subscription": subscription, "vault": vault}
    checked({key: answer for key, answer in answers.items() if answer is not None})
    if every:
        if vault is not None or out is not None or mode != "adopt":
            raise UsageError("--all lists: it takes no --vault, --mode or --out", next_step="leave it out")
        return _list(Wish("", tenant, subscription or "", cloud, emulator=common.emulator), common, format_)
    assert app is not None, "checked above"
    if subscription is None:
        raise UsageError("--subscription is missing", next_step="name the Azure subscription of the vault")
    if format_ != "text":
        raise UsageError("--format json goes with --all: a spec is YAML", next_step="leave --format out")
    file = None if out is None else str(out)
    return _write(Wish(app, tenant, subscription, cloud, vault, mode, file, common.emulator), common, out)


def _write(wish: Wish, common: Common, out: Path | None) -> int:
    from rich.text import Text

    from provisioner.cli import run
    from provisioner.cli.spec_file import deliver, refuse_existing
    from provisioner.cli.terminal import Terminal
    from provisioner.operations.importing.run import Imported, import_spec

    if out is not None:
        refuse_existing(out)
    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb(
        doing="importing",
        operation=lambda opened, spec, ui: import_spec(opened, wish, str(out or "the imported spec")),
        code=Imported.exit_code,
        told=lambda imported: Text(imported.spec.spec.name),
    )
    results = run.over([wish.spec()], verb, common, terminal)
    for result in results:
        if result.value is not None:
            deliver(result.value.spec, out, terminal)
            _say_unread(result.value.unread, terminal)
    return run.finish(results, verb, terminal)


def _list(wish: Wish, common: Common, format_: str) -> int:
    from rich.text import Text

    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.operations.importing import candidates
    from provisioner.render.candidates import candidate_lines, candidates_json

    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb(
        doing="looking",
        operation=lambda opened, spec, ui: candidates.find(opened),
        code=candidates.Found.exit_code,
        told=lambda found: Text(f"{len(found.candidates)} found"),
    )
    results = run.over([wish.spec()], verb, common, terminal)
    for found in (result.value for result in results if result.value is not None):
        rows = [(candidate.application, candidate.reasons) for candidate in found.candidates]
        if format_ == "json":
            terminal.data(candidates_json(rows, found.looked_at, found.unread, wish.command))
        else:
            terminal.result(candidate_lines(rows, found.looked_at, wish.command, terminal.width))
        _say_unread(found.unread, terminal)
    return run.finish(results, verb, terminal)


def _say_unread(reasons: Sequence[str], terminal: Terminal) -> None:
    from provisioner.render.layout import paragraph

    for reason in reasons:
        told = paragraph(f"could not be read: {reason}", terminal.err.width, rest="  ", style="yellow")
        terminal.message(told)
