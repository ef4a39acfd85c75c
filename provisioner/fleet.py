"""One operation over many tenants, side by side on one event loop. One tenant takes the same path.

A tenant that fails stops no other: its error, a bug of ours included, becomes its result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from provisioner.spec.model import Spec

T = TypeVar("T")


@dataclass(frozen=True)
class TenantResult(Generic[T]):
    """What came of one tenant: `value`, or `error` when the operation raised."""

    spec: Spec
    value: T | None = None
    error: Exception | None = None


async def over(
    specs: Sequence[Spec],
    operation: Callable[[Spec], Awaitable[T]],
    *,
    concurrency: int,
    ended: Callable[[TenantResult[T]], None],
) -> tuple[TenantResult[T], ...]:
    """The results in the order of the specs; at most `concurrency` tenants at a time; `ended` is told of each at once.

    Cancelling cancels all of them.
    """
    results: dict[int, TenantResult[T]] = {}
    waiting = iter(enumerate(specs))

    async def work() -> None:
        for position, spec in waiting:
            results[position] = result = await _one(spec, operation)
            ended(result)

    async with asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(specs))):
            group.create_task(work())
    return tuple(results[position] for position in range(len(specs)))


async def _one(spec: Spec, operation: Callable[[Spec], Awaitable[T]]) -> TenantResult[T]:
    try:
        return TenantResult(spec, value=await operation(spec))
    except Exception as error:  # noqa: BLE001  one tenant's failure, whatever it is, must not end the others
        return TenantResult(spec, error=error)
