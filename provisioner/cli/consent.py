"""`provisioner consent`: a person signs in, the refresh token goes to the vault."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.options import Common, common, one_path

if TYPE_CHECKING:
    from provisioner.operations.consent import Mode
    from provisioner.operations.consent_store import ConsentResult
    from provisioner.operations.tenant import OpenTenant
    from provisioner.operations.ui import Ui
    from provisioner.spec.model import Spec


@click.command()
@one_path
@click.option(
    "--mode",
    type=click.Choice(["browser", "paste", "device", "import"]),
    default="browser",
    show_default=True,
    help="How the sign-in comes back: to this machine's browser; as an address you paste; by a code that you type on "
    "another device; as a refresh token that you have, on standard input.",
)
@click.option("--hybrid", is_flag=True, help="Ask for `code id_token`, as the original recipe does.")
@common
def consent(path: Path, common: Common, *, mode: Mode, hybrid: bool) -> int:
    """Sign in with MFA and store the refresh token.

    Opens a browser (BROWSER names another one) on Microsoft's sign-in page. Nothing is stored unless tenant, account,
    application, audience and MFA are as the spec says. Of several specs, those that lack a token come one by one.
    """
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.core.errors import UsageError
    from provisioner.operations import consent as operation
    from provisioner.render.consent_text import consent_lines, consent_sentence

    if mode == "paste" and not sys.stdin.isatty():
        raise UsageError(
            "--mode paste asks for the address you end on, and there is no terminal to ask on",
            next_step="run it in a terminal, or choose --mode device",
        )
    terminal = Terminal(emulator=common.emulator)
    options = operation.ConsentOptions(mode=mode, hybrid=hybrid)
    specs = [entry.spec for entry in run.load([path], terminal).specs]
    several = len(specs) > 1
    if several and mode == "import":
        raise UsageError(
            f"{path} holds {len(specs)} specs, and a token is one application's", next_step="name a file with one spec"
        )

    async def sign_in(tenant: OpenTenant, spec: Spec, ui: Ui) -> ConsentResult | operation.NotNeeded:
        if several:
            return await operation.consent_where_needed(tenant, spec, ui, options)
        return await operation.consent(tenant.clients, spec, ui, options)

    verb = run.Verb("signing in", sign_in, lambda result: 0, consent_sentence)
    results = run.over(specs, verb, replace(common, concurrency=1), terminal)  # one person, one browser
    for result in results:
        if result.value is not None and not several:
            terminal.result(consent_lines(result.value, terminal.width))
    return run.finish(results, verb, terminal)
