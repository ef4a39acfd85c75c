"""`emulator clock`: the cloud's time."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from provisioner.cli.emulator.duration import seconds_of, told
from provisioner.cli.emulator.folder import AS_JSON, STATE, surface


@click.group(invoke_without_command=True)
@STATE
@AS_JSON
@click.pass_context
def clock(context: click.Context, state: Path | None, as_json: bool) -> None:
    """Show or advance the cloud's time.

    Tokens, credentials and lag go by it, not by the machine's clock.
    """
    if context.invoked_subcommand is None:
        _show(surface(state).ask("GET", "clock"), as_json=as_json)
    context.obj = state


@clock.command()
@click.argument("span", type=seconds_of)
@STATE
@AS_JSON
@click.pass_obj
def advance(outer: Path | None, span: float, state: Path | None, as_json: bool) -> None:
    """Move the cloud's time on by SPAN: 30s, 10m, 6h, 80d, 2w."""
    _show(surface(state or outer).ask("POST", "clock", {"advanceSeconds": span}), as_json=as_json)


@clock.command("reset")
@STATE
@AS_JSON
@click.pass_obj
def set_back(outer: Path | None, state: Path | None, as_json: bool) -> None:
    """Set it to the machine's clock again. What is dated later stays so."""
    _show(surface(state or outer).ask("PUT", "clock", {"offset": 0}), as_json=as_json)


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found))
        return
    offset = found["offset"]
    apart = (
        "as this machine's"
        if not offset
        else f"{told(abs(offset))} {'ahead of' if offset > 0 else 'behind'} this machine's"
    )
    click.echo(f"{datetime.fromtimestamp(found['now'], UTC):%Y-%m-%d %H:%M:%S} UTC, {apart}")
