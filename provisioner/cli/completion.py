"""`provisioner completion`: what a shell must know to complete our commands; click's own mechanism.

The script calls the program with `_PROVISIONER_COMPLETE` in its environment: click then answers from the declared
commands and options, and no command runs.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from provisioner.core import exit_codes

_SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "provisioner"
_VARIABLE = "_PROVISIONER_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> int:
    """Print the script that completes commands in your shell.

    \b
    bash, in ~/.bashrc:      eval "$(provisioner completion bash)"
    zsh, in ~/.zshrc:        eval "$(provisioner completion zsh)"     (after compinit)
    fish, once:              provisioner completion fish > ~/.config/fish/completions/provisioner.fish
    """
    from provisioner.cli.main import cli
    from provisioner.cli.terminal import Terminal

    found = get_completion_class(shell)
    assert found is not None, "click knows the three shells"
    Terminal().data(found(cli, {}, _PROGRAM, _VARIABLE).source().rstrip("\n"))
    return exit_codes.DONE
