"""What the issuers refuse, in the shape of Azure DevOps, which GitHub's runner service is built on."""

from __future__ import annotations

from ..kernel import Refusal, Reply
from ..refusals import refusal


def _error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> Refusal:
    body = {
        "$id": "1",
        "innerException": None,
        "message": message,
        "typeName": f"Microsoft.VisualStudio.Services.Common.{kind}, Microsoft.VisualStudio.Services.Common",
        "typeKey": kind,
        "errorCode": 0,
        "eventId": 3000,
    }
    return Refusal(Reply(status, body, headers or {}))


@refusal("issuers.not_found")
def not_found(path: str) -> Refusal:
    return _error(404, "VssResourceNotFoundException", f"No resource at {path}.")


@refusal("issuers.not_authorized")
def not_authorized() -> Refusal:
    """No, a wrong, or another job's request token, or the job is over."""
    message = "TF400813: The user is not authorized to access this resource."
    return _error(401, "VssUnauthorizedException", message, {"WWW-Authenticate": "Bearer"})


@refusal("issuers.no_api_version")
def no_api_version() -> Refusal:
    """Azure DevOps takes no POST without its version."""
    message = "No api-version was supplied for the request. The version must be supplied on the URL."
    return _error(400, "VssVersionNotSpecifiedException", message)


@refusal("issuers.unknown_connection")
def unknown_connection() -> Refusal:
    """The service connection is not the one this job was started with."""
    message = "The service connection does not exist, has been disabled or hasn't been authorized for use."
    return _error(404, "ServiceEndpointNotFoundException", message)
