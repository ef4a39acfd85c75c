"""Commands and flags of the design that this version does not have: known, named in --help, and refused."""

from __future__ import annotations

import click

from provisioner.core.errors import NotBuiltError

_NEXT = 'README.md, section "What is not built yet", says what to use meanwhile'


def refuse(what: str) -> None:
    """Raises NotBuiltError: `what` is a command or a flag with its value."""
    raise NotBuiltError(f"{what} is not built yet", next_step=_NEXT)


def refuse_flags(**flags: object) -> None:
    """Raise NotBuiltError for the first flag that was given: names as keyword arguments, `shard="1/4"`."""
    for name, value in flags.items():
        if value:
            refuse(f"--{name.replace('_', '-')}")


def not_built_command(name: str, purpose: str) -> click.Command:
    """A command that takes whatever it is given and refuses."""

    @click.command(
        name,
        help=f"{purpose}\n\nNot built yet: the command exits with 1.",
        short_help=f"{purpose} Not built yet.",
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def not_built(arguments: tuple[str, ...]) -> None:
        refuse(f"the command {name}")

    return not_built
