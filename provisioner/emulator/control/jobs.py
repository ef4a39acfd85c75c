"""Runs of pipelines, for rehearsing workload identity without a pipeline."""

from __future__ import annotations

from typing import Any

from ..issuers import jobs
from ..kernel import Call, Reply
from .access import members, text
from .errors import bad_request

_PLATFORMS: dict[str, jobs.Platform] = {"github": "github", "azure-devops": "azure-devops"}


def start_job(call: Call) -> Reply:
    """{"platform", "subject", "claims"}: a new job; answers {"variables": {…}}, its environment."""
    body = members(call, ("platform", "subject", "claims"))
    platform = _PLATFORMS.get(text(body, "platform"))
    if platform is None:
        raise bad_request(f"platform must be {' or '.join(_PLATFORMS)}")
    claims: Any = body.get("claims", {})
    if not isinstance(claims, dict) or not all(isinstance(value, str) for value in claims.values()):
        raise bad_request("claims must be an object of texts")
    try:
        variables = jobs.start_job(call.tx, platform, text(body, "subject"), **claims)
    except (ValueError, TypeError) as error:
        raise bad_request(str(error)) from error
    return Reply(201, {"variables": variables})
