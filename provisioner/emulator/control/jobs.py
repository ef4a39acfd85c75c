"""Runs of pipelines and issuers of identities, for rehearsing workload identity without a pipeline or a cluster."""

from __future__ import annotations

from typing import Any

from ..issuers import jobs, keys
from ..kernel import Call, Reply
from .access import members, number, text
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


def register_issuer(call: Call) -> Reply:
    """{"issuer"}: an issuer of the caller's own, a cluster say; Entra checks its tokens from now on."""
    issuer = text(members(call, ("issuer",)), "issuer")
    try:
        keys.register(call.tx, issuer)
    except ValueError as error:
        raise bad_request(str(error)) from error
    return Reply(201, {"issuer": issuer})


def mint_token(call: Call) -> Reply:
    """{"issuer", "claims", "lifeSeconds"}: an identity token that a registered issuer signs; answers {"token"}."""
    body = members(call, ("issuer", "claims", "lifeSeconds"))
    claims = body.get("claims")
    if not isinstance(claims, dict):
        raise bad_request("claims must be an object")
    life_s = int(number(body.get("lifeSeconds", 600), "lifeSeconds"))
    try:
        token = keys.mint(call.tx, text(body, "issuer"), claims, life_s)
    except LookupError as error:
        raise bad_request(f"no issuer {body['issuer']} is registered") from error
    return Reply(201, {"token": token})
