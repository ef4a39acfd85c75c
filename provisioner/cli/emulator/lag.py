"""`emulator lag`: how long the cloud takes to notice its own writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from provisioner.cli.emulator.duration import span, told
from provisioner.cli.emulator.folder import AS_JSON, STATE, surface


@click.command()
@click.argument("settings", nargs=-1, metavar="[KIND=SPAN]...")
@STATE
@AS_JSON
def lag(settings: tuple[str, ...], state: Path | None, as_json: bool) -> None:
    """Show or set how long the cloud takes to notice its own writes.

    \b
    graph        a new directory object can be read
    rbac         a role assignment grants
    secret       a new credential of an application is accepted
    certificate  a vault has made a certificate
    dns          a new vault's name has an address

    `graph=30s rbac=1m-5m` sets two of them, the second to a range from which each write draws; `graph=10s-30s~5s` has
    answers flap in the last 5 seconds; 0 is at once; `seed=7` begins the draws anew. Writes of before keep theirs.
    """
    wanted = dict(map(_setting, settings))
    asked = surface(state)
    found = asked.ask("PUT", "lag", wanted) if wanted else asked.ask("GET", "lag")
    if as_json:
        click.echo(json.dumps(found))
        return
    width = max(map(len, found))
    for kind, value in found.items():
        click.echo(f"{kind:<{width}}  {value if kind == 'seed' else _told(value)}")


def _setting(text: str) -> tuple[str, Any]:
    kind, _, value = text.partition("=")
    if kind == "seed" and value.isdecimal():
        return kind, int(value)
    range_, _, flapping = value.partition("~")
    lowest, dash, highest = range_.partition("-")
    spans = [span(part) for part in (lowest, highest if dash else lowest, flapping or "0")]
    if not kind or None in spans:
        raise click.UsageError(f"{text} is not KIND=SPAN, KIND=SPAN-SPAN or KIND=SPAN-SPAN~SPAN, as in graph=30s")
    if not dash and not flapping:
        return kind, spans[0]
    return kind, dict(zip(("min", "max", "flapping"), spans, strict=True))


def _told(value: float | dict[str, float]) -> str:
    if not isinstance(value, dict):
        return told(value) if value else "none"
    flapping = value.get("flapping")
    text = f"{told(value.get('min', 0))} to {told(value['max'])}"
    return f"{text}, flapping for the last {told(flapping)}" if flapping else text
