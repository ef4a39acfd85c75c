"""Which errors pass by themselves: whoever waits for a person anyway waits them out."""

from __future__ import annotations

from provisioner.clients.sign_in_errors import remedy_of
from provisioner.core.errors import (
    AnswerLostError,
    ApiError,
    ServiceUnavailableError,
    SignInError,
    ThrottledError,
    UnreachableError,
)


def is_outage(error: ApiError) -> bool:
    """A service that does not answer, has a fault or is overloaded; Entra says so by a code (sam-facts 3.7)."""
    if isinstance(error, SignInError):
        remedy = remedy_of(error)
        return remedy is not None and remedy.transient
    return isinstance(error, UnreachableError | AnswerLostError | ServiceUnavailableError | ThrottledError)
