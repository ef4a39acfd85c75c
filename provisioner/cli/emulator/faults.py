"""`emulator faults`: services that fail on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from provisioner.cli.emulator.duration import seconds_of
from provisioner.cli.emulator.folder import AS_JSON, STATE, Surface, surface
from provisioner.core.errors import ProvisionerError

_SHORT_ID = 8
_PLACES = ("host", "path", "method", "tenant")
_MEMBERS = {"retry_after": "retryAfter", "retry_after_as": "retryAfterAs", "for_": "for"}


@click.group(invoke_without_command=True)
@STATE
@AS_JSON
@click.pass_context
def faults(context: click.Context, state: Path | None, as_json: bool) -> None:
    """List what fails on purpose; add to it; clear it."""
    if context.invoked_subcommand is None:
        found = surface(state).ask("GET", "faults")["faults"]
        if as_json:
            click.echo(json.dumps(found))
        elif found:
            _show(found)
        else:
            click.echo("nothing fails on purpose", err=True)
    context.obj = state


@faults.command()
@click.option("--action", required=True, metavar="ACTION", help="What it does: see below.")
@click.option("--operation", metavar="GLOB", help="What fails, as `emulator requests` names it: graph.applications.*")
@click.option("--host", metavar="GLOB", help="Only at these hosts.")
@click.option("--path", metavar="GLOB", help="Only at these paths.")
@click.option("--method", metavar="GLOB", help="Only requests of this method.")
@click.option("--tenant", metavar="GLOB", help="Only requests in this tenant.")
@click.option("--status", type=int, help="The status answered: 429, 503, … (action status)")
@click.option("--retry-after", type=int, metavar="SECONDS", help="Retry-After of that answer.")
@click.option("--retry-after-as", metavar="FORM", help="Its form: seconds (default) or date.")
@click.option("--code", help="Error code of that answer; default: the one that goes with the status.")
@click.option("--message", help="Message of that answer.")
@click.option("--ms", type=float, help="How long the answer waits. (action slow)")
@click.option("--when", metavar="WHEN", help="before (default) or after the request is done. (action reset)")
@click.option("--how", metavar="HOW", help="cut (default) or short. (action truncate)")
@click.option("--skip", type=int, metavar="N", help="So many requests go by first.")
@click.option("--count", type=int, metavar="N", help="How often it strikes; default once.")
@click.option("--forever", is_flag=True, help="Strikes until cleared.")
@click.option("--for", "for_", type=seconds_of, metavar="SPAN", help="Only for so long from now, on the cloud's clock.")
@click.option("--probability", type=float, metavar="P", help="Of striking, for each request: 0 to 1, default 1.")
@click.option("--seed", type=int, metavar="N", help="Of the draws, so that a run can be repeated.")
@STATE
@AS_JSON
@click.pass_obj
def add(outer: Path | None, /, state: Path | None, as_json: bool, forever: bool, **given: Any) -> None:
    """Make requests fail.

    \b
    status    answer --status, in the service's shape; the request is not done
    deny      answer 403
    reset     cut the connection
    hold      do the request, never answer
    slow      do the request, answer after --ms
    truncate  do the request, send half of the answer
    """
    if forever and given["count"] is not None:
        raise click.UsageError("--count and --forever exclude each other")
    wanted = {_MEMBERS.get(name, name): value for name, value in given.items() if value is not None}
    if forever:
        wanted["count"] = None
    made = surface(state or outer).ask("POST", "faults", wanted)
    if as_json:
        click.echo(json.dumps(made))
    else:
        _show([made])


@faults.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@STATE
@click.pass_obj
def clear(outer: Path | None, ids: tuple[str, ...], state: Path | None) -> None:
    """Take away the faults named by ID (its beginning is enough), or all."""
    asked = surface(state or outer)
    if not ids:
        asked.ask("DELETE", "faults")
        click.echo("nothing fails on purpose any more", err=True)
        return
    for key in [_whole(asked, part) for part in ids]:
        asked.ask("DELETE", "faults", id=key)
        click.echo(f"{key[:_SHORT_ID]} is cleared", err=True)


def _whole(asked: Surface, part: str) -> str:
    """The id that begins so."""
    found = [fault["id"] for fault in asked.ask("GET", "faults")["faults"] if fault["id"].startswith(part.lower())]
    if len(found) != 1:
        what = f"there is no fault {part}" if not found else f"{len(found)} faults begin with {part}"
        raise ProvisionerError(what, next_step="provisioner emulator faults")
    return str(found[0])


def _show(found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from provisioner.cli.emulator.table import show

    table = Table("ID", "STRIKES", "DOES", "STRUCK", "CHANCE", box=None, pad_edge=False, header_style="bold")
    for column in (0, 3):
        table.columns[column].no_wrap = True
    table.columns[1].overflow = "fold"
    for fault in found:
        of = "∞" if fault["count"] is None else fault["count"]
        draw = f"{fault['probability']:.0%}, seed {fault['seed']}" if fault["probability"] < 1 else "always"
        struck = f"{fault['struck']} of {of}"
        table.add_row(fault["id"][:_SHORT_ID], _strikes(fault), _does(fault), struck, draw)
    show(table)


def _strikes(fault: dict[str, Any]) -> str:
    parts = [fault["operation"], *(f"{name} {fault[name]}" for name in _PLACES if name in fault)]
    parts += [f"after {fault['skip']}"] if fault["skip"] else []
    return "\n".join(parts)


def _does(fault: dict[str, Any]) -> str:
    words = [str(fault["action"])] if fault["action"] != "status" else [str(fault["status"])]
    words += [str(fault[name]) for name in ("code", "when", "how") if name in fault]
    words += [f"Retry-After {fault['retryAfter']}"] if "retryAfter" in fault else []
    words += [f"{fault['ms']:g} ms"] if "ms" in fault else []
    return " ".join(words)
