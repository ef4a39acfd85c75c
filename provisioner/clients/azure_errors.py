"""Errors of the azure SDKs as ours: class by status, with Microsoft's code, text (cut) and correlation id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from azure.core.exceptions import (
    AzureError,
    DeserializationError,
    HttpResponseError,
    IncompleteReadError,
    ODataV4Format,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from provisioner.clients.retry import NoAnswerError, retry_after_s
from provisioner.core.errors import AnswerLostError, ApiError, ApiReplyError, UnreachableError, api_error_class

_LONGEST_TEXT = 600


@contextmanager
def told(service: str, operation: str) -> Iterator[None]:
    """What the SDK raises inside, as ours.

    `from None`: the SDK's own error quotes up to 2 KB of the answer, a secret's value included.
    """
    try:
        yield
    except AzureError as error:
        raise api_error(service, operation, error) from None
    except DeserializationError:
        raise _misshapen(service, operation, 200) from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if not _came_from_an_answer(error):
            raise
        raise _misshapen(service, operation, 200) from None


def is_absence(error: ResourceNotFoundError, *codes: str) -> bool:
    """Whether it is the service's word for "not there": any other 404, of a proxy say, is no answer to the question."""
    return error.error is not None and error.error.code in codes


def _came_from_an_answer(error: Exception) -> bool:
    """The SDK's models take JSON of any shape; what is not the documented one fails where it is read."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(_READERS)


_READERS = (
    "azure.",
    *(f"provisioner.clients.{name}" for name in ("arm_facts", "arm_reads", "key_vault", "vault_certificates")),
)


def api_error(service: str, operation: str, error: AzureError) -> ApiError:
    """Never carries a body: only code and message of the documented error envelope. To be raised `from None`."""
    if isinstance(error.inner_exception, NoAnswerError) and error.inner_exception.write:
        return AnswerLostError(service, operation)
    if isinstance(error, (ServiceRequestError, ServiceResponseError, IncompleteReadError)):
        return UnreachableError(
            service,
            operation,
            0,
            "",
            "does not answer",
            next_step="check the network, the proxy and the name, then run the same command again",
        )
    status = getattr(error, "status_code", None) or 0
    if isinstance(error, HttpResponseError) and status >= 400:
        return _refusal(service, operation, status, error)
    return _misshapen(service, operation, status)


def _misshapen(service: str, operation: str, status: int) -> ApiReplyError:
    return ApiReplyError(service, operation, status, "", "the answer is not in its documented shape")


def _refusal(service: str, operation: str, status: int, error: HttpResponseError) -> ApiError:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    envelope = error.error
    reason = str(error.reason or "")
    code = (_inner_code(envelope) or _text(envelope.code) or reason) if envelope else reason
    message = (_text(envelope.message) or reason) if envelope else reason
    wait = headers.get("Retry-After")
    return api_error_class(status)(
        service,
        operation,
        status,
        code,
        _short(message),
        correlation_id=headers.get("x-ms-request-id", ""),
        retry_after_s=None if wait is None else retry_after_s(wait, 0),
        next_step=_ADVICE.get(code, ""),
    )


def _text(value: object) -> str:
    """azure-core takes the envelope's members as they come; what is no text says nothing."""
    return value if isinstance(value, str) else ""


def _short(message: str) -> str:
    """The sentence, and the client's address where a firewall names it, without the dump of the token's claims."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    kept = lines[:1] + [line for line in lines[1:] if line.startswith("Client address")]
    return " ".join(kept)[:_LONGEST_TEXT]


def _inner_code(envelope: ODataV4Format) -> str:
    """Key Vault says `Forbidden` and tells in `innererror` which kind it is (sam-facts 6.3)."""
    inner = envelope.innererror
    return str(inner.get("code", "")) if isinstance(inner, Mapping) else ""


_ADVICE = {
    "ForbiddenByRbac": (
        "provisioner explain SPEC lists the roles each identity needs; a role assigned just now takes up to 10 minutes"
    ),
    "ForbiddenByFirewall": "add this machine's address to vault.network.allowedIps, or run where the vault lets you in",
    "AccessDenied": "the vault uses access policies, not roles: provisioner plan SPEC shows the command that lets in",
    "SecretDisabled": "enable the secret's newest version, or sign in again: provisioner consent SPEC",
    "KeyNotYetValidOrExpired": "the certificate in force is over: provisioner apply SPEC brings a new one into force",
    "AuthorizationFailed": "provisioner explain SPEC lists the roles each identity needs",
    "RequestDisallowedByPolicy": "an Azure Policy forbids this: have its owner exempt the resource, or change the spec",
    "ScopeLocked": "a lock forbids this: have its owner remove the lock, then run the same command again",
}
