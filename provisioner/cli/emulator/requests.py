"""`emulator requests`: what the cloud was asked, and how it answered."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from provisioner.cli.emulator.folder import STATE, surface

_EVERY_S = 0.3


@click.command()
@click.option("--since", type=click.IntRange(min=0), metavar="SEQ", help="Only those after this number.")
@click.option("--operation", metavar="GLOB", help="Only these operations: graph.*, key_vault.secrets.set, …")
@click.option("--failed", is_flag=True, help="Only those answered with 400 or more, or not at all.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@click.option("--follow", "-f", is_flag=True, help="Go on showing them as they come, until interrupted.")
@click.option("--clear", is_flag=True, help="Forget all of them; numbers go on.")
@STATE
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with headers and bodies.")
def requests(
    since: int | None,
    operation: str | None,
    failed: bool,
    last: int | None,
    follow: bool,
    clear: bool,
    state: Path | None,
    as_json: bool,
) -> None:
    """List the requests the cloud got and how it answered. Secrets are masked; + marks a part of a batch."""
    if clear and (follow or failed or as_json or since is not None or operation or last):
        raise click.UsageError("--clear forgets all of them and takes no other option but --state")
    asked = surface(state)
    if clear:
        asked.ask("DELETE", "requests")
        click.echo("the requests are forgotten", err=True)
        return
    wanted = {"since": since, "operation": operation, "last": last, "failed": "true" if failed else None}
    query = {name: str(value) for name, value in wanted.items() if value is not None}
    while True:
        found = asked.ask("GET", "requests", **query)["requests"]
        for one in found:
            click.echo(json.dumps(one) if as_json else _lines(one))
        if not follow:
            return
        query.pop("last", None)
        if found:
            query["since"] = str(found[-1]["seq"])
        time.sleep(_EVERY_S)


def _lines(one: dict[str, Any]) -> str:
    """Two lines: what it was; and the URL, which stays whole so that it can be copied."""
    when = f"{datetime.fromtimestamp(one['time'], UTC):%H:%M:%S}"
    status = click.style(f"{one['status'] or 'cut':<4}", fg="red" if _is_bad(one) else None)
    operation = one["operation"] or "(nothing known here)"
    method = f"{'+' if one['inner'] else ''}{one['method']}"
    return f"{one['seq']:>5}  {when}  {status} {method:<7} {operation}\n       {one['url']}"


def _is_bad(one: dict[str, Any]) -> bool:
    return bool(one["status"] >= 400 or one["status"] == 0)
