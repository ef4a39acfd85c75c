"""`emulator snapshot` and `emulator restore`: the whole state under a name."""

from __future__ import annotations

import json
from pathlib import Path

import click

from provisioner.cli.emulator.folder import AS_JSON, STATE, Surface, surface


@click.command()
@click.argument("name", required=False)
@click.option("--delete", is_flag=True, help="Forget the snapshot NAME.")
@STATE
@AS_JSON
def snapshot(name: str | None, delete: bool, state: Path | None, as_json: bool) -> None:
    """Keep the whole state under NAME; without one, list what is kept.

    It holds everything but recorded requests: objects, tokens, faults, lag and the clock. A snapshot of the same name
    is replaced.
    """
    if delete and name is None:
        raise click.UsageError("--delete needs the NAME of a snapshot")
    asked = surface(state)
    if name is None:
        found = asked.ask("GET", "snapshots")["snapshots"]
        if as_json:
            click.echo(json.dumps(found))
        elif not found:
            click.echo("no snapshot is kept", err=True)
        for one in () if as_json else found:
            click.echo(f"{one['name']}  {one['documents']} documents")
    elif delete:
        asked.ask("DELETE", "snapshots", name=name, advice=_kept(asked))
        click.echo(f'snapshot "{name}" is forgotten', err=True)
    else:
        asked.ask("POST", "snapshot", {"name": name})
        click.echo(f'the state is kept as "{name}"', err=True)


@click.command()
@click.argument("name")
@STATE
def restore(name: str, state: Path | None) -> None:
    """Go back to the snapshot NAME. What happened since is lost."""
    asked = surface(state)
    asked.ask("POST", "restore", {"name": name}, advice=_kept(asked))
    click.echo(f'the state is that of "{name}" again', err=True)


def _kept(asked: Surface) -> str:
    """Which names there are, for a wrong one."""
    names = [f'"{one["name"]}"' for one in asked.ask("GET", "snapshots")["snapshots"]]
    return f"name one that is kept: {', '.join(names)}" if names else "none is kept: provisioner emulator snapshot NAME"
