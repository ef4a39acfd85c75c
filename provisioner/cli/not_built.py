"""Flags of the design that this version does not have: known, named in --help, and refused."""

from __future__ import annotations

from provisioner.core.errors import NotBuiltError

_NEXT = 'README.md, section "What is not built yet", says what to use meanwhile'


def refuse_flags(**flags: object) -> None:
    """Raise NotBuiltError for the first flag that was given: names as keyword arguments, `shard="1/4"`."""
    for name, value in flags.items():
        if value:
            raise NotBuiltError(f"--{name.replace('_', '-')} is not built yet", next_step=_NEXT)
