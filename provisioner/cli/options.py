"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_CONCURRENCY = 16
NOT_BUILT = "Not built yet: --report, --resume, --shard."


@dataclass(frozen=True)
class Common:
    """verb: the command's name, which services are told. emulator: send every spec there. json_log: file for one JSON
    line a request. verbose: such lines on stderr.
    """

    verb: str
    emulator: bool
    concurrency: int
    json_log: Path | None
    verbose: bool


def common(command: Command) -> Callable[..., Any]:
    """Adds the common options; the command gets them as one argument, `common`."""

    @click.option("--emulator", is_flag=True, help="Send every spec to the emulator, whatever its cloud.")
    @click.option(
        "--concurrency",
        type=click.IntRange(1, 1000),
        default=DEFAULT_CONCURRENCY,
        show_default=True,
        metavar="N",
        help="How many tenants at a time.",
    )
    @click.option(
        "--json-log",
        type=click.Path(path_type=Path, dir_okay=False, writable=True),
        metavar="FILE",
        help="Write one JSON line for each request sent (readable by you only).",
    )
    @click.option("-v", "--verbose", is_flag=True, help="Show each request on stderr (unless --json-log takes them).")
    @wraps(command)
    def with_common(*, emulator: bool, concurrency: int, json_log: Path | None, verbose: bool, **rest: Any) -> Any:
        verb = click.get_current_context().info_name or ""
        return command(common=Common(verb, emulator, concurrency, json_log, verbose), **rest)

    return with_common


def many_paths(command: Command) -> Command:
    """`PATH…`: spec files, fleet files, folders."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))(command)


def one_path(command: Command) -> Command:
    """`PATH`: a file that holds one spec."""
    return click.argument("path", metavar="PATH", type=click.Path(path_type=Path))(command)


def sends_nothing(command: click.Command) -> click.Command:
    """The common options are accepted, as after every verb, and not offered: they would do nothing."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name in Common.__dataclass_fields__:
            option.hidden = True
    return command


def fleet_flags(command: Command) -> Command:
    """Flags for large fleets: parsed, and refused by the command, which names them in its epilog (NOT_BUILT)."""
    for flag in ("--report", "--resume", "--shard"):
        command = click.option(flag, hidden=True)(command)
    return command


def output_format(*formats: str) -> Callable[[Command], Command]:
    """`--format`, the first being the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print it.",
    )
