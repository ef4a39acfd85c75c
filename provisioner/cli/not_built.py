"""Commands and flags of the design that this version does not have: known, named in --help, and refused."""

from __future__ import annotations

import click

from provisioner.core.errors import NotBuiltError

_NEXT = 'README.md, section "What is not built yet", says what to use meanwhile'
_PURPOSES = {
    "token": "Print an access token for scripts, from the stored refresh token.",
    "renew": "Renew the stored refresh token.",
    "rotate": "Rotate the application's credential.",
    "doctor": "Check identity, roles, policies, reachability and clock before anything is written.",
    "import": "Write a spec for what exists already.",
    "destroy": "Remove what is ours, recoverably.",
    "init": "Ask a few questions and write a first spec.",
}


def refuse(what: str) -> None:
    """Raises NotBuiltError: `what` is a command or a flag with its value."""
    raise NotBuiltError(f"{what} is not built yet", next_step=_NEXT)


def refuse_flags(**flags: object) -> None:
    """Raise NotBuiltError for the first flag that was given: names as keyword arguments, `shard="1/4"`."""
    for name, value in flags.items():
        if value:
            refuse(f"--{name.replace('_', '-')}")


def _command(name: str, purpose: str) -> click.Command:
    @click.command(
        name,
        help=f"{purpose}\n\nNot built yet: the command exits with 1.",
        context_settings={"ignore_unknown_options": True},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def not_built(arguments: tuple[str, ...]) -> None:
        refuse(f"the command {name}")

    return not_built


COMMANDS = {name: _command(name, purpose) for name, purpose in _PURPOSES.items()}
