"""Errors of the azure SDKs as ours: class by status, with Microsoft's code, text (cut) and correlation id."""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

from provisioner.clients.session import retry_after_s
from provisioner.core.errors import ApiError, UnreachableError, api_error_class

_LONGEST_TEXT = 600


def api_error(service: str, operation: str, error: AzureError) -> ApiError:
    """Never carries a body: only code and message of the documented error envelope."""
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        headers: Mapping[str, str] = getattr(error.response, "headers", {})
        code = error.error.code if error.error is not None and error.error.code else str(error.reason or "")
        message = error.error.message if error.error is not None and error.error.message else str(error.reason or "")
        wait = headers.get("Retry-After")
        return api_error_class(error.status_code)(
            service,
            operation,
            error.status_code,
            code,
            message[:_LONGEST_TEXT],
            correlation_id=headers.get("x-ms-request-id", ""),
            retry_after_s=None if wait is None else retry_after_s(wait, 0),
        )
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        return UnreachableError(
            service,
            operation,
            0,
            "",
            str(error.message)[:_LONGEST_TEXT],
            next_step="check the network, the proxy and the name, then run the same command again",
        )
    return ApiError(service, operation, 0, type(error).__name__, str(error.message)[:_LONGEST_TEXT])
