"""What can go wrong, told apart by class and fields, never by text.

Every error says what, where and what next, each its own field; only render joins them. A bug of ours is a plain
exception with a traceback and none of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from provisioner.core.exit_codes import FAILED, PERSON_MUST_ACT, WRONG_USAGE


class ProvisionerError(Exception):
    """what: the fact, with the value found. where: place in the spec, or address and operation. next_step: advice."""

    exit_code: ClassVar[int] = FAILED

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step


class UsageError(ProvisionerError):
    """A wrong flag, a missing path, a question without a terminal: found before any request."""

    exit_code = WRONG_USAGE


class OutputError(ProvisionerError):
    """The results cannot be written where they should go: a full disk, say."""


class NotBuiltError(ProvisionerError):
    """A flag or command of the design that this version does not have yet."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a spec. path is like `application.replyUrls[1]`.

    line and column count from 1; both are 0, and file may be "", where the spec was never written in lines.
    """

    what: str
    file: str
    line: int
    column: int
    path: str
    value: str | None = None
    next_step: str | None = None


class SpecError(ProvisionerError):
    """Everything that is wrong with the specs, found in one pass. warnings: what is allowed, and worth a look."""

    def __init__(self, problems: tuple[Problem, ...], warnings: tuple[Problem, ...] = ()) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the spec")
        self.problems = problems
        self.warnings = warnings


class PlanError(ProvisionerError):
    """A plan could not be made, or must not be carried out."""


class AmbiguousResourceError(PlanError):
    """Two objects match one identity; both are named."""


class ForeignResourceError(PlanError):
    """An object of the wanted name exists and does not carry our mark."""


class ImmutableFieldError(PlanError):
    """A field differs that the service never changes after creation."""


class UnsafePlanError(PlanError):
    """The plan removes more than safety allows."""


class ProtectedError(UnsafePlanError):
    """The plan takes away what the spec protects. path: the key that says so, like `vault.protect`."""

    def __init__(self, what: str, path: str) -> None:
        super().__init__(what, where=path, next_step=f"if it is really to go, take {path}: true out of the spec")
        self.path = path


class LockedError(UnsafePlanError):
    """A management lock would refuse a step of the plan, when others are done already."""


class StaleError(PlanError):
    """The world moved between the plan and the write."""


class SavedPlanError(PlanError):
    """A file that is no saved plan, or one that must not be carried out: damaged, too old, made elsewhere."""


class StalePlanError(PlanError):
    """What the tenant looks like now does not lead to the plan that was saved."""


class WriteRefusedError(PlanError):
    """The read-only guard stopped a request that would have written. Always a bug of ours, never the user's."""


class DefectError(ProvisionerError):
    """A bug of ours that ended one step, when others have a result to tell. cause: it, with its traceback."""

    def __init__(self, cause: Exception) -> None:
        name = type(cause).__name__
        super().__init__(f"a defect of provisioner ({name})", next_step="please report it, with its traceback")
        self.cause = cause


class ApiError(ProvisionerError):
    """A service answered with an error.

    `message` is the service's own text in its documented shape, cut short; `code` its code; `correlation_id` what
    Microsoft's support asks for. waited_out: it came again for as long as anybody is to wait for its end.
    """

    waited_out = False

    def __init__(
        self,
        service: str,
        operation: str,
        status: int,
        code: str,
        message: str,
        *,
        correlation_id: str = "",
        retry_after_s: float | None = None,
        next_step: str = "",
    ) -> None:
        if status:
            told = f"{service} answered {status} {code}: {message}".rstrip(": ")
        else:
            told = f"{service}: {message or 'no answer'}{f' ({code})' if code else ''}"
        super().__init__(
            told,
            where=f"{operation}{f' (correlation id {correlation_id})' if correlation_id else ''}",
            next_step=next_step,
        )
        self.service = service
        self.operation = operation
        self.status = status
        self.code = code
        self.message = message
        self.correlation_id = correlation_id
        self.retry_after_s = retry_after_s


class UnauthorizedError(ApiError):
    """401: the token was not accepted."""


class ForbiddenError(ApiError):
    """403: a right is missing, not there yet, or a policy or firewall is in the way."""


class NotFoundError(ApiError):
    """404, or the service's way of saying it."""


class ConflictError(ApiError):
    """409 or 412: somebody else was there first."""


class ThrottledError(ApiError):
    """429, after the retries the budget allows."""


class ServiceUnavailableError(ApiError):
    """5xx, after the retries the budget allows."""


class ApiReplyError(ApiError):
    """An answer that is not in its documented shape."""


class UnreachableError(ApiError):
    """No answer at all: name, route, TLS or time-out. status is 0."""


class AnswerLostError(ApiError):
    """A write went out and no whole answer came back: it may have been carried out or not. status is 0."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            service,
            operation,
            0,
            "",
            "the answer was lost, so what was asked may have been done or not",
            next_step="run the same command again: it looks first",
        )


class SignInError(ApiError):
    """Entra refused a token. `code` is the AADSTS number as text; `next_step` the remedy for it."""


class WrongTenantError(ProvisionerError):
    """The runner is signed in to another tenant than the spec's."""


class ConsentError(ProvisionerError):
    """The sign-in did not yield a refresh token fit to store; nothing was stored."""


class CredentialMissingError(ConsentError):
    """There is nothing with which the application could prove itself: no credential in force, no trusted token here."""


class PersonMustActError(ConsentError):
    """Somebody with other rights than the one who runs this must act before it can work; next_step says who."""

    exit_code = PERSON_MUST_ACT


class ConsentRequiredError(PersonMustActError):
    """A person must sign in (again) before this can work."""


class ConsentTimeoutError(ConsentError):
    """Nobody finished the sign-in before the deadline."""


class VerificationError(ProvisionerError):
    """After apply, something still differs from the spec."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    429: ThrottledError,
}


def api_error_class(status: int) -> type[ApiError]:
    """The error class of an HTTP status."""
    return ServiceUnavailableError if status >= 500 else _BY_STATUS.get(status, ApiError)
