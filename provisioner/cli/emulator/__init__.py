"""`emulator`: the local Microsoft cloud, one module for each group of its commands.

The one place where the program and the emulator meet; nothing of the emulator is imported before a command runs.
"""

from __future__ import annotations

import click

from provisioner.cli.emulator import clock, faults, lag, requests, serving, snapshots


@click.group("emulator")
def emulator() -> None:
    """The local Microsoft cloud to rehearse on."""


for _command in (
    *(serving.start, serving.stop, serving.status, serving.env, serving.reset),
    *(faults.faults, clock.clock, requests.requests, lag.lag),
    *(snapshots.snapshot, snapshots.restore),
):
    emulator.add_command(_command)
