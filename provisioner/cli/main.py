"""The program: finds the command, and turns whatever it ends with into an exit code.

Command modules are imported when they are asked for, and what is heavy in them when they run, so that `--version` and
`--help` answer at once.
"""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import keyword
import os
import sys
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from provisioner import __version__
from provisioner.core import exit_codes
from provisioner.core.errors import ProvisionerError

# The line for --help, here so that --help imports no command; a test compares it with the command's own.
BUILT = {
    "init": "Ask a few questions and write a first spec.",
    "validate": "Check specs offline; report every problem at once.",
    "plan": "Show what apply would change. Reads only.",
    "apply": "Carry out the plan, then consent, then verify.",
    "consent": "Sign in with MFA and store the refresh token.",
    "verify": "Exercise Partner Center with the stored token.",
    "token": "Print an access token for scripts, from the stored refresh token.",
    "renew": "Renew the stored refresh token.",
    "rotate": "Rotate the application's credential.",
    "destroy": "Remove what is ours, recoverably.",
    "import": "Write a spec for what exists already.",
    "explain": "Say what is granted, how risky it is, and who needs which role.",
    "doctor": "Check identity, roles, policies, reachability and clock.",
    "emulator": "The local Microsoft cloud to rehearse on.",
    "completion": "Print the script that completes commands in your shell.",
}

_NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EIO)  # of an open stream: other errors name a file


class _LazyGroup(click.Group):
    """Knows its commands by name; imports one when it is used."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A slip gets the nearest command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            if near := get_close_matches(args[0], BUILT, 1):
                raise click.UsageError(f"{error.message} The nearest is {near[0]}.", ctx) from None
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(BUILT)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in BUILT:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(importlib.import_module(f"provisioner.cli.{name}"), name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, none of them imported for it, and the group's own options."""
        names = [CompletionItem(name, help=words) for name, words in BUILT.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(BUILT.items()))


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
        code = _called(arguments)
    except click.UsageError as error:
        error.show()
        return exit_codes.WRONG_USAGE
    except click.ClickException as error:
        error.show()
        return exit_codes.FAILED
    except click.Abort:
        click.echo("interrupted: what was done stays, and the same command goes on from there", err=True)
        return exit_codes.INTERRUPTED
    except ProvisionerError as error:
        from provisioner.cli.terminal import Terminal

        Terminal(emulator="--emulator" in arguments).error(error)
        return error.exit_code
    return code if isinstance(code, int) else exit_codes.DONE


def _called(arguments: list[str]) -> object:
    """What the command gives. Raises OutputError for results that could not be written, by click's own `echo` too."""
    try:
        return cli.main(args=arguments, prog_name="provisioner", standalone_mode=False)
    except SystemExit as ended:
        return exit_codes.READER_LEFT if ended.code else exit_codes.DONE  # so click and rich end it, with 1
    except OSError as error:
        if error.filename is not None or error.errno not in _NO_ROOM:
            raise
        from provisioner.cli.terminal import written

        with written():
            raise


def entry() -> NoReturn:
    """The console script. A stream that the caller closed (`<&-`, `>&-`) is empty, or nobody's to read.

    What a short run imports stays to its end: looking through it for garbage, again and again and once more at the
    end, is a fifth of its time. A long run's garbage is still found.
    """
    gc.set_threshold(200_000)
    atexit.register(gc.freeze)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  open to the very end
    sys.exit(run(sys.argv[1:]))
