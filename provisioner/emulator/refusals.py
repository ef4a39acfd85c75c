"""The register of everything the emulator can refuse.

A function that makes a Refusal is registered under `service.what`, so that a test can demand, for each, a request that
provokes it with the status and code the facts file gives. The wire shape is the business of each service's errors.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from .kernel import Refusal

P = ParamSpec("P")
R = TypeVar("R", bound=Refusal)

REFUSALS: dict[str, Callable[..., Refusal]] = {}


def refusal(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Register a function returning a Refusal as `name`; a name may be taken once."""

    def register(function: Callable[P, R]) -> Callable[P, R]:
        if name in REFUSALS:
            raise ValueError(f"refusal {name} is registered twice")
        REFUSALS[name] = function
        return function

    return register
