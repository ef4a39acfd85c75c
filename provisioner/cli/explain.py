"""`provisioner explain`: what is granted, how risky it is, who needs which role, and the outputs."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.cli.options import Common, common, one_path


@click.command()
@one_path
@common
def explain(path: Path, common: Common) -> int:
    """Say what is granted, how risky it is, and who needs which role.

    Also prints the outputs a program needs to use the set-up. Reads only.
    """
    from rich.text import Text

    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.operations import explain as operation
    from provisioner.render.explain_text import explanation_lines

    terminal = Terminal(emulator=common.emulator)
    verb = run.Verb(
        doing="explaining",
        operation=lambda tenant, spec, ui: operation.explain(tenant, spec),
        code=operation.Explanation.exit_code,
        told=lambda explanation: Text(explanation.name),
    )
    results = run.over([run.load_one(path, terminal)], verb, common, terminal)
    for result in results:
        if result.value is not None:
            terminal.result(explanation_lines(result.value, terminal.width))
    return run.finish(results, verb, terminal)
