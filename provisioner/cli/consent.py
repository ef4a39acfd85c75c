"""`provisioner consent`: a person signs in, the refresh token goes to the vault."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provisioner.cli.not_built import refuse
from provisioner.cli.options import Common, common, one_path


@click.command()
@one_path
@click.option(
    "--mode",
    type=click.Choice(["browser", "paste", "device", "import"]),
    default="browser",
    show_default=True,
    help="How the sign-in comes back. device and import are not built yet.",
)
@click.option("--hybrid", is_flag=True, help="Ask for `code id_token`, as the original recipe does.")
@common
def consent(path: Path, common: Common, *, mode: str, hybrid: bool) -> int:
    """Sign in with MFA and store the refresh token.

    Opens a browser (BROWSER names another one) on Microsoft's sign-in page. Nothing is stored unless tenant, account,
    application, audience and MFA are as the spec says.
    """
    if mode in ("device", "import"):
        refuse(f"--mode {mode}")
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.core.errors import UsageError
    from provisioner.operations import consent as operation
    from provisioner.render.consent_text import consent_lines, consent_sentence

    if mode == "paste" and not sys.stdin.isatty():
        raise UsageError("--mode paste asks for the address you end on, and there is no terminal to ask on")
    terminal = Terminal()
    options = operation.ConsentOptions(mode="paste" if mode == "paste" else "browser", hybrid=hybrid)
    verb = run.Verb(
        doing="signing in",
        operation=lambda tenant, spec, ui: operation.consent(tenant.clients, spec, ui, options),
        code=lambda result: 0,
        told=consent_sentence,
    )
    results = run.over([run.load_one(path, terminal)], verb, common, terminal)
    for result in results:
        if result.value is not None:
            terminal.result(consent_lines(result.value, terminal.width))
    return run.finish(results, verb, terminal)
