"""`provisioner token`: an access token on stdout, for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisioner.cli.options import Common, common, one_path, output_format

if TYPE_CHECKING:
    from provisioner.operations.tenant import OpenTenant
    from provisioner.operations.token import AccessToken
    from provisioner.operations.ui import Ui
    from provisioner.spec.model import Spec

_APIS = ("partnercenter", "graph", "arm")


@click.command()
@one_path
@click.option(
    "--resource",
    required=True,
    metavar="API",
    shell_complete=lambda context, parameter, begun: [name for name in _APIS if name.startswith(begun)],
    help="partnercenter, graph, arm, an API's address (https://vault.azure.net) or id, or a scope of one.",
)
@click.option("--tenant", "customer", metavar="ID", help="A customer's tenant, instead of the spec's own.")
@output_format("raw", "json", "env", "az")
@common
def token(path: Path, common: Common, *, resource: str, customer: str | None, format_: str) -> int:
    """Print an access token for scripts, from the stored refresh token.

    Nothing else goes to stdout, and nothing is written anywhere: the refresh token that comes back with it is dropped
    (`renew` keeps it). `--format az` prints what `az account get-access-token` does. Exit 3: somebody must sign in.
    """
    from provisioner.cli import run
    from provisioner.cli.terminal import Terminal
    from provisioner.clients.clouds import endpoints
    from provisioner.operations import token as operation
    from provisioner.render import token_output

    terminal = Terminal(emulator=common.emulator)
    spec = run.load_one(path, terminal)
    scope = operation.scope_of(resource, endpoints(spec.cloud))
    if customer is not None:
        operation.check_tenant(customer)

    async def ask(tenant: OpenTenant, spec: Spec, ui: Ui) -> AccessToken:
        return await operation.token(tenant.clients, spec, scope, customer)

    verb = run.Verb("asking", ask, lambda result: 0, lambda result: token_output.NOTE)
    (result,) = results = run.over([spec], verb, common, terminal)
    if result.value is not None:
        if sys.stdout.isatty():
            terminal.message([token_output.NOTE])
        shapes = {"json": token_output.token_json, "env": token_output.token_env, "az": token_output.token_az}
        terminal.data(shapes.get(format_, token_output.token_raw)(result.value))
    return run.finish(results, verb, terminal)
