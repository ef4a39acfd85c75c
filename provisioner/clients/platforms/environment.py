"""What a process must find in its environment to be somebody."""

from __future__ import annotations

from collections.abc import Mapping

from provisioner.core.errors import ProvisionerError


class PlatformMissingError(ProvisionerError):
    """The machine is not what it should be, or does not let this process ask: a variable is missing, or not its own."""


def require(environment: Mapping[str, str], name: str, wanted_by: str, next_step: str) -> str:
    """The value of a variable that must be set. Raises PlatformMissingError naming it."""
    value = environment.get(name, "")
    if not value:
        raise PlatformMissingError(f"{wanted_by}: {name} is not set", where=name, next_step=next_step)
    return value
