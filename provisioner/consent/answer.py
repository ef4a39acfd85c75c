"""What came back from a sign-in, however it came: checked before anything is done with it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.clients.sign_in_errors import sign_in_error
from provisioner.core.errors import ConsentError, ProvisionerError
from provisioner.core.secret import Secret

_SIGN_IN_AGAIN = "start it again: provisioner consent SPEC"
_WHERE = "the sign-in"
_DECLINED = "AADSTS65004"


class SignInCancelledError(ConsentError):
    """The person pressed cancel, or declined the permissions."""


class StateMismatchError(ConsentError):
    """The answer is of another sign-in, or of nobody's."""


@dataclass(frozen=True)
class SignInAnswer:
    """id_token: only when the request asked `code id_token`."""

    code: Secret
    id_token: Secret | None = None


def same_state(expected: str, found: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(expected.encode(), found.encode())


def read_answer(fields: Mapping[str, str]) -> SignInAnswer:
    """The answer in the fields that Entra sends; the caller has compared `state`.

    Raises: SignInCancelledError; SignInError for every other error in it; ConsentError when nothing is in it.
    """
    if "error" in fields:
        raise _refusal(fields["error"], fields.get("error_description", ""))
    if not fields.get("code"):
        raise ConsentError("the answer to the sign-in has no code in it", where=_WHERE, next_step=_SIGN_IN_AGAIN)
    id_token = fields.get("id_token")
    return SignInAnswer(Secret(fields["code"]), Secret(id_token) if id_token else None)


def other_state() -> StateMismatchError:
    """For an answer whose state is missing or not the one that was sent."""
    return StateMismatchError(
        "the answer belongs to another sign-in (its state is not the one that was sent)",
        where=_WHERE,
        next_step=f"use the page of the newest sign-in, or {_SIGN_IN_AGAIN}",
    )


def _refusal(error: str, description: str) -> ProvisionerError:
    refused = sign_in_error("sign-in", description, error=error)
    if refused.code in ("access_denied", _DECLINED):
        return SignInCancelledError(
            "the sign-in was cancelled, or the permissions were declined",
            where=_WHERE,
            next_step=refused.next_step or f"{_SIGN_IN_AGAIN}, and accept",
        )
    return refused
