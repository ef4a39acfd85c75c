"""Waiting for what Microsoft's services show late: one helper, a deadline, and the known answers (sam-facts 5.6, 6.2).

Graph says "not there yet" in general codes (`Request_BadRequest`), so its known texts are compared here and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from provisioner.clients.retry import LONGEST_WAIT_S
from provisioner.core.errors import (
    AnswerLostError,
    ApiError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ServiceUnavailableError,
    UnreachableError,
)
from provisioner.resources.contract import Writer

Result = TypeVar("Result")

DIRECTORY_DEADLINE_S = 600.0
ROLE_DEADLINE_S = 900.0
_FIRST_WAIT_S = 1.0
_LONGEST_POLL_S = 15.0
_TRIES = 5
_PASSING_FAULTS = (502, 503, 504)
_NOT_YET = (
    "does not reference a valid application object",
    "queried reference-property objects are not present",
    "Not a valid reference update",
)
_NOT_LOCAL_YET = "backing application of the service principal being created must in the local tenant"


def directory_lag(error: ApiError) -> bool:
    """Graph does not see yet what was just created."""
    if isinstance(error, NotFoundError):
        return True
    return error.status == 400 and any(text in error.message for text in _NOT_YET)


def own_principal_lag(error: ApiError) -> bool:
    """The same for our own application's service principal, which has one more misleading answer."""
    return directory_lag(error) or (isinstance(error, ForbiddenError) and _NOT_LOCAL_YET in error.message)


def principal_lag(error: ApiError) -> bool:
    """ARM does not see the principal yet."""
    return error.status == 400 and error.code == "PrincipalNotFound"


def name_lag(error: ApiError) -> bool:
    """No answer: a new vault's name does not resolve yet. Elsewhere it is the network, and not worth a long wait."""
    return isinstance(error, UnreachableError)


def role_lag(error: ApiError) -> bool:
    """The vault does not see a role yet. Only for a runner that is known to hold it."""
    return isinstance(error, ForbiddenError) and error.code == "ForbiddenByRbac"


def unheard(error: ApiError) -> bool:
    """A write of which it is not known whether it was carried out: look first, then decide (design section 5)."""
    lost = isinstance(error, AnswerLostError)
    fault = isinstance(error, ServiceUnavailableError) and error.status in _PASSING_FAULTS
    return (lost or fault) and not error.waited_out


def settling(error: ApiError) -> bool:
    """A parallel operation holds the object; it lets go by itself."""
    return isinstance(error, ConflictError) and error.code in (
        "ConflictError",
        "Conflict",
        "AnotherOperationInProgress",
    )


async def retry_while(
    write: Writer,
    lag: Callable[[ApiError], bool],
    call: Callable[[], Awaitable[Result]],
    waiting_for: str,
    deadline_s: float,
) -> Result:
    """What `call` gives once it stops failing for `lag`. Raises its last error after the deadline."""
    ends = write.clock.monotonic_s() + deadline_s
    wait = _FIRST_WAIT_S
    while True:
        try:
            return await call()
        except ApiError as error:
            if not lag(error) or write.clock.monotonic_s() + wait > ends:
                raise
        write.progress(f"waiting for {waiting_for}")
        await write.clock.sleep(wait)
        wait = min(wait * 2, _LONGEST_POLL_S)


async def until_heard(write: Writer, call: Callable[[], Awaitable[Result]], what: str) -> Result:
    """What `call` gives, which looks before it writes: it is called again where no answer tells whether it did.

    A conflict after that may be with what that very write made, which no replica shows yet.
    """
    lost = False
    attempt = 0
    while True:
        try:
            return await call()
        except ApiError as error:
            lost = lost or unheard(error)
            again = unheard(error) or (lost and isinstance(error, ConflictError))
            wait = error.retry_after_s or float(2**attempt)
            if not again or attempt == _TRIES - 1 or wait > LONGEST_WAIT_S:
                error.waited_out = again
                raise
        write.progress(f"no answer: looking whether {what} was done")
        await write.clock.sleep(wait)
        attempt += 1


async def find_after_conflict(
    write: Writer, conflict: ApiError, look: Callable[[], Awaitable[Result | None]], waiting_for: str
) -> Result:
    """What somebody else made in the same moment, once Graph shows it. Raises the conflict after the deadline."""

    async def found() -> Result:
        there = await look()
        if there is None:
            raise conflict
        return there

    return await retry_while(write, lambda error: error is conflict, found, waiting_for, DIRECTORY_DEADLINE_S)
