"""`emulator start --scenario`: the file or the name, checked and loaded before anything is served."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.emulator.folder import Surface
from provisioner.core.errors import ProvisionerError

_NEXT = "correct the file; schemas/scenario.schema.json says what it may hold"


def load_scenario(folder: Path, named: str, *, anew: bool) -> None:
    """Make the folder's cloud as the scenario says. anew: give up what it holds.

    Raises click.UsageError when there is no such scenario, ProvisionerError for a broken file and for a folder that
    has state.
    """
    from provisioner.emulator.scenarios import BrokenScenarioError, read, shipped

    known = shipped()
    path = known.get(named, Path(named))
    if not path.is_file():
        raise click.UsageError(f"there is no scenario {named}: name a file, or one of {', '.join(known)}")
    try:
        scenario = read(path)
    except BrokenScenarioError as error:
        raise ProvisionerError(f"the scenario cannot be used:\n{error}", next_step=_NEXT) from error
    asked = Surface(folder, made=False)
    try:
        advice = "add --reset to give it up, or name another folder with --state"
        asked.ask("POST", "scenario", {"scenario": scenario, "reset": anew}, advice=advice)
    except click.UsageError as error:  # the file is wrong, not the command line
        raise ProvisionerError(error.message, where=str(path), next_step=_NEXT) from error
    finally:
        asked.close()
    click.echo(f'the cloud is as "{scenario["name"]}" says', err=True)
