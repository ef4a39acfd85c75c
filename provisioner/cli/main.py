"""The program: finds the command, and turns whatever it ends with into an exit code.

Command modules are imported when they are asked for, and what is heavy in them when they run, so that `--version` and
`--help` answer at once.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from provisioner import __version__
from provisioner.cli import exit_codes
from provisioner.core.errors import ProvisionerError

# name: (module below provisioner.cli, line for --help). A test compares the line with the command's own.
COMMANDS: dict[str, tuple[str, str]] = {
    "validate": ("validate", "Check specs offline; report every problem at once."),
    "plan": ("plan", "Show what apply would change. Reads only."),
    "apply": ("apply", "Carry out the plan, then consent, then verify."),
    "consent": ("consent", "Sign in with MFA and store the refresh token."),
    "verify": ("verify", "Exercise Partner Center with the stored token."),
    "explain": ("explain", "Say what is granted, how risky it is, and who needs which role."),
    "emulator": ("emulator", "The local Microsoft cloud to rehearse on."),
    "token": ("not_built", "Print an access token (not built yet)."),
    "renew": ("not_built", "Renew the stored refresh token (not built yet)."),
    "rotate": ("not_built", "Rotate the application's credential (not built yet)."),
    "doctor": ("not_built", "Check identity, roles and reachability (not built yet)."),
    "import": ("not_built", "Write a spec for what exists (not built yet)."),
    "destroy": ("not_built", "Remove what is ours, recoverably (not built yet)."),
    "init": ("not_built", "Write a first spec from a few questions (not built yet)."),
}


class _LazyGroup(click.Group):
    """Knows its commands by name; imports one when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"provisioner.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.COMMANDS[cmd_name]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 changes pending, 3 a person must act, 4 could not tell, "
    "5 a check failed, 64 wrong usage, 130 interrupted.",
)
@click.version_option(__version__, prog_name="provisioner")
def cli() -> None:
    """Sets up, watches and keeps alive Microsoft's Secure Application Model, from one YAML file per tenant."""


def run(arguments: list[str]) -> int:
    """Run a command line; the exit code. A bug of ours is a traceback."""
    try:
        code = cli.main(args=arguments, prog_name="provisioner", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return exit_codes.WRONG_USAGE
    except click.ClickException as error:
        error.show()
        return exit_codes.FAILED
    except click.Abort:
        click.echo("interrupted", err=True)
        return exit_codes.INTERRUPTED
    except ProvisionerError as error:
        from provisioner.cli.terminal import Terminal

        Terminal().error(error)
        return error.exit_code
    return code if isinstance(code, int) else exit_codes.DONE


def entry() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
